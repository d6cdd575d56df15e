import { useState } from 'preact/hooks'
import type { TopicLine, TopicsView } from '../wire.ts'
import { path, useLive } from './api.ts'
import { useCluster } from './cluster.ts'
import { toListTopics } from './commands.ts'
import { CreateTopic } from './create-topic.tsx'
import { count, plural, short } from './format.ts'
import { Command } from './parts/command.tsx'
import { Empty, Waiting } from './parts/empty.tsx'
import { Problem } from './parts/problem.tsx'
import { Search } from './parts/search.tsx'
import { Sparkline } from './parts/sparkline.tsx'
import { type History, useHistories } from './rates.ts'

/** Every topic, how much it holds and how fast it grows. */
export function Topics() {
  const cluster = useCluster()
  const { view, problem } = useLive<TopicsView>('/api/live/topics')
  const [wanted, setWanted] = useState('')
  const [areInternalShown, setInternalShown] = useState(false)
  const [isCreating, setCreating] = useState(false)
  const histories = useHistories(
    view?.atMs,
    new Map(view?.topics.map(({ name, end, unreadable }) => [name, unreadable === 0 ? end : null]))
  )
  const own = view?.topics.filter((topic) => areInternalShown || !topic.isInternal) ?? []
  const shown = own.filter(({ name }) => name.toLowerCase().includes(wanted.toLowerCase()))
  return (
    <>
      <header class="view-head">
        <h1>Topics</h1>
        <Search placeholder="Filter" label="Filter topics by name" value={wanted} onChange={setWanted} />
        <label class="check">
          <input type="checkbox" checked={areInternalShown} onChange={() => setInternalShown(!areInternalShown)} />
          Kafka's own
        </label>
        {!cluster.isReadOnly && (
          <button type="button" class="main" onClick={() => setCreating(true)}>
            New topic
          </button>
        )}
      </header>
      {problem !== null && <Problem problem={problem} />}
      {isCreating && <CreateTopic onClose={() => setCreating(false)} />}
      {view === null && problem === null && <Waiting what="Asking the cluster for its topics" />}
      {view !== null && own.length === 0 && (
        <Empty title="No topics yet">
          <p>
            A topic is made when something is written to it, where the cluster allows that, or here with “New topic”.
          </p>
          <pre>
            <code>odradek produce orders 'hello' -b {cluster.bootstrap}</code>
          </pre>
        </Empty>
      )}
      {own.length > 0 && shown.length === 0 && <Empty title={`No topic has “${wanted}” in its name`}>{null}</Empty>}
      {shown.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Topic</th>
              <th scope="col" class="number">
                Records
              </th>
              <th scope="col" class="number">
                Per second
              </th>
              <th scope="col" class="spare">
                The last minute
              </th>
              <th scope="col" class="number">
                Partitions
              </th>
              <th scope="col" class="number spare">
                Copies
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((topic) => (
              <TopicRow key={topic.name} topic={topic} history={histories.get(topic.name)} />
            ))}
          </tbody>
        </table>
      )}
      <Command title="Show me the command" lines={toListTopics(cluster.bootstrap)} />
    </>
  )
}

function TopicRow({ topic, history }: { readonly topic: TopicLine; readonly history: History | undefined }) {
  const rate = history?.rate ?? null
  return (
    <tr>
      <th scope="row">
        <a href={path`/topics/${topic.name}`}>{topic.name}</a>
        {topic.isInternal && <span class="badge">Kafka's own</span>}
        {topic.unreadable > 0 && <span class="badge bad">{plural(topic.unreadable, 'partition')} cannot be read</span>}
      </th>
      <td
        class="number"
        title="offsets from start to end: as many as records, or more where compaction or transactions left holes"
      >
        {count(topic.end - topic.start)}
      </td>
      <td class="number">{rate === null ? '' : short(Math.max(0, rate))}</td>
      <td class="spare">
        <Sparkline values={history?.rates ?? []} label={`records per second of ${topic.name} over the last minute`} />
      </td>
      <td class="number">{count(topic.partitions)}</td>
      <td class="number spare">{count(topic.replicas)}</td>
    </tr>
  )
}

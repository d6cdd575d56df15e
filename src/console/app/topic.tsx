import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { SettingView, TopicView } from '../wire.ts'
import { path, useLive, useOnce } from './api.ts'
import { useCluster } from './cluster.ts'
import { toReadTopic } from './commands.ts'
import { DeleteTopic } from './delete-topic.tsx'
import { count, short } from './format.ts'
import { Command } from './parts/command.tsx'
import { Waiting } from './parts/empty.tsx'
import { Problem } from './parts/problem.tsx'
import { Produce } from './produce.tsx'
import { useHistories } from './rates.ts'
import { Records } from './records.tsx'

const tabs = ['records', 'partitions', 'settings'] as const
type Tab = (typeof tabs)[number]

/** One topic: its records as they come, its partitions, its settings. */
export function Topic({ name }: { readonly name: string }) {
  const cluster = useCluster()
  const { view, problem } = useLive<TopicView>(path`/api/live/topics/${name}`)
  const { query, route } = useLocation()
  const tab = tabs.find((one) => one === query.tab) ?? 'records'
  const [open, setOpen] = useState<'produce' | 'delete' | null>(null)
  const ends = view?.partitions.map((one) => one.end) ?? []
  const end = ends.includes(null) ? null : ends.reduce<number>((sum, one) => sum + (one ?? 0), 0)
  const rate = useHistories(view?.atMs, new Map(view === null ? [] : [['end', end]])).get('end')?.rate ?? null
  return (
    <>
      <header class="view-head">
        <h1>
          <a href="/topics">Topics</a> / {name}
        </h1>
        {rate !== null && <span class="rate">{short(Math.max(0, rate))} records/s</span>}
        {!cluster.isReadOnly && (
          <>
            <button type="button" class="main" onClick={() => setOpen('produce')}>
              Write a record
            </button>
            <button type="button" onClick={() => setOpen('delete')}>
              Delete
            </button>
          </>
        )}
      </header>
      {problem !== null && <Problem problem={problem} />}
      {view === null && problem === null && <Waiting what="Asking the cluster for this topic" />}
      {view !== null && (
        <>
          <nav class="tabs" aria-label="Parts of the topic">
            {tabs.map((one) => (
              <a key={one} href={`${path`/topics/${name}`}?tab=${one}`} aria-current={one === tab ? 'page' : undefined}>
                {one}
              </a>
            ))}
          </nav>
          <Part tab={tab} view={view} />
        </>
      )}
      {open === 'produce' && <Produce topic={name} onClose={() => setOpen(null)} />}
      {open === 'delete' && (
        <DeleteTopic name={name} onClose={() => setOpen(null)} onDeleted={() => route('/topics')} />
      )}
      <Command title="Show me the command" lines={toReadTopic(cluster.bootstrap, name)} />
    </>
  )
}

function Part({ tab, view }: { readonly tab: Tab; readonly view: TopicView }) {
  if (tab === 'partitions') return <Partitions view={view} />
  if (tab === 'settings') return <Settings topic={view.name} />
  return <Records key={view.name} topic={view.name} />
}

function Partitions({ view }: { readonly view: TopicView }) {
  const most = Math.max(1, ...view.partitions.map(({ start, end }) => (end ?? 0) - (start ?? 0)))
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Partition</th>
          <th scope="col">Leader</th>
          <th scope="col" class="spare">
            Copies on
          </th>
          <th scope="col">In sync</th>
          <th scope="col" class="number">
            Begins at
          </th>
          <th scope="col" class="number">
            Ends at
          </th>
          <th scope="col" class="spare">
            <span class="unseen">Records as a bar</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {view.partitions.map(({ partition, leader, replicas, inSync, start, end, trouble }) => (
          <tr key={partition}>
            <th scope="row">{partition}</th>
            <td>{leader < 0 ? <span class="badge bad">none</span> : leader}</td>
            <td class="spare">{replicas.join(', ')}</td>
            <td class={inSync.length < replicas.length ? 'lags' : ''}>{inSync.join(', ')}</td>
            <td class="number">{count(start)}</td>
            <td class="number">{count(end)}</td>
            <td class="spare">
              {trouble === null ? (
                <meter min={0} max={most} value={(end ?? 0) - (start ?? 0)} aria-hidden="true" />
              ) : (
                <span class="nothing">{trouble}</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Settings({ topic }: { readonly topic: string }) {
  const { view, problem } = useOnce<readonly SettingView[]>(path`/api/topics/${topic}/settings`)
  if (problem !== null) return <Problem problem={problem} />
  if (view === null) return <Waiting what="Asking for its settings" />
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col">Value</th>
          <th scope="col" class="spare">
            From
          </th>
        </tr>
      </thead>
      <tbody>
        {view.map(({ name, value, source }) => (
          <tr key={name} class={source === 'default' ? 'usual' : ''}>
            <th scope="row">
              <code>{name}</code>
            </th>
            <td>
              <code>{value === null || value === '' ? <span class="nothing">empty</span> : value}</code>
            </td>
            <td class="spare">{source}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

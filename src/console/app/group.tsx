import { useState } from 'preact/hooks'
import type { FindingView, GroupPartitionView, GroupView } from '../wire.ts'
import { path, useLive, useOnce } from './api.ts'
import { useCluster } from './cluster.ts'
import { toDescribeGroup } from './commands.ts'
import { count, duration, plural } from './format.ts'
import { Command } from './parts/command.tsx'
import { Empty, Waiting } from './parts/empty.tsx'
import { Problem } from './parts/problem.tsx'
import { type History, useHistories } from './rates.ts'

/** One group: who reads what, how far each partition is behind, and why it gets nothing. */
export function Group({ name }: { readonly name: string }) {
  const cluster = useCluster()
  const { view, problem } = useLive<GroupView>(path`/api/live/group?name=${name}`)
  const totals = new Map<string, number | null>()
  if (view !== null) {
    totals.set('lag', sumOf(view.partitions.map(({ lag }) => lag)))
    totals.set('committed', sumOf(view.partitions.map(({ committed }) => committed ?? 0)))
  }
  const histories = useHistories(view?.atMs, totals)
  return (
    <>
      <header class="view-head">
        <h1>
          <a href="/groups">Groups</a> / {name}
        </h1>
      </header>
      {problem !== null && <Problem problem={problem} />}
      {view === null && problem === null && <Waiting what="Asking the coordinator of the group" />}
      {view !== null && (
        <>
          <Figures view={view} lag={histories.get('lag')} committed={histories.get('committed')} />
          <Why group={name} />
          <Partitions partitions={view.partitions} />
          <Members view={view} />
        </>
      )}
      <Command title="Show me the command" lines={toDescribeGroup(cluster.bootstrap, name)} />
    </>
  )
}

interface FiguresProps {
  readonly view: GroupView
  readonly lag: History | undefined
  readonly committed: History | undefined
}

function Figures({ view, lag, committed }: FiguresProps) {
  const total = sumOf(view.partitions.map((one) => one.lag))
  const perSecond = Math.max(0, committed?.rate ?? 0)
  return (
    <dl class="figures">
      <div>
        <dt>State</dt>
        <dd>
          <span class={view.state === 'Stable' ? 'state good' : 'state'}>{view.state}</span>
        </dd>
      </div>
      <div>
        <dt>Members</dt>
        <dd>{count(view.members.length)}</dd>
      </div>
      <div>
        <dt>Lag</dt>
        <dd class={total === null || total > 0 ? 'lags' : ''}>
          {total === null ? 'not known' : plural(total, 'record')}
        </dd>
      </div>
      <div>
        <dt>Forecast</dt>
        <dd>{forecast(total, lag?.rate ?? null, perSecond)}</dd>
      </div>
      <div>
        <dt>Kind</dt>
        <dd>
          {view.kind}, coordinator {view.coordinator}
        </dd>
      </div>
    </dl>
  )
}

/** Lag in records says little: what counts is when it is gone. */
function forecast(lag: number | null, growsPerSecond: number | null, readsPerSecond: number): string {
  if (lag === null) return 'not known'
  if (lag === 0) return 'up to date'
  if (growsPerSecond === null) return 'looking …'
  if (lag < readsPerSecond) return 'less than a second behind'
  if (growsPerSecond < -0.1) return `caught up in ${duration(lag / -growsPerSecond)}`
  if (readsPerSecond > 0) return growsPerSecond > 0.1 ? 'falls further behind' : 'stays behind'
  return 'nobody reads'
}

function Why({ group }: { readonly group: string }) {
  const [version, setVersion] = useState(0)
  const { view, problem, isAsking } = useOnce<readonly FindingView[]>(path`/api/group/why?name=${group}`, version)
  return (
    <section class="why" aria-live="polite">
      <h2>
        What it waits for
        <button type="button" class="quiet" disabled={isAsking} onClick={() => setVersion(version + 1)}>
          {isAsking ? 'looking …' : 'look again'}
        </button>
      </h2>
      {problem !== null && <Problem problem={problem} />}
      {view === null && problem === null && <Waiting what="Looking twice, a second apart" />}
      {view?.map(({ cause, partitions, text, next }) => (
        <article key={cause + partitions.join()}>
          <p>
            {partitions.length > 0 && <strong>{partitions.join(', ')} </strong>}
            {text}
          </p>
          {next !== null && (
            <p>
              Try: <code>{next}</code>
            </p>
          )}
        </article>
      ))}
    </section>
  )
}

function Partitions({ partitions }: { readonly partitions: readonly GroupPartitionView[] }) {
  const most = Math.max(1, ...partitions.map(({ lag }) => lag ?? 0))
  if (partitions.length === 0)
    return <Empty title="It reads nothing yet">No partition was given to a member, and no offset was committed.</Empty>
  return (
    <section>
      <h2>Partitions</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Partition</th>
            <th scope="col" class="number">
              Bookmark
            </th>
            <th scope="col" class="number">
              End
            </th>
            <th scope="col" class="number">
              Lag
            </th>
            <th scope="col" class="spare">
              <span class="unseen">Lag as a bar</span>
            </th>
            <th scope="col">Read by</th>
          </tr>
        </thead>
        <tbody>
          {partitions.map(({ topic, partition, committed, end, lag, members }) => (
            <tr key={`${topic}:${partition}`}>
              <th scope="row">
                <a href={path`/topics/${topic}`}>{topic}</a> {partition}
              </th>
              <td class="number">{count(committed)}</td>
              <td class="number">{count(end)}</td>
              <td class={lag !== null && lag > 0 ? 'number lags' : 'number'}>{count(lag)}</td>
              <td class="spare">
                <meter class="lag" min={0} max={most} value={lag ?? 0} aria-hidden="true" />
              </td>
              <td class="names">{members.length === 0 ? <span class="nothing">nobody</span> : members.join(', ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Members({ view }: { readonly view: GroupView }) {
  if (view.members.length === 0) return null
  return (
    <section>
      <h2>Members</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Member</th>
            <th scope="col" class="spare">
              Client
            </th>
            <th scope="col" class="spare">
              From
            </th>
            <th scope="col">Has</th>
          </tr>
        </thead>
        <tbody>
          {view.members.map(({ id, clientId, host, partitions }) => (
            <tr key={id}>
              <th scope="row" class="names">
                {id}
              </th>
              <td class="spare">{clientId}</td>
              <td class="spare">{host}</td>
              <td class="names">
                {partitions.length === 0 ? <span class="nothing">nothing</span> : partitions.join(', ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** Null where one of them is not known. */
function sumOf(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0)
}

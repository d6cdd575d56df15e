import { useState } from 'preact/hooks'
import type { GroupsView } from '../wire.ts'
import { path, useLive } from './api.ts'
import { useCluster } from './cluster.ts'
import { toListGroups } from './commands.ts'
import { count } from './format.ts'
import { Command } from './parts/command.tsx'
import { Empty, Waiting } from './parts/empty.tsx'
import { Problem } from './parts/problem.tsx'
import { Search } from './parts/search.tsx'
import { Sparkline } from './parts/sparkline.tsx'
import { useHistories } from './rates.ts'

/** Every group, and how far it lags behind. */
export function Groups() {
  const cluster = useCluster()
  const { view, problem } = useLive<GroupsView>('/api/live/groups')
  const [wanted, setWanted] = useState('')
  const histories = useHistories(view?.atMs, new Map(view?.groups.map(({ name, lag }) => [name, lag])))
  const shown = view?.groups.filter(({ name }) => name.toLowerCase().includes(wanted.toLowerCase())) ?? []
  return (
    <>
      <header class="view-head">
        <h1>Groups</h1>
        <Search placeholder="Filter" label="Filter groups by name" value={wanted} onChange={setWanted} />
      </header>
      {problem !== null && <Problem problem={problem} />}
      {view === null && problem === null && <Waiting what="Asking the cluster for its groups" />}
      {view !== null && view.groups.length === 0 && (
        <Empty title="No groups yet">
          <p>A group is there once a consumer with its name has joined, or has committed how far it has read.</p>
          <pre>
            <code>odradek consume orders -g payments -b {cluster.bootstrap}</code>
          </pre>
        </Empty>
      )}
      {shown.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Group</th>
              <th scope="col">State</th>
              <th scope="col" class="spare">
                Kind
              </th>
              <th scope="col" class="number">
                Lag
              </th>
              <th scope="col" class="spare">
                The last minute
              </th>
              <th scope="col">Reads</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ name, state, kind, lag, topics, trouble }) => (
              <tr key={name}>
                <th scope="row">
                  <a href={path`/group?name=${name}`}>{name}</a>
                </th>
                <td>
                  <span class={state === 'Stable' ? 'state good' : 'state'}>{state}</span>
                </td>
                <td class="spare">{kind}</td>
                <td class={lag !== null && lag > 0 ? 'number lags' : 'number'} title={trouble ?? undefined}>
                  {count(lag)}
                </td>
                <td class="spare">
                  <Sparkline
                    values={histories.get(name)?.readings.map(({ value }) => value) ?? []}
                    label={`lag of ${name} over the last minute`}
                  />
                </td>
                <td class="names">{topics.join(', ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Command title="Show me the command" lines={toListGroups(cluster.bootstrap)} />
    </>
  )
}

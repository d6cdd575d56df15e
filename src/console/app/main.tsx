/** The page: which view an address means, and what stands around it. */

import { render } from 'preact'
import { LocationProvider, Route, Router, useLocation, useRoute } from 'preact-iso'
import type { ClusterView } from '../wire.ts'
import { useOnce, useTicks } from './api.ts'
import { Brokers } from './brokers.tsx'
import { ClusterContext } from './cluster.ts'
import { Group } from './group.tsx'
import { Groups } from './groups.tsx'
import { Empty, Waiting } from './parts/empty.tsx'
import { Problem } from './parts/problem.tsx'
import { Topic } from './topic.tsx'
import { Topics } from './topics.tsx'

/** Brokers come and go. */
const clusterMs = 5000

const views = [
  ['/topics', 'Topics'],
  ['/groups', 'Groups'],
  ['/brokers', 'Brokers']
] as const

function Page() {
  const { view: cluster, problem } = useOnce<ClusterView>('/api/cluster', useTicks(clusterMs))
  return (
    <LocationProvider>
      <a class="skip" href="#view">
        To the view
      </a>
      <Side cluster={cluster} />
      <main id="view">
        {problem !== null && <Problem problem={problem} />}
        {cluster === null && problem === null && <Waiting what="Asking the cluster" />}
        {cluster !== null && (
          <ClusterContext.Provider value={cluster}>
            <Router>
              <Route path="/" component={Topics} />
              <Route path="/topics" component={Topics} />
              <Route path="/topics/:name" component={NamedTopic} />
              <Route path="/groups" component={Groups} />
              <Route path="/group" component={NamedGroup} />
              <Route path="/brokers" component={Brokers} />
              <Route default component={NoSuchView} />
            </Router>
          </ClusterContext.Provider>
        )}
      </main>
    </LocationProvider>
  )
}

/** Of another name it is another view, with nothing of the one before. */
function NamedTopic() {
  const { name = '' } = useRoute().params
  return <Topic key={name} name={name} />
}

/** Its name may be anything, and be no part of a path. */
function NamedGroup() {
  const { name = '' } = useLocation().query
  return <Group key={name} name={name} />
}

function Side({ cluster }: { readonly cluster: ClusterView | null }) {
  const { path } = useLocation()
  return (
    <aside>
      <p class="brand">
        <img src="/icon.svg" alt="" width={24} height={24} /> Odradek
      </p>
      <nav aria-label="Views">
        {views.map(([address, name], index) => {
          const isHere = path.startsWith(address.slice(0, -1)) || (index === 0 && path === '/')
          return (
            <a key={address} href={address} aria-current={isHere ? 'page' : undefined}>
              {name}
            </a>
          )
        })}
      </nav>
      {cluster !== null && (
        <p class="where">
          <code>{cluster.bootstrap}</code>
          {cluster.isReadOnly && <span class="badge">read only</span>}
        </p>
      )}
    </aside>
  )
}

function NoSuchView() {
  return (
    <Empty title="There is no such view">
      <p>
        Perhaps <a href="/topics">Topics</a> or <a href="/groups">Groups</a>?
      </p>
    </Empty>
  )
}

const place = document.getElementById('app')
if (place !== null) render(<Page />, place)

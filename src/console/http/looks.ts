/** What is looked at by anybody at this moment, each once. */
import type { Cluster } from '../../cli/cluster.ts'
import { groupsView } from '../views/group-lines.ts'
import { groupView } from '../views/groups.ts'
import { topicsView, topicView } from '../views/topics.ts'
import type { GroupsView, GroupView, TopicsView, TopicView } from '../wire.ts'
import { SharedLook } from './shared-look.ts'

/** Lag and ends are no older than this, and what it takes to ask. */
const pauseMs = 400

export class Looks {
  readonly #cluster: Cluster
  readonly topics: SharedLook<TopicsView>
  readonly groups: SharedLook<GroupsView>
  readonly #topics = new Map<string, SharedLook<TopicView>>()
  readonly #groups = new Map<string, SharedLook<GroupView>>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.topics = new SharedLook(() => topicsView(cluster), pauseMs)
    this.groups = new SharedLook(() => groupsView(cluster), pauseMs)
  }

  topic(name: string): SharedLook<TopicView> {
    return lookOf(this.#topics, name, () => topicView(this.#cluster, name))
  }

  group(name: string): SharedLook<GroupView> {
    return lookOf(this.#groups, name, () => groupView(this.#cluster, name))
  }
}

/** Those that nobody looks at any more are forgotten when another is made. */
function lookOf<View>(known: Map<string, SharedLook<View>>, name: string, look: () => Promise<View>): SharedLook<View> {
  const found = known.get(name)
  if (found !== undefined) return found
  for (const [other, { isWatched }] of known) if (!isWatched) known.delete(other)
  const made = new SharedLook(look, pauseMs)
  known.set(name, made)
  return made
}

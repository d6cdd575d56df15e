/** What topologies come to on the topics that there are, computed anew only when topics have changed: every heartbeat asks for it. */
import { groupHash } from '../../consumer/topic-hash.ts'
import type { TopicsSeen } from '../../consumer/topics-seen.ts'
import type { GroupTopics } from '../../topic-names.ts'
import { type Configured, configure } from './configure.ts'
import { requiredTopics, type Topology } from './topology.ts'

export interface TopologyOnTopics {
  readonly configured: Configured
  /** Of the topics that it needs, as far as they are there. */
  readonly metadataHash: bigint
}

interface Seen extends TopologyOnTopics {
  readonly change: number
}

export class TopologiesOnTopics {
  readonly #topics: GroupTopics
  readonly #seen: TopicsSeen
  readonly #known = new WeakMap<Topology, Seen>()

  constructor(topics: GroupTopics, seen: TopicsSeen) {
    this.#topics = topics
    this.#seen = seen
  }

  of(topology: Topology): TopologyOnTopics {
    const known = this.#known.get(topology)
    const { change } = this.#seen
    if (known?.change === change) return known
    const made = { ...topologyOnTopics(topology, this.#topics, (name) => this.#seen.hashOf(name)), change }
    this.#known.set(topology, made)
    return made
  }
}

export function topologyOnTopics(
  topology: Topology,
  topics: GroupTopics,
  hashOf: (name: string) => bigint
): TopologyOnTopics {
  const configured = configure(topology, (name) => countOf(topics, name))
  return { configured, metadataHash: groupHash(requiredTopics(topology), topics, hashOf) }
}

/** Undefined when there is no such topic. */
export function countOf(topics: GroupTopics, name: string): number | undefined {
  return topics.idOf(name) === undefined ? undefined : topics.partitionCount(name)
}

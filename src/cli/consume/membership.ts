/**
 * A membership in a consumer group: joins, follows rebalances, commits, leaves. Which partitions are ours is told by
 * `assignment`; each change of it raises `generation`.
 */
import type { Consumer } from '@platformatic/kafka'
import type { Cluster } from '../cluster.ts'
import type { GlobalOptions } from '../command.ts'
import { clientOptions, requestTimeoutMs } from '../connect.ts'
import type { TopicPartition } from '../partitions.ts'

/** Java's defaults, but a shorter heartbeat: a person who starts a second member is watching. */
const sessionTimeoutMs = 45_000
const rebalanceTimeoutMs = 60_000
const heartbeatIntervalMs = 1000

export interface Membership {
  readonly group: string
  generation: number
  assignment(): TopicPartition[]
  commit(offsets: ReadonlyArray<TopicPartition & { offset: bigint }>): Promise<void>
  leave(): Promise<void>
}

export async function joinGroup(
  cluster: Cluster,
  global: GlobalOptions,
  group: string,
  topics: readonly string[],
  onRebalance: () => void
): Promise<Membership> {
  const consumer = new cluster.library.Consumer({
    ...clientOptions(global, requestTimeoutMs(global)),
    requestTimeout: rebalanceTimeoutMs + 5000,
    groupId: group,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: rebalanceTimeoutMs,
    heartbeatInterval: heartbeatIntervalMs,
    // Java's consumers of a group must find a name they also know. Version 0: the later ones carry fields we do not fill.
    protocols: [
      { name: 'range', version: 0 },
      { name: 'roundrobin', version: 0 }
    ]
  })
  const membership = createMembership(consumer, group)
  consumer.on('consumer:group:join', () => membership.generation++)
  consumer.on('consumer:group:rebalance', onRebalance)
  consumer.on('error', () => {})
  consumer.topics.trackAll(...topics)
  try {
    await consumer.joinGroup({})
    return membership
  } catch (error) {
    await consumer.close().catch(() => {})
    throw error
  }
}

function createMembership(consumer: Consumer, group: string): Membership {
  return {
    group,
    generation: 0,
    assignment: () =>
      (consumer.assignments ?? []).flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition }))
      ),
    async commit(offsets) {
      if (offsets.length === 0) return
      await consumer.commit({ offsets: offsets.map((one) => ({ ...one, leaderEpoch: -1 })) })
    },
    async leave() {
      await consumer.close()
    }
  }
}

/**
 * A membership in a consumer group: joins, follows rebalances, commits, leaves. Which partitions are ours is told by
 * `assignment`; each change of it raises `generation`.
 */
import type { Consumer } from '@platformatic/kafka'
import type { Cluster } from '../cluster.ts'
import type { GlobalOptions } from '../command.ts'
import { clientOptions, requestTimeoutMs } from '../connect.ts'
import type { TopicPartition } from '../partitions.ts'

export interface MembershipOptions {
  /** The group gives the member up when it was silent for so long. */
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** A static member (KIP-345): who comes back under this name within the session gets its partitions back at once. */
  readonly instanceId?: string
  /** Told when the membership is over: the library sends no heartbeat after one that failed. */
  onLost?(reason: Error): void
}

/** Java's default, but a shorter heartbeat: a person who starts a second member is watching. */
const forPeople: MembershipOptions = { sessionTimeoutMs: 45_000, heartbeatIntervalMs: 1000 }
const rebalanceTimeoutMs = 60_000

export interface Membership {
  readonly group: string
  generation: number
  assignment(): TopicPartition[]
  commit(offsets: ReadonlyArray<TopicPartition & { offset: bigint }>): Promise<void>
  leave(): Promise<void>
}

/** `onRebalance` when the partitions are given out anew, `onAssigned` when it is known which of them are ours. */
export async function joinGroup(
  cluster: Cluster,
  global: GlobalOptions,
  group: string,
  topics: readonly string[],
  changes: { onRebalance(): void; onAssigned(): void },
  options: MembershipOptions = forPeople
): Promise<Membership> {
  const consumer = new cluster.library.Consumer({
    ...clientOptions(global, requestTimeoutMs(global)),
    requestTimeout: rebalanceTimeoutMs + 5000,
    groupId: group,
    ...(options.instanceId === undefined ? {} : { groupInstanceId: options.instanceId }),
    sessionTimeout: options.sessionTimeoutMs,
    rebalanceTimeout: rebalanceTimeoutMs,
    heartbeatInterval: options.heartbeatIntervalMs,
    // Java's consumers of a group must find a name they also know. Version 0: the later ones carry fields we do not fill.
    protocols: [
      { name: 'range', version: 0 },
      { name: 'roundrobin', version: 0 }
    ]
  })
  const membership = createMembership(consumer, group)
  consumer.on('consumer:group:join', () => {
    membership.generation++
    changes.onAssigned()
  })
  consumer.on('consumer:group:rebalance', () => changes.onRebalance())
  consumer.on('error', (error) => options.onLost?.(error))
  consumer.on('consumer:heartbeat:error', ({ error }) => options.onLost?.(error))
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

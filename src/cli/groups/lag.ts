/**
 * How far a group has come: for each partition it committed to or holds, the committed offset, the end, the lag, the owner.
 */
import type { Cluster } from '../cluster.ts'
import { committedOffsets } from '../group-offsets.ts'
import {
  type Bounds,
  describeTopics,
  type FoundBounds,
  findBoundsNow,
  ledPartitions,
  listAllTopics,
  partitionName,
  type TopicPartition
} from '../partitions.ts'
import type { Unreadable } from '../unreadable.ts'
import type { GroupDescription, GroupMember } from './group-description.ts'

export interface PartitionLag extends TopicPartition {
  /** Null: nothing committed. */
  readonly committed: bigint | null
  readonly start: bigint | null
  /** Null: the topic is gone. */
  readonly end: bigint | null
  readonly lag: bigint | null
  readonly member: GroupMember | undefined
  /** Why the end is not known. */
  readonly unreadable: Unreadable | undefined
}

type FindBounds = (cluster: Cluster, partitions: readonly TopicPartition[]) => Promise<FoundBounds>

export async function groupLag(
  cluster: Cluster,
  description: GroupDescription,
  findBounds: FindBounds = boundsOf
): Promise<PartitionLag[]> {
  const committed = new Map(
    (await committedOffsets(cluster, description.group)).map((one) => [partitionName(one), one])
  )
  const owners = new Map(
    description.members.flatMap((member) =>
      member.assignment.map((one) => [partitionName(one), { one, member }] as const)
    )
  )
  const partitions = new Map<string, TopicPartition>()
  for (const [name, one] of committed) partitions.set(name, one)
  for (const [name, { one }] of owners) partitions.set(name, one)
  const { bounds, unreadable } = await findBounds(cluster, [...partitions.values()])
  return [...partitions]
    .map(([name, { topic, partition }]) => {
      const offset = committed.get(name)?.offset ?? null
      const found = bounds.get(name)
      return {
        topic,
        partition,
        committed: offset,
        start: found?.start ?? null,
        end: found?.end ?? null,
        lag: found ? lagOf(offset, found) : null,
        member: owners.get(name)?.member,
        unreadable: unreadable.get(name)
      }
    })
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}

/** Without a committed offset all there is counts as lag. */
export function lagOf(committed: bigint | null, { start, end }: Bounds): bigint {
  const from = committed === null || committed < start ? start : committed
  return end > from ? end - from : 0n
}

/** Topics that were deleted meanwhile have no bounds. */
async function boundsOf(cluster: Cluster, partitions: readonly TopicPartition[]): Promise<FoundBounds> {
  const existing = new Set((await listAllTopics(cluster)).map((topic) => topic.name))
  const topics = [...new Set(partitions.map((one) => one.topic))].filter((topic) => existing.has(topic))
  if (topics.length === 0) return { bounds: new Map(), unreadable: new Map() }
  const wanted = new Set(partitions.map(partitionName))
  const led = ledPartitions(await describeTopics(cluster, topics))
  return await findBoundsNow(
    cluster,
    led.filter((one) => wanted.has(partitionName(one)))
  )
}

/**
 * How far a group has come: for each partition it committed to or holds, the committed offset, the end, the lag, the owner. Of a share group
 * the committed offset is where it starts, and share coordinators know the lag.
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
import { shareOffsets } from './share-offsets.ts'

export interface PartitionLag extends TopicPartition {
  /** Null: nothing committed. Of a share group everything before it is done. */
  readonly committed: bigint | null
  readonly start: bigint | null
  /** Null: the topic is gone. */
  readonly end: bigint | null
  readonly lag: bigint | null
  /** A partition has one owner; of a share group all that read it. */
  readonly members: readonly GroupMember[]
  /** Why the end is not known. */
  readonly unreadable: Unreadable | undefined
}

type FindBounds = (cluster: Cluster, partitions: readonly TopicPartition[]) => Promise<FoundBounds>

export async function groupLag(
  cluster: Cluster,
  description: GroupDescription,
  findBounds: FindBounds = boundsOf
): Promise<PartitionLag[]> {
  const committed = new Map((await offsetsOf(cluster, description)).map((one) => [partitionName(one), one]))
  const owners = new Map<string, GroupMember[]>()
  const partitions = new Map<string, TopicPartition>(committed)
  for (const member of description.members) {
    for (const one of member.assignment) {
      const name = partitionName(one)
      owners.set(name, [...(owners.get(name) ?? []), member])
      partitions.set(name, one)
    }
  }
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
        lag: lagIn(description, committed.get(name), found),
        members: owners.get(name) ?? [],
        unreadable: unreadable.get(name)
      }
    })
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}

interface KnownOffset extends TopicPartition {
  readonly offset: bigint | null
  /** Where the brokers know it better than by the offset and the end. */
  readonly lag?: bigint | null
}

async function offsetsOf(cluster: Cluster, { group, type }: GroupDescription): Promise<readonly KnownOffset[]> {
  if (type !== 'share') return await committedOffsets(cluster, group)
  const offsets = await shareOffsets(cluster, group)
  return offsets.map(({ topic, partition, startOffset, lag }) => ({ topic, partition, offset: startOffset, lag }))
}

/** Where a share group starts that has not begun is for its leader to find: nobody knows how much lies before it. */
function lagIn({ type }: GroupDescription, known: KnownOffset | undefined, found: Bounds | undefined): bigint | null {
  if (type === 'share') return known?.lag ?? null
  return found ? lagOf(known?.offset ?? null, found) : null
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

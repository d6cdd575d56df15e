/**
 * The assignor `range` (Kafka: RangeAssignor): of each topic every member gets a range of partitions, in the order of the members, so that
 * topics with as many partitions are split alike. Static members come first, by their instance ids.
 */
import type { AssignedMember, Assignment, Targets } from './assignor.ts'

interface Split {
  readonly partitionCount: number
  readonly quota: number
  /** So many members get one more. */
  extras: number
  next: number
}

export function assignInRanges({ members, partitionCount }: Assignment): Targets {
  const subscribers = new Map<string, number>()
  for (const { topicIds } of members) {
    for (const topicId of topicIds) subscribers.set(topicId, (subscribers.get(topicId) ?? 0) + 1)
  }
  const splits = new Map<string, Split>()
  for (const [topicId, count] of subscribers) {
    const partitions = partitionCount(topicId)
    const quota = Math.floor(partitions / count)
    splits.set(topicId, { partitionCount: partitions, quota, extras: partitions % count, next: 0 })
  }
  const targets = new Map<string, Map<string, Set<number>>>()
  for (const { memberId, topicIds } of [...members].sort(staticFirst)) {
    const target = new Map<string, Set<number>>()
    for (const topicId of topicIds) {
      const range = nextRange(splits.get(topicId))
      if (range.size > 0) target.set(topicId, range)
    }
    targets.set(memberId, target)
  }
  return targets
}

function nextRange(split: Split | undefined): Set<number> {
  const range = new Set<number>()
  if (split === undefined) return range
  let size = split.quota
  if (split.extras > 0) {
    size += 1
    split.extras -= 1
  }
  const end = Math.min(split.next + size, split.partitionCount)
  for (; split.next < end; split.next++) range.add(split.next)
  return range
}

function staticFirst(one: AssignedMember, other: AssignedMember): number {
  if (one.instanceId !== null && other.instanceId !== null) return compare(one.instanceId, other.instanceId)
  if (one.instanceId !== null) return -1
  if (other.instanceId !== null) return 1
  return compare(one.memberId, other.memberId)
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

/**
 * The assignor `uniform` where all members subscribe to the same (Kafka: UniformHomogeneousAssignmentBuilder): everyone gets as many
 * partitions, or one more, and keeps of what it had whatever fits into that.
 */
import type { Partitions } from '../consumer/partitions.ts'
import type { AssignedMember, Assignment, Targets } from './assignor.ts'

type Partition = readonly [topicId: string, partition: number]

export function assignAlike({ members, partitionCount }: Assignment): Targets {
  const topicIds = members[0]?.topicIds ?? new Set()
  const targets = new Map<string, Map<string, Set<number>>>()
  if (topicIds.size === 0) return targets
  const free = freePartitions(topicIds, members, partitionCount)
  let partitions = 0
  for (const topicId of topicIds) partitions += partitionCount(topicId)
  const quota = Math.floor(partitions / members.length)
  let extras = partitions % members.length
  const unfilled: { readonly memberId: string; readonly room: number }[] = []
  for (const [index, member] of members.entries()) {
    let hasExtra = extras > 0
    const kept = keep(member.target, topicIds, hasExtra ? quota + 1 : quota, free)
    let { room } = kept
    // Whoever has no use for one more leaves it to those who come, as long as there are enough of them.
    if (room > 0 && hasExtra && members.length - index > extras) {
      room -= 1
      hasExtra = false
    }
    if (room > 0) unfilled.push({ memberId: member.memberId, room })
    if (hasExtra) extras -= 1
    targets.set(member.memberId, kept.target)
  }
  fill(unfilled, free, targets)
  return targets
}

function freePartitions(
  topicIds: ReadonlySet<string>,
  members: readonly AssignedMember[],
  partitionCount: (topicId: string) => number
): Partition[] {
  const owned = new Map<string, Set<number>>()
  for (const { target } of members) {
    for (const [topicId, partitions] of target) {
      const all = owned.get(topicId) ?? new Set<number>()
      owned.set(topicId, all)
      for (const partition of partitions) all.add(partition)
    }
  }
  const free: Partition[] = []
  for (const topicId of topicIds) {
    const count = partitionCount(topicId)
    for (let partition = 0; partition < count; partition++) {
      if (!owned.get(topicId)?.has(partition)) free.push([topicId, partition])
    }
  }
  return free
}

/** What of its old target a member keeps, and how many more it may get; the rest is free. */
function keep(old: Partitions, topicIds: ReadonlySet<string>, quota: number, free: Partition[]) {
  const target = new Map<string, Set<number>>()
  let room = quota
  for (const [topicId, partitions] of old) {
    if (!topicIds.has(topicId)) continue
    const kept = new Set<number>()
    for (const partition of [...partitions].sort((one, other) => one - other)) {
      if (room > 0) {
        kept.add(partition)
        room -= 1
      } else {
        free.push([topicId, partition])
      }
    }
    if (kept.size > 0) target.set(topicId, kept)
  }
  return { target, room }
}

function fill(
  unfilled: readonly { readonly memberId: string; readonly room: number }[],
  free: readonly Partition[],
  targets: ReadonlyMap<string, Map<string, Set<number>>>
): void {
  let next = 0
  for (const { memberId, room } of unfilled) {
    const target = targets.get(memberId)
    for (const [topicId, partition] of free.slice(next, next + room)) {
      const partitions = target?.get(topicId) ?? new Set<number>()
      target?.set(topicId, partitions)
      partitions.add(partition)
    }
    next += room
  }
}

/**
 * The assignor `simple` of share groups (KIP-932; Kafka: SimpleAssignor). A partition may have several readers: with more partitions than
 * members each has one, and members have as many partitions or one more; with more members than partitions each partition has as many
 * readers as it takes for every member to have one. Whoever has something keeps it, as far as that fits.
 *
 * Where all members subscribe to the same, partitions of all topics are shared together; otherwise each topic is shared by itself among those
 * who subscribe to it. Partitions and members are walked in their order (Kafka: in that of hash tables), so that the outcome hangs on nothing else.
 */
import type { AssignedMember, Targets } from './assignor.ts'

export interface SimpleAssignment {
  readonly members: readonly AssignedMember[]
  /** All members subscribe to the same. */
  readonly isAlike: boolean
  /** Those that may be assigned. */
  partitionsOf(topicId: string): ReadonlySet<number>
}

interface Partition {
  readonly topicId: string
  readonly partition: number
  /** Indexes into the members of the pool. */
  readonly readers: Set<number>
}

/** Partitions that are shared with each other, and the members that share them. */
interface Pool {
  readonly partitions: readonly Partition[]
  readonly memberIds: readonly string[]
  /** By member: its partitions, as indexes into those of the pool. */
  readonly held: readonly Set<number>[]
  /** How many partitions each is to have. */
  readonly quotas: readonly number[]
  readonly readersWanted: number
}

export function assignSimply(assignment: SimpleAssignment): Targets {
  const { members, isAlike } = assignment
  const targets = new Map<string, Map<string, Set<number>>>()
  for (const { memberId } of members) targets.set(memberId, new Map())
  if (isAlike) {
    const pool = poolOf(assignment, members, [...(members[0]?.topicIds ?? [])])
    takeFromShared(pool)
    takeFromFull(pool)
    fill(pool)
    give(pool, targets)
    return targets
  }
  for (const [topicId, subscribers] of subscribersByTopic(members)) {
    const pool = poolOf(assignment, subscribers, [topicId])
    takeFromFull(pool)
    takeFromShared(pool)
    fill(pool)
    give(pool, targets)
  }
  return targets
}

function subscribersByTopic(members: readonly AssignedMember[]): ReadonlyMap<string, readonly AssignedMember[]> {
  const byTopic = new Map<string, AssignedMember[]>()
  for (const member of members) {
    for (const topicId of member.topicIds) {
      const subscribers = byTopic.get(topicId) ?? []
      byTopic.set(topicId, subscribers)
      subscribers.push(member)
    }
  }
  return byTopic
}

/** With what its members had until now. */
function poolOf(
  { partitionsOf }: SimpleAssignment,
  members: readonly AssignedMember[],
  topicIds: readonly string[]
): Pool {
  const partitions: Partition[] = []
  const indexes = new Map<string, Map<number, number>>()
  for (const topicId of topicIds) {
    const ofTopic = new Map<number, number>()
    indexes.set(topicId, ofTopic)
    for (const partition of [...partitionsOf(topicId)].sort((one, other) => one - other)) {
      ofTopic.set(partition, partitions.length)
      partitions.push({ topicId, partition, readers: new Set() })
    }
  }
  const held = members.map(({ target }, member) => {
    const own = new Set<number>()
    for (const topicId of topicIds) {
      for (const partition of target.get(topicId) ?? []) {
        const index = indexes.get(topicId)?.get(partition)
        if (index === undefined) continue
        own.add(index)
        partitions[index]?.readers.add(member)
      }
    }
    return own
  })
  const readersWanted = partitions.length === 0 ? 0 : Math.ceil(members.length / partitions.length)
  const each = (readersWanted * partitions.length) / members.length
  const quotas = members.map((_, member) => Math.ceil(each * (member + 1)) - Math.ceil(each * member))
  return { partitions, memberIds: members.map(({ memberId }) => memberId), held, quotas, readersWanted }
}

/** Of partitions with too many readers some are taken from members, first from those that have too much. */
function takeFromShared(pool: Pool): void {
  for (const [index, { readers }] of pool.partitions.entries()) {
    if (readers.size <= pool.readersWanted) continue
    for (const isFirst of [true, false]) {
      for (const member of [...readers].sort((one, other) => one - other)) {
        if (readers.size <= pool.readersWanted) break
        if (!isFirst || hasTooMuch(pool, member)) take(pool, member, index)
      }
    }
  }
}

function takeFromFull(pool: Pool): void {
  for (const [member, held] of pool.held.entries()) {
    if (!hasTooMuch(pool, member)) continue
    for (const index of [...held].sort((one, other) => one - other)) {
      if (!hasTooMuch(pool, member)) break
      take(pool, member, index)
    }
  }
}

/**
 * Gives partitions that lack readers to members that have too little, in turns. Where all of these read the partition already it stays with
 * fewer readers, which does no harm: somebody reads it.
 */
function fill(pool: Pool): void {
  const { partitions, readersWanted } = pool
  const unfilled = [...pool.held.keys()].filter((member) => lacksSome(pool, member))
  let next = 0
  for (const [index, { readers }] of partitions.entries()) {
    let passedOver = 0
    while (readers.size < readersWanted && passedOver < unfilled.length) {
      if (next >= unfilled.length) next = 0
      const member = unfilled[next] ?? 0
      if (readers.has(member)) {
        passedOver += 1
        next += 1
        continue
      }
      readers.add(member)
      pool.held[member]?.add(index)
      passedOver = 0
      if (lacksSome(pool, member)) next += 1
      else unfilled.splice(next, 1)
    }
  }
}

function give({ partitions, memberIds, held }: Pool, targets: ReadonlyMap<string, Map<string, Set<number>>>): void {
  for (const [member, memberId] of memberIds.entries()) {
    const target = targets.get(memberId)
    for (const index of [...(held[member] ?? [])].sort((one, other) => one - other)) {
      const { topicId, partition } = partitions[index] ?? { topicId: '', partition: 0 }
      const ofTopic = target?.get(topicId) ?? new Set<number>()
      target?.set(topicId, ofTopic)
      ofTopic.add(partition)
    }
  }
}

function take({ held, partitions }: Pool, member: number, index: number): void {
  held[member]?.delete(index)
  partitions[index]?.readers.delete(member)
}

function hasTooMuch({ held, quotas }: Pool, member: number): boolean {
  return (held[member]?.size ?? 0) > (quotas[member] ?? 0)
}

function lacksSome({ held, quotas }: Pool, member: number): boolean {
  return (held[member]?.size ?? 0) < (quotas[member] ?? 0)
}

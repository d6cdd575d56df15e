/**
 * The assignor `uniform` where members subscribe to different topics (Kafka: UniformHeterogeneousAssignmentBuilder): members keep what they
 * had, what is free goes to whoever has least, and then partitions move from those with most to those with least, topic by topic.
 */
import type { Assignment, Targets } from './assignor.ts'
import { Balance } from './balance.ts'

/** Moving partitions of one topic may bring another out of balance; after so many rounds it is good enough. */
const roundsMax = 16
const nobody = -1

interface Topic {
  readonly id: string
  /** Indexes of the members that subscribe to it. */
  readonly subscribers: number[]
  /** By partition, the index of a member. */
  readonly owners: number[]
}

export function assignMixed({ members, partitionCount }: Assignment): Targets {
  const topics = new Map<string, Topic>()
  const sizes = members.map(() => 0)
  for (const [index, { topicIds }] of members.entries()) {
    for (const id of topicIds) {
      const owners = () => new Array<number>(partitionCount(id)).fill(nobody)
      const topic = topics.get(id) ?? { id, subscribers: [], owners: owners() }
      topics.set(id, topic)
      topic.subscribers.push(index)
    }
  }
  for (const [index, { topicIds, target }] of members.entries()) {
    for (const [topicId, partitions] of target) {
      const topic = topicIds.has(topicId) ? topics.get(topicId) : undefined
      for (const partition of partitions) if (topic !== undefined) give(topic, partition, index, sizes)
    }
  }
  const sorted = [...topics.values()].sort(mostPartitionsForEachFirst)
  for (const topic of sorted) giveFree(topic, sizes)
  balance(
    sorted.filter(({ subscribers }) => subscribers.length > 1),
    sizes
  )
  return targetsOf(
    members.map(({ memberId }) => memberId),
    sorted
  )
}

function mostPartitionsForEachFirst(one: Topic, other: Topic): number {
  const forEach = ({ owners, subscribers }: Topic) => owners.length / subscribers.length
  return (
    forEach(other) - forEach(one) || one.subscribers.length - other.subscribers.length || (one.id < other.id ? -1 : 1)
  )
}

function give({ owners }: Topic, partition: number, member: number, sizes: number[]): void {
  const before = owners[partition] ?? nobody
  if (before !== nobody) sizes[before] = (sizes[before] ?? 0) - 1
  owners[partition] = member
  sizes[member] = (sizes[member] ?? 0) + 1
}

function giveFree(topic: Topic, sizes: number[]): void {
  const { subscribers, owners } = topic
  if (!owners.includes(nobody)) return
  const members = new Balance(sizes, subscribers)
  for (const [partition, owner] of owners.entries()) {
    if (owner === nobody) give(topic, partition, members.takeLeast(), sizes)
  }
}

/** Until a whole round over the topics has moved nothing. */
function balance(topics: readonly Topic[], sizes: number[]): void {
  let lastMoved: Topic | undefined
  for (let round = 0; round < roundsMax; round++) {
    for (const topic of topics) {
      if (topic === lastMoved) return
      if (balanceTopic(topic, sizes) || lastMoved === undefined) lastMoved = topic
    }
  }
}

function balanceTopic(topic: Topic, sizes: number[]): boolean {
  const members = new Balance(sizes, topic.subscribers)
  if (members.imbalance <= 1) return false
  /** What each has to give, the highest partition last. */
  const owned = new Map<number, number[]>()
  for (const [partition, owner] of topic.owners.entries()) {
    const partitions = owned.get(owner) ?? []
    owned.set(owner, partitions)
    partitions.push(partition)
  }
  let hasMoved = false
  while (!members.isBalanced) {
    const most = members.takeMost()
    if (most === undefined) break
    const partition = owned.get(most)?.pop()
    if (partition === undefined) {
      members.excludeMost()
      continue
    }
    const least = members.takeLeast()
    if (members.isBalanced) break
    give(topic, partition, least, sizes)
    hasMoved = true
  }
  return hasMoved
}

function targetsOf(memberIds: readonly string[], topics: readonly Topic[]): Targets {
  const targets = memberIds.map(() => new Map<string, Set<number>>())
  for (const { id, owners } of topics) {
    for (const [partition, owner] of owners.entries()) {
      const target = targets[owner]
      const partitions = target?.get(id) ?? new Set<number>()
      target?.set(id, partitions)
      partitions.add(partition)
    }
  }
  return new Map(memberIds.map((memberId, index) => [memberId, targets[index] ?? new Map<string, Set<number>>()]))
}

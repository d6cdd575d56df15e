/**
 * Which share partitions of a group the share coordinators know, are being told of, or are to forget (KIP-932; Kafka:
 * ShareGroupStatePartitionMetadataInfo). Values: each change makes a new one, which is written as one record.
 */
import type { ShareStatePartitions } from './records.ts'

export interface TopicPartition {
  readonly topicId: string
  readonly partition: number
}

/** Where a share partition is to begin; -1: its leader finds out. */
export interface PartitionFrom extends TopicPartition {
  readonly startOffset: number
}

interface NamedPartitions {
  readonly name: string
  readonly partitions: ReadonlySet<number>
}

/** By the ids of topics. */
export type PartitionsByTopic = ReadonlyMap<string, NamedPartitions>

export interface StatePartitions {
  readonly initializing: PartitionsByTopic
  readonly initialized: PartitionsByTopic
  /** Topics whose states are to go; by their ids, their names. */
  readonly deleting: ReadonlyMap<string, string>
}

export const noStatePartitions: StatePartitions = {
  initializing: new Map(),
  initialized: new Map(),
  deleting: new Map()
}

export function readStatePartitions(value: ShareStatePartitions): StatePartitions {
  const byTopic = (topics: ShareStatePartitions['initializingTopics']): PartitionsByTopic =>
    new Map(
      topics.map(({ topicId, topicName, partitions }) => [
        topicId,
        { name: topicName, partitions: new Set(partitions) }
      ])
    )
  return {
    initializing: byTopic(value.initializingTopics),
    initialized: byTopic(value.initializedTopics),
    deleting: new Map(value.deletingTopics.map(({ topicId, topicName }) => [topicId, topicName]))
  }
}

export function statePartitionsValue({ initializing, initialized, deleting }: StatePartitions): ShareStatePartitions {
  const topics = (byTopic: PartitionsByTopic) =>
    Array.from(byTopic, ([topicId, { name, partitions }]) => ({
      topicId,
      topicName: name,
      partitions: [...partitions].sort((one, other) => one - other)
    }))
  return {
    initializingTopics: topics(initializing),
    initializedTopics: topics(initialized),
    deletingTopics: Array.from(deleting, ([topicId, topicName]) => ({ topicId, topicName }))
  }
}

/** These are being initialized, as if nobody had wanted to delete them. */
export function beginInitializing(states: StatePartitions, more: PartitionsByTopic): StatePartitions {
  const deleting = new Map(states.deleting)
  for (const topicId of more.keys()) deleting.delete(topicId)
  return { ...states, initializing: union(states.initializing, more), deleting }
}

/** Of those that are being initialized, these are. */
export function finishInitializing(states: StatePartitions, done: readonly TopicPartition[]): StatePartitions {
  const finished = new Map<string, { name: string; partitions: Set<number> }>()
  for (const { topicId, partition } of done) {
    const initializing = states.initializing.get(topicId)
    if (initializing?.partitions.has(partition) !== true) continue
    const topic = finished.get(topicId) ?? { name: initializing.name, partitions: new Set<number>() }
    finished.set(topicId, topic)
    topic.partitions.add(partition)
  }
  if (finished.size === 0) return states
  const initializing = without(states.initializing, finished)
  return { ...states, initializing, initialized: union(states.initialized, finished) }
}

/** Nothing of these topics is said any more: they are gone, and what was known of them. */
export function forgetTopics(states: StatePartitions, isGone: (topicId: string) => boolean): StatePartitions {
  const { initializing, initialized, deleting } = states
  const all = [initializing, initialized, deleting]
  if (!all.some((byTopic) => [...byTopic.keys()].some(isGone))) return states
  const kept = <T>(byTopic: ReadonlyMap<string, T>) => new Map([...byTopic].filter(([topicId]) => !isGone(topicId)))
  return { initializing: kept(initializing), initialized: kept(initialized), deleting: kept(deleting) }
}

/** The states of these topics are to be deleted. */
export function beginDeleting(states: StatePartitions, topics: ReadonlyMap<string, string>): StatePartitions {
  const initialized = new Map([...states.initialized].filter(([topicId]) => !topics.has(topicId)))
  return { ...states, initialized, deleting: new Map([...states.deleting, ...topics]) }
}

export function finishDeleting(states: StatePartitions, topicIds: ReadonlySet<string>): StatePartitions {
  const deleting = new Map([...states.deleting].filter(([topicId]) => !topicIds.has(topicId)))
  return { ...states, deleting }
}

function union(some: PartitionsByTopic, others: PartitionsByTopic): PartitionsByTopic {
  const both = new Map(some)
  for (const [topicId, { name, partitions }] of others) {
    both.set(topicId, { name, partitions: new Set([...(both.get(topicId)?.partitions ?? []), ...partitions]) })
  }
  return both
}

function without(some: PartitionsByTopic, others: PartitionsByTopic): PartitionsByTopic {
  const left = new Map<string, NamedPartitions>()
  for (const [topicId, topic] of some) {
    const gone = others.get(topicId)?.partitions
    const partitions = new Set([...topic.partitions].filter((partition) => gone?.has(partition) !== true))
    if (partitions.size > 0) left.set(topicId, { ...topic, partitions })
  }
  return left
}

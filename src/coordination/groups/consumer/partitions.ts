/** Sets of partitions by the id of their topic, as assignments are made of them. */

export type Partitions = ReadonlyMap<string, ReadonlySet<number>>
/** With the member epoch in which each was assigned. */
export type PartitionEpochs = ReadonlyMap<string, ReadonlyMap<number, number>>

export interface TopicPartitions {
  readonly topicId: string
  readonly partitions: readonly number[]
}

export const noPartitions: Partitions = new Map()
export const noPartitionEpochs: PartitionEpochs = new Map()

type Numbers = ReadonlySet<number> | ReadonlyMap<number, number>

export function toTopicPartitions(partitions: ReadonlyMap<string, Numbers>): TopicPartitions[] {
  return Array.from(partitions, ([topicId, numbers]) => ({ topicId, partitions: [...numbers.keys()] }))
}

export function toPartitions(topics: readonly TopicPartitions[]): Partitions {
  return new Map(topics.map(({ topicId, partitions }) => [topicId, new Set(partitions)]))
}

export function withEpoch(partitions: Partitions, epoch: number): PartitionEpochs {
  return new Map(Array.from(partitions, ([topicId, numbers]) => [topicId, epochsOf(numbers.keys(), epoch)]))
}

export function epochsOf(numbers: Iterable<number>, epoch: number): Map<number, number> {
  return new Map(Array.from(numbers, (partition) => [partition, epoch]))
}

export function samePartitions(some: Partitions, others: Partitions): boolean {
  if (some === others) return true
  if (some.size !== others.size) return false
  for (const [topicId, numbers] of some) {
    const other = others.get(topicId)
    if (other === undefined || other.size !== numbers.size) return false
    for (const partition of numbers) if (!other.has(partition)) return false
  }
  return true
}

export function samePartitionEpochs(some: PartitionEpochs, others: PartitionEpochs): boolean {
  if (some === others) return true
  if (some.size !== others.size) return false
  for (const [topicId, numbers] of some) {
    const other = others.get(topicId)
    if (other === undefined || other.size !== numbers.size) return false
    for (const [partition, epoch] of numbers) if (other.get(partition) !== epoch) return false
  }
  return true
}

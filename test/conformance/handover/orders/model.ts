/** What was acknowledged to clients in all stays of an order: what every later stay must show. */
import type { Producer, StoredRecord } from './client.ts'

export interface ModelPartition {
  readonly records: StoredRecord[]
  startOffset: number
  endOffset: number
}

export interface ModelTopic {
  readonly name: string
  /** As the directory told it first; null before. */
  id: string | null
  readonly isCompacted: boolean
  readonly partitions: ModelPartition[]
  readonly config: Map<string, string>
}

export interface OpenTransaction {
  readonly transactionalId: string
  readonly producer: Producer
  readonly topic: string
  readonly partition: number
  readonly firstOffset: number
  readonly commit: { readonly group: string; readonly offset: number } | null
}

/** An idempotent producer on one partition: what it sent last, and where that lies. */
export interface Writing {
  readonly producer: Producer
  readonly topic: ModelTopic
  readonly partition: number
  nextSequence: number
  last: {
    readonly records: readonly { key: string; value: string }[]
    readonly sequence: number
    readonly offset: number
  }
}

export class Model {
  readonly topics = new Map<string, ModelTopic>()
  /** Of groups, by group, topic and partition. */
  readonly commits = new Map<string, { group: string; topic: string; partition: number; offset: number }>()
  readonly transactions: OpenTransaction[] = []
  readonly writings: Writing[] = []
  readonly producerIds = new Set<number>()
  /** Ids of topics that were deleted. */
  readonly gone = new Set<string>()

  addTopic(name: string, partitions: number, config: ReadonlyMap<string, string>): void {
    const isCompacted = config.get('cleanup.policy') === 'compact'
    const topic: ModelTopic = { name, id: null, isCompacted, partitions: [], config: new Map(config) }
    this.topics.set(name, topic)
    this.growTopic(topic, partitions)
  }

  growTopic(topic: ModelTopic, partitions: number): void {
    while (topic.partitions.length < partitions) topic.partitions.push({ records: [], startOffset: 0, endOffset: 0 })
  }

  removeTopic(topic: ModelTopic): void {
    this.topics.delete(topic.name)
    if (topic.id !== null) this.gone.add(topic.id)
    for (const [key, commit] of this.commits) if (commit.topic === topic.name) this.commits.delete(key)
    for (const writing of this.writings.filter((each) => each.topic === topic)) {
      this.writings.splice(this.writings.indexOf(writing), 1)
    }
  }

  /** Records that were acknowledged at an offset. */
  append(
    topic: ModelTopic,
    partition: number,
    offset: number,
    records: readonly { key: string; value: string | null }[]
  ): void {
    const target = partitionOf(topic, partition)
    for (const [index, record] of records.entries()) target.records.push({ offset: offset + index, ...record })
    target.endOffset = offset + records.length
  }

  commit(group: string, topic: string, partition: number, offset: number): void {
    this.commits.set(`${group}/${topic}/${partition}`, { group, topic, partition, offset })
  }

  isInTransaction(topic: string, partition?: number): boolean {
    return this.transactions.some(
      (open) => open.topic === topic && (partition === undefined || open.partition === partition)
    )
  }

  lastStableOffset(topic: ModelTopic, partition: number): number {
    const open = this.transactions.filter((each) => each.topic === topic.name && each.partition === partition)
    return Math.min(partitionOf(topic, partition).endOffset, ...open.map(({ firstOffset }) => firstOffset))
  }
}

export function partitionOf(topic: ModelTopic, partition: number): ModelPartition {
  const found = topic.partitions[partition]
  if (found === undefined) throw new Error(`the model has no ${topic.name}-${partition}`)
  return found
}

/** What is wrong with what was read of a partition; null when nothing is. */
export function differenceIn(
  topic: ModelTopic,
  expected: ModelPartition,
  read: readonly StoredRecord[]
): string | null {
  const kept = expected.records.filter(({ offset }) => offset >= expected.startOffset)
  const byOffset = new Map(read.map((record) => [record.offset, record]))
  const written = new Map(kept.map((record) => [record.offset, record]))
  for (const [index, { offset, value }] of read.entries()) {
    const before = read[index - 1]?.offset ?? -1
    if (offset <= before) return `offset ${offset} comes after ${before}`
    const known = written.get(offset)
    if (known === undefined) return `a record at ${offset} that nobody wrote: ${value}`
    if (known.value !== value) return `at ${offset} is ${value} in place of ${known.value}`
  }
  const latest = new Map(kept.map((record) => [record.key, record.offset]))
  for (const { offset, key, value } of kept) {
    const mayBeGone = topic.isCompacted && (value === null || latest.get(key) !== offset)
    if (!byOffset.has(offset) && !mayBeGone) return `${value} at ${offset} is lost`
  }
  return null
}

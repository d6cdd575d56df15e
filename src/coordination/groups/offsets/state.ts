/** The offsets that groups have committed: hard state, changed by replay alone (Kafka: OffsetMetadataManager.Offsets). */

import { OffsetTopics } from './offset-topics.ts'

export interface CommittedOffset {
  readonly offset: number
  /** -1 when the client did not say. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestampMs: number
  /** When the client of an old version asked for a retention of its own; otherwise null. */
  readonly expireTimestampMs: number | null
  /** All zeros in records of Kafka before 4.1. */
  readonly topicId: string
}

export type PartitionOffsets = ReadonlyMap<number, CommittedOffset>
export type GroupOffsets = ReadonlyMap<string, PartitionOffsets>

export class CommittedOffsets {
  readonly topics = new OffsetTopics()
  readonly #byGroup = new Map<string, Map<string, Map<number, CommittedOffset>>>()

  of(groupId: string): GroupOffsets | undefined {
    return this.#byGroup.get(groupId)
  }

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#byGroup.get(groupId)?.get(topic)?.get(partition)
  }

  put(groupId: string, topic: string, partition: number, committed: CommittedOffset): void {
    const topics = this.#byGroup.get(groupId) ?? new Map<string, Map<number, CommittedOffset>>()
    this.#byGroup.set(groupId, topics)
    const partitions = topics.get(topic) ?? new Map<number, CommittedOffset>()
    topics.set(topic, partitions)
    if (partitions.get(partition)?.topicId !== committed.topicId) this.topics.add(topic, groupId, committed.topicId)
    partitions.set(partition, committed)
  }

  remove(groupId: string, topic: string, partition: number): void {
    const topics = this.#byGroup.get(groupId)
    const partitions = topics?.get(topic)
    if (topics === undefined || partitions === undefined) return
    partitions.delete(partition)
    if (partitions.size === 0) {
      topics.delete(topic)
      this.topics.remove(topic, groupId)
    }
    if (topics.size === 0) this.#byGroup.delete(groupId)
  }
}

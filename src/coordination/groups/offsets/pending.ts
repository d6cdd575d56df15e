/**
 * Offsets that groups have committed within transactions that are not ended: they count when theirs is committed, and are forgotten when
 * it is aborted. Of two offsets of a partition the later one in the log counts, whenever the transaction of the other ends. Hard state,
 * changed by replay alone (Kafka: OffsetMetadataManager.pendingTransactionalOffsets, openTransactions).
 */
import type { OffsetPlace } from '../records.ts'
import { OffsetTopics } from './offset-topics.ts'
import type { CommittedOffset } from './state.ts'

export interface PendingOffset {
  readonly place: OffsetPlace
  readonly committed: CommittedOffset
  /** Where its record lies. */
  readonly recordOffset: number
}

/** Those of one partition, by producer. */
type OfPartition = Map<number, PendingOffset>
type OfGroup = Map<string, Map<number, OfPartition>>

export class PendingOffsets {
  readonly topics = new OffsetTopics()
  readonly #byGroup = new Map<string, OfGroup>()
  readonly #byProducer = new Map<number, Set<PendingOffset>>()
  /** A later record of their partition counts already: they never will, and are unstable all the same until their transaction ends. */
  readonly #overtaken = new Set<PendingOffset>()

  /** The topics and partitions of the group that a transaction may yet change. */
  of(groupId: string): ReadonlyMap<string, ReadonlyMap<number, unknown>> | undefined {
    return this.#byGroup.get(groupId)
  }

  has({ groupId, topic, partition }: OffsetPlace): boolean {
    return this.#byGroup.get(groupId)?.get(topic)?.has(partition) === true
  }

  /** What may yet count there, of each transaction. */
  at({ groupId, topic, partition }: OffsetPlace): readonly CommittedOffset[] {
    const ofPartition = this.#byGroup.get(groupId)?.get(topic)?.get(partition)
    return Array.from(ofPartition?.values() ?? [], ({ committed }) => committed)
  }

  put(producerId: number, pending: PendingOffset): void {
    const { groupId, topic, partition } = pending.place
    const topics: OfGroup = this.#byGroup.get(groupId) ?? new Map<string, Map<number, OfPartition>>()
    this.#byGroup.set(groupId, topics)
    const partitions = topics.get(topic) ?? new Map<number, OfPartition>()
    topics.set(topic, partitions)
    const producers: OfPartition = partitions.get(partition) ?? new Map<number, PendingOffset>()
    partitions.set(partition, producers)
    const before = producers.get(producerId)
    if (before !== undefined) this.#drop(producerId, before)
    const ofProducer = this.#byProducer.get(producerId) ?? new Set<PendingOffset>()
    this.#byProducer.set(producerId, ofProducer)
    producers.set(producerId, pending)
    ofProducer.add(pending)
    this.topics.add(topic, groupId, pending.committed.topicId)
  }

  /** A record at this offset counts: what lies before it in open transactions never will. */
  overtake({ groupId, topic, partition }: OffsetPlace, recordOffset: number): void {
    for (const pending of this.#byGroup.get(groupId)?.get(topic)?.get(partition)?.values() ?? []) {
      if (pending.recordOffset < recordOffset) this.#overtaken.add(pending)
    }
  }

  /** The partition's offset was taken away, and with it what may yet have come. */
  remove({ groupId, topic, partition }: OffsetPlace): void {
    for (const [producerId, pending] of this.#byGroup.get(groupId)?.get(topic)?.get(partition) ?? []) {
      this.#drop(producerId, pending)
    }
    this.#forget({ groupId, topic, partition })
  }

  /** The producer's transaction has ended: gives what would count now, in the order of the log. */
  end(producerId: number): readonly PendingOffset[] {
    const ended = [...(this.#byProducer.get(producerId) ?? [])]
    this.#byProducer.delete(producerId)
    const counting = ended.filter((pending) => !this.#overtaken.delete(pending))
    for (const { place } of ended) {
      const producers = this.#byGroup.get(place.groupId)?.get(place.topic)?.get(place.partition)
      producers?.delete(producerId)
      if (producers?.size === 0) this.#forget(place)
    }
    return counting.sort((one, other) => one.recordOffset - other.recordOffset)
  }

  #drop(producerId: number, pending: PendingOffset): void {
    this.#overtaken.delete(pending)
    const ofProducer = this.#byProducer.get(producerId)
    ofProducer?.delete(pending)
    if (ofProducer?.size === 0) this.#byProducer.delete(producerId)
  }

  #forget({ groupId, topic, partition }: OffsetPlace): void {
    const topics = this.#byGroup.get(groupId)
    const partitions = topics?.get(topic)
    partitions?.delete(partition)
    if (partitions?.size === 0) {
      topics?.delete(topic)
      this.topics.remove(topic, groupId)
    }
    if (topics?.size === 0) this.#byGroup.delete(groupId)
  }
}

/**
 * This broker's copy of one partition: the log, how far consumers may read, and who waits for more.
 *
 * With one broker the in-sync set is this replica alone, so the high watermark is what has been made durable: a consumer
 * never reads what a power cut could take back. Everyone appends through here (clients and coordinators alike), so that
 * everyone who waits is told in one place.
 */

import type { TopicImage } from '../coordination/metadata/image.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { AppendMoment, AppendOrigin, AppendResult } from '../log/types.ts'

/** Told when more of a partition has become readable, with how many bytes; and when waiting has become pointless. */
export interface ReplicaObserver {
  advanced(bytes: number): void
  ended(): void
}

interface Unreadable {
  readonly endOffset: number
  readonly sizeBytes: number
}

export class Replica {
  readonly topic: TopicImage['name']
  readonly topicId: string
  readonly partition: number
  readonly log: PartitionLog
  readonly leaderEpoch: number
  minInSyncReplicas: number
  #highWatermark: number
  #unreadable: Unreadable[] = []
  readonly #observers = new Set<ReplicaObserver>()

  constructor(identity: {
    topic: string
    topicId: string
    partition: number
    leaderEpoch: number
    minInSyncReplicas: number
    log: PartitionLog
  }) {
    this.topic = identity.topic
    this.topicId = identity.topicId
    this.partition = identity.partition
    this.leaderEpoch = identity.leaderEpoch
    this.minInSyncReplicas = identity.minInSyncReplicas
    this.log = identity.log
    this.#highWatermark = identity.log.syncedEndOffset
    identity.log.onSynced = () => this.#advance()
    identity.log.beginEpoch(identity.leaderEpoch)
  }

  /** The offset below which consumers may read. */
  get highWatermark(): number {
    return this.#highWatermark
  }

  /** The offset below which every transaction has ended, and no higher than the high watermark. */
  get lastStableOffset(): number {
    return Math.min(this.log.lastStableOffset, this.#highWatermark)
  }

  append(records: Buffer, origin: AppendOrigin, write: AppendMoment = 'now'): AppendResult {
    const result = this.log.append(records, { leaderEpoch: this.leaderEpoch, origin, write })
    if (result.ok && !result.isDuplicate) {
      // What could not be written is in the log no more; its offsets are given again.
      while ((this.#unreadable.at(-1)?.endOffset ?? 0) > result.firstOffset) this.#unreadable.pop()
      this.#unreadable.push({ endOffset: result.lastOffset + 1, sizeBytes: records.length })
      this.#advance()
    }
    return result
  }

  observe(observer: ReplicaObserver): void {
    this.#observers.add(observer)
  }

  forget(observer: ReplicaObserver): void {
    this.#observers.delete(observer)
  }

  /** The replica is going away (topic deleted, broker stopping): nobody waits for it any longer. */
  end(): void {
    this.log.onSynced = undefined
    for (const observer of [...this.#observers]) observer.ended()
  }

  #advance(): void {
    const readable = this.log.syncedEndOffset
    if (readable <= this.#highWatermark) return
    this.#highWatermark = readable
    let bytes = 0
    let passed = 0
    for (const entry of this.#unreadable) {
      if (entry.endOffset > readable) break
      bytes += entry.sizeBytes
      passed += 1
    }
    this.#unreadable = passed === this.#unreadable.length ? [] : this.#unreadable.slice(passed)
    for (const observer of [...this.#observers]) observer.advanced(bytes)
  }
}

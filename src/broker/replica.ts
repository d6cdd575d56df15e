/**
 * This broker's copy of one partition: the log, how far consumers may read, and who waits for more.
 *
 * With one broker the in-sync set is this replica alone, so the high watermark is what has been made durable: a consumer
 * never reads what a power cut could take back. Everyone appends through here (clients and coordinators alike), so that
 * everyone who waits is told in one place.
 *
 * What is appended without anybody who waits is made durable later (log/sync-group.ts). So whoever looks at the end of the
 * log says so here (`readToEnd`, `readable`, `observe`), and the sync begins.
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
  /** As configured; `hasEnoughInSyncReplicas` says what that means here. */
  minInSyncReplicas: number
  readonly #replicaCount: number
  #highWatermark: number
  #unreadable: Unreadable[] = []
  readonly #observers = new Set<ReplicaObserver>()
  /** Resolves when it is safe that the partition exists; null once it is. */
  #existence: Promise<void> | null = null
  /** Whether a reader has seen everything, and nothing was synced for it since. It will come back, most likely at once. */
  #hasReaderAtEnd = false

  constructor(identity: {
    topic: string
    topicId: string
    partition: number
    leaderEpoch: number
    minInSyncReplicas: number
    replicaCount: number
    log: PartitionLog
  }) {
    this.topic = identity.topic
    this.topicId = identity.topicId
    this.partition = identity.partition
    this.leaderEpoch = identity.leaderEpoch
    this.minInSyncReplicas = identity.minInSyncReplicas
    this.#replicaCount = identity.replicaCount
    this.log = identity.log
    this.#highWatermark = identity.log.syncedEndOffset
    identity.log.onSynced = () => this.#advance()
  }

  /** The partition was made just now: that it exists may be lost before this resolves. */
  restOn(safe: Promise<void>): void {
    this.#existence = safe
    const settled = (): void => {
      if (this.#existence === safe) this.#existence = null
    }
    // A failure stays: whoever waits for it is refused.
    safe.then(settled, () => {})
  }

  /** Resolves when everything below the offset survives a power cut, and the partition with it. Rejects with DiskError. */
  durable(endOffset: number): Promise<void> {
    const records = this.log.durable(endOffset)
    return this.#existence === null ? records : Promise.all([records, this.#existence]).then(() => {})
  }

  /** What is appended from here on belongs to this leader's epoch. Throws DiskError. */
  beginToLead(): void {
    this.log.beginEpoch(this.leaderEpoch)
  }

  /**
   * Whether acks=all can be answered. A partition is not asked for more in-sync replicas than it has replicas (Kafka:
   * Partition.effectiveMinIsr); those that are in sync are this one.
   */
  get hasEnoughInSyncReplicas(): boolean {
    return Math.min(this.minInSyncReplicas, this.#replicaCount) <= 1
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
      if (this.#observers.size > 0 || this.#hasReaderAtEnd) this.#syncForReaders()
    }
    return result
  }

  /**
   * A reader has read all that is readable, and wants what comes next. What is there already becomes readable now: resolves
   * then. Null when nothing is: then a sync begins with what is appended next, and when the reader comes back it is readable,
   * or nearly so. One for each time that a reader says so.
   */
  readToEnd(): Promise<void> | null {
    const readable = this.readable()
    this.#hasReaderAtEnd = readable === null
    // Whoever does not wait for it need not hear that it failed.
    readable?.catch(() => {})
    return readable
  }

  /**
   * Resolves when everything that was appended until now is readable, and rejects when that could not be made durable;
   * null when all of it is readable already.
   */
  readable(): Promise<void> | null {
    const { logEndOffset } = this.log
    return this.#highWatermark >= logEndOffset ? null : this.log.durable(logEndOffset)
  }

  /** Whoever observes hears of what is appended as soon as it can be read. */
  observe(observer: ReplicaObserver): void {
    this.#observers.add(observer)
    if (this.#highWatermark < this.log.logEndOffset) this.#syncForReaders()
  }

  forget(observer: ReplicaObserver): void {
    this.#observers.delete(observer)
  }

  /** The replica is going away (topic deleted, broker stopping): nobody waits for it any longer. */
  end(): void {
    this.log.onSynced = undefined
    for (const observer of [...this.#observers]) observer.ended()
  }

  #syncForReaders(): void {
    this.#hasReaderAtEnd = false
    this.log.syncNow()
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

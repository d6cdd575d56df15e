/**
 * The log of one partition: an ordered, immutable sequence of record batches in segments, on a disk. (Kafka: UnifiedLog.)
 *
 * Invariants
 * - logStartOffset ≤ lastStableOffset ≤ logEndOffset, and recoveryPoint ≤ syncedEndOffset ≤ logEndOffset.
 * - A batch is in the file before anyone hears of it: an answer, a reader, a sync. An append that failed has changed nothing.
 * - When a sync has failed, the log takes no more: what the system's cache holds can no longer be trusted.
 *
 * Budget of an append: the batch's bytes are checked and patched where they lie, its header is read once, no record is decoded;
 * one write for all that is appended in a turn (write-group.ts).
 */
import type { Clock } from '../host/clock.ts'
import { type Disk, DiskError } from '../host/disk.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { type BatchHeader, isControl, lastOffsetOf, placeBatch } from '../protocol/records/batch.ts'
import { readTransactionEnd, type TransactionEnd } from '../protocol/records/control-records.ts'
import { admit } from './admission.ts'
import { type EpochEnd, LeaderEpochs } from './leader-epochs.ts'
import { partitionMetadataFile, readTopicId, writePartitionMetadata } from './partition-metadata.ts'
import { loadProducers } from './producer-loading.ts'
import { producerSnapshotsAmong } from './producer-snapshot.ts'
import { ProducerState } from './producer-state.ts'
import { openSegments } from './recovery.ts'
import { expiredSegments } from './retention.ts'
import { rollIsDue } from './rolling.ts'
import type { PlacedBatch, Segment } from './segment.ts'
import { type ReadLimits, readSegments, segmentIndexOf } from './segment-reading.ts'
import { Segments } from './segments.ts'
import { SyncGroup } from './sync-group.ts'
import type { SyncTurns } from './sync-turns.ts'
import { newestRecord, recordAt } from './time-lookup.ts'
import type {
  AbortedTransaction,
  ActiveProducer,
  AppendOptions,
  AppendResult,
  Durability,
  LogConfig,
  ReadResult,
  TimestampedOffset
} from './types.ts'
import { WriteGroup } from './write-group.ts'

export interface PartitionLogOptions {
  readonly disk: Disk
  /** 'topic-partition', below the disk's root. */
  readonly directory: string
  readonly topicId: string
  readonly config: LogConfig
  readonly clock: Clock
  readonly durability: Durability
  /** Shared by all logs of a disk. */
  readonly syncTurns: SyncTurns
  /** Below it everything was synced, as the last checkpoint says; 0 when nothing is known. */
  readonly recoveryPoint: number
  /** From the checkpoint; 0 when nothing is known. */
  readonly logStartOffset: number
  readonly shutdown: 'clean' | 'unclean'
  /** The epoch of the leader that opens the log. */
  readonly leaderEpoch: number
  /** After so many bytes a sync takes the indexes along, so that a start after a crash reads no more than about this. */
  readonly checkpointBytes: number
}

/** Producers that are silent for longer are forgotten (Kafka: producer.id.expiration.ms). */
const producerExpirationMs = 24 * 60 * 60 * 1000

export class PartitionLog {
  readonly topicId: string
  /** Called when syncedEndOffset has moved by itself, after a sync or a write. */
  onSynced: (() => void) | undefined
  readonly #disk: Disk
  readonly #directory: string
  readonly #clock: Clock
  readonly #segments: Segments
  readonly #producers = new ProducerState()
  readonly #epochs: LeaderEpochs
  readonly #writes: WriteGroup
  readonly #syncs: SyncGroup
  /** Whether readers and acknowledgements wait for syncs. */
  readonly #waitsForSync: boolean
  #config: LogConfig
  #logStartOffset: number
  #logEndOffset: number
  #failure: Error | null = null
  /** Why nothing is done here any more, once the log was closed or deleted. */
  #ended: DiskError | null = null

  /** Opens or makes the log, and recovers it after a crash. Throws DiskError, also on damage that recovery must not hide. */
  static open(options: PartitionLogOptions): PartitionLog {
    return new PartitionLog(options)
  }

  /** The topic that a directory belongs to, by its partition.metadata; null when it does not say. */
  static topicIdOf(disk: Disk, directory: string): string | null {
    return readTopicId(disk, directory)
  }

  private constructor(options: PartitionLogOptions) {
    const { disk, directory, config } = options
    this.topicId = options.topicId
    this.#disk = disk
    this.#directory = directory
    this.#clock = options.clock
    this.#config = config
    this.#waitsForSync = options.durability === 'disk' && disk.isPersistent
    // One look at the directory serves all that follows: with thousands of partitions, looking is what a start is made of.
    const names = disk.list(directory)
    const topicId = names.includes(partitionMetadataFile) ? readTopicId(disk, directory) : null
    // A checkpoint that is older than the directory speaks of an earlier topic of the same name.
    const isNew = names.length === 0
    const known = isNew ? { recoveryPoint: 0, logStartOffset: 0 } : options
    this.#epochs = new LeaderEpochs(disk, directory)
    const opened = openSegments({
      ...options,
      names,
      newestEpoch: Math.max(options.leaderEpoch, this.#epochs.latest),
      recoveryPoint: known.recoveryPoint,
      logStartOffset: known.logStartOffset,
      nowMs: options.clock.nowMs()
    })
    const { segments } = opened
    const baseOffset = segments[0]?.baseOffset ?? 0
    this.#logEndOffset = Math.max(opened.logEndOffset, baseOffset)
    this.#logStartOffset = Math.min(Math.max(known.logStartOffset, baseOffset), this.#logEndOffset)
    if (topicId === null) writePartitionMetadata(disk, directory, options.topicId)
    this.#epochs.cutFrom(this.#logEndOffset + 1)
    const snapshots = producerSnapshotsAmong(names)
    loadProducers(this.#producers, { disk, directory, snapshots, segments, logEndOffset: this.#logEndOffset })
    const { checkpointBytes } = options
    this.#segments = new Segments({ disk, directory, segments, producers: this.#producers, checkpointBytes })
    this.#writes = new WriteGroup({
      logEndOffset: () => this.#logEndOffset,
      write: () => this.#segments.active.write(),
      written: () => {
        if (!this.#waitsForSync) this.onSynced?.()
      },
      takeBack: (offset, error) => this.#takeBack(offset, error)
    })
    this.#syncs = new SyncGroup(
      {
        logEndOffset: () => this.#logEndOffset,
        write: () => {
          this.#writes.flush()
          return this.#logEndOffset
        },
        sync: () => this.#segments.sync(this.#logEndOffset),
        synced: () => this.onSynced?.(),
        failed: (error) => {
          this.#failure = error
        }
      },
      options.shutdown === 'clean' ? this.#logEndOffset : Math.min(known.recoveryPoint, this.#logEndOffset),
      options.syncTurns
    )
    // What a crash left unsynced may have been acknowledged: nobody should have to append before it can be read.
    this.syncSoon()
  }

  get config(): LogConfig {
    return this.#config
  }

  updateConfig(config: LogConfig): void {
    this.#config = config
  }

  get logStartOffset(): number {
    return this.#logStartOffset
  }

  get logEndOffset(): number {
    return this.#logEndOffset
  }

  /** Everything below is as durable as was asked for: synced, or with 'os' and in memory just written. */
  get syncedEndOffset(): number {
    return this.#waitsForSync ? this.#syncs.syncedOffset : this.#writes.writtenEndOffset
  }

  /** Everything below survives a power cut, whatever was asked for, and so do the indexes of the segments below. */
  get recoveryPoint(): number {
    return this.#segments.recoveryPoint(this.#syncs.syncedOffset)
  }

  /** Called when the recovery point, once it is written down, saves a start much reading. */
  set onCheckpoint(told: () => void) {
    this.#segments.onCheckpoint = told
  }

  /** Below it no transaction is open. The caller bounds it by the high watermark. */
  get lastStableOffset(): number {
    return this.#producers.firstUnstableOffset() ?? this.#logEndOffset
  }

  get sizeBytes(): number {
    return this.#segments.sizeBytes
  }

  epochOf(offset: number): number {
    return this.#epochs.epochOf(offset)
  }

  /**
   * Checks the batches, gives them their offsets, and appends them. Throws DiskError when the disk refuses, and after a
   * failed sync; the log is then as it was. What is written `in this turn` is told by `written`.
   */
  append(records: Buffer, options: AppendOptions): AppendResult {
    this.#assertUsable()
    if (options.write !== 'in this turn') this.#writes.flush()
    const nowMs = this.#clock.nowMs()
    const admitted = admit(records, options.origin, this.#config, this.#producers, nowMs)
    if (admitted.kind === 'refused') return { ok: false, error: admitted.error, message: admitted.message }
    if (admitted.kind === 'duplicate') return this.#duplicate(admitted.batch)
    const { bytes } = admitted
    const firstOffset = this.#logEndOffset
    const batches = place(bytes, admitted.batches, firstOffset, options.leaderEpoch)
    const last = batches.at(-1)?.header
    if (last === undefined) return { ok: false, error: ErrorCode.INVALID_RECORD, message: 'There is no record batch.' }
    // All that can fail comes before the append, or is the append: what is in the file is taken in.
    const segment = this.#segmentFor(batches[0]?.header.maxTimestamp ?? nowMs, bytes.length, lastOffsetOf(last), nowMs)
    this.#epochs.assign(options.leaderEpoch, firstOffset)
    const [only] = batches
    if (options.write === 'in this turn' && only !== undefined && batches.length === 1) {
      segment.gather(bytes, only, this.#config.indexIntervalBytes)
      this.#writes.add(firstOffset, this.#producers.undoFor(last.producerId))
    } else {
      segment.append(bytes, batches, this.#config.indexIntervalBytes)
    }
    this.#logEndOffset = lastOffsetOf(last) + 1
    for (const batch of batches) this.#remember(batch, segment)
    return {
      ok: true,
      firstOffset,
      lastOffset: this.#logEndOffset - 1,
      logAppendTimeMs: this.#config.messageTimestampType === 'LogAppendTime' ? nowMs : -1,
      logStartOffset: this.#logStartOffset,
      isDuplicate: false
    }
  }

  /** Resolves when everything that was appended is in the file. Rejects when it could not be written, and is in the log no more. */
  written(): Promise<void> {
    return this.#writes.written()
  }

  /** Resolves when everything below the offset is as durable as was asked for. Rejects when the write or the sync failed. */
  durable(offset: number): Promise<void> {
    return this.#waitsForSync ? this.#syncs.wait(offset) : this.#writes.written()
  }

  /** Sees to it that what was appended becomes durable soon, for nobody in particular. */
  syncSoon(): void {
    if (this.#waitsForSync) this.#syncs.want(this.#logEndOffset)
  }

  /** Whole batches from the one that holds the offset on, below `upTo`; at least one even above `maxBytes` when asked. */
  read(offset: number, options: ReadLimits): ReadResult | { readonly error: ErrorCode } {
    if (options.upTo > this.#writes.writtenEndOffset) this.#writes.flush()
    if (offset < this.#logStartOffset || offset > this.#logEndOffset) return { error: ErrorCode.OFFSET_OUT_OF_RANGE }
    return readSegments(this.#segments.all, offset, { ...options, upTo: Math.min(options.upTo, this.#logEndOffset) })
  }

  /** The aborted transactions that touch these offsets. Each is listed in the segment that it ended in. */
  abortedTransactions(fromOffset: number, upToOffset: number): AbortedTransaction[] {
    const aborted: AbortedTransaction[] = []
    for (const segment of this.#segments.all.slice(Math.max(0, segmentIndexOf(this.#segments.all, fromOffset)))) {
      for (const { producerId, firstOffset, lastOffset, lastStableOffset } of segment.transactionIndex.entries()) {
        if (lastOffset >= fromOffset && firstOffset < upToOffset) aborted.push({ producerId, firstOffset })
        // Whatever ends later began at or behind this offset.
        if (lastStableOffset >= upToOffset) return aborted
      }
    }
    return aborted
  }

  /** The first record that is not older than the time; null when there is none. */
  offsetForTimestamp(timestampMs: number): TimestampedOffset | null {
    this.#writes.flush()
    return recordAt(this.#segments.all, timestampMs, this.#logStartOffset)
  }

  /** The record with the largest timestamp, the first of them; null when the log is empty. */
  maxTimestamp(): TimestampedOffset | null {
    this.#writes.flush()
    return newestRecord(this.#segments.all, this.#logStartOffset)
  }

  endOffsetForEpoch(leaderEpoch: number): EpochEnd {
    return this.#epochs.endOf(leaderEpoch, this.#logEndOffset)
  }

  /** A leader begins an epoch: what it writes from here on belongs to it (Kafka: assignEpochStartOffset). */
  beginEpoch(leaderEpoch: number): void {
    this.#epochs.assign(leaderEpoch, this.#logEndOffset)
  }

  /** Moves the log start offset forward; segments wholly below it go. */
  deleteRecordsBefore(offset: number): void {
    if (offset <= this.#logStartOffset) return
    this.#writes.flush()
    this.#logStartOffset = Math.min(offset, this.#logEndOffset)
    let gone = 0
    while ((this.#segments.all[gone + 1]?.baseOffset ?? Infinity) <= this.#logStartOffset) gone += 1
    this.#drop(gone)
  }

  /** Drops what retention by time and size no longer keeps, and producers long silent. Gives the segments dropped. */
  applyRetention(): number {
    const nowMs = this.#clock.nowMs()
    this.#writes.flush()
    this.#producers.expire(nowMs - producerExpirationMs)
    const facts = this.#segments.all.map((segment) => ({
      sizeBytes: segment.sizeBytes,
      newestMs: segment.maxTimestampMs >= 0 ? segment.maxTimestampMs : segment.createdMs
    }))
    const safe = this.#segments.below(this.syncedEndOffset, this.#logEndOffset)
    const expired = Math.min(expiredSegments(facts, this.#config, nowMs), safe)
    if (expired === 0) return 0
    if (expired === facts.length) this.#roll(nowMs)
    this.#logStartOffset = Math.max(this.#logStartOffset, this.#segments.all[expired]?.baseOffset ?? this.#logEndOffset)
    this.#drop(expired)
    return expired
  }

  activeProducers(): ActiveProducer[] {
    return this.#producers.describe()
  }

  /**
   * Syncs and closes the files; the next start finds everything in its place. Rejects with DiskError when that cannot be
   * said: the files are closed then too, and the next start has to recover the log.
   */
  async close(): Promise<void> {
    if (this.#ended !== null) return
    try {
      this.#writes.flush()
      this.#assertUsable()
      await this.#syncs.wait(this.#logEndOffset)
      await this.#segments.finish(this.#logEndOffset)
    } finally {
      this.#ended = new DiskError('not-found', this.#directory, `The log ${this.#directory} is closed.`)
      this.#segments.close()
    }
  }

  /** Removes the log: renamed first, in one step, so that a crash in between leaves nothing half. */
  remove(): void {
    this.#writes.flush()
    this.#ended = new DiskError('not-found', this.#directory, `The log ${this.#directory} was deleted.`)
    this.#segments.close()
    const aside = `${this.#directory}.${this.topicId}-delete`
    this.#disk.rename(this.#directory, aside)
    this.#disk.remove(aside)
  }

  #remember({ header, end }: AppendedBatch, segment: Segment): void {
    if (!isControl(header.attributes)) this.#producers.record(header)
    else if (end !== null) segment.recordEnd(this.#producers, header, end)
  }

  #duplicate(batch: {
    readonly firstOffset: number
    readonly lastOffset: number
    readonly timestampMs: number
  }): AppendResult {
    return {
      ok: true,
      firstOffset: batch.firstOffset,
      lastOffset: batch.lastOffset,
      logAppendTimeMs: this.#config.messageTimestampType === 'LogAppendTime' ? batch.timestampMs : -1,
      logStartOffset: this.#logStartOffset,
      isDuplicate: true
    }
  }

  #segmentFor(timestampMs: number, sizeBytes: number, lastOffset: number, nowMs: number): Segment {
    if (!rollIsDue(this.#segments.active, { timestampMs, sizeBytes, lastOffset, nowMs }, this.#config))
      return this.#segments.active
    const endOffset = this.#logEndOffset
    this.#writes.flush()
    if (this.#logEndOffset === endOffset) return this.#roll(nowMs)
    throw new DiskError('failed', this.#directory, `What came before could not be written to ${this.#directory}.`)
  }

  /** A write failed: what was taken in for it goes, and those who wait for it are told. */
  #takeBack(offset: number, error: Error): void {
    this.#logEndOffset = offset
    try {
      this.#segments.active.truncate(this.#segments.active.sizeBytes, offset)
    } catch (thrown) {
      this.#failure = thrown instanceof Error ? thrown : new Error(String(thrown))
    }
    this.#syncs.giveUp(offset, error)
  }

  #roll(nowMs: number): Segment {
    const segment = this.#segments.roll(this.#logEndOffset, nowMs)
    // Recovery then need not read what is behind us.
    this.#syncs.want(this.#logEndOffset)
    return segment
  }

  #drop(count: number): void {
    for (const removeForGood of this.#segments.drop(count)) {
      this.#clock.after(this.#config.fileDeleteDelayMs, removeForGood)
    }
    try {
      this.#epochs.cutBefore(this.#logStartOffset)
    } catch (error) {
      // On a full disk this is what makes room. The file then says more than is needed, until its next change.
      if (!(error instanceof DiskError)) throw error
    }
  }

  #assertUsable(): void {
    if (this.#ended !== null) throw this.#ended
    if (this.#failure === null) return
    const advice = 'The disk failed to keep what was written. Check it, then start again; the log will be recovered.'
    const message = `${this.#directory} takes no more records: ${this.#failure.message} ${advice}`
    throw new DiskError('failed', this.#directory, message, this.#failure)
  }
}

interface AppendedBatch extends PlacedBatch {
  /** What a control batch says; null for any other. */
  readonly end: TransactionEnd | null
}

/** Gives each batch its offsets and epoch, where it lies. */
function place(
  bytes: Buffer,
  headers: readonly BatchHeader[],
  firstOffset: number,
  leaderEpoch: number
): AppendedBatch[] {
  const batches: AppendedBatch[] = []
  let offset = firstOffset
  let position = 0
  for (const header of headers) {
    placeBatch(bytes, position, header, offset, leaderEpoch)
    const end = isControl(header.attributes) ? readTransactionEnd(bytes.subarray(position)) : null
    batches.push({ header, position, end })
    offset = lastOffsetOf(header) + 1
    position += header.sizeBytes
  }
  return batches
}

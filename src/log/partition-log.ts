/**
 * The log of one partition: an ordered, immutable sequence of record batches in segments, on a disk. (Kafka: UnifiedLog.)
 *
 * Invariants
 * - logStartOffset ≤ lastStableOffset ≤ logEndOffset, and recoveryPoint ≤ syncedEndOffset ≤ logEndOffset.
 * - A batch is in the file before anyone hears of it: an answer, a reader, a sync. An append that failed has changed nothing.
 * - When a sync has failed, the log takes no more: what the system's cache holds can no longer be trusted.
 *
 * Budget of an append: the batch's bytes are checked and patched where they lie, its header is read once, its records are
 * passed over without making anything of them; one write for all that is appended in a turn (write-group.ts).
 */
import type { Clock } from '../host/clock.ts'
import { type Disk, DiskError, mayPass } from '../host/disk.ts'
import { unattended } from '../host/unattended.ts'
import { InvariantError } from '../invariant.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { abortedTransactions } from './aborted-transactions.ts'
import { type Compacted, Compaction, type CompactionRequest } from './compaction/compaction.ts'
import { type Dirt, dirtIn } from './compaction/dirt.ts'
import type { Gaps } from './continuity.ts'
import { removeCutNote } from './cut-note.ts'
import type { DamageError } from './damage.ts'
import { setDirectoryAside } from './deleted-directory.ts'
import { lookForFiles } from './file-look.ts'
import type { EpochEnd, LeaderEpochs } from './leader-epochs.ts'
import { LogEnd } from './log-end.ts'
import { LogHealth } from './log-health.ts'
import { LogStart } from './log-start.ts'
import { type LogOpening, type OpenedLog, openLog } from './opening.ts'
import { readTopicId } from './partition-metadata.ts'
import type { ProducerState } from './producer-state.ts'
import { applyRetention } from './retention.ts'
import type { SegmentSurroundings } from './segment.ts'
import { type ReadLimits, readSegments, segmentIndexOf } from './segment-reading.ts'
import type { Segments } from './segments.ts'
import { SyncGroup, type SyncTarget } from './sync-group.ts'
import { newestRecord, recordAt } from './time-lookup.ts'
import { Truncation, type WriteDown } from './truncation.ts'
import type {
  AbortedTransaction,
  ActiveProducer,
  AppendOptions,
  AppendResult,
  FollowerAppend,
  LogConfig,
  ReadResult,
  TimestampedOffset,
  Trouble,
  VerificationGuard
} from './types.ts'
import type { UnverifiedBatch } from './verifications.ts'

export { UncleanableError } from './compaction/cleaning-walk.ts'
export type { Compacted, CompactionProgress, CompactionRequest } from './compaction/compaction.ts'
export type { Dirt } from './compaction/dirt.ts'
export { UnfitBatchError } from './leader-batches.ts'
export type { LogOpening } from './opening.ts'
export { TruncatedError } from './truncation.ts'

export class PartitionLog {
  readonly topicId: string
  /** Called when syncedEndOffset has moved by itself, after a sync or a write. */
  onSynced: (() => void) | undefined
  /** Called when records are in their file. */
  onTaken: (() => void) | undefined
  #surroundings: SegmentSurroundings
  readonly #disk: Disk
  readonly #directory: string
  readonly #clock: Clock
  readonly #health: LogHealth
  readonly #segments: Segments
  readonly #producers: ProducerState
  readonly #epochs: LeaderEpochs
  readonly #end: LogEnd
  readonly #syncs: SyncGroup
  readonly #start: LogStart
  readonly #truncation: Truncation
  /** Most logs are never compacted: made when one is. */
  #compaction: Compaction | null = null
  /** Where the log was cut since it was compacted: what came behind is dirty, whatever a checkpoint says. */
  #cleanMax = Infinity
  /** Whether readers and acknowledgements wait for syncs. */
  readonly #waitsForSync: boolean
  #config: LogConfig
  #wasCut: boolean
  #isSetAside = false

  /** Opens or makes the log, and recovers it after a crash. Throws DiskError, also on damage that recovery must not hide. */
  static open(options: LogOpening): PartitionLog {
    return new PartitionLog(options)
  }

  /** The topic that a directory belongs to, by its partition.metadata; null when it does not say. */
  static topicIdOf(disk: Disk, directory: string): string | null {
    return readTopicId(disk, directory)
  }

  private constructor(options: LogOpening) {
    const { disk, directory, config } = options
    this.topicId = options.topicId
    this.#surroundings = options
    this.#disk = disk
    this.#directory = directory
    this.#health = new LogHealth(directory)
    this.#clock = options.clock
    this.#config = config
    this.#waitsForSync = options.durability === 'disk' && disk.isPersistent
    const opened = openLog(options)
    this.#wasCut = opened.wasCut
    this.#epochs = opened.epochs
    this.#producers = opened.producers
    this.#segments = opened.segments
    const { segments, epochs, logStartOffset } = opened
    const { clock, report } = options
    const ofStart = { disk, directory, clock, segments, epochs, config: () => this.#config, report }
    this.#start = new LogStart(logStartOffset, ofStart)
    this.#end = this.#endOf(opened, options)
    this.#syncs = this.#syncGroup(opened.syncedOffset, options)
    this.#truncation = this.#truncationOf(opened)
    // What a crash left unsynced may have been acknowledged: nobody should have to append before it can be read.
    if (this.#waitsForSync) this.#syncs.want(this.#end.offset)
  }

  #endOf({ logEndOffset, segments, producers, epochs }: OpenedLog, { clock }: LogOpening): LogEnd {
    return new LogEnd(logEndOffset, {
      ...{ directory: this.#directory, clock, segments, producers, epochs, start: this.#start },
      config: () => this.#config,
      gaps: () => this.gaps,
      owe: (sizeBytes) => this.#owe(sizeBytes),
      taken: () => this.onTaken?.(),
      written: () => {
        if (!this.#waitsForSync) this.onSynced?.()
      },
      rolled: (offset) => this.#syncs.want(offset),
      takenBack: (offset, error) => {
        this.#health.notTaken(error)
        this.#syncs.giveUp(offset, error)
      },
      told: (error) => this.#health.told(error)
    })
  }

  /** Where no acknowledgement waits for the disk, it is synced as far as the topic asks for it (`flush.messages`, `flush.ms`). */
  #owe(sizeBytes: number): void {
    const { flushMessages, flushMs } = this.#config
    if (this.#waitsForSync) this.#syncs.owe(sizeBytes, flushMs)
    else if (Number.isSafeInteger(flushMs)) this.#syncs.wantWithin(flushMs)
    if (this.#end.offset - this.#syncs.syncedOffset >= flushMessages) this.#syncs.want(this.#end.offset)
  }

  #syncGroup(syncedOffset: number, { syncTurns, clock }: LogOpening): SyncGroup {
    const target: SyncTarget = {
      logEndOffset: () => this.#end.offset,
      write: () => {
        this.#end.flush()
        return this.#end.offset
      },
      prepare: () => (this.#epochs.isSaved ? null : this.#epochs.saveSoon()),
      sync: () => this.#segments.sync(this.#end.offset),
      synced: () => {
        this.#health.tell('over')
        this.onSynced?.()
      },
      refused: (error) => this.#health.refused(error),
      failed: (error) => this.#health.fail(error)
    }
    return new SyncGroup(target, syncedOffset, { turns: syncTurns, clock })
  }

  #truncationOf({ segments, epochs }: OpenedLog): Truncation {
    return new Truncation({
      ...{ directory: this.#directory, segments, epochs, syncs: this.#syncs, start: this.#start },
      nowMs: () => this.#clock.nowMs(),
      logEndOffset: () => this.#end.offset,
      endAt: (offset) => this.#end.moveTo(offset),
      assertUsable: () => this.#health.assertUsable(),
      undisturbed: () => this.#compaction?.letGo() ?? null,
      fail: (error) => this.#health.fail(error),
      report: (line) => this.#surroundings.report(line)
    })
  }

  #newCompaction(): Compaction {
    return new Compaction({
      ...{ directory: this.#directory, segments: this.#segments, producers: this.#producers, clock: this.#clock },
      surroundings: () => this.#surroundings,
      config: () => this.#config,
      hasEnded: () => this.#health.hasEnded,
      assertUsable: () => this.#health.assertUsable(),
      alone: (work) => this.#syncs.alone(work),
      allowGaps: () => this.allowGaps()
    })
  }

  /** Called when the log turned out to be damaged: it is of no use any more. */
  set onDamage(told: ((damage: DamageError) => void) | undefined) {
    this.#health.onDamage = told
  }

  /** Called when the disk failed to take or to keep what was written, and may not soon. */
  set onFailure(told: ((error: Error) => void) | undefined) {
    this.#health.onFailure = told
  }

  /** Called when the disk did not take records, and the log goes on. */
  set onRefused(told: ((reason: DiskError) => void) | undefined) {
    this.#health.onRefused = told
  }

  /** Called when the disk does not give back what is asked for. */
  set onUnread(told: ((trouble: DiskError) => void) | undefined) {
    this.#health.onUnread = told
  }

  /** Called from then on when it gives back something, until that says that the trouble is over. */
  set onReadAgain(told: (() => 'over' | 'not known') | undefined) {
    this.#health.onReadAgain = told
  }

  /** Called when trouble begins and when it ends: nobody may be waiting who is told. */
  set onTrouble(told: ((trouble: Trouble) => void) | undefined) {
    this.#health.onTrouble = told
  }

  get config(): LogConfig {
    return this.#config
  }

  updateConfig(config: LogConfig): void {
    this.#config = config
    // Where it fails, whoever began it hears of it.
    if (!config.cleanupCompact) void this.#compaction?.stop()
  }

  /** Whether offsets may be missing between its batches. */
  get gaps(): Gaps {
    return this.#surroundings.gaps
  }

  /** As a follower: the leader's log is compacted. It has to be known to the next start before a batch comes that leaves offsets out. */
  allowGaps(): void {
    this.#surroundings = { ...this.#surroundings, gaps: 'compacted' }
    this.#segments.allowGaps()
  }

  /** Whether a start has cut off what was not whole, and other copies were not asked since whether they have it. */
  get wasCut(): boolean {
    return this.#wasCut
  }

  /** The others were asked. Throws DiskError. */
  forgetCut(): void {
    removeCutNote(this.#disk, this.#directory)
    this.#wasCut = false
  }

  get logStartOffset(): number {
    return this.#start.offset
  }

  get logEndOffset(): number {
    return this.#end.offset
  }

  /** Everything below is as durable as was asked for: synced, or with 'os' and in memory just written. */
  get syncedEndOffset(): number {
    return this.#waitsForSync ? this.#syncs.syncedOffset : this.#end.writtenOffset
  }

  /** Everything below survives a power cut, whatever was asked for, and so do the indexes of the segments below. */
  get recoveryPoint(): number {
    return Math.min(this.#segments.recoveryPoint(this.#syncs.syncedOffset), this.#truncation.recoveryPointMax)
  }

  /** Called when the recovery point, once it is written down, saves a start much reading. */
  set onCheckpoint(told: () => void) {
    this.#segments.onCheckpoint = told
  }

  /** Below it no transaction is open. The caller bounds it by the high watermark. */
  get lastStableOffset(): number {
    return Math.max(this.#start.offset, this.#producers.firstUnstableOffset() ?? this.#end.offset)
  }

  /**
   * Below it every transaction has ended, with a marker that is committed (Kafka: lastStableOffset). The caller bounds it by the high
   * watermark, which it names: a marker behind it may be lost with the leader.
   */
  stableOffset(highWatermark: number): number {
    return Math.max(this.#start.offset, this.#producers.firstUndecidedOffset(highWatermark) ?? this.#end.offset)
  }

  /** Everything below is committed. */
  committedTo(highWatermark: number): void {
    this.#producers.committedTo(highWatermark)
  }

  /**
   * A client's batch wants to begin a transaction here: the guard with which it may be appended once the transaction's coordinator has
   * said that it knows of it. Null where the transaction is open here already.
   */
  beginVerification(batch: UnverifiedBatch): VerificationGuard | null {
    return this.#producers.beginVerification(batch, this.#clock.nowMs())
  }

  /** Whether the producer has written here in a later epoch: its coordinator need not be asked. */
  isFenced(batch: Pick<UnverifiedBatch, 'producerId' | 'producerEpoch'>): boolean {
    return this.#producers.isFenced(batch)
  }

  get sizeBytes(): number {
    return this.#segments.sizeBytes
  }

  /** Bytes of the batches from the one that holds the offset on. */
  sizeBytesFrom(offset: number): number {
    return this.#health.noticing(() => this.#segments.sizeBytesFrom(offset))
  }

  /** The latest epoch that a leader has begun here; -1 when none is known. */
  get latestEpoch(): number {
    return this.#epochs.latest
  }

  epochOf(offset: number): number {
    return this.#epochs.epochOf(offset)
  }

  /**
   * Checks the batches, gives them their offsets, and appends them. Throws DiskError when the disk refuses, and after a
   * failed sync; the log is then as it was. What is written `in this turn` is told by `written`.
   */
  append(records: Buffer, options: AppendOptions): AppendResult {
    this.#assertOpenToRecords()
    try {
      return this.#end.append(records, options)
    } catch (error) {
      throw this.#notTaken(error)
    }
  }

  /**
   * Appends what the leader's Fetch gave as it is, with the leader's offsets and epochs (Kafka: UnifiedLog.appendAsFollower). The bytes
   * are in the file when this returns. Throws UnfitBatchError, with nothing changed, for batches that do not continue this log; and
   * DiskError when the disk refuses, when the log ends behind the chunks that came before.
   */
  appendAsFollower(chunks: readonly Buffer[]): FollowerAppend {
    this.#assertOpenToRecords()
    try {
      return this.#end.appendAsFollower(chunks)
    } catch (error) {
      throw this.#notTaken(error)
    }
  }

  /** Resolves when everything that was appended is in the file. Rejects when it could not be written, and is in the log no more. */
  written(): Promise<void> {
    return this.#end.written()
  }

  /** Tells when everything that was appended is in the file; not when it could not be written. */
  onceWritten(told: () => void): void {
    unattended(
      this.#clock,
      this.#end.written().then(told, () => {})
    )
  }

  /** Resolves when everything below the offset is as durable as was asked for. Rejects when the write or the sync failed. */
  durable(offset: number): Promise<void> {
    return this.#waitsForSync ? this.#syncs.wait(offset) : this.#end.written()
  }

  /** Begins to make durable what was appended: a reader waits for it, and is told by `onSynced`. */
  syncNow(): void {
    if (this.#waitsForSync) this.#syncs.hurry(this.#end.offset)
  }

  /** Whole batches from the one that holds the offset on, below `upTo`; at least one even above `maxBytes` when asked. */
  read(
    offset: number,
    options: Omit<ReadLimits, 'logEndOffset' | 'epochs'>
  ): ReadResult | { readonly error: ErrorCode } {
    if (options.upTo > this.#end.writtenOffset) this.#end.flush()
    if (offset < this.#start.offset || offset > this.#end.offset) return { error: ErrorCode.OFFSET_OUT_OF_RANGE }
    const logEndOffset = this.#end.offset
    const limits = {
      ...options,
      upTo: Math.min(options.upTo, logEndOffset),
      logEndOffset,
      epochs: this.#epochs
    }
    return this.#health.noticing(() => readSegments(this.#segments.all, offset, limits))
  }

  /** The bytes from the offset to the log's end, where a read ended there or nothing follows; null when only reading tells. */
  bytesFrom(offset: number): number | null {
    if (offset === this.#end.offset) return 0
    const { active } = this.#segments
    const position = active.placeOf(offset)
    return position < 0 ? null : active.sizeBytes - position
  }

  /** The aborted transactions that touch what was read from this offset on. */
  abortedTransactions(fromOffset: number, read: Pick<ReadResult, 'chunks' | 'nextOffset'>): AbortedTransaction[] {
    const log = { surroundings: this.#surroundings, segments: this.#segments.all, nowMs: this.#clock.nowMs() }
    return this.#health.noticing(() => abortedTransactions(fromOffset, read, log))
  }

  /** The first record that is not older than the time; null when there is none. */
  offsetForTimestamp(timestampMs: number): TimestampedOffset | null {
    this.#end.flush()
    return this.#health.noticing(() => recordAt(this.#segments.all, timestampMs, this.#start.offset))
  }

  /** The record with the largest timestamp, the first of them; null when the log is empty. */
  maxTimestamp(): TimestampedOffset | null {
    this.#end.flush()
    return this.#health.noticing(() => newestRecord(this.#segments.all, this.#start.offset))
  }

  /** Whoever reads the records finds that they are of something else: the log is damaged at the batch with this offset. */
  damagedAt(offset: number, what: string): DamageError {
    const { all } = this.#segments
    const segment = all[segmentIndexOf(all, offset)] ?? this.#segments.active
    const damage = segment.damageAt({ position: segment.batchWith(offset)?.position ?? 0, what })
    return this.#health.told(damage)
  }

  endOffsetForEpoch(leaderEpoch: number): EpochEnd {
    return this.#epochs.endOf(leaderEpoch, this.#end.offset)
  }

  /**
   * A leader begins an epoch: what it writes from here on belongs to it (Kafka: assignEpochStartOffset). It is safe before the first
   * record of it is acknowledged. Throws DiskError when the disk does not take it, and may not soon.
   */
  beginEpoch(leaderEpoch: number): void {
    this.#epochs.assign(leaderEpoch, this.#end.offset)
    try {
      // Where that fails later, or for want of room, the next sync does it again.
      unattended(this.#clock, this.#epochs.save(), DiskError)
    } catch (error) {
      if (!(error instanceof DiskError) || !mayPass(error)) throw error
    }
  }

  /**
   * Moves the log start offset forward; segments wholly below it go. Resolves when that survives a power cut. Throws DiskError at once,
   * with nothing changed, when the disk does not take where the first epoch begins now.
   */
  deleteRecordsBefore(offset: number): Promise<void> {
    this.#end.flush()
    return this.#start.advanceTo(Math.min(offset, this.#end.offset))
  }

  /**
   * Cuts the end of a follower's log back: every batch that holds an offset from this one on goes, and leader epochs, producers and
   * transactions are those of what is left. `writeDown` is called once the recovery point is no higher, and has to write it down: a start
   * takes it for damage when records below it are gone. Resolves when no power cut undoes it. Rejects with DiskError; whoever waits
   * for what was cut off, with TruncatedError.
   */
  truncateTo(offset: number, writeDown: WriteDown): Promise<void> {
    return this.#cutting(() => this.#truncation.truncateTo(offset, writeDown))
  }

  /** As `truncateTo`, of everything: the log begins and ends at the offset then. */
  startAt(offset: number, writeDown: WriteDown): Promise<void> {
    return this.#cutting(() => this.#truncation.startAt(offset, writeDown))
  }

  async #cutting(cut: () => Promise<void>): Promise<void> {
    this.#health.assertUsable()
    this.#end.settle()
    await cut()
    this.#cleanMax = Math.min(this.#cleanMax, this.#end.offset)
    this.onSynced?.()
  }

  /**
   * What there is to compact: `cleanedUpTo` is where that ended last, as its checkpoint says; nothing is touched from the stable offset
   * on, or that a recovery would doubt. Null when there is nothing, or too little. Throws DamageError.
   */
  dirt(cleanedUpTo: number | null, stableOffset: number): Dirt | null {
    const known = cleanedUpTo === null ? null : Math.min(cleanedUpTo, this.#cleanMax)
    const log = {
      segments: this.#segments.all,
      logStartOffset: this.#start.offset,
      logEndOffset: this.#end.offset,
      cleanedUpTo: known,
      settledOffset: Math.min(stableOffset, this.recoveryPoint),
      config: this.#config
    }
    return this.#health.noticing(() => dirtIn(log, this.#clock.nowMs()))
  }

  /**
   * Keeps of each key the last record only. Resolves with null when something else was to be done with the log first. Rejects with
   * DiskError, or UncleanableError; all that was kept is there, and nothing has moved.
   */
  async compact(request: CompactionRequest): Promise<Compacted | null> {
    if (this.#truncation.isUnderWay) return null
    try {
      this.#compaction ??= this.#newCompaction()
      const compacted = await this.#compaction.run(request)
      if (compacted !== null) this.#cleanMax = Infinity
      return compacted
    } catch (error) {
      throw this.#health.told(error)
    }
  }

  /**
   * Drops what retention by time and size no longer keeps, and producers long silent. Gives the segments dropped. Nothing goes that is
   * not safe, or not committed (Kafka: UnifiedLog.deletableSegments).
   */
  applyRetention(committedOffset = Infinity): number {
    if (this.#truncation.isUnderWay) return 0
    this.#end.flush()
    const parts = { segments: this.#segments, producers: this.#producers, start: this.#start, end: this.#end }
    return applyRetention(parts, this.#config, {
      nowMs: this.#clock.nowMs(),
      safeOffset: Math.min(this.syncedEndOffset, committedOffset)
    })
  }

  /** Looks for the files of its records, one at each step. Throws DamageError when one is not in its place any more. */
  look(): Iterable<void> {
    return lookForFiles(this.#segments, this.#health)
  }

  activeProducers(): ActiveProducer[] {
    return this.#producers.describe()
  }

  /**
   * Syncs and closes the files; the next start finds everything in its place. Rejects with DiskError when that cannot be
   * said: the files are closed then too, and the next start has to recover the log. A cut that is under way is ended first: half of it
   * would be taken for damage.
   */
  async close(): Promise<void> {
    if (this.#truncation.isUnderWay) await this.#truncation.ended()
    if (this.#compaction?.isUnderWay === true) await this.#compaction.stop()
    if (this.#health.hasEnded) return
    const reason = this.#health.end('is closed')
    try {
      this.#end.flush()
      this.#health.assertKept()
      await this.#syncs.wait(this.#end.offset)
      await this.#epochs.save()
      await this.#segments.finish(this.#end.offset)
    } catch (error) {
      // Of a log that was deleted meanwhile there is nothing to close.
      if (!this.#isSetAside) throw error
    } finally {
      if (!this.#isSetAside) this.#letGo(reason)
    }
  }

  /** Closes the files as they are, without a word to the disk. */
  abandon(): void {
    if (this.#health.hasEnded) return
    const reason = this.#health.end('is closed')
    this.#letGo(reason)
  }

  /**
   * Ends the log and sets its directory aside, in one step; gives its new name. It is removed once the deletion is safe: a start
   * that finds the topic takes it back. A close that is under way writes no more: the next log of this name has the directory.
   */
  setAside(): string {
    this.#isSetAside = true
    this.#end.flush()
    const reason = this.#health.end('was deleted')
    this.#letGo(reason)
    return setDirectoryAside(this.#disk, this.#directory, this.topicId)
  }

  /** No sync comes due, no turn is written, and no file is open. After this nobody is told anything: what was under way may fail. */
  #letGo(reason: DiskError): void {
    this.#end.giveUp(reason)
    this.#syncs.end()
    this.#start.end()
    this.#epochs.end()
    this.#segments.close()
    this.#health.tellNoMore()
  }

  /** The error, once those were told whom it concerns that the disk takes nothing. */
  #notTaken(error: unknown): unknown {
    if (error instanceof DiskError) this.#health.notTaken(error)
    return error
  }

  #assertOpenToRecords(): void {
    this.#health.assertUsable()
    if (this.#truncation.isUnderWay)
      throw new InvariantError(`${this.#directory} is being cut`, { partition: this.#directory })
  }
}

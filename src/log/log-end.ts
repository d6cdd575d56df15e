/**
 * Where a log ends, and what is appended there: by a leader, who gives offsets and epochs, or by a follower, who takes those of its
 * leader. What could not be written is taken back, before anything else is appended. (Kafka: UnifiedLog.append.)
 */
import type { Clock } from '../host/clock.ts'
import { attempt } from '../host/disk.ts'
import { InvariantError } from '../invariant.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { type BatchHeader, isControl, lastOffsetOf } from '../protocol/records/batch.ts'
import { admit } from './admission.ts'
import type { Gaps } from './continuity.ts'
import { leaderChunks } from './leader-batches.ts'
import type { LeaderEpochs } from './leader-epochs.ts'
import type { LogStart } from './log-start.ts'
import { type AppendedBatch, place } from './placing.ts'
import type { ProducerState } from './producer-state.ts'
import { relativeOffsetMax, rollIsDue } from './rolling.ts'
import type { Segment } from './segment.ts'
import type { Segments } from './segments.ts'
import type { AppendMoment, AppendOptions, AppendResult, FollowerAppend, LogConfig } from './types.ts'
import { WriteGroup, type WriteTarget } from './write-group.ts'

export interface LogEndOptions {
  readonly directory: string
  readonly clock: Clock
  readonly segments: Segments
  readonly producers: ProducerState
  readonly epochs: LeaderEpochs
  readonly start: LogStart
  config(): LogConfig
  gaps(): Gaps
  /** So many bytes were appended, and are to be synced some time. */
  owe(sizeBytes: number): void
  /** Records are in their file. */
  taken(): void
  /** What was taken in until now is in the file, and whoever waits for that is told. */
  written(): void
  /** A segment is finished, and what is in it should be synced soon. */
  rolled(offset: number): void
  /** What was taken in from the offset on could not be written, and is in the log no more. */
  takenBack(offset: number, error: Error): void
  /** The error, once its damage was told. */
  told(error: unknown): unknown
}

export class LogEnd {
  readonly #of: LogEndOptions
  readonly #writes: WriteGroup
  #offset: number
  /** The offset from which a write that failed has to be cut off again, before anything is appended. */
  #cutBackTo: number | null = null
  /** Why the last write that failed did. */
  #refusal: Error | null = null

  constructor(offset: number, of: LogEndOptions) {
    this.#offset = offset
    this.#of = of
    const target: WriteTarget = {
      logEndOffset: () => this.#offset,
      write: () => of.segments.active.write(),
      written: () => {
        of.taken()
        of.written()
      },
      takeBack: (from, error) => this.#takeBack(from, error)
    }
    this.#writes = new WriteGroup(target, of.clock)
  }

  get offset(): number {
    return this.#offset
  }

  /** Everything below is in the file. */
  get writtenOffset(): number {
    return this.#writes.writtenEndOffset
  }

  /** The log was cut, and ends here. */
  moveTo(offset: number): void {
    this.#offset = offset
  }

  /** Resolves when everything that was taken in is in the file. */
  written(): Promise<void> {
    return this.#writes.written()
  }

  /** Writes now. Never throws: a failure is told to those who wait. */
  flush(): void {
    this.#writes.flush()
  }

  /** The same, and what failed is undone. Throws DiskError. */
  settle(): void {
    this.#writes.flush()
    this.#undoWhatFailed()
  }

  /** What was taken in is not written any more. */
  giveUp(reason: Error): void {
    this.#writes.giveUp(reason)
  }

  /** Finishes the active segment. Throws DiskError, with the log as it was. */
  roll(nowMs: number): void {
    this.#roll(this.#offset, nowMs)
  }

  /** As a leader: see `PartitionLog.append`. */
  append(records: Buffer, options: AppendOptions): AppendResult {
    if (options.write !== 'in this turn') this.#writes.flush()
    this.#undoWhatFailed()
    if (options.leaderEpoch < this.#of.epochs.latest)
      throw this.#broken(`is in epoch ${this.#of.epochs.latest}, and ${options.leaderEpoch} is over`)
    const nowMs = this.#of.clock.nowMs()
    const rules = {
      topicPartition: this.#of.directory,
      config: this.#of.config(),
      producers: this.#of.producers,
      nowMs,
      options
    }
    const admitted = admit(records, rules)
    if (admitted.kind === 'refused') return { ok: false, ...admitted }
    if (admitted.kind === 'duplicate') return this.#duplicate(admitted.batch)
    const { bytes } = admitted
    const firstOffset = this.#offset
    const batches = place(bytes, admitted.batches, firstOffset, options.leaderEpoch)
    if (batches.length === 0) return noBatch
    this.#put(bytes, batches, nowMs, options.write ?? 'now')
    return {
      ok: true,
      firstOffset,
      lastOffset: this.#offset - 1,
      logAppendTimeMs: this.#of.config().messageTimestampType === 'LogAppendTime' ? nowMs : -1,
      logStartOffset: this.#of.start.offset,
      isDuplicate: false
    }
  }

  /** As a follower: see `PartitionLog.appendAsFollower`. */
  appendAsFollower(chunks: readonly Buffer[]): FollowerAppend {
    this.settle()
    const { directory, epochs } = this.#of
    const log = { directory, logEndOffset: this.#offset, latestEpoch: epochs.latest, gaps: this.#of.gaps() }
    const nowMs = this.#of.clock.nowMs()
    const found = leaderChunks(chunks, log)
    for (const { bytes, batches } of found) this.#put(bytes, batches, nowMs, 'now')
    return {
      firstOffset: found[0]?.batches[0]?.header.baseOffset ?? this.#offset,
      lastOffset: this.#offset - 1,
      sizeBytes: found.reduce((sum, { bytes }) => sum + bytes.length, 0)
    }
  }

  /** Appends batches that have their place, at least one. Throws DiskError, with the log as it was. */
  #put(bytes: Buffer, batches: readonly AppendedBatch[], nowMs: number, write: AppendMoment): void {
    const [first] = batches
    const last = batches.at(-1)
    if (first === undefined || last === undefined) throw this.#broken('was given no batch')
    // All that can fail comes before the append, or is the append: what is in the file is taken in.
    const segment = this.#segmentFor(first.header, bytes.length, lastOffsetOf(last.header), nowMs)
    if (lastOffsetOf(last.header) - segment.baseOffset > relativeOffsetMax)
      throw this.#broken('has no index that can name so large an offset')
    if (batches.some(({ end }) => end !== null)) segment.transactionIndex.file.load()
    const { starts } = this.#of.epochs
    for (const { header } of batches) this.#of.epochs.assign(header.partitionLeaderEpoch, header.baseOffset)
    try {
      if (write === 'in this turn' && batches.length === 1) {
        segment.gather(bytes, first, this.#of.config().indexIntervalBytes)
        this.#writes.add(first.header.baseOffset, this.#of.producers.undoFor(last.header.producerId))
      } else {
        segment.append(bytes, batches, this.#of.config().indexIntervalBytes)
        this.#of.taken()
      }
    } catch (error) {
      // Of several epochs the last would say that the batches of the others come too late, when they are sent again.
      this.#of.epochs.replace(starts)
      throw error
    }
    segment.writtenMs = nowMs
    this.#offset = lastOffsetOf(last.header) + 1
    this.#of.owe(bytes.length)
    for (const batch of batches) this.#remember(batch, segment)
  }

  #remember({ header, end }: AppendedBatch, segment: Segment): void {
    if (!isControl(header.attributes)) this.#of.producers.record(header)
    else if (end !== null) segment.recordEnd(this.#of.producers, header, end)
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
      // The time of what was written then, whosever it is: Kafka keeps no other.
      logAppendTimeMs: batch.timestampMs,
      logStartOffset: this.#of.start.offset,
      isDuplicate: true
    }
  }

  /** Where compaction has left a gap before the batch, the next segment begins behind it, as Kafka's does. */
  #segmentFor(first: BatchHeader, sizeBytes: number, lastOffset: number, nowMs: number): Segment {
    if (!this.#isRollDue(first.maxTimestamp, sizeBytes, lastOffset, nowMs)) return this.#of.segments.active
    const endOffset = this.#offset
    this.#writes.flush()
    if (this.#offset === endOffset) return this.#roll(first.baseOffset, nowMs)
    throw this.#refusal ?? this.#broken('lost what came before')
  }

  /** Looks at the first batch of the segment, once. */
  #isRollDue(timestampMs: number, sizeBytes: number, lastOffset: number, nowMs: number): boolean {
    try {
      const { directory, segments, config } = this.#of
      return rollIsDue(directory, segments.active, { timestampMs, sizeBytes, lastOffset, nowMs }, config())
    } catch (error) {
      throw this.#of.told(error)
    }
  }

  /** A write failed: what was taken in for it goes, and those who wait for it are told. */
  #takeBack(offset: number, error: Error): void {
    this.#offset = offset
    this.#cutBackTo = offset
    this.#refusal = error
    // Where the disk refuses that as well, it is done before the next append.
    attempt(() => this.#undoWhatFailed())
    this.#of.takenBack(offset, error)
  }

  /** Nothing is appended to what a write or a roll left half done. Throws DiskError. */
  #undoWhatFailed(): void {
    this.#of.segments.undoFailedRoll()
    if (this.#cutBackTo === null) return
    const { active } = this.#of.segments
    active.truncate(active.sizeBytes, this.#cutBackTo)
    this.#cutBackTo = null
  }

  #roll(baseOffset: number, nowMs: number): Segment {
    const segment = this.#of.segments.roll(baseOffset, nowMs)
    // A start would take it from the segment, too.
    this.#offset = baseOffset
    // Recovery then need not read what is behind us.
    this.#of.rolled(this.#offset)
    return segment
  }

  #broken(how: string): InvariantError {
    const { directory } = this.#of
    return new InvariantError(`${directory} ${how}`, { partition: directory })
  }
}

const noBatch: AppendResult = {
  ok: false,
  error: ErrorCode.INVALID_RECORD,
  message: 'There is no record batch.',
  recordErrors: []
}

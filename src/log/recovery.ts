/**
 * Opening the segments of a partition, and mending what a crash left: the torn tail is cut off, indexes are made again.
 * (Kafka: LogLoader.) Only what lies behind the recovery point is read; before it everything was synced, and damage there
 * is not a torn tail but a broken disk: then the log is not opened rather than acknowledged records dropped in silence.
 * After a clean stop everything was synced, and only the ends of the segments are looked at.
 */
import { attempt, DiskError } from '../host/disk.ts'
import { hasValidCrc, lastOffsetOf } from '../protocol/records/batch.ts'
import { type PlacedBatch, type WalkStart, type WholeBatch, walkBatches } from './batch-walk.ts'
import { damageMessage } from './damage.ts'
import { fileName, fileSuffix, isImpossibleSegment, offsetOfFile } from './file-names.ts'
import { checkIndexes, type SegmentEnd, type UnfitIndex } from './index-check.ts'
import { producerSnapshotsAmong } from './producer-snapshot.ts'
import { Segment, type SegmentSurroundings, unsoundBatch } from './segment.ts'
import {
  assertBeginsAt,
  assertContinues,
  assertEndsAt,
  continues,
  type KnownBeginning,
  missing
} from './segment-chain.ts'
import { removeSegmentFiles } from './segment-files.ts'
import type { LogConfig } from './types.ts'

export interface RecoveryOptions extends SegmentSurroundings, KnownBeginning {
  /** What the directory holds, without leftovers. */
  readonly names: readonly string[]
  readonly config: LogConfig
  /** From the checkpoint; null when it says nothing. */
  readonly recoveryPoint: number | null
  readonly shutdown: 'clean' | 'unclean'
  /** The latest leader epoch that can have written here. */
  readonly newestEpoch: number
  readonly nowMs: number
  /** Something is about to be cut off. Throws DiskError. */
  readonly beforeCut: () => void
}

export interface OpenedSegments {
  readonly segments: Segment[]
  readonly logEndOffset: number
  /** Whether segments were removed, because nothing of them followed what was whole. */
  readonly hasRemoved: boolean
}

export function openSegments(options: RecoveryOptions): OpenedSegments {
  const impossible = options.names.find(isImpossibleSegment)
  if (impossible !== undefined) throw misnamed(impossible, options)
  const segments: Segment[] = []
  try {
    for (const base of basesAmong(options)) segments.push(Segment.open(options, base, options.nowMs))
    const count = segments.length
    const logEndOffset = mendSegments(segments, options)
    return { segments, logEndOffset, hasRemoved: segments.length < count }
  } catch (error) {
    for (const segment of segments) segment.close()
    throw error
  }
}

/** Gives the log's end offset. */
function mendSegments(segments: Segment[], options: RecoveryOptions): number {
  const { shutdown, recoveryPoint } = options
  const settledCount = shutdown === 'clean' ? segments.length : recoveryIndexOf(segments, recoveryPoint ?? 0)
  const settledEnd = openSettled(segments, settledCount, options)
  const logEndOffset = shutdown === 'clean' ? settledEnd : recover(segments, settledCount, options)
  markSynced(segments, shutdown === 'clean' ? logEndOffset : (recoveryPoint ?? 0), logEndOffset)
  if (shutdown === 'unclean') doubtCuts(segments, recoveryPoint ?? 0, logEndOffset)
  // What the disk has no room for stays in memory: a log can be read, trimmed and deleted all the same.
  for (const segment of segments.slice(0, -1)) attempt(() => segment.finish())
  for (const segment of segments) if (segment.transactionsLostFrom === null) segment.rest()
  return logEndOffset
}

/** Where the segments begin that are there, and the first one of a log that has none yet. Throws DamageError when there should be some. */
function basesAmong(options: RecoveryOptions): number[] {
  const { names, logStartOffset, recoveryPoint, shutdown } = options
  const bases: number[] = []
  for (const name of names) {
    const offset = offsetOfFile(name, fileSuffix.log)
    if (offset !== null) bases.push(offset)
  }
  if (shutdown === 'unclean') tellOrphans(bases, options)
  const [first] = bases
  if (first === undefined) {
    const start = logStartOffset ?? 0
    const hadRecords = (recoveryPoint ?? 0) > start || (shutdown === 'clean' && names.length > 0)
    if (hadRecords) throw missing(options, start, `It is not there: all records from offset ${start} on are gone.`)
    return [start]
  }
  // Kafka writes down where a log begins once a minute: after a crash the first epoch alone tells.
  if (shutdown === 'clean' || options.firstEpochOffset !== null) assertBeginsAt(first, options, options)
  return bases
}

/**
 * Indexes behind the last segment whose records are not there: nothing says that any of these was synced, and whoever runs the broker may
 * know more. They are removed, as Kafka does (LogLoader). After a clean stop the log would end too early.
 */
function tellOrphans(bases: readonly number[], options: RecoveryOptions): void {
  const { disk, directory, names, setAside, recoveryPoint, logStartOffset, report } = options
  const end = Math.max(bases.at(-1) ?? -1, (recoveryPoint ?? logStartOffset ?? 0) - 1)
  for (const name of names) {
    const offset = offsetOfFile(name, fileSuffix.offsetIndex)
    if (offset === null || offset <= end || setAside.includes(offset)) continue
    const path = `${directory}/${fileName(offset, fileSuffix.log)}`
    const what = 'It is not there, and its index is; none of its records was known to be synced.'
    const advice =
      'The log goes on without it. Where its records matter, restore the directory from a backup while the broker is stopped.'
    report(damageMessage(disk, { path, position: null, what, advice }))
    removeSegmentFiles(disk, directory, offset)
  }
}

/**
 * Segments whose records and indexes were synced: gives where the last of them ends. Throws DamageError, with no file touched: whoever
 * puts back what is missing finds the rest as it was.
 */
function openSettled(segments: Segment[], count: number, options: RecoveryOptions): number {
  let endOffset = segments[0]?.baseOffset ?? 0
  const mends: (() => void)[] = []
  for (const [index, segment] of segments.slice(0, count).entries()) {
    const check = checkIndexes(segment)
    const end = check.kind === 'fits' ? check : scanSegment(segment, segment.start, syncedOf(options), 'as they are')
    const next = segments[index + 1]
    endOffset = end.endOffset
    if (end.obstacle !== null) {
      // All that was synced is there, and something that is no record behind it: a torn tail, or one that was cut already, when
      // a power cut has undone that. The log may have gone on in the next segment meanwhile.
      const isBehind = endOffset === options.recoveryPoint && endOffset === (next?.baseOffset ?? endOffset)
      if (!isBehind) throw segment.damageAt(end.obstacle)
    }
    if (next !== undefined) assertContinues(segment, endOffset, next, options)
    else if (options.shutdown === 'clean') assertEndsAt(options.recoveryPoint, endOffset, segment)
    if (check.kind === 'unfit') mends.push(() => segment.forgetIndexes())
    if (end.obstacle !== null) mends.push(() => cutOff([segment], 0, end, options))
    if (check.kind === 'unfit') mends.push(() => remakeIndexes(segment, check, options))
  }
  for (const mend of mends) mend()
  return endOffset
}

function syncedOf(options: RecoveryOptions): Expectation {
  return { ...options, recoveryPoint: Infinity, mayHaveGaps: options.gaps === 'compacted' }
}

/** Of a segment whose records were looked at, all of them, and whose indexes cannot be believed. */
function remakeIndexes(segment: Segment, { suffix, what }: UnfitIndex, { config }: RecoveryOptions): void {
  // A cut has looked at the times of all records: with the largest known, the time index would get one entry and no more.
  segment.forgetIndexes()
  for (const batch of segment.batchesFrom(segment.start)) segment.index(batch, config.indexIntervalBytes)
  segment.reportRemade(suffix, what)
}

function markSynced(segments: readonly Segment[], syncedOffset: number, logEndOffset: number): void {
  segments.forEach((segment, index) => {
    const endOffset = segments[index + 1]?.baseOffset ?? logEndOffset
    if (endOffset > syncedOffset) return
    segment.syncedBytes = segment.sizeBytes
    if (segment.transactionsLostFrom === null) segment.indexesSyncedBytes = segment.sizeBytes
  })
}

/**
 * Where a segment ends just at the recovery point, a broker before may have cut off what lay behind, and was killed before that
 * cut was synced. Once the log has gone on, a power cut that undoes it would look like damage.
 */
function doubtCuts(segments: readonly Segment[], recoveryPoint: number, logEndOffset: number): void {
  segments.forEach((segment, index) => {
    const endOffset = segments[index + 1]?.baseOffset ?? logEndOffset
    if (endOffset === recoveryPoint && segment.sizeBytes > 0) segment.hasUnsyncedCut = true
  })
}

/** The segment that the recovery point lies in: what comes before it was synced, with its indexes. */
function recoveryIndexOf(segments: readonly Segment[], recoveryPoint: number): number {
  return Math.max(
    0,
    segments.findLastIndex((segment) => segment.baseOffset <= recoveryPoint)
  )
}

/** Reads from one segment to the end, batch by batch, and cuts off what is not whole; gives the log's end offset. */
function recover(segments: Segment[], from: number, options: RecoveryOptions): number {
  const recoveryPoint = options.recoveryPoint ?? 0
  let end = segments[from]?.baseOffset ?? 0
  for (let index = from; index < segments.length; index++) {
    const segment = segments[index]
    if (segment === undefined) break
    const next = segments[index + 1]
    // Compaction leaves the active segment alone; but that of a follower has what the leader's finished ones have.
    const mayHaveGaps = options.gaps === 'compacted'
    const scan = scanSegment(segment, keepIndexes(segment, options), { ...options, recoveryPoint, mayHaveGaps })
    end = scan.endOffset
    const isWhole = scan.obstacle === null
    if (isWhole && (next === undefined || continues(end, next.baseOffset, options.gaps))) continue
    if (end < recoveryPoint) {
      if (scan.obstacle !== null) throw segment.damageAt(scan.obstacle)
      if (next !== undefined) assertContinues(segment, end, next, options)
    }
    cutOff(segments, index, scan, options)
  }
  const last = segments.at(-1)
  if (end >= recoveryPoint || last === undefined) return end
  const what = `The log ends at offset ${end}, and was synced up to ${recoveryPoint}: records are gone.`
  throw last.damageAt({ position: last.writtenBytes, what })
}

/** Nothing was synced from there on: it is what the machine was about to write when it stopped. */
function cutOff(
  segments: Segment[],
  index: number,
  { endOffset, endPosition }: SegmentEnd,
  options: RecoveryOptions
): void {
  const segment = segments[index]
  const beyond = segments.slice(index + 1)
  if (segment === undefined) return
  const cutBytes = segment.sizeBytes - endPosition + beyond.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  if (cutBytes > 0) options.beforeCut()
  segment.truncate(endPosition, endOffset)
  // Each leaves the list when its files are closed: whoever gives up closes those that are in it.
  for (const later of beyond.reverse()) {
    const aside = later.setAside()
    segments.pop()
    aside.remove()
  }
  if (cutBytes > 0) options.report(segment.cutMessage(endPosition, cutBytes))
}

/**
 * Keeps what the newest checkpoint within the segment vouches for, when the recovery point vouches for the checkpoint: it was
 * written when the indexes were synced. Gives the place from which they have to be made again.
 */
function keepIndexes(segment: Segment, { names, recoveryPoint }: RecoveryOptions): WalkStart {
  const checkpoint = producerSnapshotsAmong(names).findLast((offset) => offset <= (recoveryPoint ?? 0)) ?? 0
  const batch = checkpoint > segment.baseOffset ? segment.keepIndexesBelow(checkpoint) : null
  if (batch !== null) return { position: batch.position, nextOffset: batch.header.baseOffset }
  segment.forgetIndexes()
  return segment.start
}

/** What may be found where, as `isInPlace` judges it. */
interface Expectation {
  /** Below it everything was synced. */
  readonly recoveryPoint: number
  /** No batch was written in a later epoch. */
  readonly newestEpoch: number
  readonly mayHaveGaps: boolean
  readonly config: LogConfig
}

/** Makes the indexes from here on, from the batches that are whole and right, up to the first that is not. */
function scanSegment(
  segment: Segment,
  from: WalkStart,
  expected: Expectation,
  indexes: 'made' | 'as they are' = 'made'
): SegmentEnd {
  let endPosition = from.position
  let endOffset = from.nextOffset
  let epoch = -1
  const walk = walkBatches(segment, from)
  for (let step = walk.next(); ; step = walk.next()) {
    if (step.done === true) return { endPosition, endOffset, obstacle: step.value }
    const batch = step.value
    const objection = isInPlace(batch, { endOffset, epoch }, expected) ? objectionToBytes(batch) : outOfPlace
    if (objection !== null) return { endPosition, endOffset, obstacle: { position: batch.position, what: objection } }
    if (indexes === 'made') segment.index(batch, expected.config.indexIntervalBytes)
    segment.verified.add(batch.position, batch.position + batch.header.sizeBytes)
    endPosition = batch.position + batch.header.sizeBytes
    endOffset = lastOffsetOf(batch.header) + 1
    epoch = batch.header.partitionLeaderEpoch
  }
}

const outOfPlace = 'The batch here is of another place of the log, by its offset or its leader epoch.'

/**
 * The CRC does not cover base offset and epoch, so that a torn write can change them alone: each batch's epoch must have been,
 * and where nothing was synced it must follow the one before it. Elsewhere compaction leaves gaps.
 */
function isInPlace(
  { header }: PlacedBatch,
  before: { readonly endOffset: number; readonly epoch: number },
  { recoveryPoint, newestEpoch, mayHaveGaps }: Expectation
): boolean {
  const { partitionLeaderEpoch, baseOffset } = header
  if (partitionLeaderEpoch < before.epoch || partitionLeaderEpoch > newestEpoch) return false
  return before.endOffset < recoveryPoint || mayHaveGaps || baseOffset === before.endOffset
}

function objectionToBytes({ header, bytes }: WholeBatch): string | null {
  return hasValidCrc(bytes, 0, header.sizeBytes) ? null : unsoundBatch(header.baseOffset)
}

/** Kafka does not start with such a file (NumberFormatException). */
function misnamed(name: string, { disk, directory }: RecoveryOptions): DiskError {
  const path = `${directory}/${name}`
  const what = `${disk.location}/${path} is named after an offset that no log reaches, so that its place in the log is unknown.`
  const advice =
    'Nothing was changed. Move the file away if it is not of this log; else restore the directory from a backup.'
  return new DiskError('failed', path, `${what} ${advice}`)
}

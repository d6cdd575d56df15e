/**
 * Opening the segments of a partition, and mending what a crash left: the torn tail is cut off, indexes are made again.
 * (Kafka: LogLoader.) Only what lies behind the recovery point is read; before it everything was synced, and damage there
 * is not a torn tail but a broken disk: then the log is not opened rather than acknowledged records dropped in silence.
 */
import { type Disk, DiskError } from '../host/disk.ts'
import { currentMagic, hasValidCrc, lastOffsetOf } from '../protocol/records/batch.ts'
import { fileName, fileSuffix, offsetOfFile } from './file-names.ts'
import { producerSnapshotsAmong } from './producer-snapshot.ts'
import { relativeOffsetMax } from './rolling.ts'
import { type PlacedBatch, Segment, type WholeBatch } from './segment.ts'
import type { LogConfig } from './types.ts'

export interface RecoveryOptions {
  readonly disk: Disk
  readonly directory: string
  /** What the directory holds. */
  readonly names: readonly string[]
  readonly config: LogConfig
  readonly recoveryPoint: number
  readonly logStartOffset: number
  readonly shutdown: 'clean' | 'unclean'
  /** The latest leader epoch that can have written here. */
  readonly newestEpoch: number
  readonly nowMs: number
}

export interface OpenedSegments {
  readonly segments: Segment[]
  readonly logEndOffset: number
}

export function openSegments(options: RecoveryOptions): OpenedSegments {
  const { disk, directory, names } = options
  if (names.length === 0) disk.createDirectory(directory)
  removeLeftovers(options)
  const segments = segmentOffsets(names).map((base) => new Segment(disk, directory, base, options.nowMs))
  if (segments.length === 0) segments.push(new Segment(disk, directory, options.logStartOffset, options.nowMs))
  const last = segments.at(-1)
  const whole = options.shutdown === 'clean' && last !== undefined && indexesFit(last) ? endOf(last) : null
  const suspectFrom = whole === null ? recoveryIndexOf(segments, options.recoveryPoint) : segments.length
  for (const segment of segments.slice(0, suspectFrom)) if (!indexesFit(segment)) reindex(segment, options)
  const logEndOffset = whole ?? recover(segments, suspectFrom, options)
  markSynced(segments, whole ?? options.recoveryPoint, logEndOffset)
  for (const segment of segments.slice(0, -1)) segment.finish()
  for (const segment of segments) if (segment.transactionsLostFrom === null) segment.rest()
  return { segments, logEndOffset }
}

function markSynced(segments: readonly Segment[], syncedOffset: number, logEndOffset: number): void {
  segments.forEach((segment, index) => {
    const endOffset = segments[index + 1]?.baseOffset ?? logEndOffset
    if (endOffset > syncedOffset) return
    segment.syncedBytes = segment.sizeBytes
    if (segment.transactionsLostFrom === null) segment.indexesSyncedBytes = segment.sizeBytes
  })
}

function segmentOffsets(names: readonly string[]): number[] {
  const offsets: number[] = []
  for (const name of names) {
    const offset = offsetOfFile(name, fileSuffix.log)
    if (offset !== null) offsets.push(offset)
  }
  return offsets
}

/** Files that were about to be removed, and half-made ones, are of no use to anyone. */
function removeLeftovers({ disk, directory, names }: RecoveryOptions): void {
  for (const name of names) {
    if (/\.(deleted|cleaned|swap|tmp)$/.test(name)) disk.remove(`${directory}/${name}`)
  }
}

/** Indexes must be there when there are records, hold whole entries, and point into their log. */
function indexesFit({ offsetIndex, timeIndex, transactionIndex, sizeBytes }: Segment): boolean {
  if (![offsetIndex, timeIndex, transactionIndex].every((index) => index.file.isWhole)) return false
  if (sizeBytes > 0 && (!offsetIndex.file.isThere || timeIndex.last === null)) return false
  return offsetIndex.lastPosition < Math.max(1, sizeBytes)
}

/** The offset after the last batch; null when something that is no batch comes after it. */
function endOf(segment: Segment): number | null {
  let endOffset = segment.baseOffset
  let endPosition = segment.offsetIndex.lastPosition
  for (const { header, position } of segment.batchesFrom(endPosition)) {
    endOffset = lastOffsetOf(header) + 1
    endPosition = position + header.sizeBytes
  }
  return endPosition === segment.sizeBytes ? endOffset : null
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
  let end = segments[from]?.baseOffset ?? 0
  for (let index = from; index < segments.length; index++) {
    const segment = segments[index]
    if (segment === undefined) break
    // Only segments that are finished are compacted.
    const mayHaveGaps = index < segments.length - 1
    const scan = scanSegment(segment, keepIndexes(segment, options), { ...options, mayHaveGaps })
    end = scan.endOffset
    if (scan.endPosition === segment.sizeBytes) continue
    if (end < options.recoveryPoint) throw damaged(segment, scan.endPosition, options)
    segment.truncate(scan.endPosition, end)
    for (const beyond of segments.splice(index + 1)) beyond.setAside()()
  }
  const last = segments.at(-1)
  if (end < options.recoveryPoint && last !== undefined) throw damaged(last, last.sizeBytes, options)
  return end
}

/** Where the making of the indexes begins. */
interface Place {
  readonly position: number
  readonly offset: number
}

/**
 * Keeps what the newest checkpoint within the segment vouches for, when the recovery point vouches for the checkpoint: it was
 * written when the indexes were synced. Gives the place from which they have to be made again.
 */
function keepIndexes(segment: Segment, { names, recoveryPoint }: RecoveryOptions): Place {
  const checkpoint = producerSnapshotsAmong(names).findLast((offset) => offset <= recoveryPoint) ?? 0
  const batch = checkpoint > segment.baseOffset ? segment.keepIndexesBelow(checkpoint) : null
  if (batch !== null) return { position: batch.position, offset: batch.header.baseOffset }
  segment.forgetIndexes()
  return { position: 0, offset: segment.baseOffset }
}

interface Scan {
  readonly endPosition: number
  readonly endOffset: number
}

/** What may be found where, as `isInPlace` judges it. */
interface Expectation {
  /** Below it everything was synced. */
  readonly recoveryPoint: number
  /** No batch behind the recovery point was written in a later epoch. */
  readonly newestEpoch: number
  readonly mayHaveGaps: boolean
  readonly config: LogConfig
}

/** Makes the indexes from here on, from the batches that are whole and right, up to the first that is not. */
function scanSegment(segment: Segment, from: Place, expected: Expectation): Scan {
  let endPosition = from.position
  let endOffset = from.offset
  let epoch = -1
  for (const batch of segment.wholeBatchesFrom(from.position)) {
    if (!isInPlace(batch, segment, { endOffset, epoch }, expected) || !isSound(batch)) break
    segment.index(batch, expected.config.indexIntervalBytes)
    endPosition = batch.position + batch.header.sizeBytes
    endOffset = lastOffsetOf(batch.header) + 1
    epoch = batch.header.partitionLeaderEpoch
  }
  return { endPosition, endOffset }
}

/**
 * The CRC does not cover base offset and epoch, so that a torn write can change them alone: where nothing was synced, each
 * batch must follow the one before it, and its epoch must have been. Elsewhere compaction leaves gaps.
 */
function isInPlace(
  { header }: PlacedBatch,
  segment: Segment,
  before: { readonly endOffset: number; readonly epoch: number },
  { recoveryPoint, newestEpoch, mayHaveGaps }: Expectation
): boolean {
  const { baseOffset, partitionLeaderEpoch, lastOffsetDelta } = header
  if (baseOffset < before.endOffset || lastOffsetDelta < 0 || partitionLeaderEpoch < before.epoch) return false
  if (lastOffsetOf(header) - segment.baseOffset > relativeOffsetMax) return false
  if (before.endOffset < recoveryPoint) return true
  return partitionLeaderEpoch <= newestEpoch && (mayHaveGaps || baseOffset === before.endOffset)
}

function isSound({ header, bytes }: WholeBatch): boolean {
  return header.magic === currentMagic && hasValidCrc(bytes, 0, header.sizeBytes)
}

function reindex(segment: Segment, options: RecoveryOptions): void {
  segment.forgetIndexes()
  const start = { position: 0, offset: segment.baseOffset }
  const { endPosition } = scanSegment(segment, start, { ...options, recoveryPoint: Infinity, mayHaveGaps: true })
  if (endPosition < segment.sizeBytes) throw damaged(segment, endPosition, options)
}

function damaged(segment: Segment, position: number, options: RecoveryOptions): DiskError {
  const path = `${options.directory}/${fileName(segment.baseOffset, fileSuffix.log)}`
  const what = `${options.disk.location}/${path} is damaged at byte ${position}, in a part that was synced to the disk.`
  const advice =
    'The disk has lost data that was acknowledged. No record was changed. Restore the file from a backup, or move the ' +
    'directory away to go on without this partition.'
  return new DiskError('failed', path, `${what} ${advice}`)
}

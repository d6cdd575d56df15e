/**
 * Opening the segments of a partition, and mending what a crash left: the torn tail is cut off, indexes are made again.
 * (Kafka: LogLoader.) Only what lies behind the recovery point is read; before it everything was synced, and damage there
 * is not a torn tail but a broken disk: then the log is not opened rather than acknowledged records dropped in silence.
 */
import { type Disk, DiskError } from '../host/disk.ts'
import { hasValidCrc, lastOffsetOf } from '../protocol/records/batch.ts'
import { fileName, fileSuffix, offsetOfFile } from './file-names.ts'
import { type PlacedBatch, Segment } from './segment.ts'
import type { LogConfig } from './types.ts'

export interface RecoveryOptions {
  readonly disk: Disk
  readonly directory: string
  readonly config: LogConfig
  readonly recoveryPoint: number
  readonly logStartOffset: number
  readonly shutdown: 'clean' | 'unclean'
  readonly nowMs: number
}

export interface OpenedSegments {
  readonly segments: Segment[]
  readonly logEndOffset: number
}

export function openSegments(options: RecoveryOptions): OpenedSegments {
  const { disk, directory } = options
  disk.createDirectory(directory)
  removeLeftovers(disk, directory)
  const segments = segmentOffsets(disk, directory).map((base) => new Segment(disk, directory, base, options.nowMs))
  if (segments.length === 0) segments.push(new Segment(disk, directory, options.logStartOffset, options.nowMs))
  for (const segment of segments) if (!indexesFit(segment)) reindex(segment, options.config)
  const logEndOffset = options.shutdown === 'clean' ? endOf(segments) : recover(segments, options)
  markSynced(segments, options.shutdown === 'clean' ? logEndOffset : options.recoveryPoint)
  return { segments, logEndOffset }
}

function markSynced(segments: readonly Segment[], syncedOffset: number): void {
  segments.forEach((segment, index) => {
    const endsBefore = segments[index + 1]?.baseOffset ?? endOfSegment(segment, segment.offsetIndex.lastPosition)
    if (endsBefore <= syncedOffset) segment.syncedBytes = segment.sizeBytes
  })
}

function segmentOffsets(disk: Disk, directory: string): number[] {
  const offsets: number[] = []
  for (const name of disk.list(directory)) {
    const offset = offsetOfFile(name, fileSuffix.log)
    if (offset !== null) offsets.push(offset)
  }
  return offsets
}

/** Files that were about to be removed, and half-made ones, are of no use to anyone. */
function removeLeftovers(disk: Disk, directory: string): void {
  for (const name of disk.list(directory)) {
    if (/\.(deleted|cleaned|swap|tmp)$/.test(name)) disk.remove(`${directory}/${name}`)
  }
}

/** An index must hold whole entries, and point into its log. */
function indexesFit(segment: Segment): boolean {
  const files = [segment.offsetIndex.file, segment.timeIndex.file, segment.transactionIndex.file]
  if (files.some((file) => !file.isWhole)) return false
  return segment.offsetIndex.lastPosition < Math.max(1, segment.sizeBytes)
}

function endOf(segments: readonly Segment[]): number {
  const last = segments.at(-1)
  if (last === undefined) return 0
  return endOfSegment(last, last.offsetIndex.lastPosition)
}

function endOfSegment(segment: Segment, fromPosition: number): number {
  let end = segment.baseOffset
  for (const { header } of segment.batchesFrom(fromPosition)) end = lastOffsetOf(header) + 1
  return end
}

/** Reads from the recovery point's segment to the end, batch by batch; gives the log's end offset. */
function recover(segments: Segment[], options: RecoveryOptions): number {
  let index = segments.findLastIndex((segment) => segment.baseOffset <= options.recoveryPoint)
  let end = segments[Math.max(0, index)]?.baseOffset ?? 0
  for (index = Math.max(0, index); index < segments.length; index++) {
    const segment = segments[index]
    if (segment === undefined) break
    const scan = scanSegment(segment, options.config)
    end = scan.endOffset
    if (scan.endPosition === segment.sizeBytes) continue
    if (end < options.recoveryPoint) throw damaged(segment, scan.endPosition, options)
    segment.truncate(scan.endPosition, end)
    for (const beyond of segments.splice(index + 1)) beyond.setAside()()
  }
  return end
}

interface Scan {
  readonly endPosition: number
  readonly endOffset: number
}

/** Makes the indexes anew from the batches that are whole and right, up to the first that is not. */
function scanSegment(segment: Segment, config: LogConfig): Scan {
  let endPosition = 0
  let endOffset = segment.baseOffset
  segment.forgetIndexes()
  for (const batch of segment.batchesFrom(0)) {
    if (!isSound(segment, batch, endOffset)) break
    segment.index(batch, config.indexIntervalBytes)
    endPosition = batch.position + batch.header.sizeBytes
    endOffset = lastOffsetOf(batch.header) + 1
  }
  return { endPosition, endOffset }
}

function isSound(segment: Segment, batch: PlacedBatch, expectedOffset: number): boolean {
  const { header } = batch
  if (header.magic !== 2 || header.baseOffset < expectedOffset || header.lastOffsetDelta < 0) return false
  return hasValidCrc(segment.readBatch(batch), 0, header.sizeBytes)
}

function reindex(segment: Segment, config: LogConfig): void {
  segment.forgetIndexes()
  for (const batch of segment.batchesFrom(0)) segment.index(batch, config.indexIntervalBytes)
}

function damaged(segment: Segment, position: number, options: RecoveryOptions): DiskError {
  const path = `${options.directory}/${fileName(segment.baseOffset, fileSuffix.log)}`
  const what = `${options.disk.location}/${path} is damaged at byte ${position}, in a part that was synced to the disk.`
  const advice =
    'The disk has lost data that was acknowledged. Nothing was changed. Restore the file from a backup, or move the ' +
    'directory away to go on without this partition.'
  return new DiskError('failed', path, `${what} ${advice}`)
}

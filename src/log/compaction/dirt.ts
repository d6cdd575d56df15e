/**
 * What of a log compaction may look at, and whether it is worth while: pure decisions on the segments and what is known of them
 * (Kafka: LogCleanerManager.cleanableOffsets, calculateCleanableBytes, maxCompactionDelay).
 *
 * A log is clean up to an offset when no key has two records below it. From there to its end it is dirty; cleanable are the whole
 * segments of that which nobody appends to, which no transaction is open in, and which are old enough and safe.
 */
import type { LogConfig } from '../types.ts'

export interface DirtySegment {
  readonly baseOffset: number
  readonly sizeBytes: number
  /** -1 when no record has a time. */
  readonly maxTimestampMs: number
  /** The largest time of its first batch; null when it is empty. */
  readonly firstTimestampMs: number | null
}

export interface DirtyLog {
  /** Oldest first; the last one takes records. */
  readonly segments: readonly DirtySegment[]
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** Where the last compaction ended, as its checkpoint says; null when there was none. */
  readonly cleanedUpTo: number | null
  /** Nothing from here on is touched: it is not committed, not decided, or not safe. */
  readonly settledOffset: number
  readonly config: Pick<
    LogConfig,
    'cleanupCompact' | 'minCompactionLagMs' | 'maxCompactionLagMs' | 'minCleanableDirtyRatio'
  >
}

export interface Dirt {
  readonly firstDirtyOffset: number
  /** Where the segments begin that are not cleaned. */
  readonly endOffset: number
  /** Of 1: how much of what is, or would be, clean is dirty now. */
  readonly ratio: number
}

/** Null when there is nothing to do, or not enough. */
export function dirtIn(log: DirtyLog, nowMs: number): Dirt | null {
  if (!log.config.cleanupCompact) return null
  const firstDirtyOffset = firstDirtyOf(log)
  const endOffset = firstUncleanable(log, firstDirtyOffset, nowMs)
  let cleanBytes = 0
  let dirtyBytes = 0
  for (const [index, { baseOffset, sizeBytes }] of log.segments.entries()) {
    if (baseOffset < firstDirtyOffset) cleanBytes += sizeBytes
    if (baseOffset < endOffset && endOf(log, index) > firstDirtyOffset) dirtyBytes += sizeBytes
  }
  if (dirtyBytes === 0) return null
  const ratio = dirtyBytes / (cleanBytes + dirtyBytes)
  if (ratio <= log.config.minCleanableDirtyRatio && !isOverdue(log, firstDirtyOffset, nowMs)) return null
  return { firstDirtyOffset, endOffset, ratio }
}

/** A checkpoint that lies outside of the log speaks of another: then all of it is dirty. */
function firstDirtyOf({ cleanedUpTo, logStartOffset, logEndOffset }: DirtyLog): number {
  const isWithin = cleanedUpTo !== null && cleanedUpTo >= logStartOffset && cleanedUpTo <= logEndOffset
  return isWithin ? cleanedUpTo : logStartOffset
}

/** The base offset of the first segment that is left alone. */
function firstUncleanable(log: DirtyLog, firstDirtyOffset: number, nowMs: number): number {
  const { segments, settledOffset, config } = log
  const last = segments.length - 1
  const isYoung = ({ maxTimestampMs }: DirtySegment): boolean =>
    config.minCompactionLagMs > 0 && maxTimestampMs > nowMs - config.minCompactionLagMs
  for (const [index, segment] of segments.entries()) {
    const isDirty = endOf(log, index) > firstDirtyOffset
    if (index === last || endOf(log, index) > settledOffset || (isDirty && isYoung(segment))) return segment.baseOffset
  }
  return 0
}

/** Whether a record has lain there for longer than it may (KIP-354). */
function isOverdue(log: DirtyLog, firstDirtyOffset: number, nowMs: number): boolean {
  const finished = log.segments.slice(0, -1)
  const dirty = finished.filter((_, index) => endOf(log, index) > firstDirtyOffset)
  const times = dirty.map(({ firstTimestampMs }) => firstTimestampMs ?? -1).filter((timeMs) => timeMs > 0)
  return Math.min(...times) < nowMs - log.config.maxCompactionLagMs
}

function endOf({ segments, logEndOffset }: DirtyLog, index: number): number {
  return segments[index + 1]?.baseOffset ?? logEndOffset
}

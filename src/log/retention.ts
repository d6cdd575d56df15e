/** What retention no longer keeps of a log (Kafka: UnifiedLog.deleteOldSegments). */
import type { LogEnd } from './log-end.ts'
import type { LogStart } from './log-start.ts'
import { type ProducerState, producerExpirationMs } from './producer-state.ts'
import type { Segments } from './segments.ts'
import type { LogConfig } from './types.ts'

export interface SegmentFacts {
  readonly sizeBytes: number
  /** The largest timestamp of its records; when it has none, when they were written. */
  readonly newestMs: number
}

export interface RetainedLog {
  readonly segments: Segments
  readonly producers: ProducerState
  readonly start: LogStart
  /** With nothing that is not in the file yet. */
  readonly end: LogEnd
}

/** Drops segments, none that is not safe, and forgets producers long silent. Gives the number of segments. Throws DiskError. */
export function applyRetention(
  { segments, producers, start, end }: RetainedLog,
  config: LogConfig,
  { nowMs, safeOffset }: { readonly nowMs: number; readonly safeOffset: number }
): number {
  producers.expire(nowMs - producerExpirationMs)
  const facts = segments.all.map((segment) => ({
    sizeBytes: segment.sizeBytes,
    newestMs: segment.maxTimestampMs >= 0 ? segment.maxTimestampMs : segment.writtenMs
  }))
  const safe = segments.below(safeOffset, end.offset)
  const expired = Math.max(Math.min(expiredSegments(facts, config, nowMs), safe), start.countBefore())
  // Finished ones first: a disk that has no room for another segment gets it from them.
  const finished = Math.min(expired, facts.length - 1)
  const dropped = finished > 0 ? start.drop(finished) : 0
  if (dropped < finished || expired === finished) return dropped
  end.roll(nowMs)
  return dropped + start.drop(1)
}

/** A pure decision: how many of the oldest segments to drop. All of them may go: the caller then begins a new one first. */
export function expiredSegments(segments: readonly SegmentFacts[], config: LogConfig, nowMs: number): number {
  if (!config.cleanupDelete) return 0
  return Math.max(expiredByTime(segments, config, nowMs), expiredBySize(segments, config))
}

function expiredByTime(segments: readonly SegmentFacts[], { retentionMs }: LogConfig, nowMs: number): number {
  if (retentionMs < 0) return 0
  const isActiveAndEmpty = ({ sizeBytes }: SegmentFacts, index: number): boolean =>
    sizeBytes === 0 && index === segments.length - 1
  const kept = segments.findIndex(
    (segment, index) => isActiveAndEmpty(segment, index) || nowMs - segment.newestMs <= retentionMs
  )
  return kept < 0 ? segments.length : kept
}

/** Drops from the beginning as long as what is left is still at least as large as retention keeps. */
function expiredBySize(segments: readonly SegmentFacts[], { retentionBytes }: LogConfig): number {
  if (retentionBytes < 0) return 0
  let excessBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0) - retentionBytes
  let dropped = 0
  for (const [index, segment] of segments.entries()) {
    if (excessBytes < segment.sizeBytes || (segment.sizeBytes === 0 && index === segments.length - 1)) break
    excessBytes -= segment.sizeBytes
    dropped += 1
  }
  return dropped
}

/** Which segments retention no longer keeps (Kafka: UnifiedLog.deleteOldSegments). A pure decision. */
import type { LogConfig } from './types.ts'

export interface SegmentFacts {
  readonly sizeBytes: number
  /** The largest timestamp of its records; when it has none, when they were written. */
  readonly newestMs: number
}

/** How many of the oldest segments to drop. All of them may go: the caller then begins a new one first. */
export function expiredSegments(segments: readonly SegmentFacts[], config: LogConfig, nowMs: number): number {
  if (!config.cleanupDelete) return 0
  return Math.max(expiredByTime(segments, config, nowMs), expiredBySize(segments, config))
}

function expiredByTime(segments: readonly SegmentFacts[], { retentionMs }: LogConfig, nowMs: number): number {
  if (retentionMs < 0) return 0
  const kept = segments.findIndex((segment) => segment.sizeBytes === 0 || nowMs - segment.newestMs <= retentionMs)
  return kept < 0 ? segments.length : kept
}

/** Drops from the beginning as long as what is left is still at least as large as retention keeps. */
function expiredBySize(segments: readonly SegmentFacts[], { retentionBytes }: LogConfig): number {
  if (retentionBytes < 0) return 0
  let excessBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0) - retentionBytes
  let dropped = 0
  for (const segment of segments) {
    if (excessBytes < segment.sizeBytes || segment.sizeBytes === 0) break
    excessBytes -= segment.sizeBytes
    dropped += 1
  }
  return dropped
}

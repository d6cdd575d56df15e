/** When the active segment is finished and the next one begins (Kafka: LogSegment.shouldRoll). */
import type { Segment } from './segment.ts'
import type { LogConfig } from './types.ts'

const offsetEntryBytes = 8
const timeEntryBytes = 12
/** Indexes hold offsets relative to the segment's base in 32 bits. */
export const relativeOffsetMax = 0x7fffffff

export interface NextAppend {
  readonly timestampMs: number
  readonly sizeBytes: number
  readonly lastOffset: number
  readonly nowMs: number
}

export function rollIsDue(directory: string, active: Segment, next: NextAppend, config: LogConfig): boolean {
  if (active.sizeBytes === 0) return false
  // Records without a time (-1) say nothing about the age of their segment.
  const firstMs = active.firstTimestampMs ?? -1
  const ageMs = firstMs >= 0 ? next.timestampMs - firstMs : next.nowMs - active.createdMs
  const jitterMs = config.segmentJitterMs === 0 ? 0 : jitterMsOf(`${directory}/${active.baseOffset}`, config)
  return (
    active.sizeBytes + next.sizeBytes > config.segmentBytes ||
    ageMs > segmentMsOf(config) - jitterMs ||
    active.offsetIndex.file.sizeBytes + offsetEntryBytes > config.segmentIndexBytes ||
    active.timeIndex.file.sizeBytes + timeEntryBytes > config.segmentIndexBytes ||
    next.lastOffset - active.baseOffset > relativeOffsetMax
  )
}

/**
 * Of each segment its own, below `segment.jitter.ms`, and the same whenever it is asked for (Kafka: LogConfig.randomSegmentJitter, which
 * throws dice for it). FNV-1a of its name.
 */
function jitterMsOf(name: string, { segmentJitterMs, segmentMs }: LogConfig): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < name.length; index += 1) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193)
  return (hash >>> 0) % Math.min(segmentJitterMs, segmentMs)
}

/** A record that is to be compacted after a while has to be in a finished segment by then (Kafka: LogConfig.maxSegmentMs). */
function segmentMsOf({ segmentMs, cleanupCompact, maxCompactionLagMs }: LogConfig): number {
  return cleanupCompact && maxCompactionLagMs > 0 ? Math.min(segmentMs, maxCompactionLagMs) : segmentMs
}

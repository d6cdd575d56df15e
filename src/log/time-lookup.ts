/**
 * Which record belongs to a time. The time index leads to a place before it; from there the batches' largest timestamps are
 * walked, and only the batch that holds the record is decoded (Kafka: LogSegment.findOffsetByTimestamp).
 */
import { findOffsetForTimestamp } from '../protocol/records/reader.ts'
import type { Segment } from './segment.ts'
import type { TimestampedOffset } from './types.ts'

/** The first record at or after `startOffset` whose timestamp is not below the one asked for; null when there is none. */
export function recordAt(
  segments: readonly Segment[],
  timestampMs: number,
  startOffset: number
): TimestampedOffset | null {
  for (const segment of segments) {
    if (segment.maxTimestampMs < timestampMs) continue
    for (const batch of segment.batchesFrom(segment.placeBeforeTime(timestampMs))) {
      segment.verify(batch)
      if (batch.header.maxTimestamp < timestampMs) continue
      const found = findOffsetForTimestamp(segment.readBatch(batch), timestampMs, startOffset)
      if (found === null) continue
      const leaderEpoch = batch.header.partitionLeaderEpoch
      return { offset: found.offset, timestampMs: found.timestamp, leaderEpoch }
    }
  }
  return null
}

/** The first of the records with the largest timestamp; where none has one (-1), the first of all. */
export function newestRecord(segments: readonly Segment[], startOffset: number): TimestampedOffset | null {
  let newest: Segment | null = null
  for (const segment of segments) {
    if (segment.sizeBytes === 0) continue
    if (newest === null || segment.maxTimestampMs > newest.maxTimestampMs) newest = segment
  }
  if (newest === null) return null
  const { maxTimestampMs } = newest
  return recordAt([newest], maxTimestampMs, startOffset)
}

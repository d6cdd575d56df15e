/**
 * Reading whole batches for a fetch: one read of the file per segment touched, then a walk over the headers in it.
 * KIP-74: one batch is given even when it is larger than what was asked for.
 */
import { batchHeaderBytes, batchSizeAt, readBatchHeader } from '../protocol/records/batch.ts'
import type { PlacedBatch, Segment } from './segment.ts'
import type { ReadResult } from './types.ts'

export interface ReadLimits {
  readonly maxBytes: number
  /** No batch that begins at or beyond this offset. */
  readonly upTo: number
  readonly atLeastOneBatch: 'yes' | 'no'
}

export function readSegments(segments: readonly Segment[], offset: number, limits: ReadLimits): ReadResult {
  if (offset >= limits.upTo) return nothing(offset)
  const first = Math.max(0, segmentIndexOf(segments, offset))
  for (let index = first; index < segments.length; index++) {
    const segment = segments[index]
    if (segment === undefined || segment.baseOffset >= limits.upTo) break
    const start = segment.batchWith(offset)
    if (start === null) continue
    if (start.header.baseOffset >= limits.upTo) break
    return readFrom(segment, start, offset, limits)
  }
  return nothing(offset)
}

/** The last segment that begins at or before the offset; -1 when there is none. By halving: a log may have thousands. */
export function segmentIndexOf(segments: readonly Segment[], offset: number): number {
  let low = -1
  let high = segments.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((segments[middle]?.baseOffset ?? Infinity) <= offset) low = middle
    else high = middle - 1
  }
  return low
}

function readFrom(segment: Segment, start: PlacedBatch, offset: number, limits: ReadLimits): ReadResult {
  const firstBytes = start.header.sizeBytes
  if (firstBytes > limits.maxBytes && limits.atLeastOneBatch === 'no') return nothing(offset)
  const bytes = segment.read(start.position, Math.max(firstBytes, limits.maxBytes))
  let end = 0
  let nextOffset = offset
  while (bytes.length - end >= batchHeaderBytes) {
    const sizeBytes = batchSizeAt(bytes, end)
    if (sizeBytes < 0 || end + sizeBytes > bytes.length) break
    const header = readBatchHeader(bytes, end)
    if (header.baseOffset >= limits.upTo) break
    end += sizeBytes
    nextOffset = header.baseOffset + header.lastOffsetDelta + 1
  }
  const whole = end === bytes.length ? bytes : bytes.subarray(0, end)
  return { chunks: end === 0 ? [] : [whole], sizeBytes: end, nextOffset }
}

function nothing(offset: number): ReadResult {
  return { chunks: [], sizeBytes: 0, nextOffset: offset }
}

/**
 * Reading whole batches for a fetch: one read of the file, then a walk over the headers in it.
 * KIP-74: one batch is given even when it is larger than what was asked for.
 *
 * Budget of a read that goes on where one ended: one system call, into lent memory, and one object for the place where it
 * ends; per batch nothing is allocated. Any other read looks into the index and at some headers first.
 */
import type { ReadMemory } from '../host/disk.ts'
import { baseOffsetAt, batchHeaderBytes, batchSizeAt, lastOffsetAt } from '../protocol/records/batch.ts'
import type { Segment } from './segment.ts'
import type { ReadResult } from './types.ts'

export interface ReadLimits {
  readonly maxBytes: number
  /** No batch that begins at or beyond this offset. */
  readonly upTo: number
  readonly atLeastOneBatch: 'yes' | 'no'
  readonly memory?: ReadMemory | undefined
}

export function readSegments(segments: readonly Segment[], offset: number, limits: ReadLimits): ReadResult {
  if (offset >= limits.upTo) return nothing(offset)
  const first = Math.max(0, segmentIndexOf(segments, offset))
  for (let index = first; index < segments.length; index++) {
    const segment = segments[index]
    if (segment === undefined || segment.baseOffset >= limits.upTo) break
    const further = readOn(segment, offset, limits)
    if (further !== null) return further
    const start = segment.batchWith(offset)
    if (start === null) continue
    if (start.header.baseOffset >= limits.upTo) break
    if (start.header.sizeBytes > limits.maxBytes && limits.atLeastOneBatch === 'no') return nothing(offset)
    return readFrom(segment, start.position, Math.max(start.header.sizeBytes, limits.maxBytes), offset, limits)
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

/** Goes on where a read ended; null when none ended here, or when its first batch is larger than what may be read. */
function readOn(segment: Segment, offset: number, limits: ReadLimits): ReadResult | null {
  const position = segment.takePlace(offset)
  if (position < 0 || limits.maxBytes < batchHeaderBytes) return null
  const read = readFrom(segment, position, limits.maxBytes, offset, limits)
  return read.sizeBytes === 0 ? null : read
}

function readFrom(
  segment: Segment,
  position: number,
  lengthBytes: number,
  offset: number,
  limits: ReadLimits
): ReadResult {
  const bytes = segment.read(position, lengthBytes, limits.memory)
  let end = 0
  let nextOffset = offset
  while (bytes.length - end >= batchHeaderBytes) {
    const sizeBytes = batchSizeAt(bytes, end)
    if (sizeBytes < 0 || end + sizeBytes > bytes.length) break
    if (baseOffsetAt(bytes, end) >= limits.upTo) break
    nextOffset = lastOffsetAt(bytes, end) + 1
    end += sizeBytes
  }
  if (end === 0) return nothing(offset)
  segment.notePlace(nextOffset, position + end)
  return { chunks: [end === bytes.length ? bytes : bytes.subarray(0, end)], sizeBytes: end, nextOffset }
}

function nothing(offset: number): ReadResult {
  return { chunks: [], sizeBytes: 0, nextOffset: offset }
}

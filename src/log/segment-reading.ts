/**
 * Reading whole batches for a fetch: one read of the file, then a walk over the headers in it.
 * KIP-74: one batch is given even when it is larger than what was asked for.
 *
 * A batch is given only if it is as it was written: it continues the one before it, and its checksum is right (`verified-bytes.ts`). What lies before
 * a damaged batch is given; whoever comes to the batch itself gets DamageError.
 *
 * Budget of a read that goes on where one ended: one system call, into lent memory, and one object for the place where it
 * ends; per batch nothing is allocated. Any other read looks into the index and at some headers first.
 */
import type { ReadMemory } from '../host/disk.ts'
import {
  baseOffsetAt,
  batchHeaderBytes,
  batchSizeAt,
  hasValidCrc,
  lastOffsetDeltaAt,
  leaderEpochAt
} from '../protocol/records/batch.ts'
import { anyOffset, follows, isBatchAt, objectionToBatchAt } from './continuity.ts'
import type { LeaderEpochs } from './leader-epochs.ts'
import { type Segment, unsoundBatch } from './segment.ts'
import type { ReadResult } from './types.ts'

export interface ReadLimits {
  readonly maxBytes: number
  /** No batch that begins at or beyond this offset. */
  readonly upTo: number
  readonly logEndOffset: number
  /** Of the leaders that have written here. */
  readonly epochs: LeaderEpochs
  readonly atLeastOneBatch: 'yes' | 'no'
  readonly memory?: ReadMemory | undefined
  /** A read that goes on from one which began at this offset ends with its segment, as that would. */
  readonly begunAt?: number
}

export function readSegments(segments: readonly Segment[], offset: number, limits: ReadLimits): ReadResult {
  if (offset >= limits.upTo) return nothing(offset)
  const first = Math.max(0, segmentIndexOf(segments, offset))
  const { begunAt } = limits
  if (begunAt !== undefined && Math.max(0, segmentIndexOf(segments, begunAt)) !== first) return nothing(offset)
  for (let index = first; index < segments.length; index++) {
    const segment = segments[index]
    if (segment === undefined || segment.baseOffset >= limits.upTo) break
    const further = readOn(segment, offset, limits)
    if (further !== null) return further
    const start = segment.batchWith(offset)
    if (start === null) continue
    // An offset that is not there: in a compacted log others follow, but never beyond the end of the log.
    if (start.header.baseOffset >= limits.logEndOffset) {
      const what = `A batch with offset ${start.header.baseOffset} stands here, beyond the end of the log.`
      throw segment.damageAt({ position: start.position, what })
    }
    if (start.header.baseOffset >= limits.upTo) break
    if (start.header.sizeBytes > limits.maxBytes && limits.atLeastOneBatch === 'no') return nothing(offset)
    const lengthBytes = Math.max(start.header.sizeBytes, limits.maxBytes)
    return readFrom(segment, start.position, lengthBytes, anyOffset, offset, limits)
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
  const read = readFrom(segment, position, limits.maxBytes, offset, offset, limits)
  return read.sizeBytes === 0 ? null : read
}

function readFrom(
  segment: Segment,
  position: number,
  lengthBytes: number,
  /** Of the first batch; `anyOffset` when it was looked at already. */
  expectedOffset: number,
  offset: number,
  limits: ReadLimits
): ReadResult {
  const bytes = segment.read(position, lengthBytes, limits.memory)
  const leftBytes = segment.writtenBytes - position
  segment.verified.forgetOld(segment.writtenBytes)
  if (bytes.length < Math.min(lengthBytes, leftBytes)) {
    const what = 'The file ends here, and was longer when it was opened.'
    throw segment.damageAt({ position: position + bytes.length, what })
  }
  let end = 0
  let nextOffset = expectedOffset
  while (end < bytes.length) {
    const isCutByLimit = bytes.length - end < batchHeaderBytes && bytes.length < leftBytes
    if (isCutByLimit) break
    const isBatch = isBatchAt(bytes, end, leftBytes - end)
    const sizeBytes = isBatch ? batchSizeAt(bytes, end) : 0
    const baseOffset = isBatch ? baseOffsetAt(bytes, end) : anyOffset
    const isInPlace = isBatch && follows(baseOffset, nextOffset, segment.gaps)
    if (isInPlace && (end + sizeBytes > bytes.length || baseOffset >= limits.upTo)) break
    const isSound =
      isInPlace &&
      (segment.verified.has(position + end, position + end + sizeBytes) ||
        isAsWritten(bytes, end, sizeBytes, limits.epochs))
    if (!isSound) {
      if (end > 0) break
      const objection = objectionToBatchAt(bytes, end, leftBytes - end, nextOffset, segment)
      throw segment.damageAt({ position, what: objection ?? unsoundBatch(baseOffset) })
    }
    nextOffset = baseOffset + lastOffsetDeltaAt(bytes, end) + 1
    end += sizeBytes
  }
  if (end === 0) return nothing(offset)
  segment.verified.add(position, position + end)
  segment.notePlace(nextOffset, position + end)
  return { chunks: [end === bytes.length ? bytes : bytes.subarray(0, end)], sizeBytes: end, nextOffset }
}

/** The leader epoch stands outside the checksum: it must be the one that was known to have begun there. */
function isAsWritten(bytes: Buffer, position: number, sizeBytes: number, epochs: LeaderEpochs): boolean {
  const isInEpoch = epochs.admits(leaderEpochAt(bytes, position), baseOffsetAt(bytes, position))
  return isInEpoch && hasValidCrc(bytes, position, sizeBytes)
}

function nothing(offset: number): ReadResult {
  return { chunks: [], sizeBytes: 0, nextOffset: offset }
}

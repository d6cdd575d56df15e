/**
 * How batches lie in a file of records: back to back, each with the offset after the last one before it. Base offset, size
 * and leader epoch stand outside a batch's CRC, so that this is all that tells when they were damaged.
 *
 * Where Kafka has compacted a log, offsets are missing between batches (and never come back): there they only grow.
 */
import {
  baseOffsetAt,
  batchHeaderBytes,
  batchSizeAt,
  currentMagic,
  lastOffsetDeltaAt,
  magicAt
} from '../protocol/records/batch.ts'
import { relativeOffsetMax } from './rolling.ts'

/** Whether offsets may be missing between two batches. */
export type Gaps = 'none' | 'compacted'

/** What a batch has to fit to. */
export interface Surroundings {
  readonly gaps: Gaps
  /** Of the segment. */
  readonly baseOffset: number
}

/** The offset to expect is not known: whatever batch stands there is taken. */
export const anyOffset = -1

/** Whether a whole batch begins here, when so many bytes of the file are left: all but its offset, and its checksum. */
export function isBatchAt(buffer: Buffer, position: number, leftBytes: number): boolean {
  if (buffer.length - position < batchHeaderBytes) return false
  const sizeBytes = batchSizeAt(buffer, position)
  if (sizeBytes < 0 || sizeBytes > leftBytes) return false
  return magicAt(buffer, position) === currentMagic && lastOffsetDeltaAt(buffer, position) >= 0
}

/** Whether a batch with this offset can stand where the next one should. */
export function follows(baseOffset: number, nextOffset: number, gaps: Gaps): boolean {
  if (baseOffset === nextOffset || nextOffset === anyOffset) return true
  return gaps !== 'none' && baseOffset > nextOffset
}

/** Why no batch begins here that continues the log at `nextOffset`; null when one does. */
export function objectionToBatchAt(
  buffer: Buffer,
  position: number,
  leftBytes: number,
  nextOffset: number,
  segment: Surroundings
): string | null {
  if (leftBytes < batchHeaderBytes) return `The last ${leftBytes} bytes are no batch of records.`
  if (buffer.length - position < batchHeaderBytes) return 'The file ends here, and was longer when it was opened.'
  const sizeBytes = batchSizeAt(buffer, position)
  if (sizeBytes < 0) return 'No batch of records begins here.'
  if (sizeBytes > leftBytes) return `A batch of ${sizeBytes} bytes begins here, and ${leftBytes} are left.`
  if (!isBatchAt(buffer, position, leftBytes)) return 'No batch of records of the current format begins here.'
  const baseOffset = baseOffsetAt(buffer, position)
  const lastOffset = baseOffset + lastOffsetDeltaAt(buffer, position)
  const hasPlace = baseOffset >= segment.baseOffset && lastOffset - segment.baseOffset <= relativeOffsetMax
  if (hasPlace && follows(baseOffset, nextOffset, segment.gaps)) return null
  const offsets = `${baseOffset} to ${lastOffset}`
  if (nextOffset === anyOffset) return `A batch with the offsets ${offsets} cannot stand here.`
  return `A batch with the offsets ${offsets} stands where ${nextOffset} should follow.`
}

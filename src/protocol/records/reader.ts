/**
 * The records inside a batch (KIP-98, "Record"): decompressed within bounds, held against the rules by a RecordCursor, and
 * then given whole, or just looked at.
 */
import { limits } from '../../limits.ts'
import { ProtocolError, Reader } from '../primitives.ts'
import {
  type BatchHeader,
  batchHeaderBytes,
  compressionOf,
  isLogAppendTime,
  readBatchHeader,
  readExactTimes
} from './batch.ts'
import { CompressionError, decompress } from './compression/codec.ts'
import { InvalidRecordsError, RecordCursor } from './record-cursor.ts'

export { InvalidRecordsError } from './record-cursor.ts'

/** Whether bytes that are as they were written say nothing that can be understood: they are of something else. */
export function isUnreadable(error: unknown): error is Error {
  return error instanceof ProtocolError || error instanceof InvalidRecordsError
}

export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

export interface LogRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

/**
 * Every record of the batch that lies at the beginning of the buffer. Keys and values are slices of it, or of the
 * decompressed bytes. Throws InvalidRecordsError.
 */
export function* readRecords(batch: Buffer): Generator<LogRecord> {
  const header = readBatchHeader(batch)
  const records = unpacked(batch, header)
  const cursor = new RecordCursor(records)
  for (let index = 0; index < header.recordCount; index++) {
    cursor.next()
    yield {
      offset: header.baseOffset + cursor.offsetDelta,
      timestamp: timestampAt(cursor, header, batch),
      ...readContent(new Reader(records, cursor.keyPosition, cursor.position))
    }
  }
  cursor.expectEnd(header.recordCount)
}

/** The first record from `startOffset` on whose timestamp is not below the one asked for; null when there is none. */
export function findOffsetForTimestamp(
  batch: Buffer,
  timestampMs: number,
  startOffset = 0
): { readonly offset: number; readonly timestamp: number } | null {
  const header = readBatchHeader(batch)
  const cursor = new RecordCursor(unpacked(batch, header))
  for (let index = 0; index < header.recordCount; index++) {
    cursor.next()
    const offset = header.baseOffset + cursor.offsetDelta
    const timestamp = timestampAt(cursor, header, batch)
    if (timestamp >= timestampMs && offset >= startOffset) return { offset, timestamp }
  }
  return null
}

function unpacked(batch: Buffer, header: BatchHeader): Buffer {
  const packed = batch.subarray(batchHeaderBytes, header.sizeBytes)
  try {
    return decompress(compressionOf(header.attributes), packed, limits.decompressedBatchBytes)
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error
    throw new InvalidRecordsError(error.message, { cause: error })
  }
}

/** Of a time that a number does not hold exactly, the nearest one that it does: it lies 280,000 years from now. */
function timestampAt(cursor: RecordCursor, header: BatchHeader, batch: Buffer): number {
  if (isLogAppendTime(header.attributes)) return header.maxTimestamp
  const timestamp = header.baseTimestamp + cursor.timestampDelta
  if (Number.isSafeInteger(timestamp)) return timestamp
  return Number(BigInt.asIntN(64, readExactTimes(batch).baseTimestamp + cursor.exactTimestampDelta()))
}

/** The reader stands before the key of a record that was found sound. */
function readContent(reader: Reader): Pick<LogRecord, 'key' | 'value' | 'headers'> {
  const key = readField(reader)
  const value = readField(reader)
  const headers: RecordHeader[] = []
  for (let left = reader.readVarint(); left > 0; left--) {
    const headerKey = reader.slice(reader.readVarint()).toString('utf8')
    headers.push({ key: headerKey, value: readField(reader) })
  }
  return { key, value, headers }
}

/** Kafka takes every negative size for null. */
function readField(reader: Reader): Buffer | null {
  const sizeBytes = reader.readVarint()
  return sizeBytes < 0 ? null : reader.slice(sizeBytes)
}

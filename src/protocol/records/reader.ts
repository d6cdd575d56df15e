/**
 * The records inside a batch (KIP-98, "Record"): decompressed within bounds and decoded strictly (Kafka:
 * DefaultRecord.readFrom). `readRecords` gives them whole; the other functions look at what they need and skip the rest.
 */
import { limits } from '../../limits.ts'
import { Reader } from '../primitives.ts'
import { type BatchHeader, batchHeaderBytes, compressionOf, isLogAppendTime, readBatchHeader } from './batch.ts'
import { decompress } from './compression/codec.ts'

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

/** What is inside a batch are not the records that its header speaks of. The cause says where. */
export class InvalidRecordsError extends Error {
  override readonly name = 'InvalidRecordsError'
}

/**
 * Every record of the batch that lies at the beginning of the buffer. Keys and values are slices of it, or of the
 * decompressed bytes. Throws InvalidRecordsError.
 */
export function readRecords(batch: Buffer): Generator<LogRecord> {
  return eachRecord(batch, readRecord)
}

/** The first record from `startOffset` on whose timestamp is not below the one asked for; null when there is none. */
export function findOffsetForTimestamp(
  batch: Buffer,
  timestampMs: number,
  startOffset = 0
): { readonly offset: number; readonly timestamp: number } | null {
  for (const { offset, timestamp } of eachRecord(batch, skimRecord)) {
    if (timestamp >= timestampMs && offset >= startOffset) return { offset, timestamp }
  }
  return null
}

/** Whether a record has no key. Looks at all of them, and throws InvalidRecordsError, so that it also says that all are sound. */
export function hasRecordWithoutKey(batch: Buffer): boolean {
  let hasKeyless = false
  for (const { hasKey } of eachRecord(batch, skimRecord)) if (!hasKey) hasKeyless = true
  return hasKeyless
}

function* eachRecord<T>(batch: Buffer, read: (reader: Reader, header: BatchHeader) => T): Generator<T> {
  const header = readBatchHeader(batch)
  const packed = batch.subarray(batchHeaderBytes, header.sizeBytes)
  const reader = checked(() => {
    const records = new Reader(decompress(compressionOf(header.attributes), packed, limits.decompressedBatchBytes))
    records.subject = 'Record'
    return records
  })
  for (let index = 0; index < header.recordCount; index++) yield checked(() => read(reader, header))
  if (reader.remaining > 0) {
    throw new InvalidRecordsError(`${reader.remaining} bytes stand after the ${header.recordCount} records of a batch`)
  }
}

function checked<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new InvalidRecordsError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

interface Place {
  readonly end: number
  readonly offset: number
  readonly timestamp: number
}

/** The beginning of a record, up to its key. */
function readPlace(reader: Reader, header: BatchHeader): Place {
  const sizeBytes = reader.readVarint()
  const end = reader.position + sizeBytes
  if (sizeBytes < 0 || end > reader.end) throw reader.error(`a record of ${sizeBytes} bytes does not fit its batch`)
  reader.skip(1) // The record's attributes: no bit has a meaning yet.
  const timestampDelta = reader.readVarlong()
  const offset = header.baseOffset + reader.readVarint()
  const timestamp = isLogAppendTime(header.attributes) ? header.maxTimestamp : header.baseTimestamp + timestampDelta
  return { end, offset, timestamp }
}

function readRecord(reader: Reader, header: BatchHeader): LogRecord {
  const { end, offset, timestamp } = readPlace(reader, header)
  const key = readField(reader, end)
  const value = readField(reader, end)
  const headers: RecordHeader[] = []
  for (let left = readHeaderCount(reader, end); left > 0; left--) {
    const headerKey = readField(reader, end)
    if (headerKey === null) throw reader.error('the key of a header is null')
    headers.push({ key: headerKey.toString('utf8'), value: readField(reader, end) })
  }
  expectEnd(reader, end)
  return { offset, timestamp, key, value, headers }
}

interface RecordOutline {
  readonly offset: number
  readonly timestamp: number
  readonly hasKey: boolean
}

function skimRecord(reader: Reader, header: BatchHeader): RecordOutline {
  const { end, offset, timestamp } = readPlace(reader, header)
  const hasKey = skipField(reader, end)
  skipField(reader, end)
  for (let left = readHeaderCount(reader, end); left > 0; left--) {
    if (!skipField(reader, end)) throw reader.error('the key of a header is null')
    skipField(reader, end)
  }
  expectEnd(reader, end)
  return { offset, timestamp, hasKey }
}

function readHeaderCount(reader: Reader, end: number): number {
  const count = reader.readVarint()
  // A header has at least two bytes: the sizes of its key and value.
  if (count < 0 || count * 2 > end - reader.position) throw reader.error(`a record cannot have ${count} headers`)
  return count
}

function expectEnd(reader: Reader, end: number): void {
  if (reader.position !== end) throw reader.error('a record does not end where its size says')
}

function readField(reader: Reader, end: number): Buffer | null {
  const sizeBytes = readFieldSize(reader, end)
  return sizeBytes < 0 ? null : reader.slice(sizeBytes)
}

/** Whether the field is there. */
function skipField(reader: Reader, end: number): boolean {
  const sizeBytes = readFieldSize(reader, end)
  if (sizeBytes > 0) reader.skip(sizeBytes)
  return sizeBytes >= 0
}

/** Below zero for null; Kafka takes every negative size for it. */
function readFieldSize(reader: Reader, end: number): number {
  const sizeBytes = reader.readVarint()
  if (sizeBytes > end - reader.position) throw reader.error(`a field of ${sizeBytes} bytes does not fit`)
  return sizeBytes
}

/** The records inside a batch (KIP-98, "Record"): decompressed and decoded, strictly, within bounds. */
import { limits } from '../../limits.ts'
import { ProtocolError, Reader } from '../primitives.ts'
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

/**
 * Every record of the batch that lies at the beginning of the buffer. Keys and values are slices of it, or of the
 * decompressed bytes. Throws ProtocolError or CompressionError on records that cannot be read.
 */
export function* readRecords(batch: Buffer): Generator<LogRecord> {
  const header = readBatchHeader(batch)
  const packed = batch.subarray(batchHeaderBytes, header.sizeBytes)
  const reader = new Reader(decompress(compressionOf(header.attributes), packed, limits.decompressedBatchBytes))
  reader.subject = 'Record'
  for (let index = 0; index < header.recordCount; index++) yield readRecord(reader, header)
}

function readRecord(reader: Reader, header: BatchHeader): LogRecord {
  const sizeBytes = reader.readVarint()
  const end = reader.position + sizeBytes
  if (sizeBytes < 0 || end > reader.end)
    throw new ProtocolError(`a record of ${sizeBytes} bytes does not fit its batch`)
  reader.readInt8() // The record's attributes: no bit has a meaning yet.
  const timestampDelta = reader.readVarlong()
  const offset = header.baseOffset + reader.readVarint()
  const key = readField(reader, end)
  const value = readField(reader, end)
  const headers = readHeaders(reader, end)
  if (reader.position !== end) throw new ProtocolError('a record does not end where its size says')
  const timestamp = isLogAppendTime(header.attributes) ? header.maxTimestamp : header.baseTimestamp + timestampDelta
  return { offset, timestamp, key, value, headers }
}

function readHeaders(reader: Reader, end: number): RecordHeader[] {
  const count = reader.readVarint()
  // A header has at least two bytes: the sizes of its key and value.
  if (count < 0 || count * 2 > end - reader.position) throw new ProtocolError(`a record cannot have ${count} headers`)
  const headers: RecordHeader[] = []
  for (let index = 0; index < count; index++) {
    const key = readField(reader, end)
    if (key === null) throw new ProtocolError('the key of a header is null')
    headers.push({ key: key.toString('utf8'), value: readField(reader, end) })
  }
  return headers
}

function readField(reader: Reader, end: number): Buffer | null {
  const sizeBytes = reader.readVarint()
  if (sizeBytes === -1) return null
  if (sizeBytes < 0 || sizeBytes > end - reader.position)
    throw new ProtocolError(`a field of ${sizeBytes} bytes does not fit`)
  return reader.readSlice(sizeBytes)
}

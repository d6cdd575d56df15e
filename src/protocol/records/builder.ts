/** Makes record batches: for the coordinators' logs, and for tests. */
import { Writer } from '../primitives.ts'
import { attributesOf, batchHeaderBytes, batchPrefixBytes, currentMagic, noProducerId, sealCrc } from './batch.ts'
import { Compression, compress } from './compression/codec.ts'
import type { LogRecord } from './reader.ts'

export interface BatchContent {
  readonly baseOffset?: number
  readonly partitionLeaderEpoch?: number
  readonly compression?: Compression
  readonly compressionLevel?: number
  readonly timestampType?: 'CreateTime' | 'LogAppendTime'
  readonly isTransactional?: boolean
  readonly isControl?: boolean
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  /** At least one. A record's offset is its place in the list, unless it says its own (a compacted batch has holes). */
  readonly records: readonly (Omit<LogRecord, 'offset'> & { readonly offset?: number })[]
}

/** One whole batch with a right CRC. */
export function buildBatch(content: BatchContent): Buffer {
  const baseOffset = content.baseOffset ?? 0
  const baseTimestamp = content.records[0]?.timestamp ?? -1
  const records = content.records.map((record, index) => ({ ...record, offset: record.offset ?? baseOffset + index }))
  const encoded = encodeRecords(records, baseOffset, baseTimestamp)
  const packed = compress(content.compression ?? Compression.none, encoded, content.compressionLevel)
  const batch = Buffer.alloc(batchHeaderBytes + packed.length)
  const writer = new Writer(batchHeaderBytes)
  writer.writeInt64(baseOffset)
  writer.writeInt32(batch.length - batchPrefixBytes)
  writer.writeInt32(content.partitionLeaderEpoch ?? -1)
  writer.writeInt8(currentMagic)
  writer.writeInt32(0)
  writer.writeInt16(
    attributesOf({
      compression: content.compression ?? Compression.none,
      timestampType: content.timestampType ?? 'CreateTime',
      isTransactional: content.isTransactional ?? false,
      isControl: content.isControl ?? false
    })
  )
  writer.writeInt32((records.at(-1)?.offset ?? baseOffset) - baseOffset)
  writer.writeInt64(baseTimestamp)
  writer.writeInt64(records.reduce((latest, record) => Math.max(latest, record.timestamp), -1))
  writer.writeInt64(content.producerId ?? noProducerId)
  writer.writeInt16(content.producerEpoch ?? -1)
  writer.writeInt32(content.baseSequence ?? -1)
  writer.writeInt32(records.length)
  writer.toBuffer().copy(batch)
  packed.copy(batch, batchHeaderBytes)
  sealCrc(batch, 0, batch.length)
  return batch
}

function encodeRecords(records: readonly LogRecord[], baseOffset: number, baseTimestamp: number): Buffer {
  const writer = new Writer(records.length * 64)
  for (const record of records) {
    const body = encodeRecord(record, baseOffset, baseTimestamp)
    writer.writeVarint(body.length)
    writer.writeRaw(body)
  }
  return writer.toBuffer()
}

function encodeRecord(record: LogRecord, baseOffset: number, baseTimestamp: number): Buffer {
  const writer = new Writer(64)
  writer.writeInt8(0)
  writer.writeVarlong(record.timestamp - baseTimestamp)
  writer.writeVarint(record.offset - baseOffset)
  writeField(writer, record.key)
  writeField(writer, record.value)
  writer.writeVarint(record.headers.length)
  for (const { key, value } of record.headers) {
    writeField(writer, Buffer.from(key, 'utf8'))
    writeField(writer, value)
  }
  return writer.toBuffer()
}

function writeField(writer: Writer, bytes: Buffer | null): void {
  writer.writeVarint(bytes === null ? -1 : bytes.length)
  if (bytes !== null) writer.writeRaw(bytes)
}

/**
 * Makes a batch anew for a topic that wants another compression than its producer used (Kafka: LogValidator's
 * buildRecordsAndAssignOffsets, MemoryRecordsBuilder). The records count their offsets from 0 and their times from the first
 * record's; what the old form left free (attributes, ways to write a null or a number) has its one form.
 */
import { Reader, Writer } from '../primitives.ts'
import {
  attributesOf,
  type BatchHeader,
  batchHeaderBytes,
  isLogAppendTime,
  isTransactional,
  noProducerId,
  readExactTimes,
  sealRebuilt,
  type TimestampType
} from './batch.ts'
import { compress } from './compression/codec.ts'
import { RecordCursor } from './record-cursor.ts'

export interface NewForm {
  readonly compression: number
  /** Kafka's level of it; null: its usual one. */
  readonly level: number | null
  readonly timestampType: TimestampType
  /** Of the records, or the broker's time when it is the broker's clock that counts. */
  readonly maxTimestamp: number | bigint
}

/** A batch that cannot be written in the form it should have: its own form allowed something that this one does not. */
export class UnwritableBatchError extends Error {
  override readonly name = 'UnwritableBatchError'
}

const noTimestamp = -1n

/** Given a batch whose records were found sound, and these records without compression. Throws UnwritableBatchError. */
export function rebuildBatch(batch: Buffer, header: BatchHeader, records: Buffer, form: NewForm): Buffer {
  expectWritableProducer(header)
  const { first, bytes } = encodeAnew(batch, header, records)
  const packed = compress(form.compression, bytes, form.level ?? undefined)
  const made = Buffer.allocUnsafe(batchHeaderBytes + packed.length)
  batch.copy(made, 0, 0, batchHeaderBytes)
  packed.copy(made, batchHeaderBytes)
  const attributes = attributesOf({
    compression: form.compression,
    timestampType: form.timestampType,
    isTransactional: isTransactional(header.attributes),
    isControl: false
  })
  sealRebuilt(made, { attributes, baseTimestamp: first, maxTimestamp: BigInt(form.maxTimestamp) })
  return made
}

function expectWritableProducer({ attributes, producerId, producerEpoch, baseSequence }: BatchHeader): void {
  if (producerId === noProducerId) {
    if (isTransactional(attributes)) throw new UnwritableBatchError('a transactional batch needs a producer id')
    return
  }
  if (producerEpoch === -1 || baseSequence < 0) {
    throw new UnwritableBatchError(
      `producer ${producerId} has no epoch (${producerEpoch}) or sequence (${baseSequence})`
    )
  }
}

function encodeAnew(batch: Buffer, header: BatchHeader, records: Buffer): { first: bigint; bytes: Buffer } {
  const times = readExactTimes(batch)
  const hasOneTime = isLogAppendTime(header.attributes)
  const cursor = new RecordCursor(records)
  const writer = new Writer(records.length + 16)
  let first: bigint | null = null
  for (let index = 0; index < header.recordCount; index++) {
    cursor.next()
    const own = BigInt.asIntN(64, times.baseTimestamp + cursor.exactTimestampDelta())
    const timestamp = hasOneTime ? times.maxTimestamp : own
    if (timestamp < noTimestamp) throw new UnwritableBatchError(`a record has the time ${timestamp}`)
    first ??= timestamp
    const body = encodeBody(timestamp - first, index, new Reader(records, cursor.keyPosition, cursor.position))
    writer.writeVarint(body.length)
    writer.writeRaw(body)
  }
  return { first: first ?? noTimestamp, bytes: writer.toBuffer() }
}

/** The reader stands before the key of a record that was found sound. */
function encodeBody(timestampDelta: bigint, offsetDelta: number, from: Reader): Buffer {
  const writer = new Writer(from.remaining + 16)
  writer.writeInt8(0)
  writeVarlong(writer, timestampDelta)
  writer.writeVarint(offsetDelta)
  copyField(writer, from)
  copyField(writer, from)
  const headers = from.readVarint()
  writer.writeVarint(headers)
  for (let left = headers; left > 0; left--) {
    // Kafka holds the key of a header as a text, so that bytes which are none are replaced.
    const key = Buffer.from(from.slice(from.readVarint()).toString('utf8'), 'utf8')
    writer.writeVarint(key.length)
    writer.writeRaw(key)
    copyField(writer, from)
  }
  return writer.toBuffer()
}

function copyField(writer: Writer, from: Reader): void {
  const sizeBytes = Math.max(from.readVarint(), -1)
  writer.writeVarint(sizeBytes)
  if (sizeBytes > 0) writer.writeRaw(from.slice(sizeBytes))
}

/** Zigzag; times may be too far apart for a number. */
function writeVarlong(writer: Writer, value: bigint): void {
  if (Number.isSafeInteger(Number(value))) {
    writer.writeVarlong(Number(value))
    return
  }
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest >= 0x80n; rest >>= 7n) writer.writeInt8(Number(rest & 0x7fn) - 0x80)
  writer.writeInt8(Number(rest))
}

/**
 * Record batches of magic 2 as they lie in bytes (KIP-98): reading the header, walking from batch to batch, and patching
 * what only the broker knows, without decoding a record and without a copy. `batch-checks.ts` says what may enter a log.
 *
 *   0 baseOffset int64 · 8 length int32 · 12 partitionLeaderEpoch int32 · 16 magic int8 · 17 crc uint32 · 21 attributes int16
 *  23 lastOffsetDelta int32 · 27 baseTimestamp int64 · 35 maxTimestamp int64 · 43 producerId int64 · 51 producerEpoch int16
 *  53 baseSequence int32 · 57 recordCount int32 · 61 records
 *
 * `length` counts what comes after it; the CRC-32C covers everything from `attributes` on.
 */
import { crc32c } from './crc32c.ts'

export const batchHeaderBytes = 61
/** What stands before the bytes that `length` counts. */
export const batchPrefixBytes = 12
export const currentMagic = 2
export const noProducerId = -1

export const lengthPosition = 8
const leaderEpochPosition = 12
export const magicPosition = 16
const crcPosition = 17
const attributesPosition = 21
const lastOffsetDeltaPosition = 23
const maxTimestampPosition = 35
const baseTimestampPosition = 27
const recordCountPosition = 57

const compressionMask = 0x07
const logAppendTimeFlag = 0x08
const transactionalFlag = 0x10
const controlFlag = 0x20
const deleteHorizonFlag = 0x40
const meaningfulAttributes = compressionMask | logAppendTimeFlag | transactionalFlag | controlFlag | deleteHorizonFlag

/** Whose clock the times of a batch are of: its producer's or the broker's. */
export type TimestampType = 'CreateTime' | 'LogAppendTime'

export interface BatchHeader {
  /** This and the leader epoch are the broker's to give: see placeBatch. */
  baseOffset: number
  /** The whole batch, the twelve bytes of offset and length included. */
  readonly sizeBytes: number
  partitionLeaderEpoch: number
  readonly magic: number
  readonly crc: number
  readonly attributes: number
  readonly lastOffsetDelta: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
}

export function compressionOf(attributes: number): number {
  return attributes & compressionMask
}

export function isLogAppendTime(attributes: number): boolean {
  return (attributes & logAppendTimeFlag) !== 0
}

export function isTransactional(attributes: number): boolean {
  return (attributes & transactionalFlag) !== 0
}

/** Whether what may be a batch, and was not looked at yet, says that it is one of a transaction. */
export function mayBeTransactional(records: Buffer): boolean {
  // The lower byte has the flag.
  return records.length >= batchHeaderBytes && isTransactional(records[attributesPosition + 1] ?? 0)
}

export function isControl(attributes: number): boolean {
  return (attributes & controlFlag) !== 0
}

/** Whether the base timestamp is when tombstones of this batch may go, and no time of a record (KIP-534). */
export function hasDeleteHorizon(attributes: number): boolean {
  return (attributes & deleteHorizonFlag) !== 0
}

/** Kafka takes every negative id for none. */
export function hasProducerId(header: BatchHeader): boolean {
  return header.producerId > noProducerId
}

export function attributesOf(of: {
  readonly compression: number
  readonly timestampType: TimestampType
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly hasDeleteHorizon?: boolean
}): number {
  return (
    of.compression |
    (of.timestampType === 'LogAppendTime' ? logAppendTimeFlag : 0) |
    (of.isTransactional ? transactionalFlag : 0) |
    (of.isControl ? controlFlag : 0) |
    (of.hasDeleteHorizon === true ? deleteHorizonFlag : 0)
  )
}

/** The header of a batch that is known to lie whole at this position. */
export function readBatchHeader(buffer: Buffer, position = 0): BatchHeader {
  return {
    baseOffset: readInt64(buffer, position),
    sizeBytes: batchPrefixBytes + buffer.readInt32BE(position + lengthPosition),
    partitionLeaderEpoch: buffer.readInt32BE(position + leaderEpochPosition),
    magic: buffer.readInt8(position + magicPosition),
    crc: buffer.readUInt32BE(position + crcPosition),
    attributes: buffer.readInt16BE(position + attributesPosition),
    lastOffsetDelta: buffer.readInt32BE(position + lastOffsetDeltaPosition),
    baseTimestamp: readInt64(buffer, position + baseTimestampPosition),
    maxTimestamp: readInt64(buffer, position + maxTimestampPosition),
    producerId: readInt64(buffer, position + 43),
    producerEpoch: buffer.readInt16BE(position + 51),
    baseSequence: buffer.readInt32BE(position + 53),
    recordCount: buffer.readInt32BE(position + recordCountPosition)
  }
}

/** The base offset of the batch that begins here, without reading its header. */
export function baseOffsetAt(buffer: Buffer, position: number): number {
  return readInt64(buffer, position)
}

export function magicAt(buffer: Buffer, position: number): number {
  return buffer.readInt8(position + magicPosition)
}

export function leaderEpochAt(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position + leaderEpochPosition)
}

export function lastOffsetDeltaAt(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position + lastOffsetDeltaPosition)
}

export function lastOffsetAt(buffer: Buffer, position: number): number {
  return readInt64(buffer, position) + lastOffsetDeltaAt(buffer, position)
}

export function lastOffsetOf(header: BatchHeader): number {
  return header.baseOffset + header.lastOffsetDelta
}

/** The sequence number of the last record; sequences wrap to 0 after 2^31 - 1. */
export function lastSequenceOf(header: BatchHeader): number {
  if (header.baseSequence < 0) return -1
  return (header.baseSequence + header.lastOffsetDelta) % 0x80000000
}

/** The size of the batch that begins here, or -1 when not even its size is there or it cannot be one. */
export function batchSizeAt(buffer: Buffer, position: number): number {
  if (buffer.length - position < batchPrefixBytes) return -1
  const length = buffer.readInt32BE(position + lengthPosition)
  return length < batchHeaderBytes - batchPrefixBytes ? -1 : batchPrefixBytes + length
}

export function hasValidCrc(buffer: Buffer, position: number, sizeBytes: number): boolean {
  const expected = buffer.readUInt32BE(position + crcPosition)
  return crc32c(buffer, position + attributesPosition, position + sizeBytes) === expected
}

/** Base offset and leader epoch stand outside the CRC: giving a batch its place in the log costs twelve bytes. */
export function patchPlace(buffer: Buffer, position: number, baseOffset: number, leaderEpoch: number): void {
  writeInt64(buffer, position, baseOffset)
  buffer.writeInt32BE(leaderEpoch, position + leaderEpochPosition)
}

/** As patchPlace, for a batch whose header was read already. */
export function placeBatch(
  buffer: Buffer,
  position: number,
  header: BatchHeader,
  baseOffset: number,
  leaderEpoch: number
): void {
  patchPlace(buffer, position, baseOffset, leaderEpoch)
  header.baseOffset = baseOffset
  header.partitionLeaderEpoch = leaderEpoch
}

/** The two times of a header where a number may not be exact. */
export function readExactTimes(batch: Buffer): { readonly baseTimestamp: bigint; readonly maxTimestamp: bigint } {
  return {
    baseTimestamp: batch.readBigInt64BE(baseTimestampPosition),
    maxTimestamp: batch.readBigInt64BE(maxTimestampPosition)
  }
}

/**
 * Says the largest time of the records, and whose clock it is of. What changes nothing costs nothing; else the CRC is made
 * anew, and attributes without a meaning are gone (Kafka: DefaultRecordBatch.setMaxTimestamp). Says whether it changed.
 */
export function patchMaxTimestamp(batch: Buffer, type: TimestampType, maxTimestamp: number | bigint): boolean {
  const attributes = batch.readInt16BE(attributesPosition)
  const isSameType = isLogAppendTime(attributes) === (type === 'LogAppendTime')
  const largest = BigInt(maxTimestamp)
  if (isSameType && batch.readBigInt64BE(maxTimestampPosition) === largest) return false
  const flag = type === 'LogAppendTime' ? logAppendTimeFlag : 0
  batch.writeInt16BE((attributes & meaningfulAttributes & ~logAppendTimeFlag) | flag, attributesPosition)
  batch.writeBigInt64BE(largest, maxTimestampPosition)
  sealCrc(batch, 0, batch.length)
  return true
}

/** Completes the header of a batch whose records were made anew, in a buffer of its size. */
export function sealRebuilt(
  batch: Buffer,
  to: { readonly attributes: number; readonly baseTimestamp: bigint; readonly maxTimestamp: bigint }
): void {
  batch.writeInt32BE(batch.length - batchPrefixBytes, lengthPosition)
  batch.writeInt16BE(to.attributes, attributesPosition)
  batch.writeBigInt64BE(to.baseTimestamp, baseTimestampPosition)
  batch.writeBigInt64BE(to.maxTimestamp, maxTimestampPosition)
  sealCrc(batch, 0, batch.length)
}

/** The same of a batch that has lost records. */
export function sealThinned(
  batch: Buffer,
  to: Parameters<typeof sealRebuilt>[1] & { readonly recordCount: number }
): void {
  batch.writeInt32BE(to.recordCount, recordCountPosition)
  sealRebuilt(batch, to)
}

export function sealCrc(buffer: Buffer, position: number, sizeBytes: number): void {
  buffer.writeUInt32BE(crc32c(buffer, position + attributesPosition, position + sizeBytes), position + crcPosition)
}

/**
 * Visits the batches that lie back to back from the beginning, and gives the number of bytes that they take: up to the
 * first place where no whole batch of magic 2 with a right CRC stands.
 */
export function forEachBatch(buffer: Buffer, visit: (header: BatchHeader, position: number) => void): number {
  let position = 0
  while (isSoundAt(buffer, position)) {
    const header = readBatchHeader(buffer, position)
    visit(header, position)
    position += header.sizeBytes
  }
  return position
}

function isSoundAt(buffer: Buffer, position: number): boolean {
  const sizeBytes = batchSizeAt(buffer, position)
  if (sizeBytes < 0 || sizeBytes > buffer.length - position) return false
  return buffer.readInt8(position + magicPosition) === currentMagic && hasValidCrc(buffer, position, sizeBytes)
}

/**
 * Offsets, times and ids: 64 bits on the wire, a number here; what does not fit exactly is beyond any real log. Most offsets are
 * small integers, which V8 holds without a place on the heap unless they came out of a multiplication.
 */
function readInt64(buffer: Buffer, position: number): number {
  const high = buffer.readInt32BE(position)
  const low = buffer.readUInt32BE(position + 4)
  return high === 0 ? low : high * 0x100000000 + low
}

function writeInt64(buffer: Buffer, position: number, value: number): void {
  buffer.writeInt32BE(Math.floor(value / 0x100000000), position)
  buffer.writeUInt32BE(value >>> 0, position + 4)
}

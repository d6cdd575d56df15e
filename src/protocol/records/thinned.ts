/**
 * A batch with some of its records only, or with none, as compaction leaves it: it keeps its base offset and its last, so that no record
 * moves and its producer's sequence numbers stay known (Kafka: MemoryRecords.filterTo, DefaultRecordBatch.writeEmptyHeader).
 *
 * Its times count from the first record that is left; or, where a tombstone or a marker is to go some time, from the time from which on
 * it may: the delete horizon, which an attribute tells apart (KIP-534).
 */
import {
  attributesOf,
  type BatchHeader,
  batchHeaderBytes,
  compressionOf,
  hasDeleteHorizon,
  isControl,
  isLogAppendTime,
  isTransactional,
  readExactTimes,
  sealThinned
} from './batch.ts'
import { Compression, compress } from './compression/codec.ts'

/** A record that stays, by its place in the records without compression. */
export interface KeptRecord {
  /** Where it begins, with its size. */
  readonly start: number
  readonly end: number
  readonly timestampDelta: number | bigint
}

/** The largest number of bytes that a varint and a varlong take. */
const varintBytesMax = 5
const varlongBytesMax = 10

/** At least one record is kept. `deleteHorizonMs` is null where the batch has none yet and needs none. */
export function thinnedBatch(
  batch: Buffer,
  header: BatchHeader,
  records: Buffer,
  kept: readonly KeptRecord[],
  deleteHorizonMs: number | null
): Buffer {
  const { attributes } = header
  const times = readExactTimes(batch)
  const horizon = deleteHorizonMs ?? (hasDeleteHorizon(attributes) ? times.baseTimestamp : null)
  // With the time of the log's end each record has the one of its batch.
  const hasOneTime = isLogAppendTime(attributes)
  const timeOf = ({ timestampDelta }: KeptRecord): number | bigint =>
    hasOneTime ? times.maxTimestamp : added(header.baseTimestamp, times.baseTimestamp, timestampDelta)
  const first = kept[0]
  const base = horizon ?? (first === undefined ? -1 : timeOf(first))
  const encoded = encode(records, kept, (record) => difference(timeOf(record), base))
  const compression = compressionOf(attributes)
  const packed = compress(compression, encoded)
  const thinned = Buffer.allocUnsafe(batchHeaderBytes + packed.length)
  batch.copy(thinned, 0, 0, batchHeaderBytes)
  packed.copy(thinned, batchHeaderBytes)
  sealThinned(thinned, {
    attributes: attributesOf({ ...factsOf(attributes), compression, hasDeleteHorizon: horizon !== null }),
    baseTimestamp: BigInt(base),
    maxTimestamp: hasOneTime ? times.maxTimestamp : BigInt(largest(kept.map(timeOf))),
    recordCount: kept.length
  })
  return thinned
}

/** Without any record: what is left of it is its place, its producer and its sequence numbers. */
export function emptiedBatch(batch: Buffer, header: BatchHeader): Buffer {
  const emptied = Buffer.from(batch.subarray(0, batchHeaderBytes))
  const { attributes } = header
  sealThinned(emptied, {
    attributes: attributesOf({ ...factsOf(attributes), compression: Compression.none, hasDeleteHorizon: false }),
    baseTimestamp: -1n,
    maxTimestamp: readExactTimes(batch).maxTimestamp,
    recordCount: 0
  })
  return emptied
}

function factsOf(attributes: number) {
  return {
    timestampType: isLogAppendTime(attributes) ? 'LogAppendTime' : 'CreateTime',
    isTransactional: isTransactional(attributes),
    isControl: isControl(attributes)
  } as const
}

/** What follows the times in a record is the same in its new form. */
function encode(
  records: Buffer,
  kept: readonly KeptRecord[],
  newDelta: (record: KeptRecord) => number | bigint
): Buffer {
  const roomBytes = kept.reduce((sum, { start, end }) => sum + end - start + varintBytesMax + varlongBytesMax, 0)
  const encoded = Buffer.allocUnsafe(roomBytes)
  let position = 0
  for (const record of kept) {
    const { start, end } = record
    const delta = newDelta(record)
    if (delta === record.timestampDelta) {
      position += records.copy(encoded, position, start, end)
      continue
    }
    const attributesAt = behindVarint(records, start)
    const rest = behindVarint(records, attributesAt + 1)
    const raw = zigzag(delta)
    const bodyBytes = 1 + sizeOfVarlong(raw) + end - rest
    position = putVarlong(encoded, position, zigzag(bodyBytes))
    encoded[position] = records[attributesAt] ?? 0
    position = putVarlong(encoded, position + 1, raw)
    position += records.copy(encoded, position, rest, end)
  }
  return encoded.subarray(0, position)
}

function behindVarint(bytes: Buffer, start: number): number {
  let position = start
  while ((bytes[position] as number) >= 0x80) position += 1
  return position + 1
}

/** Exact, in 64 bits: times of the years after 9999, and of damaged clocks, do not fit into a number. */
function added(base: number, exactBase: bigint, delta: number | bigint): number | bigint {
  if (typeof delta === 'number' && Number.isSafeInteger(base + delta)) return base + delta
  return BigInt.asIntN(64, exactBase + BigInt(delta))
}

function difference(time: number | bigint, base: number | bigint): number | bigint {
  if (typeof time === 'number' && typeof base === 'number') return time - base
  const exact = BigInt.asIntN(64, BigInt(time) - BigInt(base))
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact
}

function largest(times: readonly (number | bigint)[]): number | bigint {
  return times.reduce((most, time) => (time > most ? time : most))
}

/** As an unsigned number of at most 64 bits. */
function zigzag(value: number | bigint): number | bigint {
  if (typeof value === 'number' && Math.abs(value) < 2 ** 51) return value < 0 ? -2 * value - 1 : 2 * value
  const exact = BigInt(value)
  return BigInt.asUintN(64, (exact << 1n) ^ (exact >> 63n))
}

function sizeOfVarlong(raw: number | bigint): number {
  let sizeBytes = 1
  if (typeof raw === 'number') for (let rest = raw; rest >= 0x80; rest = Math.floor(rest / 0x80)) sizeBytes += 1
  else for (let rest = raw; rest >= 0x80n; rest >>= 7n) sizeBytes += 1
  return sizeBytes
}

/** Gives the position behind it. */
function putVarlong(bytes: Buffer, start: number, raw: number | bigint): number {
  let position = start
  let rest = raw
  while (rest >= 0x80) {
    bytes[position++] = typeof rest === 'number' ? (rest % 0x80) | 0x80 : Number(rest & 0x7fn) | 0x80
    rest = typeof rest === 'number' ? Math.floor(rest / 0x80) : rest >> 7n
  }
  bytes[position] = Number(rest)
  return position + 1
}

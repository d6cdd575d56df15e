/** Record batches by hand (format v2, and the shells of v0 and v1), whole ones to build on and damaged ones to send. */
import { int8, int16, int32, int64 } from './wire.ts'

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value >>> 0
})

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0)
  return (crc ^ 0xffffffff) >>> 0
}

/** A length of the wire's zigzag form. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value < 0 ? -value * 2 - 1 : value * 2
  while (rest > 0x7f) {
    bytes.push((rest % 128) | 0x80)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...bytes, rest])
}

export interface KeyedValue {
  readonly key: string | null
  readonly value: string | null
}

function record(index: number, content: string | Uint8Array | KeyedValue): Buffer {
  const { key, value } =
    typeof content === 'string' || content instanceof Uint8Array ? { key: null, value: content } : content
  const body = Buffer.concat([int8(0), varint(0), varint(index), sizedBytes(key), sizedBytes(value), varint(0)])
  return Buffer.concat([varint(body.length), body])
}

function sizedBytes(content: string | Uint8Array | null): Buffer {
  if (content === null) return varint(-1)
  const bytes = Buffer.from(content)
  return Buffer.concat([varint(bytes.length), bytes])
}

export interface BatchFields {
  readonly magic?: number
  readonly timestampMs?: number
  readonly count?: number
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly attributes?: number
}

/** A batch as a producer sends it: base offset 0, no compression, correct CRC whatever the fields say. */
export function recordBatch(values: readonly (string | Uint8Array | KeyedValue)[], fields: BatchFields = {}): Buffer {
  const timestamp = int64(fields.timestampMs ?? Date.now())
  const records = values.map((value, index) => record(index, value))
  const checked = Buffer.concat([
    int16(fields.attributes ?? 0),
    int32(values.length - 1),
    timestamp,
    timestamp,
    int64(fields.producerId ?? -1),
    int16(fields.producerEpoch ?? -1),
    int32(fields.baseSequence ?? -1),
    int32(fields.count ?? values.length),
    ...records
  ])
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32c(checked))
  const afterLength = Buffer.concat([int32(-1), int8(fields.magic ?? 2), crc, checked])
  return Buffer.concat([int64(0), int32(afterLength.length), afterLength])
}

/** A message of the formats before batches (magic 0 or 1), which brokers no longer take. */
export function oldMessage(magic: 0 | 1, value: string): Buffer {
  const body = Buffer.concat([int32(-1), int32(value.length), Buffer.from(value)])
  const checked = Buffer.concat([int8(magic), int8(0), ...(magic === 1 ? [int64(Date.now())] : []), body])
  const message = Buffer.concat([int32(crc32(checked)), checked])
  return Buffer.concat([int64(0), int32(message.length), message])
}

/** The older CRC-32 (IEEE), as a signed int32. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) | 0
}

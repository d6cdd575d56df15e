/**
 * Writes the primitive types of Kafka's protocol (Kafka: ByteBufferAccessor and SendBuilder).
 *
 * Record batches and other long bytes are not copied: they become chunks of their own between the written ones, and the
 * socket gets the list. A writer made by `Writer.frame()` keeps the first four bytes for the size of the frame.
 */
import { EncodeError } from './errors.ts'
import { ZERO_UUID } from './reader.ts'

/** Record batches back to back: in one Buffer, or as the pieces that a read over several segments gave. */
export type Records = Buffer | { readonly chunks: readonly Buffer[]; readonly sizeBytes: number }

/** Bytes from this length on are passed through as a chunk; below, one more entry in the list costs more than the copy. */
const passThroughBytes = 1024
const maxStringBytes = 0x7fff
const twoTo32 = 0x1_0000_0000
const twoTo63 = 0x8000_0000_0000_0000
const frameSizeBytes = 4
const shortTextLength = 48
/** What stays of either end of a text that is too long: enough for what was said about a name in its middle. */
const shortenedEndLength = 500

export class Writer {
  private buffer: Buffer
  private position = 0
  /** Where the bytes begin that are not yet in `chunks`. */
  private start = 0
  private readonly chunks: Buffer[] = []
  private chunksSizeBytes = 0
  private openTags = 0
  private isFrame = false

  constructor(capacityBytes = 256) {
    this.buffer = Buffer.allocUnsafe(capacityBytes)
  }

  static frame(capacityBytes = 256): Writer {
    const writer = new Writer(Math.max(capacityBytes, frameSizeBytes))
    writer.isFrame = true
    writer.writeInt32(0)
    return writer
  }

  /** All that was written, with the four bytes of the frame size if this is a frame. */
  get sizeBytes(): number {
    return this.chunksSizeBytes + this.position - this.start
  }

  /** The chunks in order; nothing may be written afterwards. */
  finish(): Buffer[] {
    this.cutChunk()
    const first = this.chunks[0]
    if (this.isFrame && first !== undefined) first.writeInt32BE(this.chunksSizeBytes - frameSizeBytes, 0)
    return this.chunks
  }

  /** All bytes in one Buffer. */
  toBuffer(): Buffer {
    const chunks = this.finish()
    const only = chunks[0]
    return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, this.chunksSizeBytes)
  }

  private cutChunk(): void {
    if (this.position === this.start) return
    this.chunks.push(this.buffer.subarray(this.start, this.position))
    this.chunksSizeBytes += this.position - this.start
    this.start = this.position
  }

  /** Makes room for `sizeBytes` and gives the position to write them at. */
  private reserve(sizeBytes: number): number {
    if (this.position + sizeBytes > this.buffer.length) this.grow(sizeBytes)
    const position = this.position
    this.position = position + sizeBytes
    return position
  }

  private grow(sizeBytes: number): void {
    const used = this.position - this.start
    const larger = Buffer.allocUnsafe(Math.max(2 * used, used + sizeBytes, 256))
    this.buffer.copy(larger, 0, this.start, this.position)
    this.buffer = larger
    this.start = 0
    this.position = used
  }

  writeBoolean(value: boolean): void {
    const position = this.reserve(1)
    this.buffer[position] = value ? 1 : 0
  }

  writeInt8(value: number): void {
    const position = this.reserve(1)
    this.buffer.writeInt8(value, position)
  }

  writeUint8(value: number): void {
    const position = this.reserve(1)
    this.buffer.writeUInt8(value, position)
  }

  writeInt16(value: number): void {
    const position = this.reserve(2)
    this.buffer.writeInt16BE(value, position)
  }

  writeUint16(value: number): void {
    const position = this.reserve(2)
    this.buffer.writeUInt16BE(value, position)
  }

  writeInt32(value: number): void {
    const position = this.reserve(4)
    this.buffer.writeInt32BE(value, position)
  }

  writeUint32(value: number): void {
    const position = this.reserve(4)
    this.buffer.writeUInt32BE(value, position)
  }

  writeInt64(value: number): void {
    if (!Number.isSafeInteger(value)) throw new EncodeError(`${value} is not a safe integer`)
    const position = this.reserve(8)
    this.buffer.writeInt32BE(Math.floor(value / twoTo32), position)
    this.buffer.writeUInt32BE(value >>> 0, position + 4)
  }

  /** As writeInt64; 2^63 and above are Long.MAX_VALUE (see Reader.readInt64Wide). */
  writeInt64Wide(value: number): void {
    if (Number.isSafeInteger(value)) this.writeInt64(value)
    else this.writeBigInt64(wideInt64(value))
  }

  writeBigInt64(value: bigint): void {
    const position = this.reserve(8)
    this.buffer.writeBigInt64BE(value, position)
  }

  writeFloat64(value: number): void {
    const position = this.reserve(8)
    this.buffer.writeDoubleBE(value, position)
  }

  writeUnsignedVarint(value: number): void {
    let rest = value >>> 0
    while (rest >= 0x80) {
      const position = this.reserve(1)
      this.buffer[position] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    const position = this.reserve(1)
    this.buffer[position] = rest
  }

  /** Zigzag, as in records. */
  writeVarint(value: number): void {
    this.writeUnsignedVarint((value << 1) ^ (value >> 31))
  }

  /** Zigzag, as in records. */
  writeVarlong(value: number): void {
    if (!Number.isSafeInteger(value)) throw new EncodeError(`${value} is not a safe integer`)
    const magnitude = value < 0 ? -value - 1 : value
    let low = ((magnitude << 1) | (value < 0 ? 1 : 0)) >>> 0
    let high = Math.floor(magnitude / 0x8000_0000)
    while (high > 0 || low >= 0x80) {
      const position = this.reserve(1)
      this.buffer[position] = (low & 0x7f) | 0x80
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    const position = this.reserve(1)
    this.buffer[position] = low
  }

  writeUuid(value: string): void {
    const position = this.reserve(16)
    if (value === ZERO_UUID) {
      this.buffer.fill(0, position, position + 16)
    } else if (value.length !== 22 || this.buffer.write(value, position, 16, 'base64url') !== 16) {
      throw new EncodeError(`'${value}' is not the text of a UUID`)
    }
  }

  writeString(value: string): void {
    const size = textSize(value)
    const position = this.reserve(2 + size)
    this.buffer.writeInt16BE(size, position)
    this.text(value, position + 2, size)
  }

  writeNullableString(value: string | null): void {
    if (value === null) this.writeInt16(-1)
    else this.writeString(value)
  }

  writeCompactString(value: string): void {
    const size = textSize(value)
    this.writeUnsignedVarint(size + 1)
    const position = this.reserve(size)
    this.text(value, position, size)
  }

  writeCompactNullableString(value: string | null): void {
    if (value === null) this.writeUnsignedVarint(0)
    else this.writeCompactString(value)
  }

  /** A text for people: too long for a string, it loses its middle, so that a name told in it never costs the answer. */
  writeNullableProse(value: string | null): void {
    this.writeNullableString(value === null ? null : shortened(value))
  }

  writeCompactNullableProse(value: string | null): void {
    this.writeCompactNullableString(value === null ? null : shortened(value))
  }

  private text(value: string, position: number, size: number): void {
    const buffer = this.buffer
    if (size === value.length && size <= shortTextLength) {
      for (let index = 0; index < size; index++) buffer[position + index] = value.charCodeAt(index)
    } else {
      buffer.write(value, position, size, 'utf8')
    }
  }

  writeBytes(value: Buffer): void {
    this.writeInt32(value.length)
    this.writeRaw(value)
  }

  writeNullableBytes(value: Buffer | null): void {
    if (value === null) this.writeInt32(-1)
    else this.writeBytes(value)
  }

  writeCompactBytes(value: Buffer): void {
    this.writeUnsignedVarint(value.length + 1)
    this.writeRaw(value)
  }

  writeCompactNullableBytes(value: Buffer | null): void {
    if (value === null) this.writeUnsignedVarint(0)
    else this.writeCompactBytes(value)
  }

  /** Bytes without a length before them. Long ones are not copied and must not change until they are sent. */
  writeRaw(value: Buffer): void {
    if (value.length >= passThroughBytes && this.openTags === 0) {
      this.cutChunk()
      this.chunks.push(value)
      this.chunksSizeBytes += value.length
    } else {
      const position = this.reserve(value.length)
      value.copy(this.buffer, position)
    }
  }

  writeRecords(records: Records): void {
    this.writeInt32(sizeOf(records))
    this.writePieces(records)
  }

  writeNullableRecords(records: Records | null): void {
    if (records === null) this.writeInt32(-1)
    else this.writeRecords(records)
  }

  writeCompactRecords(records: Records): void {
    this.writeUnsignedVarint(sizeOf(records) + 1)
    this.writePieces(records)
  }

  writeCompactNullableRecords(records: Records | null): void {
    if (records === null) this.writeUnsignedVarint(0)
    else this.writeCompactRecords(records)
  }

  private writePieces(records: Records): void {
    if (Buffer.isBuffer(records)) this.writeRaw(records)
    else for (const chunk of records.chunks) this.writeRaw(chunk)
  }

  /** -1 for null. */
  writeArrayLength(length: number): void {
    this.writeInt32(length)
  }

  /** -1 for null. */
  writeCompactArrayLength(length: number): void {
    this.writeUnsignedVarint(length + 1)
  }

  /** How many tagged fields follow at the end of a struct. */
  writeTagCount(count: number): void {
    this.writeUnsignedVarint(count)
  }

  writeEmptyTaggedFields(): void {
    const position = this.reserve(1)
    this.buffer[position] = 0
  }

  /** Opens a tagged field; its size is put before it by `closeTag`, which takes what this gave back. */
  openTag(tag: number): number {
    this.openTags++
    this.writeUnsignedVarint(tag)
    this.reserve(1)
    return this.position - this.start
  }

  closeTag(mark: number): void {
    const size = this.position - this.start - mark
    const sizeLength = varintLength(size)
    this.reserve(sizeLength - 1)
    const from = this.start + mark
    if (sizeLength > 1) this.buffer.copyWithin(from + sizeLength - 1, from, from + size)
    const end = this.position
    this.position = from - 1
    this.writeUnsignedVarint(size)
    this.position = end
    this.openTags--
  }
}

/** The int64 that a number in the wide form stands for: there is none beyond Long.MAX_VALUE, which as a double is 2^63. */
export function wideInt64(value: number): bigint {
  return value >= twoTo63 ? 0x7fff_ffff_ffff_ffffn : BigInt(Math.max(value, -twoTo63))
}

/** How many bytes an unsigned varint takes. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length++
  return length
}

function sizeOf(records: Records): number {
  return Buffer.isBuffer(records) ? records.length : records.sizeBytes
}

function shortened(prose: string): string {
  if (Buffer.byteLength(prose, 'utf8') <= maxStringBytes) return prose
  return `${prose.slice(0, shortenedEndLength)} … ${prose.slice(-shortenedEndLength)}`
}

function textSize(value: string): number {
  const size = Buffer.byteLength(value, 'utf8')
  if (size > maxStringBytes) throw new EncodeError(`a string of ${size} bytes is longer than ${maxStringBytes}`)
  return size
}

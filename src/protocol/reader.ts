/**
 * Reads the primitive types of Kafka's protocol from a Buffer, front to back (Kafka: ByteBufferAccessor, and the type
 * list at kafka.apache.org/protocol).
 *
 * Every length and count is compared with the bytes that are left before anything is allocated, and every count with the memory
 * that may be taken: an element of two bytes can become an object of two hundred. An int64 becomes a
 * number and must be a safe integer; `readInt64Wide` is for the fields where a client may say anything (Long.MAX_VALUE for
 * "no limit"), `readBigInt64` for those that use all 64 bits.
 */
import { ProtocolError } from './errors.ts'

const nothing = Buffer.alloc(0)
/** Memory of an array with an element, beside that of its elements: V8 makes room for 17 at the first. */
const arrayMemory = 160
const noBound = 0x7fff_ffff

/** Kafka's text of the UUID that is all zeros: "no topic id". */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

const maxStringBytes = 0x7fff
const twoTo32 = 0x1_0000_0000

export class Reader {
  readonly buffer: Buffer
  position: number
  readonly end: number
  /** What is being read; opens the text of an error. */
  subject = 'message'
  /** What arrays may still take in memory. */
  memoryLeft = noBound

  constructor(buffer: Buffer, position = 0, end = buffer.length) {
    this.buffer = buffer
    this.position = position
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  /** Builds the error for the place where the reader stands. */
  error(problem: string): ProtocolError {
    return new ProtocolError(`${this.subject}, byte ${this.position}: ${problem}`)
  }

  /** Moves on by `sizeBytes` and gives the position before; refuses what is not there. */
  private take(sizeBytes: number): number {
    const position = this.position
    if (sizeBytes > this.end - position) {
      throw this.error(`needs ${sizeBytes} bytes, ${this.end - position} are left`)
    }
    this.position = position + sizeBytes
    return position
  }

  /** The next bytes as a slice. */
  readSlice(sizeBytes: number): Buffer {
    const position = this.take(sizeBytes)
    return this.buffer.subarray(position, position + sizeBytes)
  }

  readBoolean(): boolean {
    return this.buffer[this.take(1)] !== 0
  }

  readInt8(): number {
    return this.buffer.readInt8(this.take(1))
  }

  readUint8(): number {
    return this.buffer.readUInt8(this.take(1))
  }

  readInt16(): number {
    return this.buffer.readInt16BE(this.take(2))
  }

  readUint16(): number {
    return this.buffer.readUInt16BE(this.take(2))
  }

  readInt32(): number {
    return this.buffer.readInt32BE(this.take(4))
  }

  readUint32(): number {
    return this.buffer.readUInt32BE(this.take(4))
  }

  readInt64(): number {
    const value = this.readInt64Wide()
    if (!Number.isSafeInteger(value)) throw this.error(`the int64 ${value} is beyond what is supported`)
    return value
  }

  /** As readInt64, but beyond the safe integers the nearest double stands for the value: Long.MAX_VALUE is 2^63. */
  readInt64Wide(): number {
    const position = this.take(8)
    return this.buffer.readInt32BE(position) * twoTo32 + this.buffer.readUInt32BE(position + 4)
  }

  readBigInt64(): bigint {
    return this.buffer.readBigInt64BE(this.take(8))
  }

  readFloat64(): number {
    return this.buffer.readDoubleBE(this.take(8))
  }

  readUnsignedVarint(): number {
    const first = this.buffer[this.take(1)] ?? 0
    if (first < 0x80) return first
    let value = first & 0x7f
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.buffer[this.take(1)] ?? 0
      value = (value | ((byte & 0x7f) << shift)) >>> 0
      if (byte < 0x80) return value
    }
    throw this.error('a varint is longer than 5 bytes')
  }

  /** Zigzag, as in records. */
  readVarint(): number {
    const raw = this.readUnsignedVarint()
    return (raw >>> 1) ^ -(raw & 1)
  }

  /** Zigzag, as in records; must be a safe integer. */
  readVarlong(): number {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.buffer[this.take(1)] ?? 0
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte < 0x80) return this.fromZigzag(low, high)
    }
    throw this.error('a varlong is longer than 10 bytes')
  }

  private fromZigzag(low: number, high: number): number {
    const isNegative = (low & 1) === 1
    const magnitude = (high >>> 1) * twoTo32 + (((high << 31) | (low >>> 1)) >>> 0)
    const value = isNegative ? -magnitude - 1 : magnitude
    if (!Number.isSafeInteger(value)) throw this.error(`the varlong ${value} is beyond what is supported`)
    return value
  }

  readUuid(): string {
    const position = this.take(16)
    const buffer = this.buffer
    if (buffer.readInt32BE(position) === 0 && isZero(buffer, position + 4, position + 16)) return ZERO_UUID
    return buffer.toString('base64url', position, position + 16)
  }

  readString(): string {
    const length = this.readInt16()
    if (length < 0) throw this.error('a string that must be there is null')
    return this.text(length)
  }

  readNullableString(): string | null {
    const length = this.readInt16()
    return length < 0 ? null : this.text(length)
  }

  readCompactString(): string {
    const length = this.readUnsignedVarint() - 1
    if (length < 0) throw this.error('a string that must be there is null')
    return this.text(length)
  }

  readCompactNullableString(): string | null {
    const length = this.readUnsignedVarint() - 1
    return length < 0 ? null : this.text(length)
  }

  private text(length: number): string {
    if (length === 0) return ''
    if (length > maxStringBytes) throw this.error(`a string of ${length} bytes is longer than ${maxStringBytes}`)
    const position = this.take(length)
    const text = this.buffer.toString('utf8', position, position + length)
    // What stands for a byte that is no UTF-8 has three: no answer could carry such a text back.
    if (length > maxStringBytes / 3 && Buffer.byteLength(text) > maxStringBytes) {
      throw this.error(`a string of ${length} bytes is not UTF-8`)
    }
    return text
  }

  /** A copy: what is kept from a request must not hold the whole request in memory. */
  readBytes(): Buffer {
    return copied(this.readBytesSlice())
  }

  readNullableBytes(): Buffer | null {
    const slice = this.readNullableBytesSlice()
    return slice === null ? null : copied(slice)
  }

  readCompactBytes(): Buffer {
    return copied(this.readCompactBytesSlice())
  }

  readCompactNullableBytes(): Buffer | null {
    const slice = this.readCompactNullableBytesSlice()
    return slice === null ? null : copied(slice)
  }

  readBytesSlice(): Buffer {
    const length = this.readInt32()
    if (length < 0) throw this.error('bytes that must be there are null')
    return this.slice(length)
  }

  /** The bytes themselves, not a copy. Records are read this way. */
  readNullableBytesSlice(): Buffer | null {
    const length = this.readInt32()
    return length < 0 ? null : this.slice(length)
  }

  readCompactBytesSlice(): Buffer {
    const length = this.readUnsignedVarint() - 1
    if (length < 0) throw this.error('bytes that must be there are null')
    return this.slice(length)
  }

  readCompactNullableBytesSlice(): Buffer | null {
    const length = this.readUnsignedVarint() - 1
    return length < 0 ? null : this.slice(length)
  }

  /** The next `length` bytes, not copied. */
  slice(length: number): Buffer {
    const position = this.take(length)
    return this.buffer.subarray(position, position + length)
  }

  skip(length: number): void {
    this.take(length)
  }

  /** The count of an array whose elements take at least so many bytes (1 or more) each here, and at most so much memory. */
  readArrayLength(minimumElementBytes: number, elementMemory: number): number {
    const length = this.readInt32()
    if (length < 0) throw this.error('an array that must be there is null')
    return this.fits(length, minimumElementBytes, elementMemory)
  }

  /** -1 for null. */
  readNullableArrayLength(minimumElementBytes: number, elementMemory: number): number {
    const length = this.readInt32()
    return length < 0 ? -1 : this.fits(length, minimumElementBytes, elementMemory)
  }

  readCompactArrayLength(minimumElementBytes: number, elementMemory: number): number {
    const length = this.readUnsignedVarint() - 1
    if (length < 0) throw this.error('an array that must be there is null')
    return this.fits(length, minimumElementBytes, elementMemory)
  }

  /** -1 for null. */
  readCompactNullableArrayLength(minimumElementBytes: number, elementMemory: number): number {
    const length = this.readUnsignedVarint() - 1
    return length < 0 ? -1 : this.fits(length, minimumElementBytes, elementMemory)
  }

  private fits(length: number, minimumElementBytes: number, elementMemory: number): number {
    if (length * minimumElementBytes > this.end - this.position) {
      throw this.error(`an array of ${length} elements does not fit into the ${this.remaining} bytes left`)
    }
    if (length === 0) return 0
    const memory = arrayMemory + length * elementMemory
    if (memory > this.memoryLeft) throw this.error(`an array of ${length} elements takes more memory than may be taken`)
    this.memoryLeft -= memory
    return length
  }

  /** The byte before a struct that may be null (KIP-893): below 0 means null. */
  readStructIsPresent(): boolean {
    return this.readInt8() >= 0
  }

  /** The same of a tagged field: a number that is 0 for null. */
  readTaggedStructIsPresent(): boolean {
    return this.readUnsignedVarint() > 0
  }

  /** The position at which a tagged field of this size ends. */
  tagEnd(sizeBytes: number): number {
    if (sizeBytes > this.remaining) throw this.error(`a tagged field of ${sizeBytes} bytes does not fit`)
    return this.position + sizeBytes
  }

  /** Asserts that a tagged field took the bytes that it announced. */
  closeTag(end: number): void {
    if (this.position !== end) throw this.error(`a tagged field was announced to end at byte ${end}`)
  }

  skipTaggedFields(): void {
    for (let left = this.readUnsignedVarint(); left > 0; left--) {
      this.readUnsignedVarint()
      this.take(this.readUnsignedVarint())
    }
  }
}

/** Each empty Buffer of its own would take more memory than one with some bytes. */
function copied(slice: Buffer): Buffer {
  return slice.length === 0 ? nothing : Buffer.from(slice)
}

function isZero(buffer: Buffer, from: number, to: number): boolean {
  for (let position = from; position < to; position++) if (buffer[position] !== 0) return false
  return true
}

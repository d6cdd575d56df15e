/**
 * Moves over the records of a batch, one after the other, without making anything of them: where they begin and end, and
 * what of them the broker has to know (KIP-98, "Record"; Kafka: DefaultRecord.readFrom, as strict). Every record that a client
 * sends passes here, so that a step allocates nothing and reads each byte of structure once; keys and values are skipped.
 *
 *   size varint · attributes int8 · timestampDelta varlong · offsetDelta varint · key varint, bytes · value varint, bytes
 *   headerCount varint · each header: key varint, bytes · value varint, bytes
 */

/** What is inside a batch are not the records that its header speaks of. The message says what is wrong where. */
export class InvalidRecordsError extends Error {
  override readonly name = 'InvalidRecordsError'
}

/** Zigzag varlongs of so many bytes are numbers without loss, also when they are added to a time of our days. */
const exactDeltaBytes = 7
const varintBytesMax = 5
const varlongBytesMax = 10

export class RecordCursor {
  readonly #bytes: Uint8Array
  readonly #end: number
  #position: number
  /** Where the record that was moved over last begins, after its size. */
  #bodyStart = 0
  /** NaN when it is too large for a number: `exactTimestampDelta` has it then. */
  timestampDelta = 0
  offsetDelta = 0
  hasKey = false
  /** Where its key begins: what follows the offset is the same in any batch. */
  keyPosition = 0

  /** The records end with the bytes. */
  constructor(bytes: Uint8Array, position = 0) {
    this.#bytes = bytes
    this.#position = position
    this.#end = bytes.length
  }

  /** Behind the record that was moved over last. */
  get position(): number {
    return this.#position
  }

  /** Sees that nothing stands behind the records. Throws InvalidRecordsError. */
  expectEnd(count: number): void {
    const rest = this.#end - this.#position
    if (rest > 0) throw new InvalidRecordsError(`${rest} bytes stand after the ${count} records of a batch`)
  }

  /** Moves over the next record. Throws InvalidRecordsError when there is none. */
  next(): void {
    if (!this.#passPlain()) this.#pass()
  }

  /**
   * Nearly every record has numbers of one or two bytes and no headers: it is passed in one go, with the place in a local
   * variable (measured: 18 ns for one of 100 bytes, 38 without this). Of anything else it says false, and nothing has moved.
   */
  #passPlain(): boolean {
    const bytes = this.#bytes
    let position = this.#position
    const size = shortAt(bytes, position)
    position += widthAt(bytes, position)
    const bodyStart = position
    const end = bodyStart + unzigzag(size)
    if (size < 0 || end <= bodyStart || end > this.#end) return false
    position += 1 // The record's attributes: no bit has a meaning yet.
    const timestampDelta = shortAt(bytes, position)
    position += widthAt(bytes, position)
    const offsetDelta = shortAt(bytes, position)
    position += widthAt(bytes, position)
    const keyPosition = position
    const key = shortAt(bytes, position)
    position += widthAt(bytes, position) + Math.max(0, unzigzag(key))
    const value = shortAt(bytes, position)
    position += widthAt(bytes, position) + Math.max(0, unzigzag(value))
    if ((timestampDelta | offsetDelta | key | value) < 0 || position !== end - 1 || bytes[position] !== 0) return false
    this.#bodyStart = bodyStart
    this.timestampDelta = unzigzag(timestampDelta)
    this.offsetDelta = unzigzag(offsetDelta)
    this.keyPosition = keyPosition
    this.hasKey = (key & 1) === 0
    this.#position = end
    return true
  }

  #pass(): void {
    const sizeBytes = this.#varint()
    const end = this.#position + sizeBytes
    if (sizeBytes < 1 || end > this.#end) throw this.#error(`a record of ${sizeBytes} bytes does not fit its batch`)
    this.#bodyStart = this.#position
    this.#position += 1 // The record's attributes: no bit has a meaning yet.
    this.timestampDelta = this.#varlong()
    this.offsetDelta = this.#varint()
    this.keyPosition = this.#position
    this.hasKey = this.#skipField(end)
    this.#skipField(end)
    const headers = this.#varint()
    if (headers !== 0) this.#skipHeaders(headers, end)
    if (this.#position !== end) throw this.#error('a record does not end where its size says')
  }

  #skipHeaders(count: number, end: number): void {
    // A header has at least two bytes: the sizes of its key and value.
    if (count < 0 || count * 2 > end - this.#position) throw this.#error(`a record cannot have ${count} headers`)
    for (let left = count; left > 0; left--) {
      if (!this.#skipField(end)) throw this.#error('the key of a header is null')
      this.#skipField(end)
    }
  }

  /** The same in 64 bits, for the records of the years after 9999 and of damaged clocks. */
  exactTimestampDelta(): bigint {
    let raw = 0n
    let shift = 0n
    for (let position = this.#bodyStart + 1; ; position++) {
      const byte = this.#bytes[position] as number
      raw |= BigInt(byte & 0x7f) << shift
      shift += 7n
      if (byte < 0x80) break
    }
    const value = BigInt.asUintN(64, raw)
    return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
  }

  /** Whether the field is there: Kafka takes every negative size for null. */
  #skipField(end: number): boolean {
    const sizeBytes = this.#varint()
    if (sizeBytes < 0) return false
    if (sizeBytes > end - this.#position) throw this.#error(`a field of ${sizeBytes} bytes does not fit`)
    this.#position += sizeBytes
    return true
  }

  #varint(): number {
    let raw = 0
    for (let index = 0; index < varintBytesMax; index++) {
      if (this.#position >= this.#end) throw this.#error('the batch ends within a record')
      const byte = this.#bytes[this.#position++] as number
      raw |= (byte & 0x7f) << (7 * index)
      if (byte < 0x80) return unzigzag(raw)
    }
    throw this.#error('a varint is longer than 5 bytes')
  }

  #varlong(): number {
    const start = this.#position
    let raw = 0
    let scale = 1
    for (let index = 0; index < varlongBytesMax; index++) {
      if (this.#position >= this.#end) throw this.#error('the batch ends within a record')
      const byte = this.#bytes[this.#position++] as number
      raw += (byte & 0x7f) * scale
      scale *= 128
      if (byte >= 0x80) continue
      if (this.#position - start > exactDeltaBytes) return Number.NaN
      return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
    }
    throw this.#error('a varlong is longer than 10 bytes')
  }

  #error(message: string): InvalidRecordsError {
    return new InvalidRecordsError(`${message} (at byte ${this.#position})`)
  }
}

/** The unsigned varint of one or two bytes; below zero when it is longer. Behind the end is nothing, which is no number below. */
function shortAt(bytes: Uint8Array, position: number): number {
  const first = bytes[position] as number
  if (first < 0x80) return first
  const second = bytes[position + 1] as number
  return second < 0x80 ? (second << 7) | (first & 0x7f) : -1
}

function widthAt(bytes: Uint8Array, position: number): number {
  return (bytes[position] as number) < 0x80 ? 1 : 2
}

function unzigzag(raw: number): number {
  return (raw >>> 1) ^ -(raw & 1)
}

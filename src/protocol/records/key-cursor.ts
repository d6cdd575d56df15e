/**
 * Moves over the records of a batch as a cleaner looks at them: where each one's key lies, and whether it has a value. Nothing is
 * made of them.
 */
import { limits } from '../../limits.ts'
import { type BatchHeader, batchHeaderBytes, compressionOf } from './batch.ts'
import { CompressionError, decompress } from './compression/codec.ts'
import { InvalidRecordsError, RecordCursor } from './record-cursor.ts'

export class KeyCursor {
  /** The records without compression. */
  readonly records: Buffer
  readonly #header: BatchHeader
  readonly #cursor: RecordCursor
  #passed = 0
  /** Where the record that was moved over last lies. */
  start = 0
  end = 0
  offset = 0
  /** -1 when it has no key. */
  keyStart = -1
  keyEnd = -1
  /** Without one it is a tombstone: its key is gone. */
  hasValue = false

  /** Of a whole batch. Throws InvalidRecordsError where it cannot be unpacked. */
  constructor(batch: Buffer, header: BatchHeader) {
    this.#header = header
    this.records = unpacked(batch, header)
    this.#cursor = new RecordCursor(this.records)
  }

  /** The exact difference to the batch's base timestamp, of the record that was moved over last. */
  get timestampDelta(): number | bigint {
    const { timestampDelta } = this.#cursor
    return Number.isNaN(timestampDelta) ? this.#cursor.exactTimestampDelta() : timestampDelta
  }

  /** Moves over the next record; false when there is none. Throws InvalidRecordsError. */
  next(): boolean {
    const cursor = this.#cursor
    if (this.#passed >= this.#header.recordCount) {
      cursor.expectEnd(this.#header.recordCount)
      return false
    }
    this.#passed += 1
    this.start = cursor.position
    cursor.next()
    this.end = cursor.position
    this.offset = this.#header.baseOffset + cursor.offsetDelta
    this.#readKey(cursor.keyPosition)
    return true
  }

  /** Lengths are zigzag, so that an odd one is below zero: there is nothing then. */
  #readKey(position: number): void {
    const key = rawVarint(this.records, position)
    const behindLength = behindVarint(this.records, position)
    const hasKey = (key & 1) === 0
    this.keyStart = hasKey ? behindLength : -1
    this.keyEnd = hasKey ? behindLength + (key >>> 1) : -1
    this.hasValue = (rawVarint(this.records, hasKey ? this.keyEnd : behindLength) & 1) === 0
  }
}

function unpacked(batch: Buffer, header: BatchHeader): Buffer {
  const packed = batch.subarray(batchHeaderBytes, header.sizeBytes)
  // A batch that compaction has emptied has nothing to unpack.
  if (header.recordCount === 0 && packed.length === 0) return packed
  try {
    return decompress(compressionOf(header.attributes), packed, limits.decompressedBatchBytes)
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error
    throw new InvalidRecordsError(error.message, { cause: error })
  }
}

/** Of a record that was found sound: the cursor has been here. */
function rawVarint(bytes: Uint8Array, start: number): number {
  let raw = 0
  for (let position = start, shift = 0; ; position++, shift += 7) {
    const byte = bytes[position] as number
    raw |= (byte & 0x7f) << shift
    if (byte < 0x80) return raw >>> 0
  }
}

function behindVarint(bytes: Uint8Array, start: number): number {
  let position = start
  while ((bytes[position] as number) >= 0x80) position++
  return position + 1
}

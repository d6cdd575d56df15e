/**
 * Record batches as nobody should send them, and as everybody does: well-formed content, some of it changed in the places where
 * a broker has to look. The same seed gives the same batches. Written apart from `src/`, but for packing (its own tests hold
 * the codecs against Kafka's).
 */
import { compress } from '../../../src/protocol/records/compression/codec.ts'
import { crc32c } from '../../harness/record-batch.ts'
import { Chance } from './chance.ts'

export interface MadeUpBatch {
  readonly bytes: Buffer
  /** What was done to it, for the message of a failing test. */
  readonly changes: readonly string[]
  /** Whether it may spoil what is sent beside it: Apache Kafka refuses a whole request for a batch that it cannot find the end of. */
  readonly goesAlone: boolean
  /** Whether its producer is one of the few that send more than one batch. */
  readonly comesAgain: boolean
}

interface BatchStart {
  readonly compression: number
  readonly baseTimestamp: bigint
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
}

/** What happens to a batch beside its content; each with the chance of one in so many. */
const rarely = 40
const recurringProducers = 3
const hourMs = 3_600_000n

export class BatchMaker {
  readonly #chance: Chance
  readonly #nowMs: bigint
  #producers = 0
  #changes: string[] = []
  #goesAlone = false

  constructor(seed: number, nowMs: number) {
    this.#chance = new Chance(seed)
    this.#nowMs = BigInt(nowMs)
  }

  next(): MadeUpBatch {
    this.#changes = []
    this.#goesAlone = false
    const header = this.#header()
    const count = this.#oneIn(200) ? 300 : this.#chance.below(7) + 1
    let records = this.#records(count)
    if (this.#changed('trailing bytes after the records')) records = Buffer.concat([records, this.#chance.bytes(3)])
    if (this.#changed('records cut short')) records = records.subarray(0, this.#chance.below(records.length))
    if (this.#changed('noise instead of records', 80)) records = this.#chance.bytes(this.#chance.below(60))
    const packed = this.#packed(header.compression, records)
    const bytes = this.#framed(this.#batch(header, count, packed))
    const comesAgain = header.producerId >= 0n && header.producerId <= BigInt(recurringProducers)
    return { bytes, changes: this.#changes, goesAlone: this.#goesAlone, comesAgain }
  }

  #oneIn(times: number): boolean {
    return this.#chance.below(times) === 0
  }

  #changed(what: string, times = rarely): boolean {
    const happens = this.#oneIn(times)
    if (happens) this.#changes.push(what)
    return happens
  }

  #changedFrame(what: string): boolean {
    const happens = this.#changed(what, 300)
    this.#goesAlone ||= happens
    return happens
  }

  #header(): BatchStart {
    const compression = this.#oneIn(2) ? 0 : this.#chance.below(5)
    const hasProducer = this.#oneIn(4)
    this.#producers += 1
    // Some producers come again, with sequences that fit or do not.
    const producerId = this.#oneIn(3) ? this.#chance.below(recurringProducers) + 1 : 1_000_000 + this.#producers
    return {
      compression,
      baseTimestamp: this.#timestamp(),
      producerId: hasProducer ? BigInt(producerId) : -1n,
      producerEpoch: hasProducer ? this.#chance.below(2) : -1,
      baseSequence: hasProducer ? this.#chance.below(3) * this.#chance.below(4) : -1
    }
  }

  #timestamp(): bigint {
    if (this.#changed('an odd base timestamp')) {
      return this.#chance.pick([-1n, 0n, -2n, 2n ** 62n, -(2n ** 62n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])
    }
    return this.#nowMs - BigInt(this.#chance.below(100_000))
  }

  #timestampDelta(): bigint {
    if (this.#changed('an odd timestamp delta', 150)) {
      const far = [
        2n * hourMs,
        -2n * hourMs,
        48n * hourMs,
        2n ** 50n,
        -(2n ** 50n),
        2n ** 62n,
        2n ** 63n - 1n,
        -(2n ** 63n)
      ]
      return this.#chance.pick(far)
    }
    return BigInt(this.#chance.below(2000) - 500)
  }

  #records(count: number): Buffer {
    const records: Buffer[] = []
    for (let index = 0; index < count; index++) records.push(this.#record(index))
    return Buffer.concat(records)
  }

  #record(index: number): Buffer {
    const offsetDelta = this.#changed('an offset out of turn', 300) ? this.#chance.below(9) - 3 : index
    const attributes = this.#changed('attributes of a record', 200) ? this.#chance.below(256) : 0
    const parts = [
      Buffer.from([attributes]),
      this.#varlong(this.#timestampDelta()),
      this.#varint(offsetDelta),
      this.#field(this.#oneIn(6) ? null : 8, 'key'),
      this.#field(this.#oneIn(8) ? null : 60, 'value'),
      this.#headers()
    ]
    const body = Buffer.concat(parts)
    const lie = this.#changed('a record of another size than it says', 400) ? this.#chance.below(5) - 2 : 0
    return Buffer.concat([this.#varint(body.length + lie), body])
  }

  #headers(): Buffer {
    const count = this.#oneIn(3) ? this.#chance.below(3) : 0
    const parts: Buffer[] = []
    for (let index = 0; index < count; index++) {
      const isNull = this.#changed('a header without a key', 200)
      parts.push(
        this.#field(isNull ? null : 5, 'key of a header', 'text'),
        this.#field(this.#oneIn(4) ? null : 9, 'header')
      )
    }
    const said = this.#changed('an odd count of headers', 400) ? this.#chance.pick([-1, 1, 1000, 2 ** 31 - 1]) : count
    return Buffer.concat([this.#varint(said), ...parts])
  }

  /** The key of a header is a text: the two make something else of bytes that are none. */
  #field(maxBytes: number | null, what: string, form: 'text' | 'bytes' = 'bytes'): Buffer {
    if (maxBytes === null) {
      return this.#varint(this.#changed(`a null ${what} that is not -1`, 60) ? -1 - this.#chance.below(90) : -1)
    }
    const content =
      form === 'text' || this.#oneIn(2)
        ? this.#chance.text(this.#chance.below(maxBytes))
        : this.#chance.bytes(this.#chance.below(maxBytes))
    const said = this.#changed(`a ${what} of another size`, 400)
      ? this.#chance.pick([1, 3, 2 ** 31 - 1, -3])
      : content.length
    return Buffer.concat([this.#varint(said), content])
  }

  #varint(value: number): Buffer {
    return this.#varlong(BigInt(value), 5, 32)
  }

  /** Zigzag; sometimes longer than it needs to be. */
  #varlong(value: bigint, maxBytes = 10, bits = 64): Buffer {
    let rest = BigInt.asUintN(bits, (value << 1n) ^ (value >> BigInt(bits - 1)))
    const bytes: number[] = []
    do {
      bytes.push(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    } while (rest > 0n)
    if (this.#changed('a number in more bytes than it needs', 600)) {
      while (bytes.length < maxBytes + this.#chance.below(2)) bytes.push(0x80)
    }
    const last = bytes.length - 1
    bytes[last] = (bytes[last] ?? 0) & 0x7f
    return Buffer.from(bytes)
  }

  #packed(compression: number, records: Buffer): Buffer {
    const packed = compress(compression, records)
    if (compression === 0) return packed
    if (this.#changed('a packed content cut short')) return packed.subarray(0, this.#chance.below(packed.length))
    if (this.#changed('noise instead of a packed content')) return this.#chance.bytes(this.#chance.below(80))
    if (this.#changed('bytes after the packed content', 80)) return Buffer.concat([packed, this.#chance.bytes(4)])
    if (!this.#changed('a flipped bit in the packed content')) return packed
    const flipped = Buffer.from(packed)
    const position = this.#chance.below(flipped.length)
    flipped[position] = (flipped[position] ?? 0) ^ (1 << this.#chance.below(8))
    return flipped
  }

  #batch(header: BatchStart, count: number, packed: Buffer): Buffer {
    const batch = Buffer.alloc(61 + packed.length)
    packed.copy(batch, 61)
    batch.writeInt32BE(batch.length - 12, 8)
    batch.writeInt32BE(-1, 12)
    batch.writeInt8(2, 16)
    batch.writeInt16BE(this.#attributes(header.compression), 21)
    batch.writeInt32BE(this.#changed('an odd last offset delta') ? this.#chance.below(9) - 2 : count - 1, 23)
    batch.writeBigInt64BE(header.baseTimestamp, 27)
    batch.writeBigInt64BE(this.#maxTimestamp(header.baseTimestamp), 35)
    batch.writeBigInt64BE(
      this.#changed('an odd producer id', 100) ? this.#chance.pick([-2n, -(2n ** 40n)]) : header.producerId,
      43
    )
    batch.writeInt16BE(
      this.#changed('an odd producer epoch', 100) ? this.#chance.pick([-1, -2, 32_767]) : header.producerEpoch,
      51
    )
    batch.writeInt32BE(
      this.#changed('an odd sequence', 100) ? this.#chance.pick([-1, -2, 2 ** 31 - 1]) : header.baseSequence,
      53
    )
    batch.writeInt32BE(this.#count(batch, count), 57)
    if (this.#changed('a base offset', 100)) batch.writeBigInt64BE(this.#chance.pick([1n, -1n, 77n]), 0)
    if (this.#changed('a leader epoch', 100)) batch.writeInt32BE(this.#chance.below(9), 12)
    batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
    if (this.#changed('a wrong CRC', 100)) batch.writeUInt32BE(this.#chance.below(2 ** 31), 17)
    if (this.#changedFrame('an odd magic')) batch.writeInt8(this.#chance.pick([0, 1, 3, -1]), 16)
    return batch
  }

  #attributes(compression: number): number {
    if (this.#changed('another compression than that of the content', 80)) return this.#chance.below(8)
    if (this.#changed('the time of the broker', 60)) return compression | 0x08
    if (this.#changed('a control batch', 80)) return compression | 0x20
    if (this.#changed('a delete horizon', 80)) return compression | 0x40
    if (this.#changed('attributes without a meaning', 60))
      return compression | this.#chance.pick([0x80, 0x0100, 0x4000, -0x8000])
    return compression
  }

  #maxTimestamp(baseTimestamp: bigint): bigint {
    if (this.#oneIn(3)) return this.#chance.pick([-1n, 0n, baseTimestamp, this.#nowMs + 48n * hourMs, -5n, 2n ** 62n])
    return BigInt.asIntN(64, baseTimestamp + BigInt(this.#chance.below(2000) - 500))
  }

  #count(batch: Buffer, count: number): number {
    if (!this.#changed('an odd count of records')) return count
    const odd = this.#chance.pick([0, -1, count + 1, count - 1, 2 ** 31 - 1])
    // As many offsets, so that the count itself is what is wrong.
    if (this.#oneIn(2) && odd > 0) batch.writeInt32BE(odd - 1, 23)
    return odd
  }

  #framed(batch: Buffer): Buffer {
    if (this.#changedFrame('cut short')) return batch.subarray(0, this.#chance.below(batch.length))
    if (this.#changedFrame('twice')) return Buffer.concat([batch, batch])
    if (this.#changedFrame('noise after the batch'))
      return Buffer.concat([batch, this.#chance.bytes(this.#chance.below(40))])
    if (this.#changedFrame('an odd length'))
      batch.writeInt32BE(this.#chance.pick([-1, 0, 13, 48, batch.length - 13, batch.length]), 8)
    return batch
  }
}

/**
 * The entropy coding of zstd's sequences (RFC 8878, section 4): lengths and distances become codes with extra bits, the codes
 * go through finite state entropy with the predefined distributions, and all of it is written so that it reads backwards.
 */

export interface Sequence {
  readonly literalLength: number
  readonly matchLength: number
  readonly distance: number
}

/** Codes from `firstCode` on stand for ranges: where each begins, and how many extra bits say the place in it. */
interface LengthCodes {
  readonly firstCode: number
  readonly baselines: readonly number[]
  readonly extraBits: readonly number[]
}

const literalLengthCodes: LengthCodes = {
  firstCode: 16,
  baselines: [16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536],
  extraBits: [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
}
/** Of the match length less three. */
const matchLengthCodes: LengthCodes = {
  firstCode: 32,
  baselines: [
    32, 34, 36, 38, 40, 44, 48, 56, 64, 80, 96, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536
  ],
  extraBits: [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
}
/** Distances come after the three codes for "one of the last distances", which are not used here. */
const firstDistanceValue = 3
const shortestMatch = 3

const times = (value: number, count: number): number[] => Array(count).fill(value)

const literalLengthTable = encodingTable(6, [
  4,
  3,
  ...times(2, 11),
  ...times(1, 3),
  ...times(2, 9),
  3,
  2,
  ...times(1, 5),
  ...times(-1, 4)
])
const matchLengthTable = encodingTable(6, [1, 4, 3, ...times(2, 6), ...times(1, 37), ...times(-1, 7)])
const distanceTable = encodingTable(5, [...times(1, 6), ...times(2, 3), ...times(1, 15), ...times(-1, 5)])

interface Code {
  readonly code: number
  readonly extra: number
  readonly extraBits: number
}

/** The bits of the sequences, of which there must be at least one. */
export function encodeSequences(sequences: readonly Sequence[]): Buffer {
  const bits = new BitWriter(sequences.length * 8 + 16)
  const literalLengths = new StateEncoder(literalLengthTable, bits)
  const matchLengths = new StateEncoder(matchLengthTable, bits)
  const distances = new StateEncoder(distanceTable, bits)
  for (const sequence of sequences.toReversed()) {
    const literalLength = lengthCode(literalLengthCodes, sequence.literalLength)
    const matchLength = lengthCode(matchLengthCodes, sequence.matchLength - shortestMatch)
    const distance = distanceCode(sequence.distance)
    distances.encode(distance.code)
    matchLengths.encode(matchLength.code)
    literalLengths.encode(literalLength.code)
    for (const { extra, extraBits } of [literalLength, matchLength, distance]) bits.write(extra, extraBits)
  }
  matchLengths.finish()
  distances.finish()
  literalLengths.finish()
  return bits.finish()
}

function lengthCode({ firstCode, baselines, extraBits }: LengthCodes, value: number): Code {
  if (value < firstCode) return { code: value, extra: 0, extraBits: 0 }
  const index = baselines.findLastIndex((baseline) => baseline <= value)
  return { code: firstCode + index, extra: value - (baselines[index] ?? 0), extraBits: extraBits[index] ?? 0 }
}

function distanceCode(distance: number): Code {
  const value = distance + firstDistanceValue
  const code = 31 - Math.clz32(value)
  return { code, extra: value - 2 ** code, extraBits: code }
}

/** How a symbol changes the state: `nextStates` is looked up at the state without the bits that go out, plus an offset. */
interface EncodingTable {
  readonly accuracyBits: number
  readonly nextStates: readonly number[]
  readonly stateOffsets: readonly number[]
  /** The bits that go out are (state + this) >> 16. */
  readonly bitDeltas: readonly number[]
}

/** -1 stands for a probability below one, which gets one state at the end of the table. */
function encodingTable(accuracyBits: number, probabilities: readonly number[]): EncodingTable {
  const size = 2 ** accuracyBits
  const firstStates: number[] = []
  const stateOffsets: number[] = []
  const bitDeltas: number[] = []
  let total = 0
  for (const probability of probabilities) {
    const count = Math.abs(probability)
    const bitsOut = count === 1 ? accuracyBits : accuracyBits - (31 - Math.clz32(count - 1))
    firstStates.push(total)
    stateOffsets.push(total - count)
    bitDeltas.push((bitsOut << 16) - (count << bitsOut))
    total += count
  }
  const nextStates: number[] = Array(size).fill(0)
  const used = firstStates.slice()
  for (const [state, symbol] of spread(size, probabilities).entries()) {
    const place = used[symbol] ?? 0
    nextStates[place] = size + state
    used[symbol] = place + 1
  }
  return { accuracyBits, nextStates, stateOffsets, bitDeltas }
}

/** Which symbol belongs to each state. */
function spread(size: number, probabilities: readonly number[]): number[] {
  const symbols: number[] = Array(size).fill(0)
  let last = size - 1
  for (const [symbol, probability] of probabilities.entries()) if (probability < 0) symbols[last--] = symbol
  const step = (size >> 1) + (size >> 3) + 3
  let position = 0
  for (const [symbol, probability] of probabilities.entries()) {
    for (let count = 0; count < probability; count++) {
      symbols[position] = symbol
      do position = (position + step) & (size - 1)
      while (position > last)
    }
  }
  return symbols
}

class StateEncoder {
  readonly #table: EncodingTable
  readonly #bits: BitWriter
  #state = 0

  constructor(table: EncodingTable, bits: BitWriter) {
    this.#table = table
    this.#bits = bits
  }

  encode(symbol: number): void {
    const { nextStates, stateOffsets, bitDeltas } = this.#table
    const delta = bitDeltas[symbol] ?? 0
    const offset = stateOffsets[symbol] ?? 0
    if (this.#state === 0) {
      // The first symbol writes nothing: any state of its own will do to begin with.
      const bitsOut = (delta + 0x8000) >> 16
      this.#state = nextStates[(((bitsOut << 16) - delta) >> bitsOut) + offset] ?? 0
      return
    }
    const bitsOut = (this.#state + delta) >> 16
    this.#bits.write(this.#state & (2 ** bitsOut - 1), bitsOut)
    this.#state = nextStates[(this.#state >> bitsOut) + offset] ?? 0
  }

  finish(): void {
    this.#bits.write(this.#state & (2 ** this.#table.accuracyBits - 1), this.#table.accuracyBits)
  }
}

/** Lowest bit first. */
class BitWriter {
  #buffer: Buffer
  #length = 0
  #pending = 0
  #pendingBits = 0

  constructor(capacityBytes: number) {
    this.#buffer = Buffer.allocUnsafe(capacityBytes)
  }

  /** At most 24 bits. */
  write(value: number, bits: number): void {
    this.#pending |= value << this.#pendingBits
    this.#pendingBits += bits
    for (; this.#pendingBits >= 8; this.#pendingBits -= 8) {
      this.#put(this.#pending & 0xff)
      this.#pending >>>= 8
    }
  }

  /** The highest bit that is set shows a reader, who begins here, where the bits begin. */
  finish(): Buffer {
    this.write(1, 1)
    if (this.#pendingBits > 0) this.#put(this.#pending)
    return this.#buffer.subarray(0, this.#length)
  }

  #put(byte: number): void {
    if (this.#length === this.#buffer.length) this.#buffer = Buffer.concat([this.#buffer], 2 * this.#buffer.length)
    this.#buffer[this.#length++] = byte
  }
}

/**
 * Bytes that occurred before: how they are found and copied. LZ4, snappy and zstd differ in how they write a repeat down,
 * not in what it is: a distance back and a length (LZ77). The search is LZ4's fast one: a table of the last place of each
 * four bytes, and larger steps where nothing was found for long.
 */
const hashBits = 14
const wordBytes = 4
/** After so many misses (as a power of two) the steps become larger by one. */
const missesPerStepBits = 6

export interface RepeatRules {
  readonly maxDistance: number
  /** No repeat begins closer to the end than this. At least four. */
  readonly lastStartBytes: number
  /** No repeat reaches closer to the end than this. */
  readonly lastLiteralBytes: number
}

export type RepeatTable = Int32Array

export function newRepeatTable(): RepeatTable {
  return new Int32Array(1 << hashBits).fill(-1)
}

/**
 * Calls `found` for each repeat between `start` and `end`, in order, with where the literals before it begin. Gives where
 * the literals after the last one begin. The table may be kept for bytes that follow in the same source.
 */
export function findRepeats(
  source: Buffer,
  start: number,
  end: number,
  rules: RepeatRules,
  table: RepeatTable,
  found: (literalsStart: number, position: number, distance: number, length: number) => void
): number {
  const { words } = viewed(source)
  let literalsStart = start
  let position = start
  let misses = 1 << missesPerStepBits
  while (position < end - rules.lastStartBytes) {
    const word = words.getUint32(position, true)
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - hashBits)
    const candidate = table[slot] ?? -1
    table[slot] = position
    if (candidate < 0 || position - candidate > rules.maxDistance || words.getUint32(candidate, true) !== word) {
      position += misses++ >> missesPerStepBits
      continue
    }
    const length = repeatLength(source, candidate, position, end - rules.lastLiteralBytes)
    found(literalsStart, position, position - candidate, length)
    position += length
    literalsStart = position
    misses = 1 << missesPerStepBits
  }
  return literalsStart
}

function repeatLength(source: Buffer, candidate: number, position: number, limit: number): number {
  let length = wordBytes
  while (position + length < limit && source[candidate + length] === source[position + length]) length += 1
  return length
}

/** From here on a call that copies is faster than a loop (measured: most repeats of JSON have 4 to 20 bytes). */
const longBytes = 256

/** Bytes, and a view of them that reads and writes four at a time: half the time of an unpacking, against byte by byte. */
export interface Viewed {
  readonly bytes: Uint8Array
  readonly words: DataView
}

export function viewed(bytes: Uint8Array): Viewed {
  return { bytes, words: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) }
}

/** A repeat may overlap what it writes: that is how runs are coded. */
export function copyRepeat(target: Viewed, to: number, distance: number, length: number): void {
  const { bytes, words } = target
  if (length >= longBytes) copyRun(bytes, to, distance, length)
  else if (distance >= wordBytes) copyWords(words, to - distance, words, to, length)
  else for (let index = to; index < to + length; index++) bytes[index] = bytes[index - distance] as number
}

/** What is there already is doubled until it is enough. */
function copyRun(target: Uint8Array, to: number, distance: number, length: number): void {
  const from = to - distance
  for (let done = 0; done < length; ) {
    const count = Math.min(distance + done, length - done)
    target.copyWithin(to + done, from, from + count)
    done += count
  }
}

/** Bytes that are no repeat, from one place to another. */
export function copyLiterals(source: Viewed, from: number, target: Viewed, to: number, length: number): void {
  if (length >= longBytes) target.bytes.set(source.bytes.subarray(from, from + length), to)
  else copyWords(source.words, from, target.words, to, length)
}

/** In the order of the bytes: within the same ones, to a place that is at least a word ahead. */
function copyWords(source: DataView, from: number, target: DataView, to: number, length: number): void {
  let done = 0
  for (; done + wordBytes <= length; done += wordBytes) target.setUint32(to + done, source.getUint32(from + done))
  for (; done < length; done++) target.setUint8(to + done, source.getUint8(from + done))
}

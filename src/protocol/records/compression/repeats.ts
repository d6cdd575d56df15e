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
  let literalsStart = start
  let position = start
  let misses = 1 << missesPerStepBits
  while (position < end - rules.lastStartBytes) {
    const word = source.readUInt32LE(position)
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - hashBits)
    const candidate = table[slot] ?? -1
    table[slot] = position
    if (candidate < 0 || position - candidate > rules.maxDistance || source.readUInt32LE(candidate) !== word) {
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

/** Up to here a loop is faster than a call that copies (measured: most repeats of JSON have 4 to 20 bytes). */
const shortBytes = 32

/** A repeat may overlap what it writes: that is how runs are coded, so that it is copied byte by byte then. */
export function copyRepeat(target: Uint8Array, to: number, distance: number, length: number): void {
  if (length > shortBytes && distance >= length) {
    target.copyWithin(to, to - distance, to - distance + length)
    return
  }
  if (length > 8 * shortBytes) {
    copyRun(target, to, distance, length)
    return
  }
  for (let index = to; index < to + length; index++) target[index] = target[index - distance] as number
}

/** A long repeat that overlaps what it writes: what is there already is doubled until it is enough. */
function copyRun(target: Uint8Array, to: number, distance: number, length: number): void {
  const from = to - distance
  for (let done = 0; done < length; ) {
    const count = Math.min(distance + done, length - done)
    target.copyWithin(to + done, from, from + count)
    done += count
  }
}

/** Bytes that are no repeat, from one place to another. */
export function copyLiterals(source: Uint8Array, from: number, target: Uint8Array, to: number, length: number): void {
  if (length > shortBytes) {
    target.set(source.subarray(from, from + length), to)
    return
  }
  for (let index = 0; index < length; index++) target[to + index] = source[from + index] as number
}

/**
 * The newest offset of each key, of as many keys as there is memory for: 24 bytes each, whatever the length of the keys
 * (Kafka: SkimpyOffsetMap). A key is known by its MD5 alone.
 *
 * Slots are looked through in steps that the hash decides, and their number is a prime, so that each step comes to all of them.
 */
import { Md5 } from './md5.ts'

const wordsPerSlot = 6
export const bytesPerKey = wordsPerSlot * Int32Array.BYTES_PER_ELEMENT
const highWord = 4
const lowWord = 5
/** As much as Kafka gives to one cleaner. */
const memoryBytesMax = 2 ** 31 - 1
/** Below every number of slots that there can be, a prime is found within so many. */
const primeGapMax = 400

export interface OffsetMapSize {
  /** For all keys together. */
  readonly memoryBytes: number
  /** How full it may become, of 1: the fuller it is, the more slots are looked through for a key. */
  readonly loadFactor: number
  /** No more keys will come. */
  readonly keysMax: number
}

export class OffsetMap {
  /** Keys are put in up to here. */
  readonly capacity: number
  readonly #slots: number
  /** Four words of the hash, and the offset plus one: a slot that is empty holds zeros. */
  readonly #table: Int32Array
  readonly #md5 = new Md5()
  #size = 0

  /** With room for one key at least. */
  constructor({ memoryBytes, loadFactor, keysMax }: OffsetMapSize) {
    const most = Math.floor(Math.min(memoryBytes, memoryBytesMax) / bytesPerKey)
    const needed = Math.ceil((keysMax + 1) / loadFactor)
    this.#slots = primeUpTo(Math.max(7, Math.min(most, needed + primeGapMax)))
    this.capacity = Math.max(1, Math.min(this.#slots - 1, Math.floor(this.#slots * loadFactor)))
    this.#table = new Int32Array(this.#slots * wordsPerSlot)
  }

  get size(): number {
    return this.#size
  }

  /** How full it is, of 1. */
  get utilization(): number {
    return this.#size / this.#slots
  }

  /**
   * Notes the offset of a key, which lies between two positions, and gives the one that was noted before; -1 when there was none. Null
   * when it is another key than those that there is room for.
   */
  put(bytes: Uint8Array, start: number, end: number, offset: number): number | null {
    const at = this.#find(bytes, start, end)
    const before = this.#offsetAt(at)
    if (before < 0) {
      if (this.#size >= this.capacity) return null
      this.#size += 1
      this.#table.set(this.#md5.words, at)
    }
    const stored = offset + 1
    this.#table[at + highWord] = Math.floor(stored / 2 ** 32)
    this.#table[at + lowWord] = stored | 0
    return before
  }

  /** The offset that was noted last for the key; -1 when there is none. */
  offsetOf(bytes: Uint8Array, start: number, end: number): number {
    return this.#offsetAt(this.#find(bytes, start, end))
  }

  #offsetAt(at: number): number {
    return (this.#table[at + highWord] as number) * 2 ** 32 + ((this.#table[at + lowWord] as number) >>> 0) - 1
  }

  /** The place of the key, or the empty one where it would be. There is always one that is empty. */
  #find(bytes: Uint8Array, start: number, end: number): number {
    const { words } = this.#md5
    const table = this.#table
    this.#md5.hash(bytes, start, end)
    let slot = ((words[0] as number) >>> 0) % this.#slots
    const step = 1 + (((words[1] as number) >>> 0) % (this.#slots - 1))
    for (;;) {
      const at = slot * wordsPerSlot
      if (this.#isEmpty(at)) return at
      const isSame =
        table[at] === words[0] && table[at + 1] === words[1] && table[at + 2] === words[2] && table[at + 3] === words[3]
      if (isSame) return at
      slot += step
      if (slot >= this.#slots) slot -= this.#slots
    }
  }

  #isEmpty(at: number): boolean {
    return this.#table[at + lowWord] === 0 && this.#table[at + highWord] === 0
  }
}

/** The largest prime that is no larger. */
function primeUpTo(most: number): number {
  let candidate = most
  while (!isPrime(candidate)) candidate -= 1
  return candidate
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) return false
  return candidate >= 2
}

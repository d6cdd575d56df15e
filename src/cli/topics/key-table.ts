/**
 * The last record of each key, of as many keys as there is room for: a slot of fixed size for each, whatever the length of the keys. A key is
 * known by its MD5 alone, as Kafka's cleaner knows it (SkimpyOffsetMap).
 */
import { createHash } from 'node:crypto'

const wordsPerSlot = 6
const [sizeWord, timeWord] = [4, 5]
/** How full it may become, of 1, before it grows. */
const loadFactor = 0.7
const firstSlots = 1 << 12
/** 96 MiB, and as many keys as four million: near what Kafka's cleaner takes in one run (log.cleaner.dedupe.buffer.size). */
const slotsMax = 1 << 22

export interface LastOfKey {
  readonly sizeBytes: number
  /** Null: it has a value. Else the time of a tombstone. */
  readonly tombstoneMs: number | null
}

export class KeyTable {
  /** Four words of the hash, the size, and the time in seconds. A slot without a time is empty. */
  #table = new Uint32Array(firstSlots * wordsPerSlot)
  readonly #slotsMax: number
  #size = 0

  constructor(slots = slotsMax) {
    this.#slotsMax = slots
  }

  get size(): number {
    return this.#size
  }

  /** Gives the record that was the last of its key until now; 'first' when there was none, 'full' when there is no room for the key. */
  put(key: Uint8Array, last: LastOfKey): LastOfKey | 'first' | 'full' {
    const hash = createHash('md5').update(key).digest()
    const words = [0, 4, 8, 12].map((at) => hash.readUInt32LE(at))
    const at = this.#find(words)
    const isNew = this.#table[at + timeWord] === 0
    if (isNew && !this.#hasRoom()) return this.#grow() ? this.put(key, last) : 'full'
    const before = isNew ? 'first' : this.#lastAt(at)
    if (isNew) this.#size += 1
    this.#table.set(words, at)
    this.#table[at + sizeWord] = last.sizeBytes
    this.#table[at + timeWord] =
      last.tombstoneMs === null ? withValue : Math.max(2, Math.floor(last.tombstoneMs / 1000))
    return before
  }

  *all(): Generator<LastOfKey> {
    for (let at = 0; at < this.#table.length; at += wordsPerSlot) {
      if (this.#table[at + timeWord] !== 0) yield this.#lastAt(at)
    }
  }

  #lastAt(at: number): LastOfKey {
    const time = this.#table[at + timeWord] ?? 0
    return { sizeBytes: this.#table[at + sizeWord] ?? 0, tombstoneMs: time === withValue ? null : time * 1000 }
  }

  #hasRoom(): boolean {
    return this.#size + 1 <= (this.#table.length / wordsPerSlot) * loadFactor
  }

  /** The place of the key, or the empty one where it would be. */
  #find(words: readonly number[]): number {
    const table = this.#table
    const slots = table.length / wordsPerSlot
    for (let slot = (words[0] ?? 0) % slots; ; slot = (slot + 1) % slots) {
      const at = slot * wordsPerSlot
      if (table[at + timeWord] === 0 || words.every((word, index) => table[at + index] === word)) return at
    }
  }

  /** Twice as large; false when it may not be. */
  #grow(): boolean {
    const old = this.#table
    if (old.length / wordsPerSlot >= this.#slotsMax) return false
    this.#table = new Uint32Array(old.length * 2)
    for (let at = 0; at < old.length; at += wordsPerSlot) {
      if (old[at + timeWord] === 0) continue
      const slot = old.subarray(at, at + wordsPerSlot)
      this.#table.set(slot, this.#find([...slot.subarray(0, sizeWord)]))
    }
    return true
  }
}

/** In place of a tombstone's time: no tombstone is of the second 1. */
const withValue = 1

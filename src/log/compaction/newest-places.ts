/**
 * Where in the dirty part of a log the newest records of its keys lie: how many in each stretch of offsets. A batch that has none of them
 * goes, or loses all its records, and need not be unpacked a second time to know it: of a log in which the same keys come again and again
 * that is nearly every batch, and unpacking them and hashing their keys is most of the work.
 *
 * A stretch has one offset where the dirty part is short, and more where it is long, so that all of them have their place in little memory.
 */
import { limits } from '../../limits.ts'

export class NewestPlaces {
  readonly #firstOffset: number
  readonly #stretchOffsets: number
  readonly #counts: Uint32Array

  /** For the offsets from the first on and below the end. */
  constructor(firstOffset: number, endOffset: number) {
    const offsets = Math.max(1, endOffset - firstOffset)
    this.#firstOffset = firstOffset
    this.#stretchOffsets = Math.ceil(offsets / limits.compactionStretches)
    this.#counts = new Uint32Array(Math.ceil(offsets / this.#stretchOffsets))
  }

  /** The newest record of a key is the one at this offset now, and was the one before until then; -1 when the key is new. */
  moved(before: number, offset: number): void {
    if (before >= 0) this.#add(before, -1)
    this.#add(offset, 1)
  }

  /** Whether it is known that no record from one offset to another is the newest of its key. */
  hasNone(firstOffset: number, lastOffset: number): boolean {
    if (firstOffset < this.#firstOffset) return false
    const last = this.#stretchOf(lastOffset)
    for (let stretch = this.#stretchOf(firstOffset); stretch <= last; stretch++) {
      if (this.#counts[stretch] !== 0) return false
    }
    return true
  }

  #add(offset: number, count: 1 | -1): void {
    const stretch = this.#stretchOf(offset)
    this.#counts[stretch] = (this.#counts[stretch] as number) + count
  }

  #stretchOf(offset: number): number {
    return Math.floor((offset - this.#firstOffset) / this.#stretchOffsets)
  }
}

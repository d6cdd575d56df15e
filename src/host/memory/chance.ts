/** Chance that follows a seed: the same seed gives the same numbers, so that a run can be repeated. (mulberry32) */
import type { Chance } from '../chance.ts'

export class SeededChance implements Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.alloc(count)
    for (let index = 0; index < count; index++) bytes[index] = this.below(256)
    return bytes
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000) * limit)
  }
}

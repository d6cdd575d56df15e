/** A job that walks many of something, a few milliseconds at a time: nothing else waits for longer than that (decision 11 of the design). */

import { limits } from '../limits.ts'
import type { Clock, Timer } from './clock.ts'
import { unattended } from './unattended.ts'

/** Whoever does such a job asks after each piece. */
export interface Slicing {
  /** Null as long as there is time; else resolves when the others have had a turn. */
  othersTurn(): Promise<void> | null
}

/** Of one job. */
export class Slices implements Slicing {
  readonly #clock: Clock
  readonly #sliceMs: number
  #beganMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sliceMs = (clock.pace ?? limits).sliceMs
    this.#beganMs = clock.monotonicMs()
  }

  othersTurn(): Promise<void> | null {
    if (this.#clock.monotonicMs() - this.#beganMs <= this.#sliceMs) return null
    return new Promise<void>((resolve) => this.#clock.after(0, resolve)).then(() => {
      this.#beganMs = this.#clock.monotonicMs()
    })
  }
}

/**
 * Of jobs that begin whenever they are due: together they take one slice in each turn of the loop, however many are under way. Each goes on
 * when those have had their slice who waited before it.
 */
export class SharedSlices implements Slicing {
  readonly #clock: Clock
  readonly #sliceMs: number
  /** When the slice of this turn began; null while nothing was done in it. */
  #beganMs: number | null = null
  readonly #waiting: (() => void)[] = []
  #timer: Timer | null = null

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sliceMs = (clock.pace ?? limits).sliceMs
  }

  /** What waits for its turn does not go on. */
  end(): void {
    this.#timer?.cancel()
  }

  othersTurn(): Promise<void> | null {
    if (this.#beganMs === null) {
      this.#begin()
      return null
    }
    if (!this.#isOver(this.#beganMs)) return null
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #begin(): number {
    const beganMs = this.#clock.monotonicMs()
    this.#beganMs = beganMs
    this.#timer = this.#clock.after(0, () => unattended(this.#clock, this.#nextTurn()))
    return beganMs
  }

  async #nextTurn(): Promise<void> {
    this.#beganMs = null
    if (this.#waiting.length === 0) return
    const beganMs = this.#begin()
    do {
      this.#waiting.shift()?.()
      // It goes on before this does.
      await null
    } while (this.#waiting.length > 0 && !this.#isOver(beganMs))
  }

  #isOver(beganMs: number): boolean {
    return this.#clock.monotonicMs() - beganMs > this.#sliceMs
  }
}

/**
 * The same of work that waits for the disk: so many at a time, so that what each begins with does not add up to a pause, either. Resolves
 * with how each ended, in their order.
 */
export async function someAtATime<Item>(
  slices: Slicing,
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<void>
): Promise<PromiseSettledResult<void>[]> {
  const ended: PromiseSettledResult<void>[] = []
  const left = items.entries()
  const doOneByOne = async (): Promise<void> => {
    for (const [index, item] of left) {
      const turn = slices.othersTurn()
      if (turn !== null) await turn
      const [end] = await Promise.allSettled([work(item)])
      ended[index] = end
    }
  }
  await Promise.all(Array.from({ length: most }, doOneByOne))
  return ended
}

/** The first slice before this returns. Resolves when all is done; rejects with what `work` throws, and the rest is not done then. */
export async function inSlices<Item>(
  slices: Slicing,
  items: Iterable<Item>,
  work: (item: Item) => void
): Promise<void> {
  for (const item of items) {
    const turn = slices.othersTurn()
    if (turn !== null) await turn
    work(item)
  }
}

/**
 * The first slice before this returns: null when that was all, and nothing is waited for. Else resolves when every step is taken. Throws, or
 * rejects with, what a step throws.
 */
export function stepsInSlices(slices: Slicing, steps: Iterable<void>): Promise<void> | null {
  const iterator = steps[Symbol.iterator]()
  while (iterator.next().done !== true) {
    const turn = slices.othersTurn()
    if (turn !== null) return restInSlices(slices, iterator, turn)
  }
  return null
}

async function restInSlices(slices: Slicing, steps: Iterator<void>, firstTurn: Promise<void>): Promise<void> {
  await firstTurn
  while (steps.next().done !== true) await slices.othersTurn()
}

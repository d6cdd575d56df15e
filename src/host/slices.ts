/** A job that walks many of something, a few milliseconds at a time: nothing else waits for longer than that (decision 11 of the design). */

import { limits } from '../limits.ts'
import type { Clock } from './clock.ts'

/** Whoever does such a job asks after each piece. */
export class Slices {
  readonly #clock: Clock
  readonly #sliceMs: number
  #beganMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sliceMs = (clock.pace ?? limits).sliceMs
    this.#beganMs = clock.monotonicMs()
  }

  /** Null as long as there is time; else resolves when the others have had a turn. */
  othersTurn(): Promise<void> | null {
    if (this.#clock.monotonicMs() - this.#beganMs <= this.#sliceMs) return null
    return new Promise<void>((resolve) => this.#clock.after(0, resolve)).then(() => {
      this.#beganMs = this.#clock.monotonicMs()
    })
  }
}

/**
 * The same of work that waits for the disk: so many at a time, so that what each begins with does not add up to a pause, either. Resolves
 * with how each ended, in their order.
 */
export async function someAtATime<Item>(
  clock: Clock,
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<void>
): Promise<PromiseSettledResult<void>[]> {
  const slices = new Slices(clock)
  const ended: PromiseSettledResult<void>[] = []
  const left = items.entries()
  const doOneByOne = async (): Promise<void> => {
    for (const [index, item] of left) {
      await slices.othersTurn()
      const [end] = await Promise.allSettled([work(item)])
      ended[index] = end
    }
  }
  await Promise.all(Array.from({ length: most }, doOneByOne))
  return ended
}

/** The first slice before this returns. Resolves when all is done; rejects with what `work` throws, and the rest is not done then. */
export async function inSlices<Item>(clock: Clock, items: Iterable<Item>, work: (item: Item) => void): Promise<void> {
  const slices = new Slices(clock)
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
export function stepsInSlices(slices: Slices, steps: Iterable<void>): Promise<void> | null {
  const iterator = steps[Symbol.iterator]()
  while (iterator.next().done !== true) {
    const turn = slices.othersTurn()
    if (turn !== null) return restInSlices(slices, iterator, turn)
  }
  return null
}

async function restInSlices(slices: Slices, steps: Iterator<void>, firstTurn: Promise<void>): Promise<void> {
  await firstTurn
  while (steps.next().done !== true) await slices.othersTurn()
}

/**
 * Requests that name hundreds of partitions and more, in slices: together they take one in each turn of the loop, and all others have their
 * turn in between, however many such requests come at once. Who came first is done first, so that what is read is held for one of them at
 * a time.
 */
import type { Clock, Pace } from '../host/clock.ts'
import { limits } from '../limits.ts'

interface Walk {
  /** Takes a step; true when it was the last. */
  step(): boolean
}

export class Walks {
  readonly #clock: Clock
  readonly #pace: Pace
  /** The first is under way. */
  readonly #line: Walk[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.#pace = clock.pace ?? limits
  }

  /** Whether any is under way. */
  get isBusy(): boolean {
    return this.#line.length > 0
  }

  /** Whether a request that names so many partitions is done in slices. */
  areMany(partitions: number): boolean {
    return partitions > this.#pace.partitionsAtOnce
  }

  /** Takes the steps of so many partitions: at once where they are few. */
  allOf<Result>(partitions: number, steps: Iterator<void, Result>): Result | Promise<Result> {
    return this.areMany(partitions) ? this.walk(steps) : allSteps(steps)
  }

  /** Takes the steps, from the next turn on. Resolves with what they come to; rejects with what one throws. */
  walk<Result>(steps: Iterator<void, Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const step = (): boolean => {
        try {
          const { done, value } = steps.next()
          if (done === true) resolve(value)
          return done === true
        } catch (error) {
          reject(error)
          return true
        }
      }
      this.#line.push({ step })
      if (this.#line.length === 1) this.#goOnLater()
    })
  }

  #goOnLater(): void {
    this.#clock.after(0, () => this.#goOn())
  }

  #goOn(): void {
    const beganMs = this.#clock.monotonicMs()
    for (let [first] = this.#line; first !== undefined; [first] = this.#line) {
      if (first.step()) this.#line.shift()
      if (this.#clock.monotonicMs() - beganMs > this.#pace.sliceMs) break
    }
    if (this.#line.length > 0) this.#goOnLater()
  }
}

function allSteps<Result>(steps: Iterator<void, Result>): Result {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

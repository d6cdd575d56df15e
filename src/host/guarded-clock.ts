/**
 * A clock that was given to somebody: what a callback of its throws is a mistake of ours, and stops what the clock was given to instead of
 * the process (Kafka: FaultHandler). Work that nobody waits for comes to light by it, too (unattended.ts): so there is one way for all of it.
 */
import { mistakeIn, type Stopped } from '../invariant.ts'
import type { Clock, Pace, Timer } from './clock.ts'

export class GuardedClock implements Clock {
  readonly guarded: Clock
  readonly #onMistake: (error: unknown) => void

  constructor(guarded: Clock, onMistake: (error: unknown) => void) {
    this.guarded = guarded
    this.#onMistake = onMistake
  }

  get pace(): Pace | undefined {
    return this.guarded.pace
  }

  nowMs(): number {
    return this.guarded.nowMs()
  }

  monotonicMs(): number {
    return this.guarded.monotonicMs()
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.guarded.after(delayMs, () => {
      try {
        callback()
      } catch (error) {
        this.#onMistake(error)
      }
    })
  }
}

/** The same clock for a part of whom it was given to: a mistake that names nothing else stops that part. */
export function clockOf(part: Stopped, clock: Clock): Clock {
  return new GuardedClock(clock, (error) => {
    throw mistakeIn(part, error)
  })
}

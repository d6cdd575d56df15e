/** A clock whose timers end with the host. It still tells the time. */
import type { Clock, Pace, Timer } from '../clock.ts'
import type { Lease } from './lease.ts'

const never: Timer = { cancel() {} }

export class RevocableClock implements Clock {
  readonly #clock: Clock
  readonly #lease: Lease

  constructor(clock: Clock, lease: Lease) {
    this.#clock = clock
    this.#lease = lease
  }

  get pace(): Pace | undefined {
    return this.#clock.pace
  }

  nowMs(): number {
    return this.#clock.nowMs()
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs()
  }

  after(delayMs: number, callback: () => void): Timer {
    if (this.#lease.isTaken) return never
    const timer = this.#clock.after(delayMs, () => {
      forget()
      callback()
    })
    const forget = this.#lease.hold(() => timer.cancel())
    return {
      cancel: () => {
        forget()
        timer.cancel()
      }
    }
  }
}

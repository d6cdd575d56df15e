/** Something that is done again and again until it is stopped: the next time is set before it is done, so that it may stop itself. */
import type { Clock, Timer } from './clock.ts'

export class RepeatingTimer {
  readonly #clock: Clock
  readonly #intervalMs: () => number
  readonly #work: () => void
  #timer: Timer | null = null
  #isStopped = false

  /** The interval is asked for each time. */
  constructor(clock: Clock, intervalMs: () => number, work: () => void) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#work = work
  }

  /** The first time is an interval from now. Not after it was stopped. */
  start(): void {
    if (this.#isStopped) return
    this.#timer?.cancel()
    this.#timer = this.#clock.after(this.#intervalMs(), () => {
      this.start()
      this.#work()
    })
  }

  /** For good. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }
}

/** A clock for what is done in slices: how much of one passes is counted in looks at it, whatever machine runs the test. */
import type { Clock, Timer } from '../../src/host/clock.ts'
import { limits } from '../../src/limits.ts'

export const looksPerSlice = 10
export const lookedAtNowMs = 1_700_000_000_000

/** Each look at it takes a part of a slice; what is due goes off when the test says so. */
export class LookedAtClock implements Clock {
  readonly #waiting = new Set<{ readonly delayMs: number; readonly callback: () => void }>()
  #looks = 0

  nowMs(): number {
    return lookedAtNowMs
  }

  monotonicMs(): number {
    this.#looks += 1
    return (this.#looks * limits.sliceMs) / (looksPerSlice - 1)
  }

  after(delayMs: number, callback: () => void): Timer {
    const alarm = { delayMs, callback }
    this.#waiting.add(alarm)
    return { cancel: () => void this.#waiting.delete(alarm) }
  }

  /** All that waits for so long goes off; what is asked for meanwhile waits for the next time. */
  passes(delayMs: number): void {
    for (const alarm of [...this.#waiting]) {
      if (alarm.delayMs === delayMs && this.#waiting.delete(alarm)) alarm.callback()
    }
  }
}

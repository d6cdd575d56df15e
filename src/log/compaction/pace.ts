/**
 * How fast a log is cleaned: a few milliseconds at a time, so that nobody waits for longer, and no more bytes in a second than are
 * allowed, on average over the run (Kafka: Throttler).
 */
import type { Clock } from '../../host/clock.ts'
import { limits } from '../../limits.ts'

export interface PaceOptions {
  readonly clock: Clock
  /** What may be read and written in a second. */
  readonly bytesPerSecond: () => number
  /** Called when the others have had their turn. Throws when nobody wants the work any more. */
  readonly onTurn: () => void
}

export class Pace {
  readonly #options: PaceOptions
  readonly #beganMs: number
  #sliceBeganMs: number
  #bytes = 0

  constructor(options: PaceOptions) {
    this.#options = options
    this.#beganMs = options.clock.monotonicMs()
    this.#sliceBeganMs = this.#beganMs
  }

  /** How long the run has taken until now. */
  get elapsedMs(): number {
    return this.#options.clock.monotonicMs() - this.#beganMs
  }

  /** So many bytes were written; the next pause makes up for them. */
  count(sizeBytes: number): void {
    this.#bytes += sizeBytes
  }

  /** So many bytes were read. Null as long as there is time; else resolves when it may go on. Rejects when it is not wanted. */
  passed(sizeBytes: number): Promise<void> | null {
    this.#bytes += sizeBytes
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - this.#sliceBeganMs <= limits.sliceMs && this.#restMs(nowMs) < 1) return null
    return this.turn()
  }

  /** The others have their turn, and the rate is kept. */
  async turn(): Promise<void> {
    const { clock, onTurn } = this.#options
    let restMs = this.#restMs(clock.monotonicMs())
    do {
      // In pieces: whoever wants the log for something else does not wait for longer.
      await new Promise<void>((resolve) => clock.after(Math.min(restMs, limits.compactionRestMs), resolve))
      onTurn()
      restMs = this.#restMs(clock.monotonicMs())
    } while (restMs >= 1)
    this.#sliceBeganMs = clock.monotonicMs()
  }

  #restMs(nowMs: number): number {
    const dueMs = this.#beganMs + (1000 * this.#bytes) / this.#options.bytesPerSecond()
    return Math.max(0, dueMs - nowMs)
  }
}

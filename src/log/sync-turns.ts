/**
 * Turns for the syncs that nobody waits for: so many logs at a time, in the order in which they asked. A log that somebody
 * waits for begins at once, however many there are.
 *
 * Without turns, thousands of partitions that get records in one moment all stand in the queue of the four threads that sync:
 * each with half a dozen calls and the promises behind them, which the collector then copies again and again.
 */
import { limits } from '../limits.ts'

export class SyncTurns {
  readonly #line = new Set<() => void>()
  #running = 0

  /** Begins now when there is room, or else when those before are done. Whoever began says `end`. */
  ask(begin: () => void): void {
    this.#line.add(begin)
    if (this.#running < limits.backgroundSyncs) this.hurry(begin)
  }

  /** Begins now when it stands in the line: somebody waits for it. */
  hurry(begin: () => void): void {
    if (!this.#line.delete(begin)) return
    this.#running += 1
    begin()
  }

  end(): void {
    this.#running -= 1
    const [next] = this.#line
    if (next !== undefined && this.#running < limits.backgroundSyncs) this.hurry(next)
  }
}

/**
 * Turns for the syncs that nobody waits for: so many logs at a time, in the order in which they asked. A log that somebody
 * waits for begins at once, however many there are, and takes nobody's turn: however busy they are, the others come to theirs.
 *
 * Without turns, thousands of partitions that get records in one moment all stand in the queue of the four threads that sync:
 * each with half a dozen calls and the promises behind them, which the collector then copies again and again.
 */
import { limits } from '../limits.ts'

export class SyncTurns {
  readonly #line = new Set<() => void>()
  /** Those under way whose turn it was. */
  readonly #inTurn = new Set<() => void>()

  /** Begins now when there is room, or else when those before are done. Whoever began says `end`. */
  ask(begin: () => void): void {
    this.#line.add(begin)
    this.#next()
  }

  /** Begins now when it stands in the line: somebody waits for it. */
  hurry(begin: () => void): void {
    if (this.#line.delete(begin)) begin()
  }

  end(begin: () => void): void {
    this.#inTurn.delete(begin)
    this.#next()
  }

  #next(): void {
    const [next] = this.#line
    if (next === undefined || this.#inTurn.size >= limits.backgroundSyncs) return
    this.#line.delete(next)
    this.#inTurn.add(next)
    next()
  }
}

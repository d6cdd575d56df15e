/**
 * What is taken from sockets while requests of very many partitions are under way: so much in a turn of the loop. Sockets hand over all
 * that has come in one turn, so that what many such requests cost by being read, though they are done in slices afterwards
 * (broker/walks.ts), would be one pause: 190 ms for 200 fetches of 1,000 partitions each. Beyond its share of a turn a request waits for the
 * next, in the order of coming; the requests of a connection stay in their order.
 *
 * Budget: where no such request is under way, a request costs one question, and never waits.
 */
import type { Clock, Pace } from '../host/clock.ts'
import { limits } from '../limits.ts'

export interface Waiter {
  /** It is its turn. */
  goOn(): void
}

export class Turns {
  readonly #clock: Clock
  readonly #pace: Pace
  readonly #waiting = new Set<Waiter>()
  /** Of this turn; 0 where nothing is counted. */
  #takenBytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#pace = clock.pace ?? limits
  }

  /** True while whoever wants to be answered has to wait for the next turn. */
  get isOver(): boolean {
    return this.#takenBytes > this.#pace.requestBytesAtOnce
  }

  /** A request of so many bytes was taken in this turn. */
  took(bytes: number): void {
    if (this.#takenBytes === 0) this.#clock.after(0, () => this.#next())
    this.#takenBytes += bytes
  }

  wait(waiter: Waiter): void {
    this.#waiting.add(waiter)
  }

  forget(waiter: Waiter): void {
    this.#waiting.delete(waiter)
  }

  #next(): void {
    this.#takenBytes = 0
    for (const waiter of [...this.#waiting]) {
      if (this.isOver) return
      this.#waiting.delete(waiter)
      waiter.goOn()
    }
  }
}

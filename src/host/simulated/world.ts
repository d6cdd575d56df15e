/**
 * One seeded queue of events for everything that happens in a simulation: timers, packets, the steps of a disk, faults. The
 * same seed gives the same events in the same order, whatever the machine does meanwhile.
 *
 * Between two events all that the code does by itself (promises that resolve) is done: `settled` of whoever runs the world
 * resolves after that.
 */
import type { Chance } from '../chance.ts'
import type { Pace, Timer } from '../clock.ts'
import { SeededChance } from '../memory/chance.ts'
import { EventQueue } from './event-queue.ts'

/** FNV-1a, 32 bits: the digest of a trace. */
const [digestStart, digestPrime] = [0x811c9dc5, 0x01000193]

export class World {
  /** What happens by chance follows from the seed, and from what happened before. */
  readonly chance: Chance
  /** Of all who live in it; without it, that of `limits`. */
  readonly pace: Pace | undefined
  readonly #settled: () => Promise<void>
  readonly #events = new EventQueue()
  #nowMicros = 0
  #digest = digestStart
  #steps = 0

  constructor(seed: number, settled: () => Promise<void>, pace?: Pace) {
    this.chance = new SeededChance(seed)
    this.pace = pace
    this.#settled = settled
  }

  /** Microseconds since the world began. */
  get nowMicros(): number {
    return this.#nowMicros
  }

  /** The same, for people. */
  get now(): string {
    return `${(this.#nowMicros / 1e6).toFixed(3)} s`
  }

  /** Events that happened so far. */
  get steps(): number {
    return this.#steps
  }

  /** Of all that happened, with its times: equal for two runs that went the same way. */
  get digest(): string {
    return (this.#digest >>> 0).toString(16).padStart(8, '0')
  }

  /** Happens after so many microseconds; of what is due at one time, what was asked for first comes first. */
  after(delayMicros: number, what: string, happen: () => void): Timer {
    const event = {
      dueMicros: this.#nowMicros + Math.max(0, Math.round(delayMicros)),
      what,
      happen,
      isCancelled: false
    }
    this.#events.add(event)
    return {
      cancel: () => {
        event.isCancelled = true
      }
    }
  }

  /** Resolves after so many microseconds. */
  pause(delayMicros: number, what: string): Promise<void> {
    return new Promise((resolve) => void this.after(delayMicros, what, resolve))
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.chance.below(most - least + 1)
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.chance.below(times) === 0
  }

  /** Puts into the trace what is not an event of its own. */
  note(what: string): void {
    for (let index = 0; index < what.length; index += 1) {
      this.#digest = Math.imul(this.#digest ^ what.charCodeAt(index), digestPrime)
    }
  }

  /** The next event, and all that follows from it by itself. False when nothing is left to happen. */
  async step(): Promise<boolean> {
    const event = this.#events.next()
    if (event === null) return false
    this.#nowMicros = event.dueMicros
    this.#steps += 1
    this.note(`${event.dueMicros} ${event.what}`)
    event.happen()
    await this.#settled()
    return true
  }
}

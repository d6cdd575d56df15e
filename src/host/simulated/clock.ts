/** Time of one process in a simulation: it follows the world, but the time of day can be set, as people and NTP do. */
import type { Clock, Pace, Timer } from '../clock.ts'
import type { Attention } from './attention.ts'
import type { World } from './world.ts'

/** The time of day when a world begins. */
const startMs = 1_700_000_000_000

/** As long as a sync may take. */
const longestTurnMicros = 3000

/** What all processes of one machine read the time of day from. */
export interface TimeOfDay {
  /** Milliseconds that were added to it since the world began. */
  shiftMs: number
}

export class SimulatedClock implements Clock {
  readonly #world: World
  readonly #timeOfDay: TimeOfDay
  readonly #attention: Attention

  constructor(world: World, timeOfDay: TimeOfDay, attention: Attention) {
    this.#world = world
    this.#timeOfDay = timeOfDay
    this.#attention = attention
  }

  get pace(): Pace | undefined {
    return this.#world.pace
  }

  nowMs(): number {
    return startMs + this.#timeOfDay.shiftMs + Math.floor(this.#world.nowMicros / 1000)
  }

  monotonicMs(): number {
    return this.#world.nowMicros / 1000
  }

  after(delayMs: number, callback: () => void): Timer {
    // Never early: who finds that a fraction of a microsecond is left would ask for it again without end.
    let isCancelled = false
    const ring = (): void => {
      if (!isCancelled && this.#attention.isAlive()) callback()
    }
    const timer = this.#world.after(this.#micros(delayMs), 'timer', () => this.#attention.whenAwake(ring))
    return {
      cancel: () => {
        isCancelled = true
        timer.cancel()
      }
    }
  }
  /** The turn of others takes time in a world where jobs are done in slices: what else happens, happens between two of them. */
  #micros(delayMs: number): number {
    if (delayMs > 0 || this.#world.pace === undefined) return Math.ceil(delayMs * 1000)
    return this.#world.between(0, longestTurnMicros)
  }
}

/** A clock that moves only when it is told to: for tests and for simulation. */
import type { Clock, Timer } from '../clock.ts'

interface Alarm {
  readonly dueMs: number
  readonly order: number
  readonly callback: () => void
}

export class ManualClock implements Clock {
  #nowMs: number
  #elapsedMs = 0
  #order = 0
  readonly #alarms = new Set<Alarm>()

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#elapsedMs
  }

  after(delayMs: number, callback: () => void): Timer {
    const alarm: Alarm = { dueMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, callback }
    this.#alarms.add(alarm)
    return { cancel: () => void this.#alarms.delete(alarm) }
  }

  /** Alarms that have not gone off. */
  get waiting(): number {
    return this.#alarms.size
  }

  /** Moves on; what is due on the way goes off in its order, at its time. */
  advance(byMs: number): void {
    const endMs = this.#elapsedMs + byMs
    for (let next = this.#nextUntil(endMs); next !== null; next = this.#nextUntil(endMs)) {
      this.#moveTo(next.dueMs)
      this.#alarms.delete(next)
      next.callback()
    }
    this.#moveTo(endMs)
  }

  #moveTo(elapsedMs: number): void {
    this.#nowMs += elapsedMs - this.#elapsedMs
    this.#elapsedMs = elapsedMs
  }

  #nextUntil(endMs: number): Alarm | null {
    let next: Alarm | null = null
    for (const alarm of this.#alarms) {
      if (alarm.dueMs > endMs) continue
      if (next === null || alarm.dueMs < next.dueMs || (alarm.dueMs === next.dueMs && alarm.order < next.order))
        next = alarm
    }
    return next
  }
}

/**
 * When notifications is killed and when it comes back: a pure clock that is told the time and whether the log has caught up. It kills
 * once by itself, after the orders have flowed for a while; whoever watches may kill earlier, and again, but not before they flow: a crash
 * that no order meets shows nothing. It is over when all is calm.
 */
export type OutageAction = 'kill' | 'restart' | 'end'

export interface OutageTimes {
  /** From the first order to the kill. */
  readonly warmUpMs: number
  readonly outageMs: number
  /** How long the recovered worlds are shown. */
  readonly calmMs: number
}

export type OutagePhase = 'flowing' | 'out' | 'draining' | 'calm' | 'over'

export class Outage {
  readonly #times: OutageTimes
  #phase: OutagePhase = 'flowing'
  #sinceMs: number | undefined

  constructor(times: OutageTimes) {
    this.#times = times
  }

  /** Whether orders have been seen to flow. */
  get hasBegun(): boolean {
    return this.#phase !== 'flowing' || this.#sinceMs !== undefined
  }

  get phase(): OutagePhase {
    return this.#phase
  }

  /** Until the phase ends by itself; undefined when that does not depend on time. */
  leftMs(nowMs: number): number | undefined {
    const { warmUpMs, outageMs, calmMs } = this.#times
    const lengths = { flowing: warmUpMs, out: outageMs, calm: calmMs, draining: undefined, over: undefined }
    const lengthMs = lengths[this.#phase]
    if (lengthMs === undefined || this.#sinceMs === undefined) return undefined
    return Math.max(0, this.#sinceMs + lengthMs - nowMs)
  }

  /** `flows`: orders have begun to come. `isDrained`: everything that was sent through the log has arrived. */
  advance(
    nowMs: number,
    { flows, isDrained }: { readonly flows: boolean; readonly isDrained: boolean }
  ): OutageAction | undefined {
    if (this.#phase === 'flowing' && flows) this.#sinceMs ??= nowMs
    if (this.#phase === 'draining' && isDrained) this.#enter('calm', nowMs)
    if (this.leftMs(nowMs) !== 0) return undefined
    if (this.#phase === 'flowing') return this.kill(nowMs)
    if (this.#phase === 'out') {
      this.#enter('draining', nowMs)
      return 'restart'
    }
    this.#enter('over', nowMs)
    return 'end'
  }

  /** Undefined: nothing flows so far, it is dead already, or all is over. */
  kill(nowMs: number): OutageAction | undefined {
    if (!this.hasBegun || this.#phase === 'out' || this.#phase === 'over') return undefined
    this.#enter('out', nowMs)
    return 'kill'
  }

  #enter(phase: OutagePhase, nowMs: number): void {
    this.#phase = phase
    this.#sinceMs = nowMs
  }
}

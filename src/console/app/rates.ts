/** How fast something grows, from what was seen of it over the last minute. */
import { useRef } from 'preact/hooks'

export interface Reading {
  readonly atMs: number
  readonly value: number
}

const keptMs = 60_000
/** A rate is of the last seconds: shorter, and it jumps; longer, and it lags. */
const rateMs = 5000

export class History {
  #readings: readonly Reading[] = []

  add(reading: Reading): void {
    const last = this.#readings.at(-1)
    if (last !== undefined && reading.atMs <= last.atMs) return
    this.#readings = [...this.#readings, reading].filter(({ atMs }) => atMs > reading.atMs - keptMs)
  }

  get readings(): readonly Reading[] {
    return this.#readings
  }

  /** Per second, over the last few seconds; null when it was seen once only. */
  get rate(): number | null {
    const last = this.#readings.at(-1)
    const first = this.#readings.find(({ atMs }) => atMs >= (last?.atMs ?? 0) - rateMs)
    if (last === undefined || first === undefined || first === last) return null
    return ((last.value - first.value) * 1000) / (last.atMs - first.atMs)
  }

  /** Per second, from each reading to the next. */
  get rates(): readonly number[] {
    return this.#readings.slice(1).map((reading, index) => {
      const before = this.#readings[index] ?? reading
      return Math.max(0, ((reading.value - before.value) * 1000) / Math.max(1, reading.atMs - before.atMs))
    })
  }
}

/** By name, for as long as the view is open and knows the name; null where a value is not known at that moment. */
export function useHistories(
  atMs: number | undefined,
  values: ReadonlyMap<string, number | null>
): ReadonlyMap<string, History> {
  const histories = useRef(new Map<string, History>())
  if (atMs !== undefined)
    for (const [name, value] of values) {
      if (value === null) continue
      const history = histories.current.get(name) ?? new History()
      history.add({ atMs, value })
      histories.current.set(name, history)
    }
  for (const name of histories.current.keys())
    if (atMs !== undefined && !values.has(name)) histories.current.delete(name)
  return histories.current
}

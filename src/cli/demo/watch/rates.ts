/**
 * How many a second, over the last few seconds.
 */
import { type Status, statuses } from '../services.ts'

const windowMs = 4000

export type Counts = Readonly<Record<Status, number>>

export class Rates {
  #samples: { readonly atMs: number; readonly counts: Counts }[] = []

  sample(atMs: number, counts: Counts): void {
    this.#samples.push({ atMs, counts })
    // The last one older than the window stays: the rates reach back to it.
    while ((this.#samples[1]?.atMs ?? atMs) < atMs - windowMs) this.#samples.shift()
  }

  get perSecond(): Counts {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    const rates: Record<Status, number> = { placed: 0, paid: 0, cooked: 0, notified: 0 }
    if (first === undefined || last === undefined || last.atMs === first.atMs) return rates
    const seconds = (last.atMs - first.atMs) / 1000
    for (const status of statuses) rates[status] = (last.counts[status] - first.counts[status]) / seconds
    return rates
  }
}

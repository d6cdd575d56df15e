/**
 * The story of the demo: orders flow, a service dies, its orders wait in the log, it comes back, they are served. A chapter begins with
 * what was seen in this run, so that nothing is told that did not happen.
 */
import { type ServiceName, type Status, serviceNames, services } from './services.ts'

/** Enough to see that orders reach their customers. */
const toldMin = 3
/** Enough to see that it grows. */
const waitingMin = 5

export interface Outage {
  readonly service: ServiceName
  readonly deadMs: number
  /** How many orders waited for it when most did. */
  readonly waited: number
}

export type Chapter =
  /** No customer has been told anything. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'flowing' }
  /** All members of the service were killed. `hasGrown`: what waits for it has been seen to grow, or cannot, as others are dead too. */
  | { readonly kind: 'dead'; readonly service: ServiceName; readonly hasGrown: boolean }
  | { readonly kind: 'back'; readonly service: ServiceName }
  /** Whoever had ordered before it came back has been told. */
  | { readonly kind: 'served'; readonly outage: Outage }

/** What was measured, at one moment. */
export interface Sight {
  readonly nowMs: number
  readonly counts: Readonly<Record<Status, number>>
  /** Notifications that customers have not read so far. */
  readonly unread: number
  /** Services without a member that lives. */
  readonly dead: readonly ServiceName[]
  /** The last order that fell due. */
  readonly due: number
  /** All orders from the first to this one are notified. */
  readonly notifiedUpTo: number
}

interface Crash {
  readonly service: ServiceName
  readonly killedMs: number
  waited: number
  /** When it came back, and the last order that had been due by then. */
  back: { readonly atMs: number; readonly due: number } | undefined
}

export class Story {
  #chapter: Chapter = { kind: 'opening' }
  #crash: Crash | undefined
  readonly #deadSinceMs = new Map<ServiceName, number>()
  readonly #outages: Outage[] = []

  get chapter(): Chapter {
    return this.#chapter
  }

  /** The finished one for which most orders waited. */
  get longest(): Outage | undefined {
    return this.#outages.toSorted((a, b) => b.waited - a.waited)[0]
  }

  look(sight: Sight): void {
    this.#noteCrash(sight)
    if (this.#crash !== undefined) this.#chapter = this.#follow(this.#crash, sight)
    else if (this.#chapter.kind !== 'served' && sight.counts.notified >= toldMin) this.#chapter = { kind: 'flowing' }
  }

  /** A service that is dead is the story, also when another one is only just back. */
  #noteCrash({ dead, nowMs }: Sight): void {
    for (const service of serviceNames) {
      if (!dead.includes(service)) this.#deadSinceMs.delete(service)
      else if (!this.#deadSinceMs.has(service)) this.#deadSinceMs.set(service, nowMs)
    }
    if (this.#crash !== undefined && dead.includes(this.#crash.service)) return
    const [service] = dead
    if (service === undefined) return
    this.#crash = { service, killedMs: this.#deadSinceMs.get(service) ?? nowMs, waited: 0, back: undefined }
  }

  #follow(crash: Crash, sight: Sight): Chapter {
    const { service } = crash
    // Also while it is coming back: until it is in its group again, more orders wait.
    crash.waited = Math.max(crash.waited, waitingFor(service, sight))
    if (sight.dead.includes(service)) {
      crash.back = undefined
      const hasGrown = service === 'customers' || crash.waited >= waitingMin || sight.dead.length > 1
      return { kind: 'dead', service, hasGrown }
    }
    crash.back ??= { atMs: sight.nowMs, due: sight.due }
    if (sight.notifiedUpTo < crash.back.due) return { kind: 'back', service }
    const outage = { service, deadMs: crash.back.atMs - crash.killedMs, waited: crash.waited }
    this.#crash = undefined
    this.#outages.push(outage)
    return { kind: 'served', outage }
  }
}

/** How many orders stand before this service: said by the one before it, and not answered so far. */
export function waitingFor(service: ServiceName, { counts, unread }: Pick<Sight, 'counts' | 'unread'>): number {
  if (service === 'customers') return unread
  const { hears, says } = services[service]
  return Math.max(0, counts[hears] - counts[says])
}

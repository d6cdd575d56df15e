/**
 * Whether the broker answers at the moment, and a promise for when it does.
 */
/** What a client sees of it: of several brokers, one may be dead while it hears that they answer again. */
export function presenceNews(away: string | undefined, brokers: 'one' | 'several'): string {
  if (brokers === 'several')
    return away === undefined ? 'the other brokers answer' : `the brokers do not answer for a moment: ${away}`
  return away === undefined ? 'the broker is back' : `the broker is away: ${away}`
}

export class BrokerPresence {
  #away: string | undefined
  #waiting: (() => void)[] = []
  #over = false

  /** Why it is away; undefined while it is here. */
  get away(): string | undefined {
    return this.#away
  }

  /** Returns whether that is news. */
  report(away: string | undefined): boolean {
    const isNews = (away === undefined) !== (this.#away === undefined)
    this.#away = away
    if (away === undefined) this.#release()
    return isNews
  }

  /** Resolves when the broker answers, at once if it does now, and when all is over. */
  reachable(): Promise<void> {
    if (this.#away === undefined || this.#over) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  end(): void {
    this.#over = true
    this.#release()
  }

  #release(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

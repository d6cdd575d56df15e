/**
 * Whether the broker answers at the moment, and a promise for when it does.
 */
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

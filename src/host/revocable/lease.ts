/** What a host that can be taken back has given out, and how each of it ends. */

export class Lease {
  readonly #ends = new Set<() => void>()
  #isTaken = false

  get isTaken(): boolean {
    return this.#isTaken
  }

  /** `end` is called when the host is taken back. Returns what is called when the thing has ended by itself. */
  hold(end: () => void): () => void {
    this.#ends.add(end)
    return () => this.#ends.delete(end)
  }

  /** Settles as the work does; never, once the host is taken back. Then it is not even begun. */
  outcomeOf<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#isTaken) return
      work().then(
        (result) => {
          if (!this.#isTaken) resolve(result)
        },
        (error: unknown) => {
          if (!this.#isTaken) reject(error)
        }
      )
    })
  }

  /** Ends all that is out, the last first. Doing it twice does no harm. */
  take(): void {
    if (this.#isTaken) return
    this.#isTaken = true
    const ends = [...this.#ends].reverse()
    this.#ends.clear()
    for (const end of ends) end()
  }
}

/** Work of which one run at a time is under way. Who asks meanwhile shares the run after it, which sees what is there then. */
export class OneAtATime {
  readonly #work: () => Promise<void>
  #underWay: Promise<void> | null = null
  #next: Promise<void> | null = null

  constructor(work: () => Promise<void>) {
    this.#work = work
  }

  /** Resolves when a run is over that began after this was called. Rejects as that one does. */
  run(): Promise<void> {
    if (this.#underWay === null) return this.#begin()
    this.#next ??= this.#underWay
      .catch(() => {})
      .then(() => {
        this.#next = null
        return this.#begin()
      })
    return this.#next
  }

  async #begin(): Promise<void> {
    const run = this.#work()
    this.#underWay = run
    try {
      await run
    } finally {
      if (this.#underWay === run) this.#underWay = null
    }
  }
}

/**
 * Syncs of directories. One serves everyone who asked before it began: thousands of partitions that get their first batch
 * have the root in common (measured for 4,900 of them: 4,904 syncs of directories instead of 9,794).
 */
export class DirectorySyncs {
  readonly #syncNow: (full: string) => Promise<void>
  readonly #running = new Map<string, Promise<void>>()
  readonly #next = new Map<string, Promise<void>>()

  constructor(syncNow: (full: string) => Promise<void>) {
    this.#syncNow = syncNow
  }

  /** Resolves when every name that is in the directory now survives a power cut. */
  sync(full: string): Promise<void> {
    const running = this.#running.get(full)
    const next = this.#next.get(full)
    if (next !== undefined) return next
    if (running === undefined) return this.#begin(full)
    // One that fails speaks for those who wait for the next, too: the system tells of lost writes only once.
    const after = running.then(
      () => {
        this.#next.delete(full)
        return this.#begin(full)
      },
      (error) => {
        this.#next.delete(full)
        throw error
      }
    )
    this.#next.set(full, after)
    return after
  }

  #begin(full: string): Promise<void> {
    const sync = this.#syncNow(full).finally(() => this.#running.delete(full))
    this.#running.set(full, sync)
    return sync
  }
}

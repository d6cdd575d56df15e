/**
 * Group commit: one sync serves everyone who waits. While one is under way, those who come wait for the next, which starts
 * when it ends; there are never two at once.
 */
interface Waiter {
  readonly offset: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export interface SyncTarget {
  /** The offset after the last record that is written. */
  logEndOffset(): number
  /** Syncs everything written so far. */
  sync(): Promise<void>
  /** Everything below the offset is synced now. */
  synced(offset: number): void
  /** A sync failed. What is in the operating system's cache may be gone; nothing may be acknowledged on it any more. */
  failed(error: Error): void
}

export class SyncGroup {
  readonly #target: SyncTarget
  #syncedOffset: number
  #waiters: Waiter[] = []
  #isRunning = false
  #failure: Error | null = null

  constructor(target: SyncTarget, syncedOffset: number) {
    this.#target = target
    this.#syncedOffset = syncedOffset
  }

  get syncedOffset(): number {
    return this.#syncedOffset
  }

  /** Resolves when everything below the offset is synced. */
  wait(offset: number): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (offset <= this.#syncedOffset) return Promise.resolve()
    if (offset > this.#target.logEndOffset()) throw new RangeError(`nothing was written up to offset ${offset}`)
    return new Promise((resolve, reject) => {
      this.#waiters.push({ offset, resolve, reject })
      if (!this.#isRunning) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    try {
      while (this.#waiters.length > 0) {
        const offset = this.#target.logEndOffset()
        await this.#target.sync()
        this.#syncedOffset = offset
        this.#target.synced(offset)
        const waiters = this.#waiters
        this.#waiters = waiters.filter((waiter) => waiter.offset > offset)
        for (const waiter of waiters) if (waiter.offset <= offset) waiter.resolve()
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.#isRunning = false
    }
  }

  #fail(error: Error): void {
    this.#failure = error
    this.#target.failed(error)
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter.reject(error)
  }
}

/**
 * Group commit: one sync serves everyone who waits. While one is under way, those who come wait for the next, which starts
 * when it ends; there are never two at once. The first starts when the turn ends, so that it serves all that came with it.
 * A sync that nobody waits for stands in line with those of other logs (sync-turns.ts).
 */
import type { SyncTurns } from './sync-turns.ts'

interface Waiter {
  readonly offset: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export interface SyncTarget {
  /** The offset after the last record that was taken in. */
  logEndOffset(): number
  /** Writes what is not written yet, and gives the offset after the last record in the file. */
  write(): number
  /** Syncs everything written so far. */
  sync(): Promise<void>
  /** Everything below the offset is synced now. */
  synced(offset: number): void
  /** A sync failed. What is in the operating system's cache may be gone; nothing may be acknowledged on it any more. */
  failed(error: Error): void
}

export class SyncGroup {
  readonly #target: SyncTarget
  readonly #turns: SyncTurns
  readonly #begin = (): void => queueMicrotask(() => void this.#run())
  #syncedOffset: number
  #wantedOffset = 0
  #waiters: Waiter[] = []
  /** Whether a sync runs or stands in line. */
  #isUnderWay = false
  #failure: Error | null = null

  constructor(target: SyncTarget, syncedOffset: number, turns: SyncTurns) {
    this.#target = target
    this.#turns = turns
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
      this.want(offset)
      this.#turns.hurry(this.#begin)
    })
  }

  /** Sees to it that everything below the offset is synced soon, for nobody in particular. */
  want(offset: number): void {
    if (offset <= this.#syncedOffset || offset <= this.#wantedOffset) return
    this.#wantedOffset = offset
    if (!this.#isUnderWay && this.#failure === null) this.#lineUp()
  }

  /** The records from this offset on could not be written, and are in the log no more. */
  giveUp(fromOffset: number, error: Error): void {
    this.#wantedOffset = Math.min(this.#wantedOffset, fromOffset)
    const waiters = this.#waiters
    this.#waiters = waiters.filter((waiter) => waiter.offset <= fromOffset)
    for (const waiter of waiters) if (waiter.offset > fromOffset) waiter.reject(error)
  }

  #lineUp(): void {
    this.#isUnderWay = true
    this.#turns.ask(this.#begin)
    if (this.#waiters.length > 0) this.#turns.hurry(this.#begin)
  }

  async #run(): Promise<void> {
    let wantsMore = false
    try {
      const offset = this.#target.write()
      if (offset > this.#syncedOffset) {
        await this.#target.sync()
        this.#reach(offset)
        wantsMore = this.#wantedOffset > offset
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
    this.#isUnderWay = false
    this.#turns.end()
    if (wantsMore) this.#lineUp()
  }

  #reach(offset: number): void {
    this.#syncedOffset = offset
    this.#target.synced(offset)
    const waiters = this.#waiters
    this.#waiters = waiters.filter((waiter) => waiter.offset > offset)
    for (const waiter of waiters) if (waiter.offset <= offset) waiter.resolve()
  }

  #fail(error: Error): void {
    this.#failure = error
    this.#target.failed(error)
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter.reject(error)
  }
}

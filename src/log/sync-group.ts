/**
 * Group commit: one sync serves everyone who waits. While one is under way, those who come wait for the next, which starts
 * when it ends; there are never two at once. The first starts when the turn ends, so that it serves all that came with it.
 *
 * What nobody waits for is synced all the same, within a bound of time and of bytes (limits.ts), so that a power cut takes no
 * more than that, and whoever does come does not wait for a disk that is long behind. Such a sync stands in line with those of
 * other logs (sync-turns.ts).
 */
import type { Clock, Timer } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { atEndOfTurn, surface, unattended } from '../host/unattended.ts'
import { limits } from '../limits.ts'
import { RefusedSync } from './refused-sync.ts'
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
  /** What has to be safe before the records are, and can be tried again when it is refused; null when there is nothing. */
  prepare(): Promise<void> | null
  /** Syncs everything written so far. */
  sync(): Promise<void>
  /** Everything below the offset is synced now. */
  synced(offset: number): void
  /** No sync could begin, because no file can be opened now, or for want of room; it is tried again. */
  refused(error: DiskError): void
  /** A sync failed. What is in the operating system's cache may be gone; nothing may be acknowledged on it any more. */
  failed(error: Error): void
}

export class SyncGroup {
  readonly #target: SyncTarget
  readonly #turns: SyncTurns
  readonly #clock: Clock
  readonly #begin = (): void => atEndOfTurn(this.#clock, () => unattended(this.#clock, this.#run()))
  #syncedOffset: number
  #wantedOffset = 0
  /** Somebody waits for what lies below. */
  #urgentOffset = 0
  #waiters: Waiter[] = []
  /** Whether a sync runs or stands in line, or somebody changes what would be synced. */
  #isUnderWay = false
  /** Told when nothing is under way any more. */
  #idle: (() => void)[] = []
  #failure: Error | null = null
  /** Bytes that came since the last sync began. */
  #owedBytes = 0
  /** Goes off when what came has waited long enough. One for all of it: it is not set anew by what comes later. */
  #dueTimer: Timer | null = null
  #hasEnded = false

  constructor(target: SyncTarget, syncedOffset: number, { turns, clock }: { turns: SyncTurns; clock: Clock }) {
    this.#target = target
    this.#turns = turns
    this.#clock = clock
    this.#syncedOffset = syncedOffset
  }

  get syncedOffset(): number {
    return this.#syncedOffset
  }

  /** Resolves when everything below the offset is synced. */
  wait(offset: number): Promise<void> {
    if (offset <= this.#syncedOffset) return Promise.resolve()
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (offset > this.#target.logEndOffset()) throw new RangeError(`nothing was written up to offset ${offset}`)
    return new Promise((resolve, reject) => {
      this.#waiters.push({ offset, resolve, reject })
      this.hurry(offset)
    })
  }

  /** Begins to sync everything below the offset: somebody waits for it, and hears of it by `synced`. */
  hurry(offset: number): void {
    this.#urgentOffset = Math.max(this.#urgentOffset, offset)
    this.want(offset)
    this.#turns.hurry(this.#begin)
  }

  /** So many bytes came, which nobody waits for yet: sees to it that they are synced within the bounds, and within a time. */
  owe(sizeBytes: number, withinMs: number): void {
    this.#owedBytes += sizeBytes
    if (this.#owedBytes >= limits.unsyncedBytes) this.want(this.#target.logEndOffset())
    this.wantWithin(Math.min(withinMs, limits.unsyncedMs))
  }

  /** Sees to it that what is there by then is synced after so long; one such time is kept, the first. */
  wantWithin(withinMs: number): void {
    if (this.#hasEnded) return
    this.#dueTimer ??= this.#clock.after(withinMs, () => {
      this.#dueTimer = null
      this.want(this.#target.logEndOffset())
    })
  }

  /** The log is going away: what was not asked for until now is synced no more. */
  end(): void {
    this.#hasEnded = true
    this.#dueTimer?.cancel()
    this.#dueTimer = null
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
    this.#urgentOffset = Math.min(this.#urgentOffset, fromOffset)
    const waiters = this.#waiters
    this.#waiters = waiters.filter((waiter) => waiter.offset <= fromOffset)
    for (const waiter of waiters) if (waiter.offset > fromOffset) waiter.reject(error)
  }

  /** Does what no sync may run beside, when none does; those that are wanted meanwhile follow. */
  async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#isUnderWay) await new Promise<void>((resolve) => this.#idle.push(resolve))
    this.#isUnderWay = true
    try {
      return await work()
    } finally {
      this.#endOne(this.#wantedOffset > this.#syncedOffset && this.#failure === null)
    }
  }

  /** The log was cut here, by who is `alone`: what lay behind is synced no more, and whoever waits for it hears why. */
  cutTo(offset: number, reason: Error): void {
    this.#syncedOffset = Math.min(this.#syncedOffset, offset)
    this.giveUp(offset, reason)
  }

  /** Everything below is synced, by who is `alone`. */
  beginAt(offset: number): void {
    this.#syncedOffset = offset
  }

  #lineUp(): void {
    this.#isUnderWay = true
    if (this.#urgentOffset > this.#syncedOffset) this.#begin()
    else this.#turns.ask(this.#begin)
  }

  async #run(): Promise<void> {
    let wantsMore = false
    try {
      const offset = this.#target.write()
      this.#owedBytes = 0
      if (offset > this.#syncedOffset) {
        const prepared = this.#target.prepare()
        if (prepared === null || (await this.#isDone(prepared))) {
          await this.#target.sync()
          this.#reach(offset)
          wantsMore = this.#wantedOffset > offset
        }
      }
    } catch (error) {
      if (error instanceof DiskError && error.problem === 'too-many-files') this.#refuse(error)
      else this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
    this.#turns.end(this.#begin)
    this.#endOne(wantsMore)
  }

  /** Who waits to be alone comes before the next. */
  #endOne(wantsMore: boolean): void {
    this.#isUnderWay = false
    const next = this.#idle.shift()
    if (next !== undefined) next()
    else if (wantsMore) this.#lineUp()
  }

  /** Whatever the disk refuses of what comes before, no record is in doubt. */
  async #isDone(prepared: Promise<void>): Promise<boolean> {
    try {
      await prepared
      return true
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#refuse(error)
      return false
    }
  }

  #reach(offset: number): void {
    this.#syncedOffset = offset
    this.#target.synced(offset)
    const waiters = this.#waiters
    this.#waiters = waiters.filter((waiter) => waiter.offset > offset)
    for (const waiter of waiters) if (waiter.offset <= offset) waiter.resolve()
  }

  /** No sync could begin. Nothing is in doubt: a later one does it. */
  #refuse(error: DiskError): void {
    this.#wantedOffset = this.#syncedOffset
    this.#target.refused(error)
    this.#rejectAll(RefusedSync.of(error))
    this.wantWithin(limits.unsyncedMs)
  }

  #fail(error: Error): void {
    this.#failure = error
    this.#target.failed(error)
    this.#rejectAll(error)
    // No disk has said so: it is a mistake of ours, and perhaps nobody waits.
    if (!(error instanceof DiskError)) surface(this.#clock, error)
  }

  #rejectAll(error: Error): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter.reject(error)
  }
}

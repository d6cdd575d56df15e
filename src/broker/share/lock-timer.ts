/**
 * One timer for the locks of all share partitions: the first that runs out. Locks that run out nearly at once go together, and many are given
 * back in slices (Kafka: AcquisitionLockTimerTask, one for each batch).
 */
import type { Clock, Timer } from '../../host/clock.ts'
import { inSlices, type Slicing } from '../../host/slices.ts'
import { unattended } from '../../host/unattended.ts'
import { limits } from '../../limits.ts'
import type { LedSharePartition } from './led-share-partition.ts'

export interface LockedShares {
  readonly shares: () => Iterable<LedSharePartition>
  /** Gives back what is held for too long. */
  readonly timeOut: (share: LedSharePartition) => Promise<void>
}

export class LockTimer {
  readonly #clock: Clock
  readonly #slices: Slicing
  readonly #of: LockedShares
  #timer: Timer | null = null
  #dueMs = Number.POSITIVE_INFINITY
  #isClosed = false

  constructor(clock: Clock, slices: Slicing, of: LockedShares) {
    this.#clock = clock
    this.#slices = slices
    this.#of = of
  }

  /** A lock runs out then. */
  dueAt(monotonicMs: number): void {
    if (this.#isClosed || monotonicMs >= this.#dueMs) return
    this.#timer?.cancel()
    this.#dueMs = monotonicMs
    const delayMs = Math.max(0, monotonicMs - this.#clock.monotonicMs()) + limits.shareLockTickMs
    this.#timer = this.#clock.after(delayMs, () => unattended(this.#clock, this.#runOut()))
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  async #runOut(): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    this.#dueMs = Number.POSITIVE_INFINITY
    const due: LedSharePartition[] = []
    for (const share of this.#of.shares()) {
      if (share.nextTimeoutMs <= nowMs) due.push(share)
      else this.dueAt(share.nextTimeoutMs)
    }
    await inSlices(this.#slices, due, (share) => {
      unattended(this.#clock, this.#of.timeOut(share))
      this.dueAt(share.nextTimeoutMs)
    })
  }
}

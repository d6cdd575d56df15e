/**
 * A full disk, as whoever runs the broker is told of it: once when the first records are refused for want of room, and once when
 * records are taken again.
 */
import type { Clock } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { limits } from '../limits.ts'

export class DiskRoom {
  readonly #clock: Clock
  readonly #log: (line: string) => void
  #isFull = false
  #toldMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, log: (line: string) => void) {
    this.#clock = clock
    this.#log = log
  }

  /** Why records were refused. */
  refused(reason: unknown): void {
    if (!(reason instanceof DiskError) || reason.problem !== 'full') return
    const nowMs = this.#clock.monotonicMs()
    if (this.#isFull || nowMs - this.#toldMs < limits.fullDiskAgainMs) return
    this.#isFull = true
    this.#toldMs = nowMs
    this.#log(`records are refused: ${reason.message}`)
  }

  /** Records were taken. Bound, as it is called for each batch. */
  readonly taken = (): void => {
    if (!this.#isFull) return
    this.#isFull = false
    this.#log('there is room on the disk again: records are taken')
  }
}

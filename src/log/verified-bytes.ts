/**
 * Which bytes of a file of records are known to be as they were written: those that this process wrote (it checked them on their
 * way in), and of those that were there when the file was opened the ones that it has read, as one stretch. Both only for as long as the
 * disk promises to give back what it was given (`Disk.remembersMs`): then it may be read from a medium on which a bit has flipped.
 *
 * To check what this process wrote again at each read costs memory for each batch (the budget of fetch-1m), and time: reads of 200 MB
 * with every checksum took about 92 ms in large batches and 335 ms in small ones, on a noisy machine.
 */
import type { Clock } from '../host/clock.ts'

export interface Remembering {
  readonly clock: Clock
  /** For how long bytes that were written or read are what they were. */
  readonly remembersMs: number
}

export class VerifiedBytes {
  readonly #clock: Clock
  /** What was written is forgotten in two steps, so that no time need be kept for each write. */
  readonly #stepMs: number
  /** What lies behind was written by this process, not long ago. */
  #writtenFrom: number
  /** Where the file ended when the step began. */
  #step: { readonly sizeBytes: number; readonly beganMs: number }
  #from = 0
  #to = 0
  /** When the first bytes of the stretch were read. */
  #readMs = 0

  constructor(openedBytes: number, { clock, remembersMs }: Remembering) {
    this.#clock = clock
    this.#stepMs = remembersMs / 2
    this.#writtenFrom = openedBytes
    this.#step = { sizeBytes: openedBytes, beganMs: clock.monotonicMs() }
  }

  /** Before a look at the file, which has so many bytes now: what was written or read long ago is not known any more. */
  forgetOld(sizeBytes: number): void {
    const nowMs = this.#clock.monotonicMs()
    const sinceMs = nowMs - this.#step.beganMs
    if (sinceMs < this.#stepMs) return
    // Nobody has looked for so long that the time of the last writes is not known.
    this.#writtenFrom = sinceMs < 2 * this.#stepMs ? this.#step.sizeBytes : sizeBytes
    this.#step = { sizeBytes, beganMs: nowMs }
    if (nowMs - this.#readMs >= this.#stepMs) this.#to = this.#from
  }

  has(position: number, endPosition: number): boolean {
    return position >= this.#writtenFrom || (position >= this.#from && endPosition <= this.#to)
  }

  /** The bytes were looked at and are right. */
  add(position: number, endPosition: number): void {
    const continues = position <= this.#to && endPosition >= this.#from && this.#to > this.#from
    if (!continues) this.#readMs = this.#clock.monotonicMs()
    this.#from = continues ? Math.min(this.#from, position) : position
    this.#to = continues ? Math.max(this.#to, endPosition) : endPosition
  }
}

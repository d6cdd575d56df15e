/**
 * Memory that fetches read into, used again when an answer has left: fresh memory for each megabyte costs more than reading it
 * (the system clears its pages first; measured: a third of a fetch).
 *
 * A loan belongs to one answer. What is never given back, because its connection broke, is left to the garbage collector.
 */
import type { ReadMemory } from '../host/disk.ts'
import { limits } from '../limits.ts'

export class FetchMemory {
  readonly #free: Buffer[] = []

  lend(): FetchLoan {
    return new FetchLoan(this.#free)
  }
}

export class FetchLoan implements ReadMemory {
  readonly #free: Buffer[]
  #lent: Buffer[] = []

  constructor(free: Buffer[]) {
    this.#free = free
  }

  take(sizeBytes: number): Buffer {
    if (sizeBytes < limits.lentFromBytes || sizeBytes > limits.lentPieceBytes) return Buffer.allocUnsafe(sizeBytes)
    const piece = this.#free.pop() ?? Buffer.allocUnsafeSlow(limits.lentPieceBytes)
    this.#lent.push(piece)
    return piece.subarray(0, sizeBytes)
  }

  get isEmpty(): boolean {
    return this.#lent.length === 0
  }

  /** Nobody reads from what was taken any more. Doing it twice does no harm. */
  giveBack(): void {
    const lent = this.#lent
    this.#lent = []
    for (const piece of lent) if (this.#free.length < limits.lentPiecesKept) this.#free.push(piece)
  }
}

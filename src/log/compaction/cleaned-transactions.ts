/**
 * The transactions that a cleaner comes through on its way along the log: whether a batch is of one that was aborted, and so may go, and
 * whether anything is left of the one that a marker ends. A marker stays as long as a batch of its transaction does
 * (Kafka: CleanedTransactionMetadata).
 */
import { type BatchHeader, isTransactional, lastOffsetOf } from '../../protocol/records/batch.ts'
import type { TransactionEnd } from '../../protocol/records/control-records.ts'
import type { AbortedEntry } from '../transaction-index.ts'

interface Aborted {
  readonly entry: AbortedEntry
  /** Whether a batch of it was there. */
  hasBatches: boolean
}

export class CleanedTransactions {
  /** Those that the cleaner has not come to, the first at the end. */
  #ahead: AbortedEntry[] = []
  readonly #aborted = new Map<number, Aborted>()
  /** Producers with a transaction that was committed, of which a batch was there. */
  readonly #committed = new Set<number>()

  /** Transactions that were aborted and touch what comes next; one may be told again. */
  add(aborted: Iterable<AbortedEntry>): void {
    this.#ahead = [...this.#ahead, ...aborted].sort((one, other) => other.firstOffset - one.firstOffset)
  }

  /** Whether the records of a batch, which is none of control, are of a transaction that was aborted. */
  takeRecords(header: BatchHeader): boolean {
    this.#reach(header)
    if (!isTransactional(header.attributes)) return false
    const aborted = this.#aborted.get(header.producerId)
    if (aborted === undefined) {
      this.#committed.add(header.producerId)
      return false
    }
    aborted.hasBatches = true
    return true
  }

  /**
   * Whether nothing is left of the transaction that a control batch ends; also of one without a record, which an earlier cleaner has
   * left. An aborted one of which something was there has to stay in the index of what is written: `told` gets it.
   */
  takeMarker(
    header: BatchHeader,
    end: TransactionEnd | 'emptied' | null,
    told: (entry: AbortedEntry) => void
  ): boolean {
    this.#reach(header)
    if (end === null) return false
    if (end === 'emptied') return true
    if (end.outcome === 'commit') return !this.#committed.delete(header.producerId)
    const aborted = this.#aborted.get(header.producerId)
    this.#aborted.delete(header.producerId)
    if (aborted?.hasBatches !== true) return true
    told(aborted.entry)
    return false
  }

  /** Transactions that begin within the batch, or have begun before it. */
  #reach(header: BatchHeader): void {
    const lastOffset = lastOffsetOf(header)
    for (;;) {
      const next = this.#ahead.at(-1)
      if (next === undefined || next.firstOffset > lastOffset) return
      this.#ahead.pop()
      // Told again by the segment that it ended in, after its end.
      const isOver = next.lastOffset < header.baseOffset
      if (!isOver && !this.#aborted.has(next.producerId))
        this.#aborted.set(next.producerId, { entry: next, hasBatches: false })
    }
  }
}

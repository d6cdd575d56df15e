/**
 * A cleaner's way along a log, batch by batch and at its pace, with what it knows of the transactions that it comes through. Each batch
 * is as it was written, or the walk ends with DamageError.
 */
import { isControl, isTransactional } from '../../protocol/records/batch.ts'
import { isUnreadable } from '../../protocol/records/reader.ts'
import { abortedEntries, transactionChecks } from '../aborted-transactions.ts'
import type { WalkStart, WholeBatch } from '../batch-walk.ts'
import { type LogWithProducers, transactionEndIn } from '../producer-loading.ts'
import type { Segment } from '../segment.ts'
import type { AbortedEntry } from '../transaction-index.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import type { Pace } from './pace.ts'

/** A finished segment, and where the next one begins. */
export interface WalkedSegment {
  readonly segment: Segment
  readonly endOffset: number
}

/** Records that cannot be read, in a batch that is as it was written: of this log compaction keeps its hands. */
export class UncleanableError extends Error {
  override readonly name = 'UncleanableError'
}

/** `isOver`: the batch is of a transaction that was aborted, or a marker of one of which nothing is left. Whether to go on. */
export type TakeBatch = (batch: WholeBatch, isOver: boolean) => 'go on' | 'enough'

export class CleaningWalk {
  /** Gets each transaction that was aborted and of which something was there, when its marker is met. */
  told: (entry: AbortedEntry) => void = () => {}
  readonly #log: () => LogWithProducers
  readonly #pace: Pace
  readonly #transactions = new CleanedTransactions()
  /** The segment of which all transactions are known. */
  #known: Segment | null = null

  constructor(log: () => LogWithProducers, pace: Pace) {
    this.#log = log
    this.#pace = pace
  }

  /** Rejects with DamageError, UncleanableError, and when nobody wants it any more. Resolves with whether it came to the end. */
  async through(walked: WalkedSegment, start: WalkStart, take: TakeBatch): Promise<'end' | 'enough'> {
    await this.#pace.turn()
    for (const batch of walked.segment.soundBatchesFrom(start)) {
      if (isTransactional(batch.header.attributes) && this.#known !== walked.segment) await this.#meet(walked)
      if (this.#taken(walked.segment, batch, take) === 'enough') return 'enough'
      const turn = this.#pace.passed(batch.header.sizeBytes)
      if (turn !== null) await turn
    }
    return 'end'
  }

  #taken(segment: Segment, batch: WholeBatch, take: TakeBatch): 'go on' | 'enough' {
    const { header, bytes } = batch
    try {
      const isOver = isControl(header.attributes)
        ? this.#transactions.takeMarker(header, this.#endIn(segment, batch), this.told)
        : this.#transactions.takeRecords(header)
      return take(batch, isOver)
    } catch (error) {
      if (!isUnreadable(error)) throw error
      const where = `the batch with offset ${header.baseOffset}, of ${bytes.length} bytes`
      throw new UncleanableError(`The records of ${where}, cannot be read: ${error.message}.`, { cause: error })
    }
  }

  #endIn(segment: Segment, batch: WholeBatch) {
    return batch.header.recordCount === 0 ? 'emptied' : transactionEndIn(segment, batch, batch.bytes)
  }

  /** The segment has records of transactions: those that were aborted are looked up, for all of it. */
  async #meet({ segment, endOffset }: WalkedSegment): Promise<void> {
    for (const _ of transactionChecks(segment.baseOffset, endOffset, this.#log())) {
      const turn = this.#pace.passed(0)
      if (turn !== null) await turn
    }
    this.#transactions.add(abortedEntries(segment.baseOffset, endOffset, this.#log().segments))
    this.#known = segment
  }
}

/**
 * What a partition remembers of its producers, so that a batch that is sent twice is written once and a gap is noticed:
 * the epoch, the last five batches, and the transaction that is open. (KIP-98; Kafka: ProducerStateManager,
 * ProducerAppendInfo.) Pure state: it is made from the headers of batches, in their order.
 */
import { ErrorCode } from '../protocol/error-codes.ts'
import {
  type BatchHeader,
  hasProducerId,
  isTransactional,
  lastOffsetOf,
  lastSequenceOf,
  noProducerId
} from '../protocol/records/batch.ts'
import type { TransactionEnd } from '../protocol/records/control-records.ts'
import type { ActiveProducer } from './types.ts'

/** Producers that are silent for longer are forgotten (Kafka: producer.id.expiration.ms). */
export const producerExpirationMs = 24 * 60 * 60 * 1000
/** As many batches as a producer may have in flight. */
export const rememberedBatches = 5
const lastSequence = 0x7fffffff
/** Of a producer that has written nothing in its epoch: the first sequence is 0. */
const noSequence = -1
/** Of a producer that names none. Kafka holds its sequences against nothing. */
const noEpoch = -1

export interface RememberedBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly timestampMs: number
}

export interface ProducerEntry {
  readonly producerId: number
  producerEpoch: number
  /** Oldest first, at most five. */
  batches: RememberedBatch[]
  coordinatorEpoch: number
  lastTimestampMs: number
  /** -1 when no transaction is open. */
  transactionStartOffset: number
}

export interface CompletedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly outcome: 'commit' | 'abort'
}

export type ProducerCheck =
  | { readonly kind: 'new' }
  | { readonly kind: 'duplicate'; readonly batch: RememberedBatch }
  | { readonly kind: 'refused'; readonly error: ErrorCode; readonly message: string }

export class ProducerState {
  readonly #producers = new Map<number, ProducerEntry>()
  /** Where the open transactions begin, by producer: each fetch asks for the first, and producers may be many. */
  readonly #openTransactions = new Map<number, number>()

  get isEmpty(): boolean {
    return this.#producers.size === 0
  }

  entries(): Iterable<ProducerEntry> {
    return this.#producers.values()
  }

  /** Knows what the other knows, and nothing else. */
  become(other: ProducerState): void {
    this.#producers.clear()
    this.#openTransactions.clear()
    for (const entry of other.entries()) this.restore(entry)
  }

  /** Puts back what a snapshot says. */
  restore(entry: ProducerEntry): void {
    this.#producers.set(entry.producerId, entry)
    this.#noteTransaction(entry)
  }

  /** Whether a client's batch continues what its producer has written here. */
  check(header: BatchHeader): ProducerCheck {
    if (!hasProducerId(header)) return { kind: 'new' }
    const entry = this.#producers.get(header.producerId)
    if (entry === undefined) return checkNewProducer(header)
    if (header.producerEpoch < entry.producerEpoch) {
      const message = `Producer ${header.producerId} has epoch ${entry.producerEpoch} by now; this batch is of ${header.producerEpoch}.`
      return { kind: 'refused', error: ErrorCode.INVALID_PRODUCER_EPOCH, message }
    }
    const isBegun = entry.producerEpoch !== noEpoch
    if (header.producerEpoch > entry.producerEpoch) return isBegun ? checkFirstOfEpoch(header) : { kind: 'new' }
    const known = entry.batches.find(
      (batch) => batch.firstSequence === header.baseSequence && batch.lastSequence === lastSequenceOf(header)
    )
    if (known !== undefined) return { kind: 'duplicate', batch: known }
    const written = entry.batches.at(-1)?.lastSequence ?? noSequence
    if (!isBegun || header.baseSequence === nextSequence(written)) return { kind: 'new' }
    const message = `Producer ${header.producerId} wrote up to sequence ${written}; this batch begins with ${header.baseSequence}.`
    return { kind: 'refused', error: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, message }
  }

  /** Takes in a batch that is in the log. */
  record(header: BatchHeader): void {
    if (!hasProducerId(header)) return
    const entry = this.#entryFor(header)
    entry.lastTimestampMs = header.maxTimestamp
    entry.batches = [...entry.batches.slice(1 - rememberedBatches), rememberedBatchOf(header)]
    if (isTransactional(header.attributes) && entry.transactionStartOffset < 0) {
      entry.transactionStartOffset = header.baseOffset
      this.#noteTransaction(entry)
    }
  }

  /** What takes back all that is recorded of this producer from now on; null for a batch without one. */
  undoFor(producerId: number): (() => void) | null {
    if (producerId <= noProducerId) return null
    const known = this.#producers.get(producerId)
    if (known === undefined) return () => this.#forget(producerId)
    const before = { ...known }
    return () => this.restore(before)
  }

  /** Takes in the marker that ends a producer's transaction; null when none was open here. */
  recordEnd(header: BatchHeader, end: TransactionEnd): CompletedTransaction | null {
    const entry = this.#entryFor(header)
    entry.coordinatorEpoch = end.coordinatorEpoch
    entry.lastTimestampMs = header.maxTimestamp
    const firstOffset = entry.transactionStartOffset
    entry.transactionStartOffset = -1
    this.#noteTransaction(entry)
    if (firstOffset < 0) return null
    return { producerId: header.producerId, firstOffset, lastOffset: header.baseOffset, outcome: end.outcome }
  }

  /** Where the oldest open transaction begins; null when there is none. */
  firstUnstableOffset(): number | null {
    let first: number | null = null
    for (const offset of this.#openTransactions.values()) {
      if (first === null || offset < first) first = offset
    }
    return first
  }

  /** Forgets producers that have been silent since then and have no transaction open. */
  expire(beforeMs: number): void {
    for (const entry of this.#producers.values()) {
      if (entry.lastTimestampMs < beforeMs && entry.transactionStartOffset < 0) this.#forget(entry.producerId)
    }
  }

  describe(): ActiveProducer[] {
    return Array.from(this.#producers.values(), (entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.producerEpoch,
      lastSequence: entry.batches.at(-1)?.lastSequence ?? -1,
      lastTimestampMs: entry.lastTimestampMs,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTransactionStartOffset: entry.transactionStartOffset
    }))
  }

  #noteTransaction({ producerId, transactionStartOffset }: ProducerEntry): void {
    if (transactionStartOffset >= 0) this.#openTransactions.set(producerId, transactionStartOffset)
    else this.#openTransactions.delete(producerId)
  }

  #forget(producerId: number): void {
    this.#producers.delete(producerId)
    this.#openTransactions.delete(producerId)
  }

  #entryFor(header: BatchHeader): ProducerEntry {
    const known = this.#producers.get(header.producerId)
    if (known !== undefined) {
      if (known.producerEpoch !== header.producerEpoch) {
        known.producerEpoch = header.producerEpoch
        known.batches = []
      }
      return known
    }
    const entry: ProducerEntry = {
      producerId: header.producerId,
      producerEpoch: header.producerEpoch,
      batches: [],
      coordinatorEpoch: -1,
      lastTimestampMs: header.maxTimestamp,
      transactionStartOffset: -1
    }
    this.#producers.set(header.producerId, entry)
    return entry
  }
}

export function rememberedBatchOf(header: BatchHeader): RememberedBatch {
  return {
    firstSequence: header.baseSequence,
    lastSequence: lastSequenceOf(header),
    firstOffset: header.baseOffset,
    lastOffset: lastOffsetOf(header),
    timestampMs: header.maxTimestamp
  }
}

/** Any sequence will do: what came before may be deleted by now. Kafka holds the epoch of an unknown producer to be -1. */
function checkNewProducer({ producerId, producerEpoch }: BatchHeader): ProducerCheck {
  if (producerEpoch >= noEpoch) return { kind: 'new' }
  const message = `Producer ${producerId} cannot have the epoch ${producerEpoch}.`
  return { kind: 'refused', error: ErrorCode.INVALID_PRODUCER_EPOCH, message }
}

function checkFirstOfEpoch(header: BatchHeader): ProducerCheck {
  if (header.baseSequence === 0) return { kind: 'new' }
  const message = `The first batch of epoch ${header.producerEpoch} must begin with sequence 0, not ${header.baseSequence}.`
  return { kind: 'refused', error: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, message }
}

function nextSequence(sequence: number): number {
  return sequence === lastSequence ? 0 : sequence + 1
}

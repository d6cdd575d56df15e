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
import type { ActiveProducer, VerificationGuard } from './types.ts'
import { type UnverifiedBatch, unverified, Verifications } from './verifications.ts'

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
  | RefusedBatch

export interface RefusedBatch {
  readonly kind: 'refused'
  readonly error: ErrorCode
  readonly message: string
}

/** Where a transaction lay that was ended. */
interface EndedTransaction {
  readonly firstOffset: number
  readonly markerOffset: number
}

export class ProducerState {
  readonly #producers = new Map<number, ProducerEntry>()
  /** Where the open transactions begin, by producer: each fetch asks for the first, and producers may be many. */
  readonly #openTransactions = new Map<number, number>()
  /** Ended by markers that are not known to be committed, the oldest first. */
  #ended: EndedTransaction[] = []
  readonly #verifications = new Verifications()

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
    this.#ended = other.#ended
  }

  /** Puts back what a snapshot says. */
  restore(entry: ProducerEntry): void {
    this.#producers.set(entry.producerId, entry)
    this.#noteTransaction(entry)
  }

  /**
   * Whether a client's batch continues what its producer has written here. With `verified`, one that begins a transaction needs the guard
   * of its verification.
   */
  check(header: BatchHeader, verified?: { readonly guard: VerificationGuard | null }): ProducerCheck {
    if (!hasProducerId(header)) return { kind: 'new' }
    const continued = this.#continues(header)
    if (continued.kind === 'duplicate') return continued
    const objection = this.#objectionToTransaction(header, verified, continued)
    if (objection !== null) return objection
    const outOfOrder = this.#verifications.objectionTo(
      header,
      (this.#producers.get(header.producerId)?.batches.length ?? 0) > 0
    )
    if (outOfOrder === null) return continued
    return { kind: 'refused', error: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, message: outOfOrder }
  }

  /** Whether a coordinator may write this batch within a transaction: only the epoch orders what it writes. */
  checkOwn(header: BatchHeader, verified?: { readonly guard: VerificationGuard | null }): RefusedBatch | null {
    if (!hasProducerId(header)) return null
    const { producerEpoch = noEpoch } = this.#producers.get(header.producerId) ?? {}
    const isOld = header.producerEpoch < producerEpoch
    const continued = isOld ? oldEpoch(header, producerEpoch) : ({ kind: 'new' } as const)
    return this.#objectionToTransaction(header, verified, continued)
  }

  /** The objection to its epoch or sequence included. */
  #objectionToTransaction(
    header: BatchHeader,
    verified: { readonly guard: VerificationGuard | null } | undefined,
    continued: { readonly kind: 'new' } | RefusedBatch
  ): RefusedBatch | null {
    const { producerId, producerEpoch } = header
    const isWithin = isTransactional(header.attributes)
    const isKnown = !isWithin || verified === undefined || this.isInTransaction(producerId, producerEpoch)
    if (!isKnown && !this.#verifications.isCurrent(producerId, verified.guard))
      return { kind: 'refused', ...unverified }
    if (continued.kind === 'refused') return continued
    if (isWithin || !this.#openTransactions.has(producerId)) return null
    const message = `Producer ${producerId} has a transaction open here; this batch is not in it.`
    return { kind: 'refused', error: ErrorCode.INVALID_TXN_STATE, message }
  }

  /** Whether a transaction of this epoch of the producer is open here. */
  isInTransaction(producerId: number, producerEpoch: number): boolean {
    return this.#openTransactions.has(producerId) && this.#producers.get(producerId)?.producerEpoch === producerEpoch
  }

  /** Whether the producer has written here in a later epoch. */
  isFenced({ producerId, producerEpoch }: Pick<BatchHeader, 'producerId' | 'producerEpoch'>): boolean {
    return producerEpoch < (this.#producers.get(producerId)?.producerEpoch ?? noEpoch)
  }

  /** Null where a transaction of the producer is open: its coordinator knows of it. */
  beginVerification(batch: UnverifiedBatch, nowMs: number): VerificationGuard | null {
    if (this.isInTransaction(batch.producerId, batch.producerEpoch)) return null
    return this.#verifications.begin(batch, nowMs)
  }

  /**
   * Whether a marker may end the producer's transaction. From transaction version 2 on it is of a later epoch than the records, so that
   * one which comes late ends nothing; the same one may come again (ProducerAppendInfo.checkProducerEpoch).
   */
  checkEnd(header: BatchHeader, { coordinatorEpoch }: TransactionEnd, transactionVersion: number): RefusedBatch | null {
    const entry = this.#producers.get(header.producerId)
    if (entry === undefined) return null
    const { producerEpoch: epoch } = entry
    const isAgain = header.producerEpoch === epoch && (transactionVersion < 2 || entry.transactionStartOffset < 0)
    if (header.producerEpoch <= epoch && !isAgain) return oldEpoch(header, epoch)
    if (coordinatorEpoch >= entry.coordinatorEpoch) return null
    const message = `The coordinator of producer ${header.producerId} is in epoch ${entry.coordinatorEpoch} by now; this marker is of ${coordinatorEpoch}.`
    return { kind: 'refused', error: ErrorCode.TRANSACTION_COORDINATOR_FENCED, message }
  }

  #continues(header: BatchHeader): ProducerCheck {
    const entry = this.#producers.get(header.producerId)
    if (entry === undefined) return checkNewProducer(header)
    if (header.producerEpoch < entry.producerEpoch) return oldEpoch(header, entry.producerEpoch)
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
    this.#verifications.forget(header.producerId)
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
    this.#verifications.forget(header.producerId)
    entry.coordinatorEpoch = end.coordinatorEpoch
    entry.lastTimestampMs = header.maxTimestamp
    const firstOffset = entry.transactionStartOffset
    entry.transactionStartOffset = -1
    this.#noteTransaction(entry)
    if (firstOffset < 0) return null
    this.#ended.push({ firstOffset, markerOffset: header.baseOffset })
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

  /** The same with those that were ended by a marker from this offset on: who leads next may not have it. */
  firstUndecidedOffset(committedOffset: number): number | null {
    // Of most logs: nothing is made to walk them.
    if (this.#openTransactions.size === 0 && this.#ended.length === 0) return null
    this.committedTo(committedOffset)
    const open = this.firstUnstableOffset() ?? Infinity
    const first = this.#ended.reduce((least, { firstOffset }) => Math.min(least, firstOffset), open)
    return first === Infinity ? null : first
  }

  /** Everything below is committed: the transactions that were ended there stay so (Kafka: onHighWatermarkUpdated). */
  committedTo(offset: number): void {
    if (this.#ended.length === 0) return
    let passed = 0
    for (const { markerOffset } of this.#ended) {
      if (markerOffset >= offset) break
      passed += 1
    }
    if (passed > 0) this.#ended = this.#ended.slice(passed)
  }

  /** Forgets producers that have been silent since then and have no transaction open. */
  expire(beforeMs: number): void {
    this.#verifications.expire(beforeMs)
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

function oldEpoch({ producerId, producerEpoch }: BatchHeader, epoch: number): RefusedBatch {
  const message = `Producer ${producerId} has epoch ${epoch} by now; this batch is of ${producerEpoch}.`
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

/**
 * Which producers are asked after at the coordinator of their transaction, before the first batch of one enters the partition: a batch
 * that comes late must not open a transaction that nobody would end (KIP-890; Kafka: VerificationStateEntry). Soft state.
 *
 * The lowest sequence that waits is kept: one that came behind it must not be written before it, or the producer could never go on.
 */
import { ErrorCode } from '../protocol/error-codes.ts'
import type { BatchHeader } from '../protocol/records/batch.ts'
import type { VerificationGuard } from './types.ts'

/** A batch that waits for its verification. */
export interface UnverifiedBatch {
  readonly producerId: number
  readonly producerEpoch: number
  /** -1 of one that a coordinator writes. */
  readonly baseSequence: number
  /** Whether its producer gets a new epoch with each transaction, and so begins each with the sequence 0. */
  readonly bumpsEpochs: boolean
}

interface Verification {
  readonly guard: VerificationGuard
  readonly sinceMs: number
  producerEpoch: number
  lowestSequence: number
  readonly bumpsEpochs: boolean
}

export class Verifications {
  readonly #byProducer = new Map<number, Verification>()

  begin(batch: UnverifiedBatch, nowMs: number): VerificationGuard {
    const known = this.#byProducer.get(batch.producerId)
    if (known !== undefined) {
      note(known, batch)
      return known.guard
    }
    const guard = { producerId: batch.producerId }
    const { producerEpoch, baseSequence: lowestSequence, bumpsEpochs } = batch
    this.#byProducer.set(batch.producerId, { guard, sinceMs: nowMs, producerEpoch, lowestSequence, bumpsEpochs })
    return guard
  }

  /** Whether this is the answer to the question that is open. */
  isCurrent(producerId: number, guard: VerificationGuard | null): boolean {
    return guard !== null && this.#byProducer.get(producerId)?.guard === guard
  }

  /** Why a client's batch may not be written although its transaction is known; null when it may. */
  objectionTo({ producerId, baseSequence }: BatchHeader, hasWritten: boolean): string | null {
    const asked = this.#byProducer.get(producerId)
    if (asked === undefined) return null
    if (asked.bumpsEpochs && baseSequence !== 0 && !hasWritten)
      return `Producer ${producerId} has written nothing here; its batch begins with sequence ${baseSequence}, not 0.`
    if (baseSequence > asked.lowestSequence)
      return `Producer ${producerId} has sent sequence ${asked.lowestSequence}, which is not written; this batch begins with ${baseSequence}.`
    return null
  }

  /** Something of the producer was written: what was asked before says nothing any more. */
  forget(producerId: number): void {
    this.#byProducer.delete(producerId)
  }

  /** Forgets what was asked before then, and never came to an end. */
  expire(beforeMs: number): void {
    for (const [producerId, { sinceMs }] of this.#byProducer) {
      if (sinceMs < beforeMs) this.#byProducer.delete(producerId)
    }
  }
}

/** As whoever asked first takes part, so it stays until something is written. */
function note(known: Verification, { producerEpoch, baseSequence }: UnverifiedBatch): void {
  if (producerEpoch < known.producerEpoch) return
  if (producerEpoch > known.producerEpoch || baseSequence < known.lowestSequence) known.lowestSequence = baseSequence
  known.producerEpoch = producerEpoch
}

/** What whoever writes without one is told (UnifiedLog.analyzeAndValidateProducerState). */
export const unverified = {
  error: ErrorCode.INVALID_TXN_STATE,
  message: 'Record was not part of an ongoing transaction'
} as const

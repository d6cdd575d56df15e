/**
 * InitProducerId, decided: a producer takes its transactional id, and whoever had it before is fenced by the next epoch
 * (KIP-98, KIP-360; Kafka: TransactionCoordinator.prepareInitProducerIdTransit, TransactionMetadata).
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { fenced } from './abort.ts'
import { type Changed, granted, needsProducerId, type Producer, refused, type TransactionDecision } from './decision.ts'
import { isEpochExhausted, noPartitions, noProducer, noProducerEpoch, type Transaction } from './state.ts'

export interface InitRequest {
  readonly timeoutMs: number
  /** Who the producer was, where it says so: it goes on after an error. */
  readonly expected: Producer | null
}

export interface InitCircumstances {
  readonly nowMs: number
  /** Null as long as nobody asked for one. */
  readonly newProducerId: number | null
  /** The epoch before the one that it has; -1 where that is not known. */
  readonly lastProducerEpoch: number
}

export function initProducerId(
  known: Transaction | undefined,
  request: InitRequest,
  circumstances: InitCircumstances
): TransactionDecision {
  const { expected, timeoutMs } = request
  const { nowMs, newProducerId } = circumstances
  if (known === undefined) {
    if (newProducerId === null) return needsProducerId
    const fresh = { producerId: newProducerId, previousProducerId: newProducerId, producerEpoch: 0, clientVersion: 0 }
    return ready({ ...fresh, ...emptied(timeoutMs, nowMs) }, noProducerEpoch)
  }
  if (expected !== null && !isKnown(expected, known)) return refused(ErrorCode.PRODUCER_FENCED)
  switch (known.state) {
    case 'PrepareCommit':
    case 'PrepareAbort':
      return refused(ErrorCode.CONCURRENT_TRANSACTIONS)
    case 'Ongoing':
      // This epoch is given to nobody: who comes again when the transaction is aborted gets the next.
      return { ...fenced(known, nowMs), answer: refused(ErrorCode.CONCURRENT_TRANSACTIONS) }
    default:
      return nextEpoch(known, request, circumstances)
  }
}

/** One that names the producer before, in its last epoch, may have missed the answer that gave it the next producer id. */
function isKnown({ producerId, producerEpoch }: Producer, known: Transaction): boolean {
  if (producerId === known.producerId) return true
  return producerId === known.previousProducerId && isEpochExhausted(producerEpoch)
}

function nextEpoch(
  known: Transaction,
  { expected, timeoutMs }: InitRequest,
  { nowMs, newProducerId, lastProducerEpoch }: InitCircumstances
): TransactionDecision {
  const { producerId, producerEpoch } = known
  const next = { ...known, previousProducerId: producerId, ...emptied(timeoutMs, nowMs) }
  const isCurrent = expected === null || expected.producerEpoch === producerEpoch
  const before = expected === null ? noProducerEpoch : producerEpoch
  if (isCurrent && isEpochExhausted(producerEpoch)) {
    if (newProducerId === null) return needsProducerId
    return ready({ ...next, producerId: newProducerId, producerEpoch: 0 }, before)
  }
  if (isCurrent) return ready({ ...next, producerEpoch: producerEpoch + 1 }, before)
  // It has this epoch already, and missed the answer.
  if (expected.producerEpoch === lastProducerEpoch) return ready(next, null)
  return refused(ErrorCode.PRODUCER_FENCED)
}

function emptied(timeoutMs: number, nowMs: number) {
  const nothing = { nextProducerId: noProducer, partitions: noPartitions, startMs: -1 }
  return { ...nothing, state: 'Empty', timeoutMs, lastUpdateMs: nowMs } as const
}

function ready(transaction: Transaction, lastProducerEpoch: number | null): Changed {
  return { kind: 'changed', transaction, answer: granted(transaction), lastProducerEpoch }
}

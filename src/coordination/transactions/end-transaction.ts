/**
 * EndTxn, decided: a producer commits or aborts its transaction. Once that is safe it is final; the markers follow
 * (KIP-98; Kafka: TransactionCoordinator.endTransaction, endTransactionWithTV1).
 *
 * From transaction version 2 on (KIP-890) each end gives the producer its next epoch. So the epoch tells a retry (the epoch before) from
 * the next end, and an abort may come where nothing has begun:
 *
 *                    abort            commit
 *                    again   now      again   now
 *   Empty            fenced  ends     fenced  refused
 *   CompleteAbort    done    ends     refused refused
 *   CompleteCommit   refused ends     done    refused
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { granted, needsProducerId, type Producer, refused, type TransactionDecision } from './decision.ts'
import {
  bumpsEpochs,
  endingAs,
  isEpochExhausted,
  maxProducerEpoch,
  noPartitions,
  noProducer,
  type Outcome,
  type Transaction
} from './state.ts'

export interface EndRequest extends Producer {
  readonly outcome: Outcome
  readonly clientVersion: number
}

export interface EndCircumstances {
  readonly nowMs: number
  readonly newProducerId: number | null
}

export function endTransaction(
  known: Transaction | undefined,
  request: EndRequest,
  circumstances: EndCircumstances
): TransactionDecision {
  if (known === undefined) return refused(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  return bumpsEpochs(request.clientVersion)
    ? endWithNextEpoch(known, request, circumstances)
    : endInEpoch(known, request, circumstances)
}

function endInEpoch(known: Transaction, request: EndRequest, { nowMs }: EndCircumstances): TransactionDecision {
  const { producerId, producerEpoch, outcome } = request
  if (known.producerId !== producerId) return refused(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  if (known.producerEpoch !== producerEpoch) return refused(ErrorCode.PRODUCER_FENCED)
  if (known.state === 'Empty') return refused(ErrorCode.INVALID_TXN_STATE)
  if (known.state !== 'Ongoing') return again(known, outcome)
  const transaction = prepared(known, { ...request, nextProducerId: noProducer, startMs: known.startMs, nowMs })
  return { kind: 'changed', transaction, answer: refused(ErrorCode.NONE), lastProducerEpoch: null }
}

function endWithNextEpoch(
  known: Transaction,
  request: EndRequest,
  circumstances: EndCircumstances
): TransactionDecision {
  const { producerId, producerEpoch, outcome } = request
  const isAgain = known.producerEpoch === producerEpoch + 1
  // The end used the last epoch up, and the answer would have named the next producer id.
  const isAgainOfBefore =
    known.previousProducerId === producerId && producerEpoch === maxProducerEpoch - 1 && known.producerEpoch === 0
  if (known.producerId !== producerId && !isAgainOfBefore) return refused(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  if (!isEpochOf(known, producerEpoch, isAgain, isAgainOfBefore)) return refused(ErrorCode.PRODUCER_FENCED)
  const hasEnded = known.state === 'CompleteCommit' || known.state === 'CompleteAbort'
  if (endingAs(known) !== null || (hasEnded && (isAgain || isAgainOfBefore))) return again(known, outcome)
  if (known.state !== 'Ongoing' && outcome === 'commit') return refused(ErrorCode.INVALID_TXN_STATE)
  return endNow(known, request, circumstances)
}

function isEpochOf(
  { state, producerEpoch }: Transaction,
  asked: number,
  isAgain: boolean,
  isOfBefore: boolean
): boolean {
  if (state === 'Ongoing' || state === 'Empty') return asked === producerEpoch
  if (state === 'PrepareCommit' || state === 'PrepareAbort') return isAgain
  return isAgain || isOfBefore || asked === producerEpoch
}

function endNow(
  known: Transaction,
  request: EndRequest,
  { nowMs, newProducerId }: EndCircumstances
): TransactionDecision {
  const isExhausted = isEpochExhausted(known.producerEpoch)
  if (isExhausted && newProducerId === null) return needsProducerId
  // Of one that is aborted before it has begun nobody knows when it did.
  const startMs = known.state === 'Ongoing' ? known.startMs : nowMs
  const nextProducerId = (isExhausted ? newProducerId : null) ?? noProducer
  const transaction = prepared(
    { ...known, producerEpoch: Math.min(known.producerEpoch + 1, maxProducerEpoch) },
    { ...request, nextProducerId, startMs, nowMs }
  )
  const answer = granted(completed(transaction, nowMs))
  return { kind: 'changed', transaction, answer, lastProducerEpoch: known.producerEpoch }
}

/** The same end again: it is on its way, or done; another one is refused. */
function again(known: Transaction, outcome: Outcome): TransactionDecision {
  const ending = endingAs(known)
  const ended = known.state === 'CompleteCommit' ? 'commit' : 'abort'
  if ((ending ?? ended) !== outcome) return refused(ErrorCode.INVALID_TXN_STATE)
  return ending === null ? granted(known) : refused(ErrorCode.CONCURRENT_TRANSACTIONS)
}

function prepared(
  known: Transaction,
  to: Omit<EndRequest, keyof Producer> & { nextProducerId: number; startMs: number; nowMs: number }
): Transaction {
  return {
    ...known,
    previousProducerId: known.producerId,
    nextProducerId: to.nextProducerId,
    state: to.outcome === 'commit' ? 'PrepareCommit' : 'PrepareAbort',
    startMs: to.startMs,
    lastUpdateMs: to.nowMs,
    clientVersion: to.clientVersion
  }
}

/** Every marker is written: the producer may begin its next transaction (TransactionMetadata.prepareComplete). */
export function completed(ending: Transaction, nowMs: number): Transaction {
  const hasNext = bumpsEpochs(ending.clientVersion) && ending.nextProducerId !== noProducer
  return {
    ...ending,
    producerId: hasNext ? ending.nextProducerId : ending.producerId,
    producerEpoch: hasNext ? 0 : ending.producerEpoch,
    previousProducerId: ending.producerId,
    nextProducerId: noProducer,
    state: ending.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
    partitions: noPartitions,
    lastUpdateMs: nowMs
  }
}

/** What DescribeTransactions and ListTransactions tell of the transactions of one coordinator (KIP-664; Kafka: TransactionCoordinator). */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { DescribeTransactionsResponseTransactionState } from '../../protocol/generated/api/describe-transactions-response.ts'
import type { ListTransactionsResponseTransactionState } from '../../protocol/generated/api/list-transactions-response.ts'
import type { Transaction, TransactionsState } from './state.ts'

/** Those that meet every condition; an empty list asks for all. */
export interface TransactionFilter {
  readonly states: ReadonlySet<string>
  readonly producerIds: ReadonlySet<number>
  /** Running for longer than this; -1: however long. */
  readonly durationMs: number
  readonly matches: (transactionalId: string) => boolean
}

export function undescribed(
  transactionalId: string,
  errorCode: ErrorCode
): DescribeTransactionsResponseTransactionState {
  const unknown = { transactionState: '', transactionTimeoutMs: 0, transactionStartTimeMs: 0 }
  return { ...unknown, errorCode, transactionalId, producerId: 0, producerEpoch: 0, topics: [] }
}

export function described(
  transactionalId: string,
  known: Transaction | undefined
): DescribeTransactionsResponseTransactionState {
  if (known === undefined) return undescribed(transactionalId, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND)
  return {
    errorCode: ErrorCode.NONE,
    transactionalId,
    transactionState: known.state,
    transactionTimeoutMs: known.timeoutMs,
    transactionStartTimeMs: known.startMs,
    producerId: known.producerId,
    producerEpoch: known.producerEpoch,
    topics: Array.from(known.partitions, ([topic, partitions]) => ({ topic, partitions: [...partitions] }))
  }
}

/** A transaction at each step: a filter may take its time with each. */
export function* listSteps(
  { byId }: TransactionsState,
  filter: TransactionFilter,
  nowMs: number
): Generator<void, ListTransactionsResponseTransactionState[]> {
  const { states, producerIds, durationMs, matches } = filter
  const found: ListTransactionsResponseTransactionState[] = []
  for (const [transactionalId, { producerId, state, startMs }] of byId) {
    yield
    if (states.size > 0 && !states.has(state)) continue
    if (producerIds.size > 0 && !producerIds.has(producerId)) continue
    if (durationMs >= 0 && nowMs - startMs <= durationMs) continue
    if (matches(transactionalId)) found.push({ transactionalId, producerId, transactionState: state })
  }
  return found
}

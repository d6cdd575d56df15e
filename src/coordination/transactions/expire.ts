/** Transactional ids that nobody has used for so long are forgotten (Kafka: TransactionStateManager.removeExpiredTransactionalIds). */
import type { StateRecord } from '../coordinator.ts'
import { transactionTombstone } from './records.ts'
import { endingAs, type TransactionsState } from './state.ts'

/** The tombstones of those that expire now. */
export function expireTransactions({ byId }: TransactionsState, expirationMs: number, nowMs: number): StateRecord[] {
  const records: StateRecord[] = []
  for (const [transactionalId, transaction] of byId) {
    if (transaction.state === 'Ongoing' || endingAs(transaction) !== null) continue
    if (transaction.lastUpdateMs <= nowMs - expirationMs) records.push(transactionTombstone(transactionalId))
  }
  return records
}

/** Transactional ids that nobody has used for so long are forgotten (Kafka: TransactionStateManager.removeExpiredTransactionalIds). */
import { endingAs, type Transaction } from './state.ts'

export function hasExpired(transaction: Transaction, expirationMs: number, nowMs: number): boolean {
  if (transaction.state === 'Ongoing' || endingAs(transaction) !== null) return false
  return transaction.lastUpdateMs <= nowMs - expirationMs
}

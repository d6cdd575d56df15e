/** Applies one record of `__transaction_state` to the hard state: the only place that changes it. */
import type { StateRecord } from '../coordinator.ts'
import { readTransactionRecord } from './records.ts'
import type { TransactionsState } from './state.ts'

export function replay(state: TransactionsState, record: StateRecord): void {
  const read = readTransactionRecord(record)
  if (read === null) return
  if (read.transaction === null) state.byId.delete(read.transactionalId)
  else state.byId.set(read.transactionalId, read.transaction)
}

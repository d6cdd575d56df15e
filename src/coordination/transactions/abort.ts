/**
 * A transaction that the coordinator aborts on its own, because another producer has taken the transactional id or because it has lasted
 * too long: its producer is fenced by the next epoch, which is that of the markers (KIP-890; seen on Apache Kafka 4.4.0). Who was fenced
 * may name the epoch that it had when it begins anew.
 */
import type { Changed } from './decision.ts'
import { granted } from './decision.ts'
import { maxProducerEpoch, type Transaction } from './state.ts'

/** The version that this coordinator speaks. */
const ownVersion = 2

export function fenced(known: Transaction, nowMs: number): Changed {
  const transaction: Transaction = {
    ...known,
    previousProducerId: known.producerId,
    producerEpoch: Math.min(known.producerEpoch + 1, maxProducerEpoch),
    state: 'PrepareAbort',
    lastUpdateMs: nowMs,
    clientVersion: ownVersion
  }
  return { kind: 'changed', transaction, answer: granted(transaction), lastProducerEpoch: known.producerEpoch }
}

/** Whether it has lasted longer than its producer allowed (TransactionStateManager.timedOutTransactions). */
export function hasTimedOut({ state, startMs, timeoutMs }: Transaction, nowMs: number): boolean {
  return state === 'Ongoing' && startMs + timeoutMs < nowMs
}

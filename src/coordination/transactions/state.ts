/**
 * The hard state of one transaction coordinator: what its partition of `__transaction_state` says of each transactional id. Changed by
 * replay alone (Kafka: TransactionMetadata, TransactionState).
 */

export const noProducerEpoch = -1
export const noProducer = -1
/** No client gets it: who is fenced can always be given one more (TransactionMetadata.isEpochExhausted). */
export const maxProducerEpoch = 0x7fff

/** As the log numbers them. The last two of Kafka (Dead, PrepareEpochFence) are never written. */
export const transactionStates = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort'
] as const
export type TransactionState = (typeof transactionStates)[number]

export type Outcome = 'commit' | 'abort'

/** By topic. */
export type PartitionsByTopic = ReadonlyMap<string, ReadonlySet<number>>

export const noPartitions: PartitionsByTopic = new Map()

export interface Transaction {
  readonly producerId: number
  /** Who had the transactional id before; the same where that has not changed. */
  readonly previousProducerId: number
  /** Who will have it once this transaction has ended, where its epochs are used up. */
  readonly nextProducerId: number
  readonly producerEpoch: number
  readonly timeoutMs: number
  readonly state: TransactionState
  readonly partitions: PartitionsByTopic
  /** -1 where none has begun. */
  readonly startMs: number
  readonly lastUpdateMs: number
  /** 2: each transaction that ends gives the producer its next epoch (KIP-890). */
  readonly clientVersion: number
}

export class TransactionsState {
  readonly byId = new Map<string, Transaction>()
}

/** How a transaction is ending whose markers are not written yet; null of any other. */
export function endingAs({ state }: Transaction): Outcome | null {
  if (state === 'PrepareCommit') return 'commit'
  return state === 'PrepareAbort' ? 'abort' : null
}

export function isEpochExhausted(producerEpoch: number): boolean {
  return producerEpoch >= maxProducerEpoch - 1
}

export function bumpsEpochs(clientVersion: number): boolean {
  return clientVersion >= 2
}

export function withPartitions(partitions: PartitionsByTopic, added: PartitionsByTopic): PartitionsByTopic {
  const all = new Map(partitions)
  for (const [topic, indexes] of added) all.set(topic, new Set([...(all.get(topic) ?? []), ...indexes]))
  return all
}

export function hasPartitions(partitions: PartitionsByTopic, asked: PartitionsByTopic): boolean {
  for (const [topic, indexes] of asked) {
    const there = partitions.get(topic)
    for (const index of indexes) if (there?.has(index) !== true) return false
  }
  return true
}

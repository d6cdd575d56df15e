/**
 * AddPartitionsToTxn, decided: partitions become part of a transaction, which begins with the first; or it is only asked whether they are
 * (KIP-98, KIP-890; Kafka: TransactionCoordinator.handleAddPartitionsToTransaction, handleVerifyPartitionsInTransaction).
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { type Answered, type Changed, granted, type Producer, refused } from './decision.ts'
import { endingAs, hasPartitions, type PartitionsByTopic, type Transaction, withPartitions } from './state.ts'

export interface AddRequest extends Producer {
  readonly partitions: PartitionsByTopic
  readonly clientVersion: number
}

export function addPartitions(known: Transaction | undefined, request: AddRequest, nowMs: number): Answered | Changed {
  const objection = objectionTo(known, request)
  if (known === undefined || objection !== null) return refused(objection ?? ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  const { partitions, clientVersion } = request
  const isOngoing = known.state === 'Ongoing'
  if (isOngoing && hasPartitions(known.partitions, partitions)) return granted(known)
  const transaction: Transaction = {
    ...known,
    previousProducerId: known.producerId,
    state: 'Ongoing',
    partitions: withPartitions(known.partitions, partitions),
    startMs: isOngoing ? known.startMs : nowMs,
    lastUpdateMs: nowMs,
    clientVersion
  }
  return { kind: 'changed', transaction, answer: granted(transaction), lastProducerEpoch: null }
}

/** The error of every partition, or whether each is part of the transaction. */
export function verifyPartitions(
  known: Transaction | undefined,
  request: Producer
): Answered | { readonly kind: 'verified'; readonly partitions: PartitionsByTopic } {
  const objection = objectionTo(known, request)
  if (known === undefined || objection !== null) return refused(objection ?? ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  return { kind: 'verified', partitions: known.partitions }
}

function objectionTo(known: Transaction | undefined, { producerId, producerEpoch }: Producer): ErrorCode | null {
  if (known === undefined || known.producerId !== producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING
  if (known.producerEpoch !== producerEpoch) return ErrorCode.PRODUCER_FENCED
  return endingAs(known) === null ? null : ErrorCode.CONCURRENT_TRANSACTIONS
}

/**
 * Partitions become part of transactions, or are held against them, where these are looked after (AddPartitionsToTxn in its batched form,
 * which brokers speak; KafkaApis.handleAddPartitionsToTxnRequest). One that does not exist keeps all of its transaction's from it.
 */
import type { TopicNames } from '../coordination/groups/topic-names.ts'
import { hasPartitions, type PartitionsByTopic } from '../coordination/transactions/state.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { AddPartitionsToTxnRequest } from '../protocol/generated/api/add-partitions-to-txn-request.ts'
import type { AddPartitionsToTxnResponse } from '../protocol/generated/api/add-partitions-to-txn-response.ts'
import type { Decoded } from '../protocol/message.ts'
import type { TransactionCoordinators } from './transaction-coordinators.ts'

type Asked = Decoded<AddPartitionsToTxnRequest>['transactions'][number]
type Results = NonNullable<AddPartitionsToTxnResponse['resultsByTransaction']>
type ErrorOf = (topic: string, partition: number) => ErrorCode

export interface TransactionsHere {
  readonly coordinators: TransactionCoordinators
  readonly topics: TopicNames
}

export async function addPartitions(
  transactions: readonly Asked[],
  clientVersion: number,
  here: TransactionsHere
): Promise<Results> {
  const answers = transactions.map(async (asked) => {
    const errorOf = await errorsFor(asked, clientVersion, here)
    const topicResults = asked.topics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({
        partitionIndex,
        partitionErrorCode: errorOf(name, partitionIndex)
      }))
    }))
    return { transactionalId: asked.transactionalId, topicResults }
  })
  return Promise.all(answers)
}

async function errorsFor(
  asked: Asked,
  clientVersion: number,
  { coordinators, topics }: TransactionsHere
): Promise<ErrorOf> {
  const partitions = partitionsOf(asked)
  const exists = (topic: string, partition: number): boolean => topics.exists(topic, partition)
  for (const [topic, indexes] of partitions) {
    if ([...indexes].every((index) => exists(topic, index))) continue
    const { OPERATION_NOT_ATTEMPTED, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode
    return (name, index) => (exists(name, index) ? OPERATION_NOT_ATTEMPTED : UNKNOWN_TOPIC_OR_PARTITION)
  }
  const { transactionalId, producerId, producerEpoch } = asked
  if (transactionalId === '') return () => ErrorCode.INVALID_REQUEST
  const coordinator = await coordinators.of(transactionalId)
  if (coordinator === undefined) return () => ErrorCode.NOT_COORDINATOR
  if (!asked.verifyOnly) {
    const request = { producerId, producerEpoch, partitions, clientVersion }
    const { errorCode } = await coordinator.addPartitions(transactionalId, request)
    return () => errorCode
  }
  const verified = await coordinator.verifyPartitions(transactionalId, { producerId, producerEpoch })
  if (verified.kind === 'answered') return () => verified.errorCode
  return (topic, partition) =>
    hasPartitions(verified.partitions, new Map([[topic, new Set([partition])]]))
      ? ErrorCode.NONE
      : ErrorCode.TRANSACTION_ABORTABLE
}

function partitionsOf({ topics }: Asked): PartitionsByTopic {
  const byTopic = new Map<string, Set<number>>()
  for (const { name, partitions } of topics) byTopic.set(name, new Set([...(byTopic.get(name) ?? []), ...partitions]))
  return byTopic
}

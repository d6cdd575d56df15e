/**
 * What a ShareFetch or a ShareAcknowledge says of the records of many partitions, each for itself (KIP-932; Kafka:
 * KafkaApis.handleAcknowledgements).
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { Broker } from '../broker.ts'
import { type AcknowledgementBatch, readAcknowledgements } from './acknowledgements.ts'
import { notHere, type ShareFailure } from './share-failure.ts'
import type { SharedPartition } from './share-sessions.ts'

export interface AcknowledgedTopic {
  readonly topicId: string
  readonly partitions: readonly {
    readonly partitionIndex: number
    readonly acknowledgementBatches: readonly AcknowledgementBatch[]
  }[]
}

export interface AcknowledgeRequest {
  readonly groupId: string
  readonly memberId: string
  readonly isRenewAck: boolean
  readonly topics: readonly AcknowledgedTopic[]
}

export interface AcknowledgedPartition extends SharedPartition {
  /** Null: it holds, and is safe. */
  readonly failure: ShareFailure | null
}

/** Of each partition that something is said of. What can be decided at once is decided before this returns, in the order of the request. */
export async function acknowledgeAll(request: AcknowledgeRequest, broker: Broker): Promise<AcknowledgedPartition[]> {
  const results = request.topics.flatMap(({ topicId, partitions }) =>
    partitions.flatMap(({ partitionIndex: partition, acknowledgementBatches }) => {
      if (acknowledgementBatches.length === 0) return []
      const failure = acknowledge(request, { topicId, partition }, acknowledgementBatches, broker)
      return [Promise.resolve(failure).then((failure) => ({ topicId, partition, failure }))]
    })
  )
  return Promise.all(results)
}

function acknowledge(
  { groupId, memberId, isRenewAck }: AcknowledgeRequest,
  of: SharedPartition,
  batches: readonly AcknowledgementBatch[],
  { image, sharePartitions }: Broker
): ShareFailure | null | Promise<ShareFailure | null> {
  const topic = image.topicById(of.topicId)
  if (topic === undefined) return withoutWords(ErrorCode.UNKNOWN_TOPIC_ID)
  const said = readAcknowledgements(batches, isRenewAck)
  if (said === null) return withoutWords(ErrorCode.INVALID_REQUEST)
  if (topic.partitions[of.partition] === undefined) return withoutWords(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  return sharePartitions.find(groupId, of)?.acknowledge(memberId, said) ?? notHere
}

function withoutWords(errorCode: ErrorCode): ShareFailure {
  return { errorCode, message: null }
}

/**
 * What a ShareFetch or a ShareAcknowledge says of the records of many partitions, each for itself (KIP-932; Kafka:
 * KafkaApis.handleAcknowledgements).
 */
import { stepsInSlices } from '../../host/slices.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { RequestContext } from '../api.ts'
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

export interface Acknowledging {
  /** Null: all of it is decided. Else resolves when it is. */
  readonly decided: Promise<void> | null
  /** Resolves when it is safe: of each partition that something is said of. */
  readonly done: Promise<AcknowledgedPartition[]>
}

/** It is decided in the order of the request, in slices, the first before this returns. What comes behind it on the connection waits for that. */
export function acknowledgeAll(request: AcknowledgeRequest, { broker, session }: RequestContext): Acknowledging {
  const results: Promise<AcknowledgedPartition>[] = []
  const decided = stepsInSlices(broker.sharePartitions.slices, acknowledgeSteps(request, results, broker))
  if (decided === null) return { decided, done: Promise.all(results) }
  broker.heldSessions.hold(session, decided)
  return { decided, done: decided.then(() => Promise.all(results)) }
}

function* acknowledgeSteps(
  request: AcknowledgeRequest,
  results: Promise<AcknowledgedPartition>[],
  broker: Broker
): Iterable<void> {
  for (const { topicId, partitions } of request.topics)
    for (const { partitionIndex: partition, acknowledgementBatches } of partitions) {
      if (acknowledgementBatches.length === 0) continue
      const failure = acknowledge(request, { topicId, partition }, acknowledgementBatches, broker)
      const result = Promise.resolve(failure).then((failure) => ({ topicId, partition, failure }))
      // Whoever waits for all of them hears of it, once all are decided: until then nobody listens.
      result.catch(() => {})
      results.push(result)
      yield
    }
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

/**
 * Produce (0): appends record batches to partitions.
 *
 * v3 record batches of magic 2 · v5 log start offset · v8 record errors · v9 flexible · v10 current leader · v13 topic ids
 * Advertised from 0 although 0 to 2 are refused: librdkafka before 2.6 stops compressing otherwise (Kafka does the same).
 * acks=all is answered when the data is synced, acks=1 when it is written, acks=0 never; a failed acks=0 closes the
 * connection, the only way to tell.
 *
 * Budget: record bytes are checked and get their offset where they lie in the request; no copy, one append per partition.
 */
import { DiskError } from '../../host/disk.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ProduceRequest } from '../../protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../protocol/generated/api/produce-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api, closeConnection, noAnswer, type RequestContext } from '../api.ts'
import type { Replica } from '../replica.ts'

type RequestTopic = Decoded<ProduceRequest>['topicData'][number]
type RequestPartition = RequestTopic['partitionData'][number]
type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number]

const allInSyncReplicas = -1
const firstVersionWithTopicIds = 13

export const produce = api(ApiKey.Produce, {
  versions: [3, 13],
  advertisedFrom: 0,
  request: ProduceRequest,
  response: ProduceResponse,

  handle(request, context) {
    const synced: Promise<void>[] = []
    const responses = request.topicData.map((topic) => ({
      name: topic.name,
      topicId: topic.topicId,
      partitionResponses: topic.partitionData.map((partition) =>
        append(topic, partition, request.acks, synced, context)
      )
    }))
    if (request.acks === 0) return anyFailed(responses) ? closeConnection : noAnswer
    if (synced.length === 0) return { responses }
    return Promise.all(synced).then(() => ({ responses }))
  }
})

function append(
  topic: RequestTopic,
  partition: RequestPartition,
  acks: number,
  synced: Promise<void>[],
  context: RequestContext
): PartitionAnswer {
  const replica = find(topic, partition, context)
  if (replica === undefined) return failed(partition, whyUnknown(topic, context))
  if (acks < allInSyncReplicas || acks > 1) return failed(partition, ErrorCode.INVALID_REQUIRED_ACKS)
  if (replica.topic === '__consumer_offsets' || replica.topic === '__transaction_state') {
    if (context.clientId !== '__admin_client') return failed(partition, ErrorCode.INVALID_TOPIC_EXCEPTION)
  }
  if (acks === allInSyncReplicas && replica.minInSyncReplicas > 1) {
    return failed(partition, ErrorCode.NOT_ENOUGH_REPLICAS)
  }
  return appendTo(replica, partition, acks, synced)
}

function appendTo(
  replica: Replica,
  partition: RequestPartition,
  acks: number,
  synced: Promise<void>[]
): PartitionAnswer {
  try {
    const result = replica.append(partition.records ?? Buffer.alloc(0), 'client')
    if (!result.ok) {
      return {
        ...failed(partition, result.error),
        errorMessage: messageFor(result.error, result.message),
        logStartOffset: replica.log.logStartOffset
      }
    }
    const answer: PartitionAnswer = {
      index: partition.index,
      errorCode: ErrorCode.NONE,
      baseOffset: result.firstOffset,
      logAppendTimeMs: result.logAppendTimeMs,
      logStartOffset: result.logStartOffset
    }
    const durable = replica.log.durable(result.lastOffset + 1)
    const settled = durable.catch(() => Object.assign(answer, failed(partition, ErrorCode.KAFKA_STORAGE_ERROR)))
    if (acks === allInSyncReplicas) synced.push(settled.then(() => undefined))
    return answer
  } catch (error) {
    if (error instanceof DiskError)
      return { ...failed(partition, ErrorCode.KAFKA_STORAGE_ERROR), errorMessage: error.message }
    throw error
  }
}

function find(
  topic: RequestTopic,
  partition: RequestPartition,
  { broker, apiVersion }: RequestContext
): Replica | undefined {
  const name =
    apiVersion >= firstVersionWithTopicIds ? broker.metadata.image.topicById(topic.topicId)?.name : topic.name
  return name === undefined ? undefined : broker.replica(name, partition.index)
}

function whyUnknown({ topicId }: RequestTopic, { broker, apiVersion }: RequestContext): ErrorCode {
  const isUnknownId = apiVersion >= firstVersionWithTopicIds && broker.metadata.image.topicById(topicId) === undefined
  return isUnknownId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
}

/** Kafka explains what is wrong with records; its other errors speak for themselves. */
function messageFor(error: ErrorCode, message: string): string | null {
  return error === ErrorCode.INVALID_RECORD || error === ErrorCode.INVALID_TIMESTAMP ? message : null
}

function failed(partition: RequestPartition, errorCode: ErrorCode): PartitionAnswer {
  return { index: partition.index, errorCode, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1 }
}

function anyFailed(responses: readonly { readonly partitionResponses: readonly PartitionAnswer[] }[]): boolean {
  return responses.some((topic) => topic.partitionResponses.some((partition) => partition.errorCode !== ErrorCode.NONE))
}

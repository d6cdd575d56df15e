/**
 * Produce (0): appends record batches to partitions.
 *
 * v3 record batches of magic 2 · v5 log start offset · v8 record errors · v9 flexible · v10 current leader · v13 topic ids
 * Advertised from 0 although 0 to 2 are refused: librdkafka before 2.6 stops compressing otherwise (Kafka does the same).
 * acks=all is answered when the data is synced, acks=1 when it is written, acks=0 never; a failed acks=0 closes the
 * connection, the only way to tell.
 *
 * Budget: record bytes are checked and get their offset where they lie in the request; no copy. What comes in one turn is written
 * with one call per partition, and synced with one; a request waits for that with one promise per partition.
 */
import { DiskError } from '../../host/disk.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ProduceRequest } from '../../protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../protocol/generated/api/produce-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api, closeConnection, noAnswer, type Outcome, type RequestContext } from '../api.ts'
import type { Replica } from '../replica.ts'

type RequestTopic = Decoded<ProduceRequest>['topicData'][number]
type RequestPartition = RequestTopic['partitionData'][number]
type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number]

const allInSyncReplicas = -1
const noRecords = Buffer.alloc(0)
const firstVersionWithTopicIds = 13

export const produce = api(ApiKey.Produce, {
  versions: [3, 13],
  advertisedFrom: 0,
  request: ProduceRequest,
  response: ProduceResponse,

  handle(request, context) {
    const settled: Promise<void>[] = []
    const responses = request.topicData.map((topic) => ({
      name: topic.name,
      topicId: topic.topicId,
      partitionResponses: topic.partitionData.map((partition) =>
        append(topic, partition, request.acks, settled, context)
      )
    }))
    const answer = (): Outcome<ProduceResponse> => {
      if (request.acks !== 0) return { responses }
      return anyFailed(responses) ? closeConnection : noAnswer
    }
    const [only] = settled
    if (only === undefined) return answer()
    return settled.length === 1 ? only.then(answer) : Promise.all(settled).then(answer)
  }
})

function append(
  topic: RequestTopic,
  partition: RequestPartition,
  acks: number,
  settled: Promise<void>[],
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
  return appendTo(replica, partition, acks, settled)
}

function appendTo(
  replica: Replica,
  partition: RequestPartition,
  acks: number,
  settled: Promise<void>[]
): PartitionAnswer {
  try {
    const result = replica.append(partition.records ?? noRecords, 'client', 'in this turn')
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
    const refuse = (error: unknown): void => void Object.assign(answer, refusedByDisk(partition, error))
    settled.push(settledAs(replica, acks, result.lastOffset + 1).then(undefined, refuse))
    return answer
  } catch (error) {
    if (error instanceof DiskError) return refusedByDisk(partition, error)
    throw error
  }
}

/** Resolves when the records are as safe as was asked for. They become durable, and readable, in any case. */
function settledAs({ log }: Replica, acks: number, endOffset: number): Promise<void> {
  if (acks === allInSyncReplicas) return log.durable(endOffset)
  log.syncSoon()
  return log.written()
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

function refusedByDisk(partition: RequestPartition, error: unknown): PartitionAnswer {
  const errorMessage = error instanceof DiskError ? error.message : null
  return { ...failed(partition, ErrorCode.KAFKA_STORAGE_ERROR), errorMessage }
}

function anyFailed(responses: readonly { readonly partitionResponses: readonly PartitionAnswer[] }[]): boolean {
  return responses.some((topic) => topic.partitionResponses.some((partition) => partition.errorCode !== ErrorCode.NONE))
}

/**
 * DescribeProducers (61): which idempotent and transactional producers a partition remembers.
 *
 * v0 flexible from the start (KIP-664)
 * Every broker that has the partition tells what its own copy says (ReplicaManager.activeProducerState).
 */
import { objectionToTopicName } from '../../coordination/metadata/topic-names.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeProducersRequest } from '../../protocol/generated/api/describe-producers-request.ts'
import { DescribeProducersResponse } from '../../protocol/generated/api/describe-producers-response.ts'
import { api } from '../api.ts'
import type { Broker } from '../broker.ts'

type PartitionAnswer = DescribeProducersResponse['topics'][number]['partitions'][number]

export const describeProducers = api(ApiKey.DescribeProducers, {
  versions: [0, 0],
  request: DescribeProducersRequest,
  response: DescribeProducersResponse,
  authorization: { every: ['read topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'at once',
  failed(request, { errorCode, errorMessage }) {
    const topics = request.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partition) => failed(partition, errorCode, errorMessage))
    }))
    return { throttleTimeMs: 0, topics }
  },

  handle(request, { broker }) {
    const topics = request.topics.map((topic) => ({
      name: topic.name,
      partitions: topic.partitionIndexes.map((partition) => describe(broker, topic.name, partition))
    }))
    return { throttleTimeMs: 0, topics }
  }
})

function describe(broker: Broker, topic: string, partitionIndex: number): PartitionAnswer {
  const hosted = broker.hosted(topic, partitionIndex)
  if (hosted.kind === 'offline') return failed(partitionIndex, ErrorCode.KAFKA_STORAGE_ERROR, hosted.reason.message)
  if (hosted.kind === 'none') return absent(broker, topic, partitionIndex)
  const activeProducers = hosted.replica.log.activeProducers().map((producer) => ({
    producerId: producer.producerId,
    producerEpoch: producer.producerEpoch,
    lastSequence: producer.lastSequence,
    lastTimestamp: producer.lastTimestampMs,
    coordinatorEpoch: producer.coordinatorEpoch,
    currentTxnStartOffset: producer.currentTransactionStartOffset
  }))
  return { partitionIndex, errorCode: ErrorCode.NONE, errorMessage: null, activeProducers }
}

/** Kafka names what is wrong with a topic, and says nothing of a partition that the topic does not have. */
function absent(broker: Broker, topic: string, partitionIndex: number): PartitionAnswer {
  const objection = objectionToTopicName(topic)
  if (objection !== null) return failed(partitionIndex, ErrorCode.INVALID_TOPIC_EXCEPTION, objection)
  if (broker.image.topicByName(topic)?.partitions[partitionIndex] !== undefined) {
    return failed(partitionIndex, ErrorCode.NOT_LEADER_OR_FOLLOWER, null)
  }
  const isTopicThere = broker.image.topicByName(topic) !== undefined
  const message = isTopicThere ? null : 'This server does not host this topic-partition.'
  return failed(partitionIndex, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message)
}

function failed(partitionIndex: number, errorCode: ErrorCode, errorMessage: string | null): PartitionAnswer {
  return { partitionIndex, errorCode, errorMessage, activeProducers: [] }
}

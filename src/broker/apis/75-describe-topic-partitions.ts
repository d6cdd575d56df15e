/**
 * DescribeTopicPartitions (75): topics and their partitions, page by page (KIP-966).
 *
 * v0 flexible from the start
 * Topics come in the order of their names; a page ends after so many partitions, with a cursor for the next. An empty list
 * of topics means all of them. (Kafka: DescribeTopicPartitionsRequestHandler.)
 */
import type { PartitionImage } from '../../coordination/metadata/image.ts'
import { objectionToTopicName } from '../../coordination/metadata/topic-names.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeTopicPartitionsRequest } from '../../protocol/generated/api/describe-topic-partitions-request.ts'
import { DescribeTopicPartitionsResponse } from '../../protocol/generated/api/describe-topic-partitions-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api } from '../api.ts'
import { everyTopicOperation } from '../authorized-operations.ts'
import type { Broker } from '../broker.ts'
import { describePartition } from '../described-partitions.ts'

type TopicAnswer = DescribeTopicPartitionsResponse['topics'][number]
type Cursor = NonNullable<DescribeTopicPartitionsResponse['nextCursor']>

export const describeTopicPartitions = api(ApiKey.DescribeTopicPartitions, {
  versions: [0, 0],
  request: DescribeTopicPartitionsRequest,
  response: DescribeTopicPartitionsResponse,
  authorization: { every: ['describe topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'at once',
  failed({ topics }, { errorCode }) {
    return topics.length === 0 ? null : { topics: topics.map(({ name }) => refused(name, errorCode)), nextCursor: null }
  },

  handle(request, { broker }) {
    const { cursor } = request
    if (isCursorWrong(request))
      return { topics: request.topics.map(({ name }) => refused(name, ErrorCode.INVALID_REQUEST)), nextCursor: null }
    const names = namesToTell(
      broker,
      request.topics.map(({ name }) => name),
      cursor?.topicName ?? ''
    )
    let room = Math.max(1, Math.min(request.responsePartitionLimit, limits.describedPartitions))
    const topics: TopicAnswer[] = []
    for (const name of names) {
      if (room === 0) return { topics, nextCursor: { topicName: name, partitionIndex: 0 } }
      const first = name === cursor?.topicName ? cursor.partitionIndex : 0
      const { answer, next } = describe(broker, name, first, room)
      topics.push(answer)
      if (next !== null) return { topics, nextCursor: next }
      room -= answer.partitions.length
    }
    return { topics, nextCursor: null }
  }
})

/** The topic to go on with has to be one of those asked for. */
function isCursorWrong({ cursor, topics }: Decoded<DescribeTopicPartitionsRequest>): boolean {
  if (cursor === null) return false
  return cursor.partitionIndex < 0 || (topics.length > 0 && !topics.some(({ name }) => name === cursor.topicName))
}

function refused(name: string, errorCode: ErrorCode): TopicAnswer {
  return { errorCode, name, partitions: [] }
}

/** In the order of the names, from the cursor on; of all topics only those are looked at that are told. */
function* namesToTell(broker: Broker, asked: readonly string[], from: string): Iterable<string> {
  if (asked.length > 0) yield* [...new Set(asked)].sort().filter((name) => name >= from)
  else for (const { name } of broker.image.topicsFrom(from)) yield name
}

function describe(
  broker: Broker,
  name: string,
  first: number,
  room: number
): { readonly answer: TopicAnswer; readonly next: Cursor | null } {
  const topic = broker.image.topicByName(name)
  if (topic === undefined) {
    const isLegal = objectionToTopicName(name) === null
    const errorCode = isLegal ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION
    return { answer: { errorCode, name, partitions: [], topicAuthorizedOperations: everyTopicOperation }, next: null }
  }
  const end = Math.min(topic.partitions.length, first + room)
  const answer = {
    errorCode: ErrorCode.NONE,
    name,
    topicId: topic.id,
    isInternal: topic.isInternal,
    partitions: topic.partitions.slice(first, end).map((partition) => partitionAnswer(broker, name, partition)),
    topicAuthorizedOperations: everyTopicOperation
  }
  return { answer, next: end < topic.partitions.length ? { topicName: name, partitionIndex: end } : null }
}

function partitionAnswer(broker: Broker, topic: string, partition: PartitionImage): TopicAnswer['partitions'][number] {
  return {
    errorCode: ErrorCode.NONE,
    partitionIndex: partition.partitionId,
    ...describePartition(broker, topic, partition),
    eligibleLeaderReplicas: partition.eligibleLeaderReplicas,
    lastKnownElr: partition.lastKnownEligibleLeaderReplicas
  }
}

/**
 * CreateTopics (19): makes topics.
 *
 * v2 to v4 results by name · v5 flexible, what the topic has become · v6 throttling as an error · v7 topic ids
 * The answer leaves when the topics are durable and have a leader.
 */
import type { CreatedTopic, TopicFailure } from '../../coordination/metadata/create-topics.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { CreateTopicsRequest } from '../../protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../protocol/generated/api/create-topics-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api, type RequestContext } from '../api.ts'
import { describeTopicConfigs } from '../described-configs.ts'

type RequestTopic = Decoded<CreateTopicsRequest>['topics'][number]
type TopicAnswer = CreateTopicsResponse['topics'][number]

export const createTopics = api(ApiKey.CreateTopics, {
  versions: [2, 7],
  request: CreateTopicsRequest,
  response: CreateTopicsResponse,
  authorization: { some: ['create cluster', 'create topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed({ topics }, { errorCode, errorMessage }) {
    return { topics: topics.map(({ name }) => failed(name, { error: errorCode, message: errorMessage })) }
  },

  async handle(request, context) {
    const { wanted, refused } = sortOut(request.topics)
    const mode = request.validateOnly ? 'validate-only' : 'carry-out'
    const topics = wanted.map(newTopic)
    const results = await context.broker.controller.ask((controller) => controller.createTopics(topics, mode))
    const answers = wanted.map((topic, index) => {
      const result = results[index]
      if (result === undefined || 'message' in result) return failed(topic.name, result)
      return created(topic, result, context)
    })
    return { topics: [...answers, ...refused] }
  }
})

/** A name that stands twice is refused, once, before anything is made (ControllerApis). */
function sortOut(topics: readonly RequestTopic[]): { wanted: RequestTopic[]; refused: TopicAnswer[] } {
  const counts = new Map<string, number>()
  for (const { name } of topics) counts.set(name, (counts.get(name) ?? 0) + 1)
  const repeated = [...counts].filter(([, count]) => count > 1).map(([name]) => name)
  const why = { error: ErrorCode.INVALID_REQUEST, message: 'Duplicate topic name.' }
  return {
    wanted: topics.filter(({ name }) => counts.get(name) === 1),
    refused: repeated.map((name) => failed(name, why))
  }
}

function newTopic({ name, numPartitions, replicationFactor, assignments, configs }: RequestTopic) {
  const config = new Map(configs.map((entry) => [entry.name, entry.value]))
  return { name, partitions: numPartitions, replicationFactor, assignments, config }
}

function created(topic: RequestTopic, result: CreatedTopic, { broker }: RequestContext): TopicAnswer {
  const set = new Map(topic.configs.map(({ name, value }) => [name, value ?? '']))
  const configs = describeTopicConfigs(broker, set).map(({ name, value, readOnly, configSource, isSensitive }) => ({
    name,
    value,
    readOnly,
    configSource,
    isSensitive
  }))
  return {
    name: topic.name,
    topicId: result.id,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    numPartitions: result.partitions,
    replicationFactor: result.replicationFactor,
    configs
  }
}

function failed(name: string, failure: TopicFailure | undefined): TopicAnswer {
  const { error: errorCode = ErrorCode.UNKNOWN_SERVER_ERROR, message: errorMessage = null } = failure ?? {}
  return { name, errorCode, errorMessage, numPartitions: -1, replicationFactor: -1, configs: [] }
}

/**
 * DeleteTopics (20): removes topics and their data.
 *
 * v1 to v5 by name · v4 flexible · v5 error messages · v6 by name or by id
 * The answer leaves when the deletion is durable. With `delete.topic.enable=false` nothing is deleted.
 */
import type { TopicImage } from '../../coordination/metadata/image.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DeleteTopicsRequest } from '../../protocol/generated/api/delete-topics-request.ts'
import { DeleteTopicsResponse } from '../../protocol/generated/api/delete-topics-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { ZERO_UUID } from '../../protocol/primitives.ts'
import { api, type RequestContext } from '../api.ts'

type TopicAnswer = DeleteTopicsResponse['responses'][number]

interface Asked {
  readonly name: string | null
  readonly topicId: string
}

const firstVersionWithIds = 6
const firstVersionWithDisabledError = 3

export const deleteTopics = api(ApiKey.DeleteTopics, {
  versions: [1, 6],
  request: DeleteTopicsRequest,
  response: DeleteTopicsResponse,

  async handle(request, context) {
    const seen = new Set<string>()
    const condemned: string[] = []
    const responses = askedFor(request, context).map((asked): TopicAnswer => {
      const found = find(asked, context)
      if ('errorCode' in found) return found
      if (seen.has(found.id)) return failed(asked, ErrorCode.INVALID_REQUEST, 'Duplicate topic.')
      seen.add(found.id)
      condemned.push(found.id)
      return { name: found.name, topicId: found.id, errorCode: ErrorCode.NONE }
    })
    await context.broker.metadata.deleteTopics(condemned)
    return { responses }
  }
})

function askedFor(request: Decoded<DeleteTopicsRequest>, { apiVersion }: RequestContext): Asked[] {
  if (apiVersion >= firstVersionWithIds) return request.topics
  return request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))
}

function find(asked: Asked, { broker, apiVersion }: RequestContext): TopicImage | TopicAnswer {
  if (!broker.config.deleteTopicEnable) {
    const isTold = apiVersion >= firstVersionWithDisabledError
    return failed(
      asked,
      isTold ? ErrorCode.TOPIC_DELETION_DISABLED : ErrorCode.INVALID_REQUEST,
      'Topic deletion is disabled.'
    )
  }
  const byId = asked.topicId !== ZERO_UUID
  if (byId && asked.name !== null) {
    return failed(asked, ErrorCode.INVALID_REQUEST, 'You may not specify both topic name and topic id.')
  }
  if (!byId && asked.name === null) {
    return failed(asked, ErrorCode.INVALID_REQUEST, 'Neither topic name nor id were specified.')
  }
  const { image } = broker.metadata
  const topic = byId ? image.topicById(asked.topicId) : image.topicByName(asked.name ?? '')
  if (topic !== undefined) return topic
  return byId
    ? failed(asked, ErrorCode.UNKNOWN_TOPIC_ID, 'This server does not host this topic ID.')
    : failed(asked, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.')
}

function failed({ name, topicId }: Asked, errorCode: ErrorCode, errorMessage: string | null): TopicAnswer {
  return { name, topicId, errorCode, errorMessage }
}

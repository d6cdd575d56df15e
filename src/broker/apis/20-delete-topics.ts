/**
 * DeleteTopics (20): removes topics and their data.
 *
 * v1 to v5 by name · v4 flexible · v5 error messages · v6 by name or by id
 * The answer leaves when the deletion is durable. With `delete.topic.enable=false` nothing is deleted.
 */
import type { ClusterImage, TopicImage } from '../../coordination/metadata/image.ts'
import { limits } from '../../limits.ts'
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
  authorization: { every: ['delete topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed(request, { errorCode, errorMessage }, apiVersion) {
    return { responses: askedFor(request, apiVersion).map((asked) => failed(asked, errorCode, errorMessage)) }
  },

  async handle(request, context) {
    const asked = askedFor(request, context.apiVersion)
    if (!context.broker.config.deleteTopicEnable) return { responses: asked.map((one) => disabled(one, context)) }
    const { condemned, refused } = sortOut(asked, context.broker.image)
    const ids = condemned.map(({ id }) => id)
    const results = await context.broker.controller.ask((controller) => controller.deleteTopics(ids))
    const deleted = condemned.map(({ name, id }, index) => {
      const result = results[index]
      if (result === undefined || 'message' in result)
        return failed({ name, topicId: id }, ErrorCode.KAFKA_STORAGE_ERROR, result?.message ?? null)
      return { name, topicId: id, errorCode: ErrorCode.NONE }
    })
    return { responses: [...deleted, ...refused] }
  }
})

function askedFor(request: Decoded<DeleteTopicsRequest>, apiVersion: number): Asked[] {
  if (apiVersion >= firstVersionWithIds) return request.topics
  return request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))
}

function disabled(asked: Asked, { apiVersion }: RequestContext): TopicAnswer {
  const isTold = apiVersion >= firstVersionWithDisabledError
  const errorCode = isTold ? ErrorCode.TOPIC_DELETION_DISABLED : ErrorCode.INVALID_REQUEST
  return failed(asked, errorCode, 'Topic deletion is disabled.')
}

/** What is asked for twice is not deleted at all, and is answered once: the request is a mistake (ControllerApis). */
function sortOut(asked: readonly Asked[], image: ClusterImage): { condemned: TopicImage[]; refused: TopicAnswer[] } {
  const refused: TopicAnswer[] = []
  const byAsked = new Map<string, Asked[]>()
  for (const one of asked) {
    const objection = objectionToForm(one)
    if (objection !== null) refused.push(failed(one, ErrorCode.INVALID_REQUEST, objection))
    else {
      const key = one.name === null ? `id ${one.topicId}` : `name ${one.name}`
      byAsked.set(key, [...(byAsked.get(key) ?? []), one])
    }
  }
  const condemned = new Map<string, TopicImage>()
  for (const [one, ...more] of byAsked.values()) {
    if (one === undefined) continue
    const found = more.length > 0 ? duplicate(one) : find(one, image)
    if ('errorCode' in found) refused.push(found)
    else if (condemned.delete(found.id)) refused.push(twice(found))
    else condemned.set(found.id, found)
  }
  return { condemned: [...condemned.values()], refused }
}

function objectionToForm({ name, topicId }: Asked): string | null {
  if (name === null && topicId === ZERO_UUID) return 'Neither topic name nor id were specified.'
  return name !== null && topicId !== ZERO_UUID ? 'You may not specify both topic name and topic id.' : null
}

function find(asked: Asked, image: ClusterImage): TopicImage | TopicAnswer {
  if (asked.name === null) {
    const topic = image.topicById(asked.topicId)
    return topic ?? failed(asked, ErrorCode.UNKNOWN_TOPIC_ID, 'This server does not host this topic ID.')
  }
  const topic = image.topicByName(asked.name)
  const why = 'This server does not host this topic-partition.'
  return topic ?? failed(asked, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, why)
}

function duplicate(asked: Asked): TopicAnswer {
  const what = asked.name === null ? 'id' : 'name'
  return failed(asked, ErrorCode.INVALID_REQUEST, `Duplicate topic ${what}.`)
}

/** Once by its name and once by its id. */
function twice({ name, id }: TopicImage): TopicAnswer {
  const why = 'The provided topic name maps to an ID that was already supplied.'
  return failed({ name, topicId: id }, ErrorCode.INVALID_REQUEST, why)
}

function failed({ name, topicId }: Asked, errorCode: ErrorCode, errorMessage: string | null): TopicAnswer {
  return { name, topicId, errorCode, errorMessage }
}

/**
 * OffsetFetch (9): how far groups have read.
 *
 * v2 all partitions when no topics are named, an error for the whole · v5 leader epoch · v6 flexible · v7 require stable ·
 * v8 many groups at once · v9 member and epoch (KIP-848) · v10 topic ids instead of names
 * What was never committed is -1, whether or not the group, the topic or the partition exists; only an unknown topic id is
 * an error.
 */
import type { AskedOffsets, AskedTopic } from '../../coordination/groups/offsets/fetch.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { OffsetFetchRequest } from '../../protocol/generated/api/offset-fetch-request.ts'
import {
  OffsetFetchResponse,
  type OffsetFetchResponseGroup,
  type OffsetFetchResponseTopic
} from '../../protocol/generated/api/offset-fetch-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api, type RequestContext } from '../api.ts'

const firstVersionWithGroups = 8
const firstVersionWithTopicIds = 10
const firstVersionWithWholeError = 2

export const offsetFetch = api(ApiKey.OffsetFetch, {
  versions: [1, 10],
  request: OffsetFetchRequest,
  response: OffsetFetchResponse,
  authorization: { every: ['describe group', 'describe topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed(request, { errorCode }, apiVersion) {
    if (apiVersion < firstVersionWithWholeError) return { topics: failedTopics(request, errorCode) }
    if (apiVersion < firstVersionWithGroups) return { topics: [], errorCode }
    return { groups: request.groups.map(({ groupId }) => ({ groupId, topics: [], errorCode })) }
  },

  async handle(request, context) {
    const { requireStable } = request
    if (context.apiVersion >= firstVersionWithGroups) {
      const hasIds = context.apiVersion >= firstVersionWithTopicIds
      const answers = request.groups.map(({ groupId, topics, memberId, memberEpoch }) => {
        const asked = topics && (hasIds ? topics.map(byId) : topics.map(byName))
        return fetchGroup({ groupId, topics: asked, requireStable, member: { memberId, memberEpoch } }, context)
      })
      return { groups: await Promise.all(answers) }
    }
    const { groupId, topics } = request
    const { errorCode, topics: found } = await fetchGroup({ groupId, topics, requireStable }, context)
    if (errorCode === ErrorCode.NONE || context.apiVersion >= firstVersionWithWholeError) {
      return { errorCode, topics: found.map(named) }
    }
    return { topics: failedTopics(request, errorCode ?? ErrorCode.NONE) }
  }
})

async function fetchGroup(asked: AskedOffsets, { broker }: RequestContext): Promise<OffsetFetchResponseGroup> {
  const { groupId } = asked
  const coordinator = await broker.groupCoordinatorFor(groupId)
  if (coordinator === undefined) return { groupId, topics: [], errorCode: ErrorCode.NOT_COORDINATOR }
  return coordinator.fetchOffsets(asked)
}

function byName({ name, partitionIndexes }: { name: string; partitionIndexes: readonly number[] }): AskedTopic {
  return { name, partitionIndexes }
}

function byId({ topicId, partitionIndexes }: { topicId: string; partitionIndexes: readonly number[] }): AskedTopic {
  return { topicId, partitionIndexes }
}

function named({ name = '', partitions }: OffsetFetchResponseGroup['topics'][number]): OffsetFetchResponseTopic {
  return { name, partitions }
}

/** Version 1 has no place for an error of the whole request. */
function failedTopics({ topics }: Decoded<OffsetFetchRequest>, errorCode: number): OffsetFetchResponseTopic[] {
  const failed = (partitionIndex: number) => ({ partitionIndex, committedOffset: -1, metadata: '', errorCode })
  return (topics ?? []).map(({ name, partitionIndexes }) => ({ name, partitions: partitionIndexes.map(failed) }))
}

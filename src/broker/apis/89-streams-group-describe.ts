/**
 * StreamsGroupDescribe (89): epochs, topology, members and tasks of streams groups (KIP-1071).
 *
 * v1 the assignor, and a description of the topology, which only a plugin of the broker would keep (KIP-1331)
 * A group of another kind is GROUP_ID_NOT_FOUND, as one that is not there; the message tells them apart.
 */
import { undescribedStreamsGroup } from '../../coordination/groups/streams/describe.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { StreamsGroupDescribeRequest } from '../../protocol/generated/api/streams-group-describe-request.ts'
import { StreamsGroupDescribeResponse } from '../../protocol/generated/api/streams-group-describe-response.ts'
import { api } from '../api.ts'
import { everyGroupOperation } from '../authorized-operations.ts'

export const streamsGroupDescribe = api(ApiKey.StreamsGroupDescribe, {
  versions: [0, 1],
  request: StreamsGroupDescribeRequest,
  response: StreamsGroupDescribeResponse,
  authorization: { every: ['describe group'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed({ groupIds }, { errorCode }) {
    return { throttleTimeMs: 0, groups: groupIds.map((groupId) => undescribedStreamsGroup(groupId, errorCode, null)) }
  },

  async handle({ groupIds, includeAuthorizedOperations, includeTopologyDescription }, { broker, apiVersion }) {
    const described = groupIds.map(async (groupId) => {
      if (groupId === '') return undescribedStreamsGroup(groupId, ErrorCode.INVALID_GROUP_ID, null)
      const coordinator = await broker.groupCoordinatorFor(groupId)
      if (coordinator === undefined) return undescribedStreamsGroup(groupId, ErrorCode.NOT_COORDINATOR, null)
      const group = forVersion(await coordinator.streams.describe(groupId, includeTopologyDescription), apiVersion)
      const isTold = includeAuthorizedOperations && group.errorCode === ErrorCode.NONE
      return isTold ? { ...group, authorizedOperations: everyGroupOperation } : group
    })
    return { throttleTimeMs: 0, groups: await Promise.all(described) }
  }
})

type Described = StreamsGroupDescribeResponse['groups'][number]

/** Version 0 has neither the assignor nor a description. */
function forVersion(group: Described, apiVersion: number): Described {
  if (apiVersion >= 1) return group
  const { topologyDescription, topologyDescriptionStatus, assignorName, ...rest } = group
  return rest
}

/**
 * ShareGroupDescribe (77): epochs, members and assignments of share groups (KIP-932).
 *
 * A group of another kind is GROUP_ID_NOT_FOUND, as one that is not there; the message tells them apart. A group is Stable as soon as it has members.
 */
import { undescribedShareGroup } from '../../coordination/groups/share/describe.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ShareGroupDescribeRequest } from '../../protocol/generated/api/share-group-describe-request.ts'
import { ShareGroupDescribeResponse } from '../../protocol/generated/api/share-group-describe-response.ts'
import { api } from '../api.ts'
import { everyGroupOperation } from '../authorized-operations.ts'

export const shareGroupDescribe = api(ApiKey.ShareGroupDescribe, {
  versions: [1, 1],
  request: ShareGroupDescribeRequest,
  response: ShareGroupDescribeResponse,
  authorization: { every: ['describe group'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed({ groupIds }, { errorCode }) {
    return { throttleTimeMs: 0, groups: groupIds.map((groupId) => undescribedShareGroup(groupId, errorCode, null)) }
  },

  async handle({ groupIds, includeAuthorizedOperations }, { broker }) {
    const described = groupIds.map(async (groupId) => {
      if (groupId === '') return undescribedShareGroup(groupId, ErrorCode.INVALID_GROUP_ID, null)
      const coordinator = await broker.groupCoordinatorFor(groupId)
      if (coordinator === undefined) return undescribedShareGroup(groupId, ErrorCode.NOT_COORDINATOR, null)
      const group = await coordinator.share.describe(groupId)
      const isTold = includeAuthorizedOperations && group.errorCode === ErrorCode.NONE
      return isTold ? { ...group, authorizedOperations: everyGroupOperation } : group
    })
    return { throttleTimeMs: 0, groups: await Promise.all(described) }
  }
})

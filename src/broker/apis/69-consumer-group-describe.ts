/**
 * ConsumerGroupDescribe (69): epochs, members and assignments of consumer groups (KIP-848).
 *
 * v1 says which members are of the classic protocol (KIP-1099)
 * A group of another kind is GROUP_ID_NOT_FOUND, as one that is not there; the message tells them apart.
 */
import { undescribedConsumerGroup } from '../../coordination/groups/consumer/describe.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ConsumerGroupDescribeRequest } from '../../protocol/generated/api/consumer-group-describe-request.ts'
import { ConsumerGroupDescribeResponse } from '../../protocol/generated/api/consumer-group-describe-response.ts'
import { api } from '../api.ts'
import { everyGroupOperation } from '../authorized-operations.ts'

export const consumerGroupDescribe = api(ApiKey.ConsumerGroupDescribe, {
  versions: [0, 1],
  request: ConsumerGroupDescribeRequest,
  response: ConsumerGroupDescribeResponse,
  authorization: { every: ['describe group'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed({ groupIds }, { errorCode }) {
    return { throttleTimeMs: 0, groups: groupIds.map((groupId) => undescribedConsumerGroup(groupId, errorCode, null)) }
  },

  async handle({ groupIds, includeAuthorizedOperations }, { broker }) {
    const described = groupIds.map(async (groupId) => {
      if (groupId === '') return undescribedConsumerGroup(groupId, ErrorCode.INVALID_GROUP_ID, null)
      const coordinator = await broker.groupCoordinatorFor(groupId)
      if (coordinator === undefined) return undescribedConsumerGroup(groupId, ErrorCode.NOT_COORDINATOR, null)
      const group = await coordinator.describeConsumerGroup(groupId)
      const isTold = includeAuthorizedOperations && group.errorCode === ErrorCode.NONE
      return isTold ? { ...group, authorizedOperations: everyGroupOperation } : group
    })
    return { throttleTimeMs: 0, groups: await Promise.all(described) }
  }
})

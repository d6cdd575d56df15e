/**
 * LeaveGroup (13): members go, and their partitions are free at once.
 *
 * v3 many members in one request, static ones by their instance id (KIP-345) · v4 flexible · v5 reason
 * Below v3 the one member's error is the error of the answer.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { LeaveGroupRequest } from '../../protocol/generated/api/leave-group-request.ts'
import { LeaveGroupResponse } from '../../protocol/generated/api/leave-group-response.ts'
import { api } from '../api.ts'

const firstVersionWithMembers = 3

export const leaveGroup = api(ApiKey.LeaveGroup, {
  versions: [0, 5],
  request: LeaveGroupRequest,
  response: LeaveGroupResponse,
  authorization: { every: ['read group'] },
  memoryBytes: limits.decodedMembersBytes,
  stage: 'may wait',
  failed: (_, { errorCode }) => ({ errorCode }),

  async handle({ groupId, memberId, members }, { broker, apiVersion }) {
    const coordinator = await broker.groupCoordinatorFor(groupId)
    if (coordinator === undefined) return { errorCode: ErrorCode.NOT_COORDINATOR }
    if (apiVersion >= firstVersionWithMembers) return coordinator.leaveGroup(groupId, members)
    const answer = await coordinator.leaveGroup(groupId, [{ memberId, groupInstanceId: null }])
    return { errorCode: answer.errorCode || (answer.members?.[0]?.errorCode ?? ErrorCode.NONE) }
  }
})

/**
 * JoinGroup (11): a client becomes, or stays, a member of a group.
 *
 * v1 rebalance timeout · v4 a new member gets its id first and joins again with it (KIP-394) · v5 static members (KIP-345) ·
 * v6 flexible · v7 protocol type in the answer · v8 reason · v9 a restarted static leader may be told not to assign (KIP-814)
 * The answer leaves when the group's next generation begins. Its leader is told who the members are.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { JoinGroupRequest } from '../../protocol/generated/api/join-group-request.ts'
import { JoinGroupResponse } from '../../protocol/generated/api/join-group-response.ts'
import { api } from '../api.ts'
import { callerOf } from '../group-caller.ts'

const firstVersionWithNullableProtocol = 7

export const joinGroup = api(ApiKey.JoinGroup, {
  versions: [0, 9],
  request: JoinGroupRequest,
  response: JoinGroupResponse,
  authorization: { every: ['read group'] },
  memoryBytes: limits.decodedFewBytes,
  stage: 'may wait',
  failed: ({ memberId }, { errorCode }) => refused(memberId, errorCode),

  async handle(request, context) {
    const coordinator = await context.broker.groupCoordinatorFor(request.groupId)
    if (coordinator === undefined) return refused(request.memberId, ErrorCode.NOT_COORDINATOR)
    const answer = await coordinator.joinGroup(request, callerOf(context))
    if (context.apiVersion >= firstVersionWithNullableProtocol) return answer
    return { ...answer, protocolName: answer.protocolName ?? '' }
  }
})

function refused(memberId: string, errorCode: ErrorCode): JoinGroupResponse {
  return { errorCode, protocolName: '', leader: '', memberId, members: [] }
}

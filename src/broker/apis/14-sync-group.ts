/**
 * SyncGroup (14): the leader hands in who reads what, and every member gets its share.
 *
 * v3 static members · v4 flexible · v5 protocol type and name, which must be those of the group (KIP-559)
 * The answer leaves when the leader has synced and its assignment is durable.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { SyncGroupRequest } from '../../protocol/generated/api/sync-group-request.ts'
import { SyncGroupResponse } from '../../protocol/generated/api/sync-group-response.ts'
import { api } from '../api.ts'
import { callerOf } from '../group-caller.ts'

export const syncGroup = api(ApiKey.SyncGroup, {
  versions: [0, 5],
  request: SyncGroupRequest,
  response: SyncGroupResponse,
  authorization: { every: ['read group'] },
  memoryBytes: limits.decodedMembersBytes,
  stage: 'may wait',
  failed: (_, { errorCode }) => refused(errorCode),

  async handle(request, context) {
    const coordinator = await context.broker.groupCoordinatorFor(request.groupId)
    if (coordinator !== undefined) return coordinator.syncGroup(request, callerOf(context))
    return refused(ErrorCode.NOT_COORDINATOR)
  }
})

function refused(errorCode: ErrorCode): SyncGroupResponse {
  return { errorCode, assignment: Buffer.alloc(0) }
}

/**
 * ShareGroupHeartbeat (76): a consumer joins a share group, says that it lives, and is told which partitions it is to read (KIP-932).
 *
 * Epoch 0 joins, -1 leaves. The member chooses its id. The assignment is told when it has changed, and to whoever says what it subscribes to.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ShareGroupHeartbeatRequest } from '../../protocol/generated/api/share-group-heartbeat-request.ts'
import { ShareGroupHeartbeatResponse } from '../../protocol/generated/api/share-group-heartbeat-response.ts'
import { api } from '../api.ts'
import { callerOf } from '../group-caller.ts'

export const shareGroupHeartbeat = api(ApiKey.ShareGroupHeartbeat, {
  versions: [1, 1],
  request: ShareGroupHeartbeatRequest,
  response: ShareGroupHeartbeatResponse,
  authorization: { every: ['read group', 'describe topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (_, failure) => ({ throttleTimeMs: 0, ...failure, memberEpoch: 0, heartbeatIntervalMs: 0 }),

  async handle(request, context) {
    const coordinator = await context.broker.groupCoordinatorFor(request.groupId)
    if (coordinator !== undefined) return coordinator.share.heartbeat(request, callerOf(context))
    return { throttleTimeMs: 0, errorCode: ErrorCode.NOT_COORDINATOR, memberEpoch: 0, heartbeatIntervalMs: 0 }
  }
})

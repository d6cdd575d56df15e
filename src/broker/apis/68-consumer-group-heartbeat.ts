/**
 * ConsumerGroupHeartbeat (68): a consumer joins a group, says that it lives, and is told what it is to read (KIP-848).
 *
 * v1 subscription by a regular expression; members choose their own ids (KIP-1082)
 * Epoch 0 joins, -1 leaves, -2 steps away for a while (static members). The assignment is told when it has changed, and to whoever says
 * all of itself.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ConsumerGroupHeartbeatRequest } from '../../protocol/generated/api/consumer-group-heartbeat-request.ts'
import { ConsumerGroupHeartbeatResponse } from '../../protocol/generated/api/consumer-group-heartbeat-response.ts'
import { api } from '../api.ts'
import { callerOf } from '../group-caller.ts'

export const consumerGroupHeartbeat = api(ApiKey.ConsumerGroupHeartbeat, {
  versions: [0, 1],
  request: ConsumerGroupHeartbeatRequest,
  response: ConsumerGroupHeartbeatResponse,
  authorization: { every: ['read group'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (_, failure) => ({ throttleTimeMs: 0, ...failure, memberEpoch: 0, heartbeatIntervalMs: 0 }),

  async handle(request, context) {
    const coordinator = await context.broker.groupCoordinatorFor(request.groupId)
    if (coordinator !== undefined) return coordinator.consumerGroupHeartbeat(request, callerOf(context))
    return { throttleTimeMs: 0, errorCode: ErrorCode.NOT_COORDINATOR, memberEpoch: 0, heartbeatIntervalMs: 0 }
  }
})

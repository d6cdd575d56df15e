/**
 * Heartbeat (12): a member says that it lives, and learns whether it has to join again.
 *
 * v3 static members · v4 flexible
 */
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { HeartbeatRequest } from '../../protocol/generated/api/heartbeat-request.ts'
import { HeartbeatResponse } from '../../protocol/generated/api/heartbeat-response.ts'
import { api } from '../api.ts'

export const heartbeat = api(ApiKey.Heartbeat, {
  versions: [0, 4],
  request: HeartbeatRequest,
  response: HeartbeatResponse,
  authorization: { every: ['read group'] },
  memoryBytes: 0,
  stage: 'may wait',
  failed: (_, { errorCode }) => ({ errorCode }),

  async handle(request, { broker }) {
    const coordinator = await broker.groupCoordinatorFor(request.groupId)
    return coordinator?.heartbeat(request) ?? { errorCode: ErrorCode.NOT_COORDINATOR }
  }
})

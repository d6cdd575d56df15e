/**
 * OffsetDelete (47): single committed offsets of a group go (KIP-496).
 *
 * Offsets of topics that the group's consumers are subscribed to are kept (GROUP_SUBSCRIBED_TO_TOPIC). An error of the group
 * stands alone, without topics.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { OffsetDeleteRequest } from '../../protocol/generated/api/offset-delete-request.ts'
import { OffsetDeleteResponse } from '../../protocol/generated/api/offset-delete-response.ts'
import { api } from '../api.ts'

export const offsetDelete = api(ApiKey.OffsetDelete, {
  versions: [0, 0],
  request: OffsetDeleteRequest,
  response: OffsetDeleteResponse,
  authorization: { every: ['delete group', 'read topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (_, { errorCode }) => ({ errorCode, topics: [] }),

  async handle(request, { broker }) {
    const coordinator = await broker.groupCoordinatorFor(request.groupId)
    return coordinator?.deleteOffsets(request) ?? { errorCode: ErrorCode.NOT_COORDINATOR, topics: [] }
  }
})

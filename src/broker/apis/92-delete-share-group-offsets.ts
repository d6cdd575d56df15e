/**
 * DeleteShareGroupOffsets (92): a group without members forgets how far it is in some topics (KIP-932).
 *
 * Topics that it knew come first in the answer, then those of which there was nothing to delete.
 */
import { undeleted } from '../../coordination/groups/share/delete-offsets.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DeleteShareGroupOffsetsRequest } from '../../protocol/generated/api/delete-share-group-offsets-request.ts'
import { DeleteShareGroupOffsetsResponse } from '../../protocol/generated/api/delete-share-group-offsets-response.ts'
import { api } from '../api.ts'

export const deleteShareGroupOffsets = api(ApiKey.DeleteShareGroupOffsets, {
  versions: [0, 0],
  request: DeleteShareGroupOffsetsRequest,
  response: DeleteShareGroupOffsetsResponse,
  authorization: { every: ['delete group', 'read topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (_, { errorCode, errorMessage }) => undeleted(errorCode, errorMessage),

  async handle(request, { broker }) {
    const coordinator = await broker.groupCoordinatorFor(request.groupId)
    return coordinator?.shareOffsets.delete(request) ?? undeleted(ErrorCode.NOT_COORDINATOR, null)
  }
})

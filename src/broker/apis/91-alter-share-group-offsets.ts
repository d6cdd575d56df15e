/**
 * AlterShareGroupOffsets (91): the share partitions of a group without members begin at other offsets (KIP-932).
 *
 * A group that is not there is made. Whether there is a record at the offset nobody asks: the partition's leader finds out.
 */
import { unaltered } from '../../coordination/groups/share/alter-offsets.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { AlterShareGroupOffsetsRequest } from '../../protocol/generated/api/alter-share-group-offsets-request.ts'
import { AlterShareGroupOffsetsResponse } from '../../protocol/generated/api/alter-share-group-offsets-response.ts'
import { api } from '../api.ts'

export const alterShareGroupOffsets = api(ApiKey.AlterShareGroupOffsets, {
  versions: [0, 0],
  request: AlterShareGroupOffsetsRequest,
  response: AlterShareGroupOffsetsResponse,
  authorization: { every: ['read group', 'read topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (_, { errorCode, errorMessage }) => unaltered(errorCode, errorMessage),

  async handle(request, { broker }) {
    const coordinator = await broker.groupCoordinatorFor(request.groupId)
    return coordinator?.shareOffsets.alter(request) ?? unaltered(ErrorCode.NOT_COORDINATOR, null)
  }
})

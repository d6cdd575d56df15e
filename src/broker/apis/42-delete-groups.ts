/**
 * DeleteGroups (42): groups without members go, with all that they committed.
 *
 * v2 flexible · v3 error message
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DeleteGroupsRequest } from '../../protocol/generated/api/delete-groups-request.ts'
import { DeleteGroupsResponse } from '../../protocol/generated/api/delete-groups-response.ts'
import { api } from '../api.ts'

export const deleteGroups = api(ApiKey.DeleteGroups, {
  versions: [0, 3],
  request: DeleteGroupsRequest,
  response: DeleteGroupsResponse,
  authorization: { every: ['delete group'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed({ groupsNames }, { errorCode }) {
    return { throttleTimeMs: 0, results: groupsNames.map((groupId) => ({ groupId, errorCode })) }
  },

  async handle({ groupsNames }, { broker }) {
    const deletions = Array.from(new Set(groupsNames), async (groupId) => {
      const errorCode = await (await broker.groupCoordinatorFor(groupId))?.deleteGroup(groupId)
      return { groupId, errorCode: errorCode ?? ErrorCode.NOT_COORDINATOR }
    })
    return { throttleTimeMs: 0, results: await Promise.all(deletions) }
  }
})

/**
 * DeleteAcls (31): removes the access rules that match filters. There is no authorizer that would have any (see
 * DescribeAcls), and each filter is told so.
 *
 * v1 pattern types · v2 flexible · v3 users as a resource
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DeleteAclsRequest } from '../../protocol/generated/api/delete-acls-request.ts'
import { DeleteAclsResponse } from '../../protocol/generated/api/delete-acls-response.ts'
import { api } from '../api.ts'

export const deleteAcls = api(ApiKey.DeleteAcls, {
  versions: [1, 3],
  request: DeleteAclsRequest,
  response: DeleteAclsResponse,
  authorization: { every: ['alter cluster'] },
  memoryBytes: limits.decodedMembersBytes,
  stage: 'at once',
  failed({ filters }, failure) {
    return { throttleTimeMs: 0, filterResults: filters.map(() => ({ ...failure, matchingAcls: [] })) }
  },

  handle({ filters }) {
    const errorCode = ErrorCode.SECURITY_DISABLED
    const refused = { errorCode, errorMessage: 'No Authorizer is configured.', matchingAcls: [] }
    return { throttleTimeMs: 0, filterResults: filters.map(() => refused) }
  }
})

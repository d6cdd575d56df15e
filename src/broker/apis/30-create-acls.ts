/**
 * CreateAcls (30): adds access rules. There is no authorizer that would keep them (see DescribeAcls), and each is told so.
 *
 * v1 pattern types · v2 flexible · v3 users as a resource
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { CreateAclsRequest } from '../../protocol/generated/api/create-acls-request.ts'
import { CreateAclsResponse } from '../../protocol/generated/api/create-acls-response.ts'
import { api } from '../api.ts'

export const createAcls = api(ApiKey.CreateAcls, {
  versions: [1, 3],
  request: CreateAclsRequest,
  response: CreateAclsResponse,
  authorization: { every: ['alter cluster'] },
  memoryBytes: limits.decodedMembersBytes,
  stage: 'at once',
  failed: ({ creations }, failure) => ({ throttleTimeMs: 0, results: creations.map(() => failure) }),

  handle({ creations }) {
    const refused = { errorCode: ErrorCode.SECURITY_DISABLED, errorMessage: 'No Authorizer is configured.' }
    return { throttleTimeMs: 0, results: creations.map(() => refused) }
  }
})

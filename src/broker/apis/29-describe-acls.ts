/**
 * DescribeAcls (29): which access rules match a filter. Consoles and MirrorMaker ask it as soon as they connect.
 *
 * v1 pattern types · v2 flexible · v3 users as a resource
 * Nobody is kept out here, so that there are no rules: the answer of a Kafka without `authorizer.class.name` (AclApis).
 */
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeAclsRequest } from '../../protocol/generated/api/describe-acls-request.ts'
import { DescribeAclsResponse } from '../../protocol/generated/api/describe-acls-response.ts'
import { api } from '../api.ts'

export const describeAcls = api(ApiKey.DescribeAcls, {
  versions: [1, 3],
  request: DescribeAclsRequest,
  response: DescribeAclsResponse,
  authorization: { every: ['describe cluster'] },
  memoryBytes: 0,
  stage: 'at once',
  failed: (_, failure) => ({ throttleTimeMs: 0, ...failure, resources: [] }),

  handle: () => ({
    throttleTimeMs: 0,
    errorCode: ErrorCode.SECURITY_DISABLED,
    errorMessage: 'No Authorizer is configured on the broker',
    resources: []
  })
})

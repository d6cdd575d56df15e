/**
 * DescribeGroups (15): state, protocol and members of groups.
 *
 * v3 authorized operations · v4 static members · v5 flexible · v6 GROUP_ID_NOT_FOUND with a message for a group that is not
 * there; before, such a group is Dead and no error (KIP-1043)
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeGroupsRequest } from '../../protocol/generated/api/describe-groups-request.ts'
import {
  DescribeGroupsResponse,
  type DescribeGroupsResponseDescribedGroup
} from '../../protocol/generated/api/describe-groups-response.ts'
import { api, type RequestContext } from '../api.ts'
import { everyGroupOperation } from '../authorized-operations.ts'

const firstVersionWithMessage = 6

export const describeGroups = api(ApiKey.DescribeGroups, {
  versions: [0, 6],
  request: DescribeGroupsRequest,
  response: DescribeGroupsResponse,
  authorization: { every: ['describe group'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: ({ groups }, { errorCode }) => ({ groups: groups.map((groupId) => refused(groupId, errorCode)) }),

  async handle({ groups, includeAuthorizedOperations }, context) {
    const described = await Promise.all(groups.map((groupId) => describe(groupId, context)))
    if (!includeAuthorizedOperations) return { groups: described }
    return { groups: described.map(withOperations) }
  }
})

async function describe(
  groupId: string,
  { broker, apiVersion }: RequestContext
): Promise<DescribeGroupsResponseDescribedGroup> {
  const coordinator = await broker.groupCoordinatorFor(groupId)
  if (coordinator === undefined) return refused(groupId, ErrorCode.NOT_COORDINATOR)
  const group = await coordinator.describe(groupId)
  if (group.errorCode !== ErrorCode.GROUP_ID_NOT_FOUND || apiVersion >= firstVersionWithMessage) return group
  return { ...group, errorCode: ErrorCode.NONE, errorMessage: null }
}

function withOperations(group: DescribeGroupsResponseDescribedGroup): DescribeGroupsResponseDescribedGroup {
  return group.errorCode === ErrorCode.NONE ? { ...group, authorizedOperations: everyGroupOperation } : group
}

function refused(groupId: string, errorCode: ErrorCode): DescribeGroupsResponseDescribedGroup {
  return { errorCode, groupId, groupState: '', protocolType: '', protocolData: '', members: [] }
}

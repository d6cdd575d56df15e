/**
 * ListGroups (16): the groups that this broker looks after.
 *
 * v3 flexible · v4 states, and a filter for them (KIP-518) · v5 types, and a filter for them (KIP-848)
 * A group that only holds offsets is Empty and has no protocol type. An unknown state or type matches nothing.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ListGroupsRequest } from '../../protocol/generated/api/list-groups-request.ts'
import { ListGroupsResponse } from '../../protocol/generated/api/list-groups-response.ts'
import { api } from '../api.ts'

export const listGroups = api(ApiKey.ListGroups, {
  versions: [0, 5],
  request: ListGroupsRequest,
  response: ListGroupsResponse,
  authorization: { some: ['describe cluster', 'describe group'] },
  memoryBytes: limits.decodedFewBytes,
  stage: 'may wait',
  failed: (_, { errorCode }) => ({ errorCode, groups: [] }),

  async handle({ statesFilter: states, typesFilter: types }, { broker }) {
    const lists = (await broker.groupCoordinators()).map((coordinator) => coordinator.list({ states, types }))
    return { errorCode: ErrorCode.NONE, groups: (await Promise.all(lists)).flat() }
  }
})

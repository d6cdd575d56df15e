/**
 * ReadShareGroupState (84): what the leader of a partition begins with (KIP-932).
 *
 * From then on leaders of earlier epochs are fenced.
 */
import { unread } from '../../coordination/share-states/unanswered.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ReadShareGroupStateRequest } from '../../protocol/generated/api/read-share-group-state-request.ts'
import { ReadShareGroupStateResponse } from '../../protocol/generated/api/read-share-group-state-response.ts'
import { api } from '../api.ts'
import { allFailed, eachShare } from '../share-state-requests.ts'

export const readShareGroupState = api(ApiKey.ReadShareGroupState, {
  versions: [0, 0],
  request: ReadShareGroupStateRequest,
  response: ReadShareGroupStateResponse,
  authorization: { every: ['clusterAction cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (request, failure) => allFailed(request, failure, unread),

  handle(request, { broker }) {
    const { coordinators } = broker.shares
    return eachShare(request, coordinators.slices, (key, { leaderEpoch }) => coordinators.read(key, leaderEpoch))
  }
})

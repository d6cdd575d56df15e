/**
 * DeleteShareGroupState (86): share partitions are forgotten (KIP-932).
 *
 * One that is not known is not missed.
 */
import { withoutState } from '../../coordination/share-states/unanswered.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { DeleteShareGroupStateRequest } from '../../protocol/generated/api/delete-share-group-state-request.ts'
import { DeleteShareGroupStateResponse } from '../../protocol/generated/api/delete-share-group-state-response.ts'
import { api } from '../api.ts'
import { allFailed, eachShare } from '../share-state-requests.ts'

export const deleteShareGroupState = api(ApiKey.DeleteShareGroupState, {
  versions: [0, 0],
  request: DeleteShareGroupStateRequest,
  response: DeleteShareGroupStateResponse,
  authorization: { every: ['clusterAction cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (request, failure) => allFailed(request, failure, withoutState),

  handle(request, { broker }) {
    const { coordinators } = broker.shares
    return eachShare(request, coordinators.slices, (key) => coordinators.remove(key))
  }
})

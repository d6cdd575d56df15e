/**
 * WriteShareGroupState (85): what became of records of share partitions (KIP-932).
 *
 * v1 delivery complete count (KIP-1226); before, it is not known
 * Resolves once it is safe. Epochs that are older than the newest are fenced.
 */
import { noCount } from '../../coordination/share-states/state.ts'
import { withoutState } from '../../coordination/share-states/unanswered.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { WriteShareGroupStateRequest } from '../../protocol/generated/api/write-share-group-state-request.ts'
import { WriteShareGroupStateResponse } from '../../protocol/generated/api/write-share-group-state-response.ts'
import { api } from '../api.ts'
import { allFailed, eachShare } from '../share-state-requests.ts'

export const writeShareGroupState = api(ApiKey.WriteShareGroupState, {
  versions: [0, 1],
  request: WriteShareGroupStateRequest,
  response: WriteShareGroupStateResponse,
  authorization: { every: ['clusterAction cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (request, failure) => allFailed(request, failure, withoutState),

  handle(request, { broker }) {
    const { coordinators } = broker.shares
    return eachShare(
      request,
      coordinators.slices,
      (key, { partition: _, deliveryCompleteCount = noCount, ...written }) =>
        coordinators.write({ key, deliveryCompleteCount, ...written })
    )
  }
})

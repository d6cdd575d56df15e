/**
 * InitializeShareGroupState (83): share partitions begin at an offset, whatever they were before (KIP-932).
 *
 * A group's coordinator asks it of whoever looks after the share partition. A state epoch that is older than the newest is fenced. Here, other
 * than in the others, a topic without partitions is passed over.
 */
import { withoutState } from '../../coordination/share-states/unanswered.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { InitializeShareGroupStateRequest } from '../../protocol/generated/api/initialize-share-group-state-request.ts'
import { InitializeShareGroupStateResponse } from '../../protocol/generated/api/initialize-share-group-state-response.ts'
import { api } from '../api.ts'
import { allFailed, eachShare } from '../share-state-requests.ts'

export const initializeShareGroupState = api(ApiKey.InitializeShareGroupState, {
  versions: [0, 0],
  request: InitializeShareGroupStateRequest,
  response: InitializeShareGroupStateResponse,
  authorization: { every: ['clusterAction cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (request, failure) => allFailed(request, failure, withoutState),

  handle(request, { broker }) {
    const { coordinators } = broker.shares
    const topics = request.topics.filter(({ partitions }) => partitions.length > 0)
    return eachShare({ ...request, topics }, coordinators.slices, (key, { stateEpoch, startOffset }) =>
      coordinators.initialize({ key, stateEpoch, startOffset })
    )
  }
})

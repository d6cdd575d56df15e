/**
 * ReadShareGroupStateSummary (87): where share partitions begin, without what became of records behind (KIP-932).
 *
 * v1 delivery complete count (KIP-1226)
 * Of a share partition that is not known: start offset -1. No leader epoch is fenced by it, and none is looked at.
 */
import { unsummarized } from '../../coordination/share-states/unanswered.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ReadShareGroupStateSummaryRequest } from '../../protocol/generated/api/read-share-group-state-summary-request.ts'
import { ReadShareGroupStateSummaryResponse } from '../../protocol/generated/api/read-share-group-state-summary-response.ts'
import { api } from '../api.ts'
import { allFailed, eachShare } from '../share-state-requests.ts'

export const readShareGroupStateSummary = api(ApiKey.ReadShareGroupStateSummary, {
  versions: [0, 1],
  request: ReadShareGroupStateSummaryRequest,
  response: ReadShareGroupStateSummaryResponse,
  authorization: { every: ['clusterAction cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (request, failure) => allFailed(request, failure, unsummarized),

  handle(request, { broker }) {
    const { coordinators } = broker.shares
    return eachShare(request, coordinators.slices, (key) => coordinators.summarize(key))
  }
})

/**
 * StreamsGroupTopologyDescriptionUpdate (93): a member describes its topology in words (KIP-1331).
 *
 * Only a plugin of the broker keeps such descriptions. There is none here, as there is none in Apache Kafka unless somebody writes one, and the answer is the same.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { StreamsGroupTopologyDescriptionUpdateRequest } from '../../protocol/generated/api/streams-group-topology-description-update-request.ts'
import { StreamsGroupTopologyDescriptionUpdateResponse } from '../../protocol/generated/api/streams-group-topology-description-update-response.ts'
import { api } from '../api.ts'

export const streamsGroupTopologyDescriptionUpdate = api(ApiKey.StreamsGroupTopologyDescriptionUpdate, {
  versions: [0, 0],
  request: StreamsGroupTopologyDescriptionUpdateRequest,
  response: StreamsGroupTopologyDescriptionUpdateResponse,
  authorization: { every: ['read group'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'at once',
  failed: (_, failure) => ({ throttleTimeMs: 0, ...failure }),

  handle() {
    const errorMessage = 'The broker has no streams group topology description plugin configured.'
    return { throttleTimeMs: 0, errorCode: ErrorCode.UNSUPPORTED_VERSION, errorMessage }
  }
})

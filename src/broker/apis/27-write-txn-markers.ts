/**
 * WriteTxnMarkers (27): ends transactions in the partitions that are led here.
 *
 * v1 flexible · v2 the version of the transaction (KIP-890)
 * Coordinators ask it of leaders; and an administrator, to abort a transaction that hangs (KIP-664). Resolves once the markers are committed.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { WriteTxnMarkersRequest } from '../../protocol/generated/api/write-txn-markers-request.ts'
import { WriteTxnMarkersResponse } from '../../protocol/generated/api/write-txn-markers-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api } from '../api.ts'

export const writeTxnMarkers = api(ApiKey.WriteTxnMarkers, {
  versions: [1, 2],
  request: WriteTxnMarkersRequest,
  response: WriteTxnMarkersResponse,
  authorization: { some: ['alter cluster', 'clusterAction cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: ({ markers }, { errorCode }) => ({ markers: markers.map((marker) => failed(marker, errorCode)) }),

  async handle({ markers }, { broker }) {
    const isGiven = ({ producerId }: Marker): boolean => Number.isSafeInteger(producerId)
    const written = await broker.transactions.markers.write({ markers: markers.filter(isGiven) })
    const others = markers.filter((marker) => !isGiven(marker))
    return { markers: [...written.markers, ...others.map((marker) => failed(marker, INVALID_PRODUCER_ID_MAPPING))] }
  }
})

type Marker = Decoded<WriteTxnMarkersRequest>['markers'][number]

const { INVALID_PRODUCER_ID_MAPPING } = ErrorCode

/** No broker gives out producer ids of 2^53 and more; two of them may be the same number here, and none is told. */
function failed({ producerId, topics }: Marker, errorCode: ErrorCode): WriteTxnMarkersResponse['markers'][number] {
  return {
    producerId: Number.isSafeInteger(producerId) ? producerId : -1,
    topics: topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode }))
    }))
  }
}

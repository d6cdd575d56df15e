/**
 * ListPartitionReassignments (46): which partitions are on their way to other brokers (KIP-455).
 *
 * v0 flexible from the start
 * With one broker there is nowhere to go. Partitions that are not there are passed over, as in Kafka.
 */
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ListPartitionReassignmentsRequest } from '../../protocol/generated/api/list-partition-reassignments-request.ts'
import { ListPartitionReassignmentsResponse } from '../../protocol/generated/api/list-partition-reassignments-response.ts'
import { api } from '../api.ts'

export const listPartitionReassignments = api(ApiKey.ListPartitionReassignments, {
  versions: [0, 0],
  request: ListPartitionReassignmentsRequest,
  response: ListPartitionReassignmentsResponse,
  failed: (_, failure) => ({ throttleTimeMs: 0, ...failure, topics: [] }),

  handle: () => ({ throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, topics: [] })
})

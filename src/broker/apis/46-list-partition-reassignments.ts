/**
 * ListPartitionReassignments (46): which partitions are on their way to other brokers (KIP-455).
 *
 * v0 flexible from the start
 * Partitions that are not there, or stay where they are, are passed over, as in Kafka.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ListPartitionReassignmentsRequest } from '../../protocol/generated/api/list-partition-reassignments-request.ts'
import { ListPartitionReassignmentsResponse } from '../../protocol/generated/api/list-partition-reassignments-response.ts'
import { api } from '../api.ts'

export const listPartitionReassignments = api(ApiKey.ListPartitionReassignments, {
  versions: [0, 0],
  request: ListPartitionReassignmentsRequest,
  response: ListPartitionReassignmentsResponse,
  authorization: { every: ['describe cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (_, failure) => ({ throttleTimeMs: 0, ...failure, topics: [] }),

  async handle(request, { broker }) {
    const asked = request.topics?.map(({ name, partitionIndexes }) => ({ topic: name, partitions: partitionIndexes }))
    const ongoing = await broker.controller.ask(({ brokers }) => Promise.resolve(brokers.reassignments(asked ?? null)))
    const topics = ongoing.map(({ topic, partitions }) => ({
      name: topic,
      partitions: partitions.map(({ partitionId, replicas, addingReplicas, removingReplicas }) => ({
        ...{ partitionIndex: partitionId, replicas, addingReplicas, removingReplicas }
      }))
    }))
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, topics }
  }
})

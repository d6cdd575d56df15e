/**
 * AlterPartitionReassignments (45): has partitions kept on other brokers, or takes that back (KIP-455).
 *
 * v0 flexible from the start · v1 the number of replicas may be held (KIP-860)
 * The answer says that the reassignment has begun. It is complete when what was added is in sync; ListPartitionReassignments tells.
 * Kafka: ReplicationControlManager.alterPartitionReassignments.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { AlterPartitionReassignmentsRequest } from '../../protocol/generated/api/alter-partition-reassignments-request.ts'
import { AlterPartitionReassignmentsResponse } from '../../protocol/generated/api/alter-partition-reassignments-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api, type Failure } from '../api.ts'
import { askController } from '../asking-controller.ts'
import type { Broker } from '../broker.ts'

type Request = Decoded<AlterPartitionReassignmentsRequest>

export const alterPartitionReassignments = api(ApiKey.AlterPartitionReassignments, {
  versions: [0, 1],
  request: AlterPartitionReassignmentsRequest,
  response: AlterPartitionReassignmentsResponse,
  authorization: { every: ['alter cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: refused,

  handle(request, { broker }) {
    const { topics, timeoutMs, allowReplicationFactorChange } = request
    if (topics.length === 0) return answer([], allowReplicationFactorChange)
    if (timeoutMs <= 0) return refused(request, { errorCode: ErrorCode.REQUEST_TIMED_OUT, errorMessage: null })
    return askController(reassigned(request, broker), (failure: Failure) => refused(request, failure))
  }
})

async function reassigned({ topics, allowReplicationFactorChange }: Request, { controller }: Broker) {
  const wanted = topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, replicas }) => ({
      ...{ topic: name, partitionId: partitionIndex, replicas, allowReplicationFactorChange }
    }))
  )
  const results = (await controller.ask(({ brokers }) => brokers.reassign(wanted))).values()
  const responses = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => {
      const { error, message } = results.next().value ?? unanswered
      return { partitionIndex, errorCode: error, errorMessage: message }
    })
  }))
  return answer(responses, allowReplicationFactorChange)
}

/** The controller has a result for each, in their order. */
const unanswered = { error: ErrorCode.UNKNOWN_SERVER_ERROR, message: null }

function answer(
  responses: AlterPartitionReassignmentsResponse['responses'],
  allowReplicationFactorChange: boolean
): AlterPartitionReassignmentsResponse {
  return { throttleTimeMs: 0, allowReplicationFactorChange, errorCode: ErrorCode.NONE, errorMessage: null, responses }
}

function refused(
  { topics }: Request,
  failure: Pick<AlterPartitionReassignmentsResponse, 'errorCode' | 'errorMessage'>
): AlterPartitionReassignmentsResponse {
  const responses = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, ...failure }))
  }))
  return { throttleTimeMs: 0, ...failure, responses }
}

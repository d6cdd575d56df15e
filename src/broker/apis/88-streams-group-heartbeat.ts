/**
 * StreamsGroupHeartbeat (88): a Kafka Streams application joins its group with its topology, says that it lives, and is told its tasks (KIP-1071).
 *
 * v1 acceptable recovery lag as int64, tags that are missing, whether a description of the topology is wanted (KIP-1331)
 * Epoch 0 joins, -1 leaves, -2 leaves for a while. The member chooses its id. Tasks are told at a join, and when they have changed; internal topics that are missing are made, if the member may.
 */
import { refusedHeartbeat } from '../../coordination/groups/streams/streams-groups.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { StreamsGroupHeartbeatRequest } from '../../protocol/generated/api/streams-group-heartbeat-request.ts'
import { StreamsGroupHeartbeatResponse } from '../../protocol/generated/api/streams-group-heartbeat-response.ts'
import { api } from '../api.ts'
import { refusalOf } from '../authorizer.ts'
import { callerOf } from '../group-caller.ts'
import { createTopics } from './19-create-topics.ts'

export const streamsGroupHeartbeat = api(ApiKey.StreamsGroupHeartbeat, {
  versions: [0, 1],
  request: StreamsGroupHeartbeatRequest,
  response: StreamsGroupHeartbeatResponse,
  authorization: { every: ['read group', 'describe topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (_, { errorCode, errorMessage }) => refusedHeartbeat(errorCode, errorMessage),

  async handle(request, context) {
    const coordinator = await context.broker.groupCoordinatorFor(request.groupId)
    if (coordinator === undefined) return refusedHeartbeat(ErrorCode.NOT_COORDINATOR, null)
    const mayCreateTopics = refusalOf(context.broker.authorizer, context.session, createTopics.authorization) === null
    return coordinator.streams.heartbeat(request, { ...callerOf(context), mayCreateTopics })
  }
})

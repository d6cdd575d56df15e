/**
 * OffsetCommit (8): writes down how far a group has read.
 *
 * v5 no retention time any more · v6 leader epoch · v7 static members · v8 flexible · v9 GROUP_ID_NOT_FOUND for a group that
 * is not there (KIP-848) · v10 topic ids instead of names
 * Members commit for their generation; a group without members takes offsets from anyone who names no generation. Each
 * partition has its own error; the answer leaves when the offsets are durable.
 */
import { refusedCommit } from '../../coordination/groups/offsets/commit.ts'
import { toldAll } from '../../coordination/groups/offsets/partition-answers.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { OffsetCommitRequest } from '../../protocol/generated/api/offset-commit-request.ts'
import { OffsetCommitResponse } from '../../protocol/generated/api/offset-commit-response.ts'
import { api } from '../api.ts'
import { callerOf } from '../group-caller.ts'

export const offsetCommit = api(ApiKey.OffsetCommit, {
  versions: [2, 10],
  request: OffsetCommitRequest,
  response: OffsetCommitResponse,
  authorization: { every: ['read group', 'read topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: ({ topics }, { errorCode }) => ({ topics: toldAll(topics, errorCode) }),

  async handle(request, context) {
    const { broker, apiVersion } = context
    const coordinator = await broker.groupCoordinatorFor(request.groupId)
    if (coordinator !== undefined) return coordinator.commitOffsets(request, callerOf(context))
    return refusedCommit(ErrorCode.NOT_COORDINATOR, request, { apiVersion, topics: broker.topicNames })
  }
})

/**
 * TxnOffsetCommit (28): writes down how far a group has read, as part of a producer's transaction (KIP-98).
 *
 * v2 leader epoch · v3 flexible, group members (KIP-447) · v4 TRANSACTION_ABORTABLE · v5 makes the offsets part of the transaction, which
 * AddOffsetsToTxn did (KIP-890) · v6 topic ids instead of names
 * The offsets count when the transaction is committed; until then those who ask for stable offsets are told to wait.
 */
import { asksForAny, refusedWithin } from '../../coordination/groups/offsets/commit-within.ts'
import { toldAll } from '../../coordination/groups/offsets/partition-answers.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { TxnOffsetCommitRequest } from '../../protocol/generated/api/txn-offset-commit-request.ts'
import { TxnOffsetCommitResponse } from '../../protocol/generated/api/txn-offset-commit-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api, type RequestContext } from '../api.ts'
import { callerOf } from '../group-caller.ts'
import type { Participation, Verified } from '../transaction-verification.ts'

const firstVersionThatAdds = 5
const firstVersionWithAbortable = 4
const firstVersionWithLoading = 2

export const txnOffsetCommit = api(ApiKey.TxnOffsetCommit, {
  versions: [0, 6],
  request: TxnOffsetCommitRequest,
  response: TxnOffsetCommitResponse,
  authorization: { every: ['write transactional id', 'read group', 'read topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: ({ topics }, { errorCode }) => ({ throttleTimeMs: 0, topics: toldAll(topics, errorCode) }),

  async handle(request, context) {
    const { broker, apiVersion } = context
    const asked = { apiVersion, topics: broker.topicNames }
    const refuse = (errorCode: number) => refusedWithin(toldAs(errorCode, apiVersion), request, asked)
    if (!asksForAny(request, asked)) return refuse(ErrorCode.NONE)
    if (request.groupId === '') return refuse(ErrorCode.INVALID_GROUP_ID)
    const coordinator = await broker.groupCoordinatorFor(request.groupId)
    if (coordinator === undefined) return refuse(ErrorCode.NOT_COORDINATOR)
    const verified = await verify(request, context)
    if ('errorCode' in verified) return refuse(verified.errorCode)
    return coordinator.commitOffsetsWithin(request, callerOf(context), verified.guard)
  }
})

/** The transaction begins in the partition of the group, as in any other. */
async function verify(
  request: Decoded<TxnOffsetCommitRequest>,
  { broker, apiVersion }: RequestContext
): Promise<Verified> {
  const { transactionalId, groupId, producerId, producerEpoch } = request
  const replica = broker.replica('__consumer_offsets', broker.groupPartition(groupId) ?? -1)
  const notHere = { errorCode: ErrorCode.NOT_COORDINATOR }
  if (replica === undefined || replica.leadership === null) return notHere
  const participant = { transactionalId, producerId, producerEpoch, participation: participationOf(apiVersion) }
  const verified = await broker.transactions.verification.verify(participant, [{ replica, baseSequence: -1 }])
  return verified.get(replica) ?? notHere
}

/** AddPartitionsToTxnManager.txnOffsetCommitRequestVersionToTransactionSupportedOperation. */
function participationOf(apiVersion: number): Participation {
  if (apiVersion >= firstVersionThatAdds) return 'adds'
  return apiVersion >= firstVersionWithAbortable ? 'asks, and may be told to abort' : 'asks'
}

/** In words that have a producer of this version ask again, where it should (GroupCoordinatorService.handleOperationException). */
function toldAs(errorCode: number, apiVersion: number): number {
  const { NETWORK_EXCEPTION, COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE } = ErrorCode
  if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return COORDINATOR_NOT_AVAILABLE
  const told = errorCode === NETWORK_EXCEPTION ? COORDINATOR_LOAD_IN_PROGRESS : errorCode
  return told === COORDINATOR_LOAD_IN_PROGRESS && apiVersion < firstVersionWithLoading
    ? COORDINATOR_NOT_AVAILABLE
    : told
}

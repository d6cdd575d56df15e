/**
 * ShareAcknowledge (79): says what became of records that a member of a share group holds (KIP-932).
 *
 * v1 in the session of the member's ShareFetch · v2 renewed locks, and how long one lasts (KIP-1222)
 * Kafka: KafkaApis.handleShareAcknowledgeRequest. The answer leaves when what was said is safe. It names the partitions of which something was said.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ShareAcknowledgeRequest } from '../../protocol/generated/api/share-acknowledge-request.ts'
import { ShareAcknowledgeResponse } from '../../protocol/generated/api/share-acknowledge-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api, type RequestContext } from '../api.ts'
import { CurrentLeaders } from '../current-leaders.ts'
import { type AcknowledgedPartition, acknowledgeAll } from '../share/acknowledging.ts'
import { isMemberId, leaderOf } from '../share/share-requests.ts'
import type { ShareSession } from '../share/share-sessions.ts'

type Request = Decoded<ShareAcknowledgeRequest>
type PartitionData = ShareAcknowledgeResponse['responses'][number]['partitions'][number]

export const shareAcknowledge = api(ApiKey.ShareAcknowledge, {
  versions: [1, 2],
  request: ShareAcknowledgeRequest,
  response: ShareAcknowledgeResponse,
  authorization: { every: ['read group', 'read topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (_, { errorCode }) => failedAsAWhole(errorCode),

  handle(request, context) {
    const { groupId, memberId, shareSessionEpoch: epoch } = request
    if (groupId === null || !isMemberId(memberId)) return failedAsAWhole(ErrorCode.INVALID_REQUEST)
    const entered = context.broker.sharePartitions.sessions.enterToAcknowledge({ groupId, memberId, epoch })
    if (entered.kind === 'refused') return failedAsAWhole(entered.errorCode)
    return answer(request, entered.session, entered.kind === 'ended' ? 'ends' : 'goes on', context)
  }
})

async function answer(
  request: Request,
  session: ShareSession,
  life: 'ends' | 'goes on',
  context: RequestContext
): Promise<ShareAcknowledgeResponse> {
  const { sharePartitions } = context.broker
  const { groupId, memberId } = session
  const { decided, done } = acknowledgeAll({ ...request, groupId, memberId }, context)
  if (decided !== null) await decided
  const released = life === 'ends' ? sharePartitions.release(session) : null
  const [acknowledged] = await Promise.all([done, released])
  const { recordLockDurationMs } = sharePartitions.settingsOf(groupId)
  return {
    ...failedAsAWhole(ErrorCode.NONE),
    acquisitionLockTimeoutMs: recordLockDurationMs,
    ...told(acknowledged, context)
  }
}

function told(
  acknowledged: readonly AcknowledgedPartition[],
  context: RequestContext
): Pick<ShareAcknowledgeResponse, 'responses' | 'nodeEndpoints'> {
  const leaders = new CurrentLeaders(context)
  const topics = new Map<string, { readonly topicId: string; readonly partitions: PartitionData[] }>()
  for (const { topicId, partition, failure } of acknowledged) {
    const topic = topics.get(topicId) ?? { topicId, partitions: [] }
    topics.set(topicId, topic)
    topic.partitions.push({
      partitionIndex: partition,
      errorCode: failure?.errorCode ?? ErrorCode.NONE,
      errorMessage: failure?.message ?? null,
      currentLeader: leaderOf({ topicId, partition }, failure, leaders, context)
    })
  }
  return { responses: [...topics.values()], nodeEndpoints: leaders.endpoints }
}

function failedAsAWhole(errorCode: ErrorCode): ShareAcknowledgeResponse {
  return {
    ...{ throttleTimeMs: 0, errorCode, errorMessage: null },
    ...{ acquisitionLockTimeoutMs: 0, responses: [], nodeEndpoints: [] }
  }
}

/** What ShareFetch and ShareAcknowledge have in common. */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { RequestContext } from '../api.ts'
import type { CurrentLeader, CurrentLeaders } from '../current-leaders.ts'
import type { ShareFailure } from './share-failure.ts'
import type { SharedPartition } from './share-sessions.ts'

/** As long as a UUID at most (Kafka: KafkaApis, ShareRequestMetadata). */
const longestMemberId = 36
/** As Kafka leaves the field. */
const untold: CurrentLeader = { leaderId: 0, leaderEpoch: 0 }

export function isMemberId(memberId: string | null): memberId is string {
  return memberId !== null && memberId.length > 0 && memberId.length <= longestMemberId
}

/** Who leads, for those who were told that this broker does not, or that it was not the last who did. */
export function leaderOf(
  { topicId, partition }: SharedPartition,
  failure: ShareFailure | null,
  leaders: CurrentLeaders,
  { broker }: RequestContext
): CurrentLeader {
  if (failure?.errorCode !== ErrorCode.NOT_LEADER_OR_FOLLOWER) return untold
  return leaders.of(broker.image.topicById(topicId)?.name ?? '', partition)
}

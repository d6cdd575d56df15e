/** What a ShareGroupHeartbeat has to say, whatever the group (Kafka: GroupCoordinatorService.throwIfShareGroupHeartbeatRequestIsInvalid). */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ShareGroupHeartbeatRequest } from '../../../protocol/generated/api/share-group-heartbeat-request.ts'
import type { Decoded } from '../../../protocol/message.ts'
import { type Refusal, refusal } from '../consumer/refusal.ts'
import { goneEpoch } from './member.ts'

type Request = Decoded<ShareGroupHeartbeatRequest>

export function checkShareHeartbeat(request: Request): Refusal | null {
  const wrong = whatIsWrong(request)
  return wrong === null ? null : refusal(ErrorCode.INVALID_REQUEST, wrong)
}

function whatIsWrong({ memberEpoch, memberId, groupId, rackId, subscribedTopicNames }: Request): string | null {
  if (isBlank(memberId)) return "MemberId can't be empty."
  if (isBlank(groupId)) return "GroupId can't be empty."
  if (isBlank(rackId)) return "RackId can't be empty."
  if (memberEpoch < goneEpoch) return 'MemberEpoch is invalid.'
  const saysNothing = subscribedTopicNames === null || subscribedTopicNames.length === 0
  return memberEpoch === 0 && saysNothing ? 'SubscribedTopicNames must be set in first request.' : null
}

function isBlank(text: string | null): boolean {
  return text !== null && text.trim() === ''
}

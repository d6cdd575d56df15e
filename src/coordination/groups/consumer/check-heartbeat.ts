/** What a ConsumerGroupHeartbeat has to say, whatever the group (Kafka: GroupCoordinatorService.throwIfConsumerGroupHeartbeatRequestIsInvalid). */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../../protocol/generated/api/consumer-group-heartbeat-request.ts'
import type { Decoded } from '../../../protocol/message.ts'
import { awayEpoch, goneEpoch } from './member.ts'
import { type Refusal, refusal } from './refusal.ts'

type Request = Decoded<ConsumerGroupHeartbeatRequest>

/** From then on members choose their ids themselves. */
const firstVersionWithMemberId = 1

export function checkHeartbeat(request: Request, apiVersion: number, assignors: readonly string[]): Refusal | null {
  const wrong = whatIsWrong(request, apiVersion)
  if (wrong !== null) return refusal(ErrorCode.INVALID_REQUEST, wrong)
  const { serverAssignor } = request
  if (serverAssignor === null || assignors.includes(serverAssignor)) return null
  const what = `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${assignors.join(', ')}.`
  return refusal(ErrorCode.UNSUPPORTED_ASSIGNOR, what)
}

function whatIsWrong(request: Request, apiVersion: number): string | null {
  const { memberEpoch, memberId, groupId, instanceId, rackId } = request
  const needsId = apiVersion >= firstVersionWithMemberId || memberEpoch > 0 || memberEpoch === goneEpoch
  if (needsId && isBlank(memberId)) return "MemberId can't be empty."
  if (isBlank(groupId)) return "GroupId can't be empty."
  if (isBlank(instanceId)) return "InstanceId can't be empty."
  if (isBlank(rackId)) return "RackId can't be empty."
  if (memberEpoch === 0) return whatAJoinLacks(request)
  if (memberEpoch === awayEpoch && instanceId === null) return "InstanceId can't be null."
  return memberEpoch < awayEpoch ? 'MemberEpoch is invalid.' : null
}

function whatAJoinLacks(request: Request): string | null {
  const { rebalanceTimeoutMs, topicPartitions, subscribedTopicNames, subscribedTopicRegex } = request
  if (rebalanceTimeoutMs === -1) return 'RebalanceTimeoutMs must be provided in first request.'
  if (topicPartitions?.length !== 0) return 'TopicPartitions must be empty when (re-)joining.'
  if (subscribedTopicNames !== null || subscribedTopicRegex !== null) return null
  return 'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.'
}

function isBlank(text: string | null): boolean {
  return text !== null && text.trim() === ''
}

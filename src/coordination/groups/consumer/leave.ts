/**
 * Members that go: by a heartbeat of epoch -1, or -2 for a while, or because their time is over (Kafka: consumerGroupLeave,
 * consumerGroupFenceMembers). A static member that is away for a while keeps what it has until its session ends.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../../protocol/generated/api/consumer-group-heartbeat-request.ts'
import type { ConsumerGroupHeartbeatResponse } from '../../../protocol/generated/api/consumer-group-heartbeat-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import { memberTombstones } from '../tombstones.ts'
import { type ConsumerDraft, stopTimers } from './draft.ts'
import { staticMemberOf, unknownMember } from './heartbeat.ts'
import { awayEpoch, type ConsumerMember, expressionOf } from './member.ts'
import { epochsOf, noPartitionEpochs } from './partitions.ts'
import { assignmentRecord, consumerKeys, currentRecord, expressionTombstone, groupRecord } from './records.ts'
import type { Refusal } from './refusal.ts'
import { hashOf } from './subscribe.ts'

type Request = Decoded<ConsumerGroupHeartbeatRequest>
type Response = ConsumerGroupHeartbeatResponse

/** Who leaves, or why nobody does. */
export function leavingMember(draft: ConsumerDraft, request: Request): ConsumerMember | Refusal {
  const { memberId, instanceId } = request
  const { group } = draft
  if (instanceId === null) return group.members.get(memberId) ?? unknownMember(draft, memberId)
  return staticMemberOf(group.staticMember(instanceId), memberId, instanceId)
}

/** Away for a while: its partitions are its own, in no epoch. */
export function stepAway({ group, records }: ConsumerDraft, member: ConsumerMember): Response {
  const inNoEpoch = Array.from(member.assigned, ([topicId, epochs]) => [topicId, epochsOf(epochs.keys(), 0)] as const)
  const away = { ...member, epoch: awayEpoch, assigned: new Map(inNoEpoch), pendingRevocation: noPartitionEpochs }
  records.push(currentRecord(group.groupId, away))
  return leftAnswer(member.memberId, awayEpoch)
}

export function leftAnswer(memberId: string, memberEpoch: number): Response {
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, memberId, memberEpoch, heartbeatIntervalMs: 0 }
}

/** Takes members out of the group, which is in its next epoch then. */
export function removeMembers(draft: ConsumerDraft, leaving: ReadonlySet<ConsumerMember>): void {
  const { group, records } = draft
  const subscriptions = group.subscriptions.copy()
  for (const member of leaving) {
    records.push(...memberTombstones(consumerKeys, group.groupId, member.memberId))
    subscriptions.member(member, undefined)
    stopTimers(draft, member.memberId)
  }
  for (const expression of new Set(Array.from(leaving, expressionOf))) {
    if (expression === null || subscriptions.expressions.of(expression) > 0) continue
    records.push(expressionTombstone(group.groupId, expression))
    subscriptions.resolved(group.resolvedExpressions.get(expression), undefined)
  }
  const epoch = group.epoch + 1
  records.push(groupRecord(group.groupId, epoch, hashOf(draft, subscriptions)))
  // An empty group has nothing to assign, and whoever comes next is assigned at once.
  if (leaving.size === group.members.size) records.push(assignmentRecord(group.groupId, epoch, 0))
}

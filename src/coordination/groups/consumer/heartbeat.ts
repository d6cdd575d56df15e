/**
 * ConsumerGroupHeartbeat, decided: a member joins, says that it lives and what it owns, subscribes to something else, and is told what it
 * is to have (KIP-848; Kafka: GroupMetadataManager.consumerGroupHeartbeat). Leaving stands in `leave.ts`.
 */
import { limits } from '../../../limits.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../../protocol/generated/api/consumer-group-heartbeat-request.ts'
import type { ConsumerGroupHeartbeatResponse } from '../../../protocol/generated/api/consumer-group-heartbeat-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { Caller } from '../caller.ts'
import { heartbeatInterval } from '../heartbeat-interval.ts'
import { memberTombstones } from '../tombstones.ts'
import type { ConsumerDraft } from './draft.ts'
import { awayEpoch, type ConsumerMember, MemberState, newMember, standsTheSame } from './member.ts'
import { type PartitionEpochs, samePartitionEpochs, type TopicPartitions, toTopicPartitions } from './partitions.ts'
import { reconcile } from './reconcile.ts'
import { consumerKeys, currentRecord, memberRecord, targetRecord } from './records.ts'
import { fenced, type Refusal, refusal } from './refusal.ts'
import { retarget, type Target } from './retarget.ts'
import { subscribe } from './subscribe.ts'

type Request = Decoded<ConsumerGroupHeartbeatRequest>

/** The request names its own member id, or is given one. */
export function consumerHeartbeat(
  draft: ConsumerDraft,
  request: Request,
  memberId: string,
  caller: Pick<Caller, 'clientId' | 'clientHost'>
): ConsumerGroupHeartbeatResponse | Refusal {
  const { settings } = draft
  const member = roomFor(draft, request.memberId, request.instanceId) ?? findMember(draft, request, memberId)
  if ('errorCode' in member) return member
  const described = describedBy(request, member, caller)
  const subscribed = subscribe(draft, member, described)
  if ('errorCode' in subscribed) return subscribed
  const target = retarget(draft, member, described, subscribed)
  const owned = request.topicPartitions
  const updated = moveTowards(draft, described, target, { hasSubscriptionChanged: subscribed.hasChanged, owned })
  if ('errorCode' in updated) return updated
  draft.timers.push({ memberId, kind: 'session', delayMs: settings.sessionTimeoutMs })
  const isTold =
    request.memberEpoch === 0 || saysAll(request) || !samePartitionEpochs(member.assigned, updated.assigned)
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    memberId: updated.memberId,
    memberEpoch: updated.epoch,
    heartbeatIntervalMs: heartbeatInterval(draft),
    assignment: isTold ? { topicPartitions: toTopicPartitions(updated.assigned) } : null
  }
}

/** Null when there is room. */
export function roomFor({ group, config }: ConsumerDraft, memberId: string, instanceId: string | null): Refusal | null {
  if (group.staticMember(instanceId) !== undefined) return null
  const maxSize = Math.min(config.consumerMaxSize, limits.groupMembers)
  if (group.members.size < maxSize || group.members.has(memberId)) return null
  const what = `The consumer group has reached its maximum capacity of ${maxSize} members.`
  return refusal(ErrorCode.GROUP_MAX_SIZE_REACHED, what)
}

function findMember(draft: ConsumerDraft, request: Request, memberId: string): ConsumerMember | Refusal {
  const { group } = draft
  const { memberEpoch, instanceId, topicPartitions: owned } = request
  const joins = memberEpoch === 0
  if (instanceId === null) {
    const member = group.members.get(memberId) ?? (joins ? newMember(memberId) : unknownMember(draft, memberId))
    return 'errorCode' in member ? member : (checkEpoch(member, memberEpoch, owned) ?? member)
  }
  const current = group.staticMember(instanceId)
  if (!joins) {
    const member = staticMemberOf(current, memberId, instanceId)
    return 'errorCode' in member ? member : (checkEpoch(member, memberEpoch, owned) ?? member)
  }
  if (current === undefined) return group.members.get(memberId) ?? newMember(memberId)
  if (current.classic === null && current.epoch !== awayEpoch) {
    const what = `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id`
    return refusal(ErrorCode.UNRELEASED_INSTANCE_ID, `${what} is owned by ${current.memberId} member.`)
  }
  return replaceMember(draft, current, memberId)
}

export function unknownMember({ group }: ConsumerDraft, memberId: string): Refusal {
  return refusal(ErrorCode.UNKNOWN_MEMBER_ID, `Member ${memberId} is not a member of group ${group.groupId}.`)
}

/** The member of this instance id, if whoever asks is the one. */
export function staticMemberOf(
  current: ConsumerMember | undefined,
  memberId: string,
  instanceId: string
): ConsumerMember | Refusal {
  if (current === undefined) return refusal(ErrorCode.UNKNOWN_MEMBER_ID, `Instance id ${instanceId} is unknown.`)
  if (current.memberId === memberId) return current
  const what = `Static member ${memberId} with instance id ${instanceId} was fenced by member ${current.memberId}.`
  return refusal(ErrorCode.FENCED_INSTANCE_ID, what)
}

/** Of the epoch before a member may still be, as long as it owns nothing that it has not been given. */
function checkEpoch(member: ConsumerMember, epoch: number, owned: readonly TopicPartitions[] | null): Refusal | null {
  if (epoch === 0 || epoch === member.epoch) return null
  const known = `member epoch (${epoch}) than the one known by the group coordinator (${member.epoch}).`
  if (epoch > member.epoch) return fenced(`The consumer group member has a greater ${known}`)
  if (epoch === member.previousEpoch && owned !== null && areWithin(owned, member.assigned)) return null
  return fenced(`The consumer group member has a smaller ${known}`)
}

function areWithin(owned: readonly TopicPartitions[], assigned: PartitionEpochs): boolean {
  return owned.every(({ topicId, partitions }) => {
    const epochs = assigned.get(topicId)
    return epochs !== undefined && partitions.every((partition) => epochs.has(partition))
  })
}

/** A static member that was started again goes on, under its new id, where the former one was. */
export function replaceMember(draft: ConsumerDraft, former: ConsumerMember, memberId: string): ConsumerMember {
  const { group, records, timers } = draft
  const { groupId } = group
  const member = { ...former, memberId, epoch: 0, previousEpoch: 0 }
  if (former.memberId !== memberId) timers.push({ memberId: former.memberId, kind: 'session', delayMs: null })
  records.push(...memberTombstones(consumerKeys, groupId, former.memberId), memberRecord(groupId, member))
  records.push(targetRecord(groupId, memberId, group.target(former.memberId)), currentRecord(groupId, member))
  return member
}

/** What is not said stays as it was. */
function describedBy(
  { instanceId, rackId, rebalanceTimeoutMs, serverAssignor, subscribedTopicNames, subscribedTopicRegex }: Request,
  member: ConsumerMember,
  { clientId, clientHost }: Pick<Caller, 'clientId' | 'clientHost'>
): ConsumerMember {
  return {
    ...member,
    instanceId: instanceId ?? member.instanceId,
    rackId: rackId ?? member.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    assignor: serverAssignor ?? member.assignor,
    topicNames: subscribedTopicNames === null ? member.topicNames : new Set(subscribedTopicNames),
    expression: subscribedTopicRegex ?? member.expression,
    clientId,
    clientHost,
    classic: null
  }
}

interface Owned {
  readonly hasSubscriptionChanged: boolean
  readonly owned: readonly TopicPartitions[] | null
}

/** The member's next step towards the target, written down where there is one. */
export function moveTowards(
  draft: ConsumerDraft,
  member: ConsumerMember,
  { epoch: targetEpoch, partitions: target }: Target,
  { hasSubscriptionChanged, owned }: Owned
): ConsumerMember | Refusal {
  const { group, topics, records, timers } = draft
  const isThere = member.state === MemberState.stable && member.epoch === targetEpoch
  if (!hasSubscriptionChanged && isThere) return member
  const resolved = group.resolvedExpressions
  const partitionEpoch = (topicId: string, partition: number) => group.partitionEpoch(topicId, partition)
  const step = { member, target, targetEpoch, hasSubscriptionChanged, owned, resolved, topics, partitionEpoch }
  const updated = reconcile(step)
  if ('errorCode' in updated || standsTheSame(member, updated)) return updated
  records.push(currentRecord(group.groupId, updated))
  if (updated.classic === null) {
    const { memberId, rebalanceTimeoutMs } = updated
    const mustRevoke = updated.state === MemberState.unrevokedPartitions
    timers.push({ memberId, kind: 'rebalance', delayMs: mustRevoke ? rebalanceTimeoutMs : null })
  }
  return updated
}

function saysAll(request: Request): boolean {
  const { rebalanceTimeoutMs, subscribedTopicNames, subscribedTopicRegex, topicPartitions } = request
  const says = subscribedTopicNames !== null || subscribedTopicRegex !== null
  return rebalanceTimeoutMs !== -1 && says && topicPartitions !== null
}

/**
 * ShareGroupHeartbeat, decided: a member joins, says that it lives, subscribes to something else, and is told what it is to read (KIP-932;
 * Kafka: GroupMetadataManager.shareGroupHeartbeat). Partitions have as many readers as there are members for, so nobody waits for another
 * to give one up: a member has its target at once. Leaving stands in `leave.ts`.
 */
import { limits } from '../../../limits.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ShareGroupHeartbeatRequest } from '../../../protocol/generated/api/share-group-heartbeat-request.ts'
import type { ShareGroupHeartbeatResponse } from '../../../protocol/generated/api/share-group-heartbeat-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { Caller } from '../caller.ts'
import { type Partitions, samePartitions, toTopicPartitions } from '../consumer/partitions.ts'
import { fenced, type Refusal, refusal } from '../consumer/refusal.ts'
import { heartbeatInterval } from '../heartbeat-interval.ts'
import type { ShareDraft } from './draft.ts'
import { initializeMissing } from './initialize.ts'
import { newShareMember, type ShareMember, standsTheSame } from './member.ts'
import { currentRecord } from './records.ts'
import { retarget, type ShareTarget } from './retarget.ts'
import { subscribe } from './subscribe.ts'

type Request = Decoded<ShareGroupHeartbeatRequest>

/** Of a member that does not leave. */
export function shareHeartbeat(
  draft: ShareDraft,
  request: Request,
  caller: Pick<Caller, 'clientId' | 'clientHost'>
): ShareGroupHeartbeatResponse | Refusal {
  const { settings } = draft
  const { memberId, memberEpoch, subscribedTopicNames } = request
  const member = roomFor(draft, memberId) ?? findMember(draft, memberId, memberEpoch)
  if ('errorCode' in member) return member
  const described = describedBy(request, member, caller)
  const subscribed = subscribe(draft, member, described)
  if ('errorCode' in subscribed) return subscribed
  const target = retarget(draft, described, subscribed)
  const updated = moveTo(draft, described, target, subscribed.hasChanged)
  initializeMissing(draft, subscribed.topicNames, subscribed.epoch)
  draft.timers.push({ memberId, kind: 'session', delayMs: settings.sessionTimeoutMs })
  const saysAll = memberEpoch === 0 || subscribedTopicNames !== null
  const isTold = saysAll || !samePartitions(member.assigned, updated.assigned)
  return {
    ...{ throttleTimeMs: 0, errorCode: ErrorCode.NONE, memberId, memberEpoch: updated.epoch },
    heartbeatIntervalMs: heartbeatInterval(draft),
    assignment: isTold ? { topicPartitions: toTopicPartitions(updated.assigned) } : null
  }
}

/** Null when there is room. */
function roomFor({ group, config }: ShareDraft, memberId: string): Refusal | null {
  const maxSize = Math.min(config.shareMaxSize, limits.groupMembers)
  if (group.members.size < maxSize || group.members.has(memberId)) return null
  const what = `The share group has reached its maximum capacity of ${maxSize} members.`
  return refusal(ErrorCode.GROUP_MAX_SIZE_REACHED, what)
}

function findMember({ group }: ShareDraft, memberId: string, epoch: number): ShareMember | Refusal {
  const member =
    group.members.get(memberId) ?? (epoch === 0 ? newShareMember(memberId) : unknownMember(group, memberId))
  return 'errorCode' in member ? member : (checkEpoch(member, epoch) ?? member)
}

export function unknownMember({ groupId }: ShareDraft['group'], memberId: string): Refusal {
  return refusal(ErrorCode.UNKNOWN_MEMBER_ID, `Member ${memberId} is not a member of group ${groupId}.`)
}

/** Of the epoch before a member may still be: it has not heard of the newer one. */
function checkEpoch(member: ShareMember, epoch: number): Refusal | null {
  if (epoch === 0 || epoch === member.epoch || epoch === member.previousEpoch) return null
  const known = `member epoch (${epoch}) than the one known by the group coordinator (${member.epoch})`
  if (epoch > member.epoch) return fenced(`The share group member has a greater ${known}.`)
  const previous = `and it does not match the previous member epoch (${member.previousEpoch})`
  return fenced(`The share group member has a smaller ${known}, ${previous}.`)
}

/** What is not said stays as it was. */
function describedBy(
  { rackId, subscribedTopicNames }: Request,
  member: ShareMember,
  { clientId, clientHost }: Pick<Caller, 'clientId' | 'clientHost'>
): ShareMember {
  const topicNames = subscribedTopicNames === null ? member.topicNames : new Set(subscribedTopicNames)
  return { ...member, rackId: rackId ?? member.rackId, topicNames, clientId, clientHost }
}

/** The member with its target, written down where that is something new. */
function moveTo(draft: ShareDraft, member: ShareMember, target: ShareTarget, hasChanged: boolean): ShareMember {
  const isThere = member.epoch === target.epoch
  if (isThere && !hasChanged) return member
  const assigned = subscribedOf(draft, member, target.partitions)
  const { epoch, previousEpoch } = isThere ? member : { epoch: target.epoch, previousEpoch: member.epoch }
  const updated = { ...member, epoch, previousEpoch, assigned }
  if (standsTheSame(member, updated)) return member
  draft.records.push(currentRecord(draft.group.groupId, updated))
  return updated
}

/** A target may be of before the member subscribed to something else. */
function subscribedOf({ topics }: ShareDraft, { topicNames }: ShareMember, target: Partitions): Partitions {
  return new Map([...target].filter(([topicId]) => topicNames.has(topics.nameOf(topicId) ?? '')))
}

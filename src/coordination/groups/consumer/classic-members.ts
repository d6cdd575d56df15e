/**
 * Members of the classic protocol in a consumer group (KIP-848; Kafka: classicGroup…ToConsumerGroup): JoinGroup is their heartbeat, their
 * generation is their member epoch, and every one of them is told its own assignment.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { HeartbeatRequest } from '../../../protocol/generated/api/heartbeat-request.ts'
import type { JoinGroupRequest } from '../../../protocol/generated/api/join-group-request.ts'
import type { JoinGroupResponse } from '../../../protocol/generated/api/join-group-response.ts'
import type { SyncGroupRequest } from '../../../protocol/generated/api/sync-group-request.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { Caller } from '../caller.ts'
import { type Draft, refusedJoin } from '../classic/draft.ts'
import type { LeavingMember } from '../classic/leave.ts'
import { byTopicId, readSubscription } from './consumer-protocol.ts'
import { canDowngradeFor, downgrade } from './downgrade.ts'
import type { ConsumerDraft } from './draft.ts'
import { moveTowards, replaceMember, roomFor, staticMemberOf } from './heartbeat.ts'
import { type ConsumerMember, MemberState, newMember } from './member.ts'
import { currentTarget, retarget } from './retarget.ts'
import type { ConsumerGroup } from './state.ts'
import { subscribe } from './subscribe.ts'

/** From then on whoever has no id yet gets one first, and joins again with it (KIP-394). */
const firstVersionWithRequiredMemberId = 4

type Join = Decoded<JoinGroupRequest>

export interface Joined {
  readonly answer: JoinGroupResponse
  /** The classic group that it is now, if it is one. */
  readonly downgraded: Draft | null
}

/** `memberId`: the one of the request, or a new one. */
export function joinAsClassic(
  draft: ConsumerDraft,
  request: Join,
  memberId: string,
  caller: Caller
): Joined | ErrorCode {
  const { group, config, topics } = draft
  const { groupInstanceId, protocolType, protocols } = request
  if (config.migrationPolicy === 'disabled') return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
  const full = roomFor(draft, memberId, groupInstanceId)
  if (full !== null) return full.errorCode
  if (!group.supportsClassic(protocolType, protocols)) return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
  const mustKnowItsId = request.memberId === '' && groupInstanceId === null
  if (mustKnowItsId && caller.apiVersion >= firstVersionWithRequiredMemberId) {
    return { answer: refusedJoin(ErrorCode.MEMBER_ID_REQUIRED, memberId), downgraded: null }
  }
  const replaced = group.staticMember(groupInstanceId)
  const member = findMember(draft, request, memberId, replaced)
  if (typeof member === 'number') return member
  const subscription = readSubscription(protocols[0]?.metadata ?? Buffer.alloc(0))
  if (subscription === 'malformed') return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
  const described = describedBy(request, member, subscription, caller)
  const subscribed = subscribe(draft, member, described, true)
  if ('errorCode' in subscribed) return subscribed.errorCode
  const owned = byTopicId(subscription.ownedPartitions, topics)
  const step = { hasSubscriptionChanged: subscribed.hasChanged, owned }
  if (replaced !== undefined && canDowngradeFor(group, replaced, config)) {
    const mustRebalance = group.assignmentEpoch < subscribed.epoch
    const moved = mustRebalance ? described : moveTowards(draft, described, currentTarget(draft, described), step)
    if ('errorCode' in moved) return moved.errorCode
    const change = { leaving: new Set<ConsumerMember>(), joining: moved, mustRebalance }
    return { answer: joinedAnswer(moved), downgraded: downgrade(draft, change) }
  }
  const moved = moveTowards(draft, described, retarget(draft, member, described, subscribed), step)
  if ('errorCode' in moved) return moved.errorCode
  const { sessionTimeoutMs, rebalanceTimeoutMs } = request
  draft.timers.push({ memberId, kind: 'join', delayMs: null })
  draft.timers.push({ memberId, kind: 'session', delayMs: sessionTimeoutMs })
  draft.timers.push({ memberId, kind: 'sync', delayMs: rebalanceTimeoutMs })
  return { answer: joinedAnswer(moved), downgraded: null }
}

function findMember(
  draft: ConsumerDraft,
  { memberId: named, groupInstanceId }: Join,
  memberId: string,
  current: ConsumerMember | undefined
): ConsumerMember | ErrorCode {
  if (groupInstanceId === null) return draft.group.members.get(memberId) ?? newMember(memberId)
  if (named === '') {
    return current === undefined ? newMember(memberId) : replaceMember(draft, current, memberId)
  }
  const member = staticMemberOf(current, memberId, groupInstanceId)
  return 'errorCode' in member ? member.errorCode : member
}

function describedBy(
  { groupInstanceId, rebalanceTimeoutMs, sessionTimeoutMs, protocols: supportedProtocols }: Join,
  member: ConsumerMember,
  { topics, rackId }: { readonly topics: readonly string[]; readonly rackId: string | null },
  { clientId, clientHost }: Caller
): ConsumerMember {
  return {
    ...member,
    instanceId: groupInstanceId ?? member.instanceId,
    rackId: rackId || member.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    topicNames: new Set(topics),
    expression: '',
    clientId,
    clientHost,
    classic: { sessionTimeoutMs, supportedProtocols }
  }
}

function joinedAnswer({ memberId, epoch: generationId, classic }: ConsumerMember): JoinGroupResponse {
  const protocolName = classic?.supportedProtocols[0]?.name ?? null
  const told = { errorCode: ErrorCode.NONE, generationId, protocolType: 'consumer', protocolName, memberId }
  // Nobody leads: the coordinator assigns.
  return { ...told, leader: '', members: [] }
}

/** The member that asks, if it is one of the classic protocol in the generation that it names. */
export function classicMemberOf(
  group: ConsumerGroup,
  {
    memberId,
    groupInstanceId,
    generationId
  }: Pick<Decoded<HeartbeatRequest>, 'memberId' | 'groupInstanceId' | 'generationId'>
): ConsumerMember | ErrorCode {
  const member = memberNamed(group, { memberId, groupInstanceId })
  if (typeof member === 'number') return member
  if (member.classic === null) return ErrorCode.UNKNOWN_MEMBER_ID
  return member.epoch === generationId ? member : ErrorCode.ILLEGAL_GENERATION
}

function memberNamed(group: ConsumerGroup, { memberId, groupInstanceId }: LeavingMember): ConsumerMember | ErrorCode {
  if (groupInstanceId === null) return group.members.get(memberId) ?? ErrorCode.UNKNOWN_MEMBER_ID
  const member = staticMemberOf(group.staticMember(groupInstanceId), memberId, groupInstanceId)
  return 'errorCode' in member ? member.errorCode : member
}

/** SyncGroup: NONE when the member may be told its assignment. It has to join again when there is a newer target than its own. */
export function checkSync(draft: ConsumerDraft, member: ConsumerMember, request: Decoded<SyncGroupRequest>): ErrorCode {
  const { protocolType, protocolName } = request
  const { memberId, rebalanceTimeoutMs } = member
  if (protocolType !== null && protocolType !== 'consumer') return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
  const spoken = member.classic?.supportedProtocols[0]?.name
  if (protocolName !== null && protocolName !== spoken) return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
  const isBehind = draft.group.assignmentEpoch > member.epoch && member.state !== MemberState.unrevokedPartitions
  if (isBehind) {
    draft.timers.push({ memberId, kind: 'join', delayMs: rebalanceTimeoutMs, unlessRunning: true })
    return ErrorCode.REBALANCE_IN_PROGRESS
  }
  draft.timers.push({ memberId, kind: 'sync', delayMs: null })
  draft.timers.push({ memberId, kind: 'session', delayMs: member.classic?.sessionTimeoutMs ?? 0 })
  return ErrorCode.NONE
}

/** Heartbeat: REBALANCE_IN_PROGRESS when joining again would bring the member further. */
export function heartbeatAsClassic(draft: ConsumerDraft, member: ConsumerMember): ErrorCode {
  const { group, timers } = draft
  const { memberId, rebalanceTimeoutMs } = member
  timers.push({ memberId, kind: 'session', delayMs: member.classic?.sessionTimeoutMs ?? 0 })
  const canMove =
    member.epoch < group.assignmentEpoch ||
    member.state === MemberState.unrevokedPartitions ||
    (member.state === MemberState.unreleasedPartitions && !waitsForOthers(group, member))
  if (!canMove) return ErrorCode.NONE
  timers.push({ memberId, kind: 'join', delayMs: rebalanceTimeoutMs, unlessRunning: true })
  return ErrorCode.REBALANCE_IN_PROGRESS
}

function waitsForOthers(group: ConsumerGroup, { memberId, assigned }: ConsumerMember): boolean {
  for (const [topicId, partitions] of group.target(memberId)) {
    for (const partition of partitions) {
      const isOwn = assigned.get(topicId)?.has(partition) === true
      if (!isOwn && group.partitionEpoch(topicId, partition) !== -1) return true
    }
  }
  return false
}

/** LeaveGroup, which may name members of either protocol: who goes, and what each is told. */
export function leavingAsClassic(group: ConsumerGroup, named: readonly LeavingMember[]) {
  const leaving = new Set<ConsumerMember>()
  const members = named.map(({ memberId, groupInstanceId }) => {
    const isNamedByInstance = memberId === '' && groupInstanceId !== null
    const member = isNamedByInstance
      ? (group.staticMember(groupInstanceId) ?? ErrorCode.UNKNOWN_MEMBER_ID)
      : memberNamed(group, { memberId, groupInstanceId })
    if (typeof member !== 'number') leaving.add(member)
    return { memberId, groupInstanceId, errorCode: typeof member === 'number' ? member : ErrorCode.NONE }
  })
  return { leaving, answer: { errorCode: ErrorCode.NONE, members } }
}

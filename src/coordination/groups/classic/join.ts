/**
 * JoinGroup, decided: a client wants to be, or stay, a member (Kafka: GroupMetadataManager.classicGroupJoin).
 *
 * The answer is owed until the group has its next generation, unless there is nothing to wait for: a refusal, a new id to
 * come back with (KIP-394), a member that asks again for what it has been told, or a static member that takes its old place
 * (KIP-345).
 */

import { limits } from '../../../limits.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { JoinGroupRequest } from '../../../protocol/generated/api/join-group-request.ts'
import type { Decoded } from '../../../protocol/message.ts'
import {
  addMember,
  answerJoin,
  type Circumstances,
  type Draft,
  draftOf,
  endWaits,
  type FoundGroup,
  joinedAnswer,
  refusedJoin,
  removeMember,
  writeGroup,
  writeNewGroup
} from './draft.ts'
import { completeJoinWhenAllJoined, prepareRebalance, rebalanceOrCompleteJoin } from './rebalance.ts'
import { checkMember } from './validate.ts'
import {
  type MemberProtocol,
  type Round,
  type RoundMember,
  selectProtocol,
  supportsProtocols,
  type Waiter,
  waitingForJoin
} from './waiting.ts'

export interface JoinCircumstances extends Circumstances {
  readonly waiter: Waiter
  readonly apiVersion: number
  readonly clientId: string
  readonly clientHost: string
  /** A fresh random UUID: the second half of a new member's id. */
  readonly uuid: string
}

type Request = Decoded<JoinGroupRequest>

const firstVersionWithRequiredMemberId = 4
const firstVersionThatMaySkipAssignment = 9

/** An error that needs no look at the group; NONE when there is none. */
function checkJoin(request: Request, { config, clientId, uuid }: JoinCircumstances): ErrorCode {
  const { groupId, sessionTimeoutMs } = request
  if (groupId === '') return ErrorCode.INVALID_GROUP_ID
  if (sessionTimeoutMs < config.minSessionTimeoutMs || sessionTimeoutMs > config.maxSessionTimeoutMs) {
    return ErrorCode.INVALID_SESSION_TIMEOUT
  }
  // Such an id would be in the way of every other member. Kafka fails to write those of more than 32 KiB.
  if (Buffer.byteLength(newMemberId(request, clientId, uuid)) > limits.idBytes) return ErrorCode.UNKNOWN_SERVER_ERROR
  return ErrorCode.NONE
}

function newMemberId({ groupInstanceId }: Request, clientId: string, uuid: string): string {
  return `${groupInstanceId ?? clientId}-${uuid}`
}

/** An error, or the draft that answers; the draft may leave the answer owed until the next generation begins. */
export function join(group: FoundGroup, request: Request, circumstances: JoinCircumstances): Draft | ErrorCode {
  const { memberId } = request
  const isNewGroup = group.metadata === undefined
  const errorCode = checkJoin(request, circumstances)
  if (errorCode !== ErrorCode.NONE) return errorCode
  // Whoever names a member id means a group that there was.
  if (isNewGroup && memberId !== '') return ErrorCode.UNKNOWN_MEMBER_ID
  const draft = draftOf(group, circumstances)
  const { waiter } = circumstances
  if (!hasRoomFor(draft, memberId)) {
    removeMember(draft, memberId)
    answerJoin(draft, waiter, refusedJoin(ErrorCode.GROUP_MAX_SIZE_REACHED, ''))
  } else if (!supportsProtocols(draft.round, request.protocolType, request.protocols)) {
    answerJoin(draft, waiter, refusedJoin(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, memberId))
  } else if (memberId === '') {
    joinAsNew(draft, request, circumstances)
  } else {
    joinAgain(draft, request, circumstances)
  }
  if (isNewGroup && draft.records.length === 0) writeNewGroup(draft)
  return draft
}

/**
 * While a rebalance is prepared, those count that have joined already, so that a group that has grown beyond a lowered
 * limit loses its last comers.
 */
function hasRoomFor({ round, config }: Draft, memberId: string): boolean {
  const maxSize = Math.min(config.maxSize, limits.groupMembers)
  const member = round.members.get(memberId)
  switch (round.state) {
    case 'Empty':
      return true
    case 'PreparingRebalance':
      return typeof member?.joinWaiter === 'number' || waitingForJoin(round) < maxSize
    default:
      return member !== undefined || round.members.size < maxSize
  }
}

function joinAsNew(draft: Draft, request: Request, circumstances: JoinCircumstances): void {
  const { round } = draft
  const { apiVersion, clientId, uuid, waiter } = circumstances
  const { groupInstanceId } = request
  const memberId = newMemberId(request, clientId, uuid)
  if (groupInstanceId !== null) {
    const oldMember = round.members.get(round.staticMembers.get(groupInstanceId) ?? '')
    if (oldMember === undefined) addNewMember(draft, memberId, request, circumstances)
    else takeStaticPlace(draft, oldMember, memberId, request, circumstances)
  } else if (apiVersion < firstVersionWithRequiredMemberId) {
    addNewMember(draft, memberId, request, circumstances)
  } else if (round.pendingMembers.size >= limits.groupPendingMembers) {
    answerJoin(draft, waiter, refusedJoin(ErrorCode.GROUP_MAX_SIZE_REACHED, ''))
  } else {
    round.pendingMembers.add(memberId)
    draft.sessions.set(memberId, request.sessionTimeoutMs)
    answerJoin(draft, waiter, refusedJoin(ErrorCode.MEMBER_ID_REQUIRED, memberId))
  }
}

function joinAgain(draft: Draft, request: Request, circumstances: JoinCircumstances): void {
  const { round } = draft
  const { memberId, groupInstanceId } = request
  const { waiter } = circumstances
  if (round.pendingMembers.has(memberId)) {
    // Static members get no pending ids: this is somebody else's id, and Kafka has no better answer.
    if (groupInstanceId === null) addNewMember(draft, memberId, request, circumstances)
    else answerJoin(draft, waiter, refusedJoin(ErrorCode.UNKNOWN_SERVER_ERROR, ''))
    return
  }
  const errorCode = checkMember(round, memberId, groupInstanceId)
  const member = round.members.get(memberId)
  if (errorCode !== ErrorCode.NONE || member === undefined || round.state === 'Empty') {
    answerJoin(draft, waiter, refusedJoin(errorCode || ErrorCode.UNKNOWN_MEMBER_ID, memberId))
  } else if (knowsItsGeneration(round, member, request.protocols)) {
    answerJoin(draft, waiter, joinedAnswer(draft, memberId))
  } else {
    waitForJoin(draft, member, request, circumstances)
    rebalanceOrCompleteJoin(draft)
  }
}

/**
 * A member that says what it said before has missed the answer, and gets it again. Not so a leader in a stable group: it
 * joins again to assign anew, say because topics have more partitions.
 */
function knowsItsGeneration(round: Round, member: RoundMember, protocols: readonly MemberProtocol[]): boolean {
  if (round.state === 'PreparingRebalance') return false
  if (round.state === 'Stable' && round.leader === member.memberId) return false
  return sameProtocols(member.protocols, protocols)
}

function sameProtocols(some: readonly MemberProtocol[], others: readonly MemberProtocol[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ name, metadata }, index) => {
      const other = others[index]
      return other !== undefined && other.name === name && other.metadata.equals(metadata)
    })
  )
}

function addNewMember(draft: Draft, memberId: string, request: Request, circumstances: JoinCircumstances): void {
  const { round } = draft
  const { waiter, clientId, clientHost } = circumstances
  if (round.state === 'PreparingRebalance' && round.isInitialRebalance) round.hasNewMember = true
  if (round.members.size === 0) round.protocolType = request.protocolType
  addMember(draft, {
    memberId,
    groupInstanceId: request.groupInstanceId,
    clientId,
    clientHost,
    ...wishesOf(request, circumstances),
    isNew: true,
    joinWaiter: waiter,
    syncWaiter: null
  })
  // It cannot send heartbeats before it has its answer, and nobody sees whether it is still there: it gets a fixed time.
  draft.sessions.set(memberId, limits.newGroupMemberJoinMs)
  rebalanceOrCompleteJoin(draft)
}

function wishesOf(request: Request, { apiVersion }: JoinCircumstances) {
  const { sessionTimeoutMs, rebalanceTimeoutMs, protocols } = request
  return {
    sessionTimeoutMs,
    // Version 0 has only the one timeout.
    rebalanceTimeoutMs: apiVersion === 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
    protocols
  }
}

/** The member waits with what it wishes now. A request of its own that still waited is answered: nobody reads it any more. */
function waitForJoin(draft: Draft, member: RoundMember, request: Request, circumstances: JoinCircumstances): void {
  const { waiter } = circumstances
  if (member.joinWaiter !== null) {
    answerJoin(draft, member.joinWaiter, refusedJoin(ErrorCode.REBALANCE_IN_PROGRESS, member.memberId))
  }
  draft.round.members.set(member.memberId, { ...member, ...wishesOf(request, circumstances), joinWaiter: waiter })
}

/**
 * A static member that was started again takes the place of its former self, which is fenced off. In a stable group whose
 * protocol stays the same nothing else happens: the assignment goes on under the new id.
 */
function takeStaticPlace(
  draft: Draft,
  former: RoundMember,
  memberId: string,
  request: Request,
  circumstances: JoinCircumstances
): void {
  const { round, metadata } = draft
  const formerLeader = round.leader
  endWaits(draft, former, ErrorCode.FENCED_INSTANCE_ID, former.memberId)
  const member: RoundMember = {
    ...former,
    ...wishesOf(request, circumstances),
    memberId,
    isNew: false,
    joinWaiter: circumstances.waiter,
    syncWaiter: null
  }
  round.members.delete(former.memberId)
  if (round.leader === former.memberId) round.leader = memberId
  if (round.pendingSyncMembers.delete(former.memberId)) round.pendingSyncMembers.add(memberId)
  addMember(draft, member)
  draft.sessions.set(former.memberId, null)
  draft.sessions.set(memberId, former.sessionTimeoutMs)

  if (round.state === 'PreparingRebalance') {
    completeJoinWhenAllJoined(draft)
  } else if (round.state === 'CompletingRebalance' || selectProtocol(round) !== round.protocol) {
    // The leader may be assigning to the former id at this moment, or the group has to speak another protocol.
    prepareRebalance(draft)
  } else {
    const assignmentIn = (id: string) => metadata?.members.get(id)?.assignment ?? Buffer.alloc(0)
    writeGroup(draft, (id) => assignmentIn(id === memberId ? former.memberId : id))
    round.members.set(memberId, { ...member, joinWaiter: null })
    answerReplacement(draft, memberId, formerLeader, circumstances)
  }
}

/** A leader must not assign again. Clients that cannot be told so get a leader that they are not. */
function answerReplacement(
  draft: Draft,
  memberId: string,
  formerLeader: string | null,
  { waiter, apiVersion }: JoinCircumstances
): void {
  const answer = joinedAnswer(draft, memberId)
  const isLeader = draft.round.leader === memberId
  if (apiVersion >= firstVersionThatMaySkipAssignment) {
    answerJoin(draft, waiter, { ...answer, skipAssignment: isLeader })
  } else {
    answerJoin(draft, waiter, { ...answer, leader: formerLeader ?? '', members: [] })
  }
}

/**
 * SyncGroup, decided: the leader brings the assignment, the others wait for theirs (Kafka: classicGroupSyncToClassicGroup).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { SyncGroupRequest } from '../../../protocol/generated/api/sync-group-request.ts'
import type { SyncGroupResponse } from '../../../protocol/generated/api/sync-group-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import {
  answerSync,
  type Circumstances,
  type Draft,
  draftOf,
  type FoundGroup,
  refusedSync,
  writeGroup
} from './draft.ts'
import { enter } from './rebalance.ts'
import { checkMember } from './validate.ts'
import type { Round, RoundMember, Waiter } from './waiting.ts'

type Request = Decoded<SyncGroupRequest>

export interface SyncCircumstances extends Circumstances {
  readonly waiter: Waiter
  readonly apiVersion: number
}

const firstVersionWithProtocol = 5
const nothing = Buffer.alloc(0)

/** An error, or the draft that answers; the draft may leave the answer owed until the leader has synced. */
export function sync(group: FoundGroup, request: Request, circumstances: SyncCircumstances): Draft | ErrorCode {
  const { round } = group
  const { memberId } = request
  const errorCode = checkSync(round, request, circumstances.apiVersion)
  const member = round?.members.get(memberId)
  if (errorCode !== ErrorCode.NONE) return errorCode
  if (round === undefined || member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
  const draft = draftOf(group, circumstances)
  draft.round.pendingSyncMembers.delete(memberId)
  if (draft.round.pendingSyncMembers.size === 0) draft.round.timer = null
  if (round.state === 'Stable') answerSync(draft, circumstances.waiter, assigned(draft, memberId))
  else waitForAssignment(draft, member, request, circumstances.waiter)
  return draft
}

function checkSync(round: Round | undefined, request: Request, apiVersion: number): ErrorCode {
  const { groupId, memberId, groupInstanceId, generationId, protocolType, protocolName } = request
  if (apiVersion >= firstVersionWithProtocol && (protocolType === null || protocolName === null)) {
    return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
  }
  if (groupId === '') return ErrorCode.INVALID_GROUP_ID
  if (round === undefined || round.state === 'Empty') return ErrorCode.UNKNOWN_MEMBER_ID
  const memberError = checkMember(round, memberId, groupInstanceId)
  if (memberError !== ErrorCode.NONE) return memberError
  if (generationId !== round.generation) return ErrorCode.ILLEGAL_GENERATION
  if (differs(protocolType, round.protocolType) || differs(protocolName, round.protocol)) {
    return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
  }
  return round.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE
}

function differs(told: string | null, known: string | null): boolean {
  return told !== null && known !== null && told !== known
}

function waitForAssignment(draft: Draft, member: RoundMember, request: Request, waiter: Waiter): void {
  const { round } = draft
  // A request of its own that still waited is answered: nobody reads it any more.
  if (member.syncWaiter !== null) {
    answerSync(draft, member.syncWaiter, refusedSync(ErrorCode.REBALANCE_IN_PROGRESS))
  }
  round.members.set(member.memberId, { ...member, syncWaiter: waiter })
  if (round.leader === member.memberId) assign(draft, request)
}

/** The leader's word: written down, and told to everyone who waits. Members that it left out get an empty assignment. */
function assign(draft: Draft, request: Request): void {
  const { round } = draft
  const assignments = new Map(request.assignments.map(({ memberId, assignment }) => [memberId, assignment]))
  const assignmentOf = (memberId: string) => assignments.get(memberId) ?? nothing
  writeGroup(draft, assignmentOf)
  enter(draft, 'Stable')
  round.hasAssignment = true
  for (const member of [...round.members.values()]) {
    const { memberId, syncWaiter, sessionTimeoutMs } = member
    if (syncWaiter === null) continue
    answerSync(draft, syncWaiter, { ...protocolOf(round), assignment: assignmentOf(memberId) })
    round.members.set(memberId, { ...member, syncWaiter: null })
    draft.sessions.set(memberId, sessionTimeoutMs)
  }
}

/** What the log says that the member has. */
function assigned({ round, metadata }: Draft, memberId: string): SyncGroupResponse {
  return { ...protocolOf(round), assignment: metadata?.members.get(memberId)?.assignment ?? nothing }
}

function protocolOf(round: Round) {
  return { errorCode: ErrorCode.NONE, protocolType: round.protocolType, protocolName: round.protocol }
}

/**
 * Members that go: LeaveGroup, which may name many members (KIP-345), and sessions that ran out
 * (Kafka: classicGroupLeaveToClassicGroup, expireClassicGroupMemberHeartbeat).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { LeaveGroupResponse } from '../../../protocol/generated/api/leave-group-response.ts'
import { type Circumstances, type Draft, draftOf, type FoundGroup, removeMember } from './draft.ts'
import { afterMemberVanished, completeJoinWhenAllJoined, prepareRebalance } from './rebalance.ts'
import { checkMember } from './validate.ts'
import type { Round } from './waiting.ts'

export interface LeavingMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export interface LeaveDecision {
  readonly answer: LeaveGroupResponse
  /** Null when nothing changes. */
  readonly draft: Draft | null
}

export function leave(
  group: FoundGroup,
  leaving: readonly LeavingMember[],
  circumstances: Circumstances
): LeaveDecision {
  if (group.groupId === '') return { answer: { errorCode: ErrorCode.INVALID_GROUP_ID, members: [] }, draft: null }
  const draft = draftOf(group, circumstances)
  const { round } = draft
  let hasAnyLeft = false
  const members = leaving.map((member) => {
    const { memberId, groupInstanceId } = member
    const leaves = whoLeaves(round, member)
    if (typeof leaves === 'number') return { memberId, groupInstanceId, errorCode: leaves }
    removeMember(draft, leaves)
    hasAnyLeft = true
    return { memberId, groupInstanceId, errorCode: ErrorCode.NONE }
  })
  const answer = { errorCode: ErrorCode.NONE, members }
  if (!hasAnyLeft) return { answer, draft: null }
  if (round.state === 'PreparingRebalance') completeJoinWhenAllJoined(draft)
  else if (round.state !== 'Empty') prepareRebalance(draft)
  return { answer, draft }
}

/** The id of the one who goes, or why nobody does. An administrator names a static member by its instance id alone. */
function whoLeaves(round: Round, { memberId, groupInstanceId }: LeavingMember): string | ErrorCode {
  if (memberId === '') {
    const named = groupInstanceId === null ? undefined : round.staticMembers.get(groupInstanceId)
    return named ?? ErrorCode.UNKNOWN_MEMBER_ID
  }
  if (round.pendingMembers.has(memberId)) return memberId
  const errorCode = checkMember(round, memberId, groupInstanceId)
  return errorCode === ErrorCode.NONE ? memberId : errorCode
}

/** Null when the member is gone already, or waits for us: then it is not its fault that nothing was heard. */
export function expireSession(group: FoundGroup, memberId: string, circumstances: Circumstances): Draft | null {
  if (group.round === undefined) return null
  const member = group.round.members.get(memberId)
  if (member === undefined && !group.round.pendingMembers.has(memberId)) return null
  const waits = member !== undefined && (member.joinWaiter !== null || member.syncWaiter !== null)
  if (waits && !member.isNew) return null
  const draft = draftOf(group, circumstances)
  removeMember(draft, memberId)
  if (member !== undefined) afterMemberVanished(draft)
  else completeJoinAfterPending(draft)
  return draft
}

/** The rebalance may have waited for the one that never came back with its id. */
function completeJoinAfterPending(draft: Draft): void {
  if (draft.round.state === 'PreparingRebalance') afterMemberVanished(draft)
}

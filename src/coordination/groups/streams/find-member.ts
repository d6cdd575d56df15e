/** The member that a heartbeat speaks of, and whether its epoch lets it speak (Kafka: getOrMaybeCreateDynamicStreamsGroupMember, …Static…). */
import { limits } from '../../../limits.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { fenced, type Refusal, refusal } from '../consumer/refusal.ts'
import { memberTombstones } from '../tombstones.ts'
import type { StreamsDraft } from './draft.ts'
import { awayEpoch, newStreamsMember, type StreamsMember } from './member.ts'
import { currentRecord, memberRecord, streamsKeys, targetRecord } from './records.ts'
import type { StreamsGroup } from './state.ts'
import { withoutReport } from './task-offsets.ts'
import { areWithin, type Tasks } from './tasks.ts'

export interface Speaker {
  readonly memberId: string
  readonly memberEpoch: number
  readonly instanceId: string | null
  readonly owned: Tasks | null
}

export interface Found {
  readonly member: StreamsMember
  /** The id that the member had before it was started again. */
  readonly replacedId: string | null
}

export function findMember(draft: StreamsDraft, speaker: Speaker): Found | Refusal {
  const { memberId, memberEpoch, instanceId } = speaker
  const { group } = draft
  const joins = memberEpoch === 0
  const noRoom = joins ? roomFor(draft, memberId, instanceId) : null
  if (noRoom !== null) return noRoom
  if (instanceId === null) {
    const member = group.members.get(memberId) ?? (joins ? newStreamsMember(memberId) : unknownMember(group, memberId))
    return 'errorCode' in member ? member : checked(member, speaker)
  }
  const current = group.staticMember(instanceId)
  if (!joins) {
    const member = staticMemberOf(current, memberId, instanceId)
    return 'errorCode' in member ? member : checked(member, speaker)
  }
  if (current === undefined)
    return { member: group.members.get(memberId) ?? newStreamsMember(memberId), replacedId: null }
  if (current.epoch !== awayEpoch) {
    const what = `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id`
    return refusal(ErrorCode.UNRELEASED_INSTANCE_ID, `${what} is owned by ${current.memberId} member.`)
  }
  return { member: replaceMember(draft, current, memberId), replacedId: current.memberId }
}

/** Null when there is room. */
function roomFor({ group, maxSize }: StreamsDraft, memberId: string, instanceId: string | null): Refusal | null {
  if (group.staticMember(instanceId) !== undefined) return null
  const most = Math.min(maxSize, limits.groupMembers)
  if (group.members.size < most || group.members.has(memberId)) return null
  const what = `The streams group has reached its maximum capacity of ${most} members.`
  return refusal(ErrorCode.GROUP_MAX_SIZE_REACHED, what)
}

export function unknownMember({ groupId }: StreamsGroup, memberId: string): Refusal {
  return refusal(ErrorCode.UNKNOWN_MEMBER_ID, `Member ${memberId} is not a member of group ${groupId}.`)
}

/** The member of this instance id, if whoever asks is the one. */
export function staticMemberOf(
  current: StreamsMember | undefined,
  memberId: string,
  instanceId: string
): StreamsMember | Refusal {
  if (current === undefined) return refusal(ErrorCode.UNKNOWN_MEMBER_ID, `Instance id ${instanceId} is unknown.`)
  if (current.memberId === memberId) return current
  const what = `Static member ${memberId} with instance id ${instanceId} was fenced by member ${current.memberId}.`
  return refusal(ErrorCode.FENCED_INSTANCE_ID, what)
}

/** Of the epoch before a member may still be, as long as it owns nothing that it has not been given. */
function checked(member: StreamsMember, { memberEpoch: epoch, owned }: Speaker): Found | Refusal {
  const found = { member, replacedId: null }
  if (epoch === 0 || epoch === member.epoch) return found
  const known = `member epoch (${epoch}) than the one known by the group coordinator (${member.epoch}).`
  if (epoch > member.epoch) return fenced(`The streams group member has a greater ${known}`)
  if (epoch === member.previousEpoch && owned !== null && areWithin(owned, member.assigned)) return found
  return fenced(`The streams group member has a smaller ${known}`)
}

/** A static member that was started again goes on, under its new id, where the former one was. */
function replaceMember(draft: StreamsDraft, former: StreamsMember, memberId: string): StreamsMember {
  const { group, records, timers } = draft
  const { groupId } = group
  const member = { ...former, memberId, epoch: 0, previousEpoch: 0 }
  if (former.memberId !== memberId) {
    for (const kind of ['session', 'rebalance'] as const)
      timers.push({ memberId: former.memberId, kind, delayMs: null })
    draft.softNext = { ...draft.softNext, taskOffsets: withoutReport(draft.softNext.taskOffsets, former.memberId) }
  }
  records.push(...memberTombstones(streamsKeys, groupId, former.memberId), memberRecord(groupId, member))
  records.push(targetRecord(groupId, memberId, group.target(former.memberId)), currentRecord(groupId, member))
  return member
}

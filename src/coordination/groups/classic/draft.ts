/**
 * A decision in the making: a copy of the round to work on, and what comes out besides. Nothing outside is touched; the
 * coordinator takes the finished draft over when its records are appended.
 */
import type { ErrorCode } from '../../../protocol/error-codes.ts'
import { ErrorCode as Code } from '../../../protocol/error-codes.ts'
import type { JoinGroupResponse } from '../../../protocol/generated/api/join-group-response.ts'
import type { SyncGroupResponse } from '../../../protocol/generated/api/sync-group-response.ts'
import type { GroupMetadataValue } from '../../../protocol/generated/group-log/group-metadata-value.ts'
import type { StateRecord } from '../../coordinator.ts'
import type { GroupConfig } from '../group-config.ts'
import { groupMetadataRecord } from '../records.ts'
import type { GroupMetadata } from './state.ts'
import { copyOf, metadataFor, newRound, type Round, type RoundMember, roundFromLog, type Waiter } from './waiting.ts'

export interface Owed<Response> {
  readonly waiter: Waiter
  readonly response: Response
}

/** A group as a decision finds it: what the log says of it, and its running round. Both undefined when there is none. */
export interface FoundGroup {
  readonly groupId: string
  readonly metadata: GroupMetadata | undefined
  readonly round: Round | undefined
}

/** What a decision rests on besides the group. */
export interface Circumstances {
  readonly nowMs: number
  readonly config: GroupConfig
}

export interface Draft extends Circumstances {
  readonly groupId: string
  readonly metadata: GroupMetadata | undefined
  readonly round: Round
  readonly records: StateRecord[]
  readonly joinAnswers: Owed<JoinGroupResponse>[]
  readonly syncAnswers: Owed<SyncGroupResponse>[]
  /** Members whose session starts anew, with its length; null: not watched any more. */
  readonly sessions: Map<string, number | null>
}

export function draftOf({ groupId, metadata, round }: FoundGroup, { nowMs, config }: Circumstances): Draft {
  return {
    groupId,
    metadata,
    nowMs,
    config,
    round: round ? copyOf(round) : metadata ? roundFromLog(metadata) : newRound(nowMs),
    records: [],
    joinAnswers: [],
    syncAnswers: [],
    sessions: new Map()
  }
}

export function refusedJoin(errorCode: ErrorCode, memberId: string): JoinGroupResponse {
  return { errorCode, generationId: -1, protocolType: null, protocolName: null, leader: '', memberId, members: [] }
}

export function refusedSync(errorCode: ErrorCode): SyncGroupResponse {
  return { errorCode, protocolType: null, protocolName: null, assignment: Buffer.alloc(0) }
}

export function answerJoin(draft: Draft, waiter: Waiter, response: JoinGroupResponse): void {
  draft.joinAnswers.push({ waiter, response })
}

export function answerSync(draft: Draft, waiter: Waiter, response: SyncGroupResponse): void {
  draft.syncAnswers.push({ waiter, response })
}

/** What a member is told of the current generation. Only the leader learns who the members are. */
export function joinedAnswer({ round }: Draft, memberId: string): JoinGroupResponse {
  const members = Array.from(memberId === round.leader ? round.members.values() : [], (member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: metadataFor(member, round.protocol)
  }))
  return {
    errorCode: Code.NONE,
    generationId: round.generation,
    protocolType: round.protocolType,
    protocolName: round.protocol,
    leader: round.leader ?? '',
    memberId,
    members
  }
}

export function addMember(draft: Draft, member: RoundMember): void {
  const { round } = draft
  const { memberId, groupInstanceId } = member
  round.leader ??= memberId
  round.members.set(memberId, member)
  if (groupInstanceId !== null) round.staticMembers.set(groupInstanceId, memberId)
  round.pendingMembers.delete(memberId)
}

/** Takes the member out; whatever it waited for is answered with UNKNOWN_MEMBER_ID, so that it joins again if it lives. */
export function removeMember(draft: Draft, memberId: string): void {
  const { round, sessions } = draft
  const member = round.members.get(memberId)
  if (member !== undefined) {
    endWaits(draft, member, Code.UNKNOWN_MEMBER_ID, '')
    round.members.delete(memberId)
    if (member.groupInstanceId !== null) round.staticMembers.delete(member.groupInstanceId)
    if (round.leader === memberId) round.leader = round.members.keys().next().value ?? null
  }
  round.pendingMembers.delete(memberId)
  round.pendingSyncMembers.delete(memberId)
  sessions.set(memberId, null)
}

/** Answers what the member still waits for. The member itself has to be replaced or removed by whoever calls. */
export function endWaits(draft: Draft, member: RoundMember, errorCode: ErrorCode, memberId: string): void {
  if (member.joinWaiter !== null) answerJoin(draft, member.joinWaiter, refusedJoin(errorCode, memberId))
  if (member.syncWaiter !== null) answerSync(draft, member.syncWaiter, refusedSync(errorCode))
}

/** Writes the group as it stands now. */
export function writeGroup(draft: Draft, assignmentOf: (memberId: string) => Buffer): void {
  const { groupId, round } = draft
  const value: GroupMetadataValue = {
    protocolType: round.protocolType ?? '',
    generation: round.generation,
    protocol: round.protocol,
    leader: round.leader,
    currentStateTimestamp: round.stateTimestampMs ?? -1,
    members: Array.from(round.members.values(), (member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: metadataFor(member, round.protocol),
      assignment: assignmentOf(member.memberId)
    }))
  }
  draft.records.push(groupMetadataRecord(groupId, value))
}

/** Writes a group that nobody has joined yet, so that it exists. */
export function writeNewGroup({ groupId, nowMs, records }: Draft): void {
  const nothing = { protocolType: '', generation: 0, protocol: null, leader: null, members: [] }
  records.push(groupMetadataRecord(groupId, { ...nothing, currentStateTimestamp: nowMs }))
}

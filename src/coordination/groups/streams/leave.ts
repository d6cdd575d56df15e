/**
 * Members that go: by a heartbeat of epoch -1, for a while by -2, or because they were not heard of in time (Kafka: streamsGroupLeave,
 * streamsGroupFenceMember).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { StreamsGroupHeartbeatRequest } from '../../../protocol/generated/api/streams-group-heartbeat-request.ts'
import type { StreamsGroupHeartbeatResponse } from '../../../protocol/generated/api/streams-group-heartbeat-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { Refusal } from '../consumer/refusal.ts'
import { memberTombstones } from '../tombstones.ts'
import type { StreamsDraft } from './draft.ts'
import { staticMemberOf, unknownMember } from './find-member.ts'
import { awayEpoch, type StreamsMember } from './member.ts'
import { assignmentRecord, currentRecord, groupRecord, streamsKeys } from './records.ts'
import { withoutReport } from './task-offsets.ts'
import { noHeldTasks, withoutEpochs } from './tasks.ts'

export function streamsLeave(
  draft: StreamsDraft,
  { memberId, memberEpoch, instanceId, shutdownApplication }: Decoded<StreamsGroupHeartbeatRequest>
): StreamsGroupHeartbeatResponse | Refusal {
  const { group } = draft
  const member =
    instanceId === null
      ? (group.members.get(memberId) ?? unknownMember(group, memberId))
      : staticMemberOf(group.staticMember(instanceId), memberId, instanceId)
  if ('errorCode' in member) return member
  if (shutdownApplication) draft.softNext = { ...draft.softNext, shutdownBy: memberId }
  if (instanceId !== null && memberEpoch === awayEpoch) stepAway(draft, member)
  else removeMember(draft, member)
  return {
    ...{ throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, memberId, memberEpoch, status: [] },
    ...{ heartbeatIntervalMs: 0, taskOffsetIntervalMs: 0, endpointInformationEpoch: 0 }
  }
}

/** Its tasks stay its own until its session is over. */
function stepAway({ group, records }: StreamsDraft, member: StreamsMember): void {
  const assigned = withoutEpochs(member.assigned)
  const away = { ...member, epoch: awayEpoch, previousEpoch: member.epoch, assigned, pendingRevocation: noHeldTasks }
  records.push(currentRecord(group.groupId, away))
}

/** Takes a member out of the group, which is in its next epoch then; the others hear of it at their next heartbeats. */
export function removeMember(draft: StreamsDraft, { memberId }: StreamsMember): void {
  const { group, records, timers } = draft
  const { groupId, metadata } = group
  const epoch = group.epoch + 1
  records.push(...memberTombstones(streamsKeys, groupId, memberId), groupRecord(groupId, { ...metadata, epoch }))
  // An empty group has nothing to assign, and whoever comes next is assigned at once.
  const isLast = group.members.size === 1
  if (isLast) records.push(assignmentRecord(groupId, epoch, 0))
  for (const kind of ['session', 'rebalance'] as const) timers.push({ memberId, kind, delayMs: null })
  const taskOffsets = withoutReport(draft.softNext.taskOffsets, memberId)
  draft.softNext = { ...draft.softNext, taskOffsets, ...(isLast && { shutdownBy: null }) }
}

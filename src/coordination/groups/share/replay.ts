/** Applies a record of a share group to the hard state (Kafka: GroupMetadataManager.replay for the keys ShareGroup…). */
import { ProtocolError } from '../../../protocol/primitives.ts'
import { isSimple } from '../classic/state.ts'
import { noPartitions, toPartitions } from '../consumer/partitions.ts'
import type { GroupsState } from '../state.ts'
import { goneEpoch, newShareMember, type ShareMember } from './member.ts'
import type { ShareGroupRecord } from './records.ts'
import { ShareGroup } from './state.ts'
import { readStatePartitions } from './state-partitions.ts'

export function replayShareGroup(state: GroupsState, record: ShareGroupRecord): void {
  const { groupId } = record
  const group = record.value === null ? state.share(groupId) : foundOrMade(state, groupId)
  // What was taken away before needs no taking away.
  if (group === undefined) return
  if (record.kind === 'share group' && record.value === null) state.groups.delete(groupId)
  else apply(group, record)
}

function apply(group: ShareGroup, record: ShareGroupRecord): void {
  switch (record.kind) {
    case 'share group':
      if (record.value === null) return
      group.epoch = record.value.epoch
      group.metadataHash = record.value.metadataHash
      return
    case 'share assignment':
      group.assignmentEpoch = record.value?.assignmentEpoch ?? goneEpoch
      group.assignmentTimestampMs = record.value?.assignmentTimestamp ?? 0
      return
    case 'share target':
      if (record.value === null) group.removeTarget(record.memberId)
      else group.putTarget(record.memberId, toPartitions(record.value.topicPartitions))
      return
    case 'share member':
      replayMember(group, record)
      return
    case 'share current':
      replayCurrent(group, record)
      return
    case 'share state partitions':
      group.statePartitions = record.value === null ? null : readStatePartitions(record.value)
  }
}

function replayMember(group: ShareGroup, { memberId, value }: ShareGroupRecord & { readonly kind: 'share member' }) {
  if (value === null) {
    group.removeMember(memberId)
    return
  }
  const { rackId, clientId, clientHost, subscribedTopicNames } = value
  const topicNames = new Set(subscribedTopicNames)
  group.putMember({ ...memberOf(group, memberId), rackId, clientId, clientHost, topicNames })
}

function replayCurrent(group: ShareGroup, { memberId, value }: ShareGroupRecord & { readonly kind: 'share current' }) {
  if (value !== null) {
    const { memberEpoch: epoch, previousMemberEpoch: previousEpoch, assignedPartitions } = value
    group.putMember({ ...memberOf(group, memberId), epoch, previousEpoch, assigned: toPartitions(assignedPartitions) })
    return
  }
  const member = group.members.get(memberId)
  if (member === undefined) return
  group.putMember({ ...member, epoch: goneEpoch, previousEpoch: goneEpoch, assigned: noPartitions })
}

function foundOrMade(state: GroupsState, groupId: string): ShareGroup {
  const found = state.groups.get(groupId)
  if (found?.kind === 'share') return found
  // What was a group with members, or of another kind, is taken out of the log before it becomes this kind.
  if (found !== undefined && !(found.kind === 'classic' && isSimple(found)))
    throw new ProtocolError(`${groupId} is of two kinds`)
  const group = new ShareGroup(groupId)
  state.groups.set(groupId, group)
  return group
}

function memberOf(group: ShareGroup, memberId: string): ShareMember {
  return group.members.get(memberId) ?? newShareMember(memberId)
}

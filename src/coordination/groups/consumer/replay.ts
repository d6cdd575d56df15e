/** Applies a record of a consumer group to the hard state (Kafka: GroupMetadataManager.replay for the keys ConsumerGroup…). */
import type { ConsumerGroupCurrentMemberAssignmentValue } from '../../../protocol/generated/group-log/consumer-group-current-member-assignment-value.ts'
import type { ConsumerGroupMemberMetadataValue } from '../../../protocol/generated/group-log/consumer-group-member-metadata-value.ts'
import type { ConsumerGroupRegularExpressionValue } from '../../../protocol/generated/group-log/consumer-group-regular-expression-value.ts'
import type { Decoded } from '../../../protocol/message.ts'
import { ProtocolError } from '../../../protocol/primitives.ts'
import { isSimple } from '../classic/state.ts'
import type { GroupsState } from '../state.ts'
import { type ConsumerMember, goneEpoch, newMember } from './member.ts'
import { epochsOf, noPartitionEpochs, type PartitionEpochs, toPartitions } from './partitions.ts'
import type { ConsumerGroupRecord } from './records.ts'
import { ConsumerGroup } from './state.ts'
import type { ResolvedExpression } from './subscriptions.ts'

export function replayConsumerGroup(state: GroupsState, record: ConsumerGroupRecord): void {
  const { groupId } = record
  const isTombstone = record.kind === 'consumer partition metadata' ? !record.isThere : record.value === null
  const group = isTombstone ? state.consumer(groupId) : foundOrMade(state, groupId)
  // What was taken away before needs no taking away.
  if (group === undefined) return
  if (record.kind === 'consumer group' && record.value === null) state.groups.delete(groupId)
  else apply(group, record)
}

function apply(group: ConsumerGroup, record: ConsumerGroupRecord): void {
  switch (record.kind) {
    case 'consumer group':
      if (record.value === null) return
      group.epoch = record.value.epoch
      group.metadataHash = record.value.metadataHash
      return
    case 'consumer partition metadata':
      group.hasPartitionMetadata = record.isThere
      return
    case 'consumer assignment':
      group.putAssignment(record.value)
      return
    case 'consumer target':
      if (record.value === null) group.removeTarget(record.memberId)
      else group.putTarget(record.memberId, toPartitions(record.value.topicPartitions))
      return
    case 'consumer member':
      if (record.value === null) group.removeMember(record.memberId)
      else group.putMember({ ...memberOf(group, record.memberId), ...said(record.value) })
      return
    case 'consumer current':
      replayCurrent(group, record.memberId, record.value)
      return
    case 'consumer expression':
      group.putResolved(record.expression, record.value && resolved(record.value))
  }
}

function resolved(value: Decoded<ConsumerGroupRegularExpressionValue>): ResolvedExpression {
  return { topics: new Set(value.topics), version: value.version, timestampMs: value.timestamp }
}

function replayCurrent(
  group: ConsumerGroup,
  memberId: string,
  value: Decoded<ConsumerGroupCurrentMemberAssignmentValue> | null
): void {
  if (value !== null) {
    group.putMember({ ...memberOf(group, memberId), ...stands(value) })
    return
  }
  const member = group.members.get(memberId)
  if (member === undefined) return
  const nothing = { assigned: noPartitionEpochs, pendingRevocation: noPartitionEpochs }
  group.putMember({ ...member, epoch: goneEpoch, previousEpoch: goneEpoch, ...nothing })
}

function foundOrMade(state: GroupsState, groupId: string): ConsumerGroup {
  const found = state.groups.get(groupId)
  if (found?.kind === 'consumer') return found
  // What was a group with members, or of another kind, is taken out of the log before it becomes this kind.
  if (found !== undefined && !(found.kind === 'classic' && isSimple(found)))
    throw new ProtocolError(`${groupId} is of two kinds`)
  const group = new ConsumerGroup(groupId)
  state.groups.set(groupId, group)
  return group
}

function memberOf(group: ConsumerGroup, memberId: string): ConsumerMember {
  return group.members.get(memberId) ?? newMember(memberId)
}

function said(value: Decoded<ConsumerGroupMemberMetadataValue>): Partial<ConsumerMember> {
  const { instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs } = value
  return {
    ...{ instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs },
    topicNames: new Set(value.subscribedTopicNames),
    expression: value.subscribedTopicRegex,
    assignor: value.serverAssignor,
    classic: value.classicMemberMetadata
  }
}

function stands(value: Decoded<ConsumerGroupCurrentMemberAssignmentValue>): Partial<ConsumerMember> {
  const { memberEpoch: epoch, previousMemberEpoch: previousEpoch, state } = value
  return {
    ...{ epoch, previousEpoch, state },
    assigned: ownedIn(value.assignedPartitions, epoch),
    pendingRevocation: ownedIn(value.partitionsPendingRevocation, epoch)
  }
}

/** Kafka before 4.3 did not tell since when: then it is since now. */
function ownedIn(
  topics: Decoded<ConsumerGroupCurrentMemberAssignmentValue>['assignedPartitions'],
  memberEpoch: number
): PartitionEpochs {
  const sinceNow = Math.max(memberEpoch, 0)
  return new Map(
    topics.map(({ topicId, partitions, assignmentEpochs }) => {
      if (assignmentEpochs?.length !== partitions.length) return [topicId, epochsOf(partitions, sinceNow)]
      return [topicId, new Map(partitions.map((partition, index) => [partition, assignmentEpochs[index] ?? sinceNow]))]
    })
  )
}

/**
 * The records of consumer groups in `__consumer_offsets` (KIP-848; Kafka: GroupCoordinatorRecordHelpers.newConsumerGroup…), in the
 * versions that Apache Kafka 4.4.0 writes, all of them 0.
 */
import { ConsumerGroupCurrentMemberAssignmentKey as CurrentKey } from '../../../protocol/generated/group-log/consumer-group-current-member-assignment-key.ts'
import { ConsumerGroupCurrentMemberAssignmentValue as CurrentValue } from '../../../protocol/generated/group-log/consumer-group-current-member-assignment-value.ts'
import { ConsumerGroupMemberMetadataKey as MemberKey } from '../../../protocol/generated/group-log/consumer-group-member-metadata-key.ts'
import { ConsumerGroupMemberMetadataValue as MemberValue } from '../../../protocol/generated/group-log/consumer-group-member-metadata-value.ts'
import { ConsumerGroupMetadataKey as GroupKey } from '../../../protocol/generated/group-log/consumer-group-metadata-key.ts'
import { ConsumerGroupMetadataValue as GroupValue } from '../../../protocol/generated/group-log/consumer-group-metadata-value.ts'
import { ConsumerGroupPartitionMetadataKey as PartitionMetadataKey } from '../../../protocol/generated/group-log/consumer-group-partition-metadata-key.ts'
import { ConsumerGroupRegularExpressionKey as ExpressionKey } from '../../../protocol/generated/group-log/consumer-group-regular-expression-key.ts'
import { ConsumerGroupRegularExpressionValue as ExpressionValue } from '../../../protocol/generated/group-log/consumer-group-regular-expression-value.ts'
import { ConsumerGroupTargetAssignmentMemberKey as TargetKey } from '../../../protocol/generated/group-log/consumer-group-target-assignment-member-key.ts'
import { ConsumerGroupTargetAssignmentMemberValue as TargetValue } from '../../../protocol/generated/group-log/consumer-group-target-assignment-member-value.ts'
import { ConsumerGroupTargetAssignmentMetadataKey as AssignmentKey } from '../../../protocol/generated/group-log/consumer-group-target-assignment-metadata-key.ts'
import { ConsumerGroupTargetAssignmentMetadataValue as AssignmentValue } from '../../../protocol/generated/group-log/consumer-group-target-assignment-metadata-value.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { Reader } from '../../../protocol/primitives.ts'
import type { StateRecord } from '../../coordinator.ts'
import { keyBodyVersion, keyBytes, readValue, valueBytes } from '../record-bytes.ts'
import { groupTombstones as tombstonesOf } from '../tombstones.ts'
import type { ConsumerMember } from './member.ts'
import { type PartitionEpochs, type Partitions, toTopicPartitions } from './partitions.ts'
import type { ResolvedExpression } from './subscriptions.ts'

const version = 0

interface OfMember {
  readonly groupId: string
  readonly memberId: string
}

/** A null value takes away what the key names. */
export type ConsumerGroupRecord =
  | { readonly kind: 'consumer group'; readonly groupId: string; readonly value: Decoded<GroupValue> | null }
  | { readonly kind: 'consumer partition metadata'; readonly groupId: string; readonly isThere: boolean }
  | ({ readonly kind: 'consumer member'; readonly value: Decoded<MemberValue> | null } & OfMember)
  | { readonly kind: 'consumer assignment'; readonly groupId: string; readonly value: Decoded<AssignmentValue> | null }
  | ({ readonly kind: 'consumer target'; readonly value: Decoded<TargetValue> | null } & OfMember)
  | ({ readonly kind: 'consumer current'; readonly value: Decoded<CurrentValue> | null } & OfMember)
  | {
      readonly kind: 'consumer expression'
      readonly groupId: string
      readonly expression: string
      readonly value: Decoded<ExpressionValue> | null
    }

export function groupRecord(groupId: string, epoch: number, metadataHash: bigint): StateRecord {
  return { key: keyBytes(GroupKey, { groupId }), value: valueBytes(GroupValue, version, { epoch, metadataHash }) }
}

export function memberRecord(groupId: string, member: ConsumerMember): StateRecord {
  const { memberId, instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs } = member
  const value: MemberValue = {
    ...{ instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs },
    subscribedTopicNames: [...member.topicNames].sort(),
    subscribedTopicRegex: member.expression,
    serverAssignor: member.assignor,
    classicMemberMetadata: member.classic
  }
  return { key: keyBytes(MemberKey, { groupId, memberId }), value: valueBytes(MemberValue, version, value) }
}

export function assignmentRecord(groupId: string, assignmentEpoch: number, assignmentTimestamp: number): StateRecord {
  const value = { assignmentEpoch, assignmentTimestamp }
  return { key: keyBytes(AssignmentKey, { groupId }), value: valueBytes(AssignmentValue, version, value) }
}

export function targetRecord(groupId: string, memberId: string, target: Partitions): StateRecord {
  const value = { topicPartitions: toTopicPartitions(target) }
  return { key: keyBytes(TargetKey, { groupId, memberId }), value: valueBytes(TargetValue, version, value) }
}

export function currentRecord(groupId: string, member: ConsumerMember): StateRecord {
  const { memberId, epoch: memberEpoch, previousEpoch: previousMemberEpoch, state } = member
  const value: CurrentValue = {
    ...{ memberEpoch, previousMemberEpoch, state },
    assignedPartitions: partitionsWithEpochs(member.assigned),
    partitionsPendingRevocation: partitionsWithEpochs(member.pendingRevocation)
  }
  return { key: keyBytes(CurrentKey, { groupId, memberId }), value: valueBytes(CurrentValue, version, value) }
}

export function expressionRecord(groupId: string, expression: string, resolved: ResolvedExpression): StateRecord {
  const value = { topics: [...resolved.topics].sort(), version: resolved.version, timestamp: resolved.timestampMs }
  return { key: expressionKey(groupId, expression), value: valueBytes(ExpressionValue, version, value) }
}

export function expressionTombstone(groupId: string, expression: string): StateRecord {
  return { key: expressionKey(groupId, expression), value: null }
}

export function partitionMetadataTombstone(groupId: string): StateRecord {
  return { key: keyBytes(PartitionMetadataKey, { groupId }), value: null }
}

/** Of the records of these groups. */
export const consumerKeys = {
  ...{ current: CurrentKey, target: TargetKey, assignment: AssignmentKey, member: MemberKey },
  last: [PartitionMetadataKey, GroupKey]
}

/** The expressions that its members subscribe by go with them. */
export function groupTombstones(
  groupId: string,
  memberIds: Iterable<string>,
  expressions: Iterable<string>
): StateRecord[] {
  const more = Array.from(expressions, (expression) => expressionKey(groupId, expression))
  return tombstonesOf(consumerKeys, groupId, memberIds, more)
}

/** Null when the type is not one of a consumer group's. Throws ProtocolError on bytes that are not what their type says. */
export function readConsumerGroupRecord(type: number, key: Reader, value: Buffer | null): ConsumerGroupRecord | null {
  const read = <T>(of: Parameters<typeof readValue<T>>[0]) => (value === null ? null : readValue(of, value))
  switch (type) {
    case GroupKey.apiKey:
      return { kind: 'consumer group', ...GroupKey.decode(key, keyBodyVersion), value: read(GroupValue) }
    case PartitionMetadataKey.apiKey: {
      const { groupId } = PartitionMetadataKey.decode(key, keyBodyVersion)
      return { kind: 'consumer partition metadata', groupId, isThere: value !== null }
    }
    case MemberKey.apiKey:
      return { kind: 'consumer member', ...MemberKey.decode(key, keyBodyVersion), value: read(MemberValue) }
    case AssignmentKey.apiKey:
      return { kind: 'consumer assignment', ...AssignmentKey.decode(key, keyBodyVersion), value: read(AssignmentValue) }
    case TargetKey.apiKey:
      return { kind: 'consumer target', ...TargetKey.decode(key, keyBodyVersion), value: read(TargetValue) }
    case CurrentKey.apiKey:
      return { kind: 'consumer current', ...CurrentKey.decode(key, keyBodyVersion), value: read(CurrentValue) }
    case ExpressionKey.apiKey: {
      const { groupId, regularExpression: expression } = ExpressionKey.decode(key, keyBodyVersion)
      return { kind: 'consumer expression', groupId, expression, value: read(ExpressionValue) }
    }
    default:
      return null
  }
}

function expressionKey(groupId: string, regularExpression: string): Buffer {
  return keyBytes(ExpressionKey, { groupId, regularExpression })
}

function partitionsWithEpochs(owned: PartitionEpochs) {
  return Array.from(owned, ([topicId, epochs]) => ({
    topicId,
    partitions: [...epochs.keys()],
    assignmentEpochs: [...epochs.values()]
  }))
}

/**
 * The records of share groups in `__consumer_offsets` (KIP-932; Kafka: GroupCoordinatorRecordHelpers.newShareGroup…), in the versions that
 * Apache Kafka 4.4.0 writes, all of them 0.
 */
import { ShareGroupCurrentMemberAssignmentKey as CurrentKey } from '../../../protocol/generated/group-log/share-group-current-member-assignment-key.ts'
import { ShareGroupCurrentMemberAssignmentValue as CurrentValue } from '../../../protocol/generated/group-log/share-group-current-member-assignment-value.ts'
import { ShareGroupMemberMetadataKey as MemberKey } from '../../../protocol/generated/group-log/share-group-member-metadata-key.ts'
import { ShareGroupMemberMetadataValue as MemberValue } from '../../../protocol/generated/group-log/share-group-member-metadata-value.ts'
import { ShareGroupMetadataKey as GroupKey } from '../../../protocol/generated/group-log/share-group-metadata-key.ts'
import { ShareGroupMetadataValue as GroupValue } from '../../../protocol/generated/group-log/share-group-metadata-value.ts'
import { ShareGroupStatePartitionMetadataKey as StatesKey } from '../../../protocol/generated/group-log/share-group-state-partition-metadata-key.ts'
import { ShareGroupStatePartitionMetadataValue as StatesValue } from '../../../protocol/generated/group-log/share-group-state-partition-metadata-value.ts'
import { ShareGroupTargetAssignmentMemberKey as TargetKey } from '../../../protocol/generated/group-log/share-group-target-assignment-member-key.ts'
import { ShareGroupTargetAssignmentMemberValue as TargetValue } from '../../../protocol/generated/group-log/share-group-target-assignment-member-value.ts'
import { ShareGroupTargetAssignmentMetadataKey as AssignmentKey } from '../../../protocol/generated/group-log/share-group-target-assignment-metadata-key.ts'
import { ShareGroupTargetAssignmentMetadataValue as AssignmentValue } from '../../../protocol/generated/group-log/share-group-target-assignment-metadata-value.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { Reader } from '../../../protocol/primitives.ts'
import type { StateRecord } from '../../coordinator.ts'
import { type Partitions, toTopicPartitions } from '../consumer/partitions.ts'
import { keyBodyVersion, keyBytes, readValue, valueBytes } from '../record-bytes.ts'
import { groupTombstones as tombstonesOf } from '../tombstones.ts'
import type { ShareMember } from './member.ts'

const version = 0
/** Of a member: nothing is revoked, so there is no other (Kafka: MemberState.STABLE). */
const stable = 0

interface OfMember {
  readonly groupId: string
  readonly memberId: string
}

/** Which share partitions the share coordinators know, are being told of, or are to forget. */
export type ShareStatePartitions = Decoded<StatesValue>

/** A null value takes away what the key names. */
export type ShareGroupRecord =
  | { readonly kind: 'share group'; readonly groupId: string; readonly value: Decoded<GroupValue> | null }
  | ({ readonly kind: 'share member'; readonly value: Decoded<MemberValue> | null } & OfMember)
  | { readonly kind: 'share assignment'; readonly groupId: string; readonly value: Decoded<AssignmentValue> | null }
  | ({ readonly kind: 'share target'; readonly value: Decoded<TargetValue> | null } & OfMember)
  | ({ readonly kind: 'share current'; readonly value: Decoded<CurrentValue> | null } & OfMember)
  | { readonly kind: 'share state partitions'; readonly groupId: string; readonly value: ShareStatePartitions | null }

export function isShareGroupRecord(record: { readonly kind: string }): record is ShareGroupRecord {
  return record.kind.startsWith('share ')
}

export function groupRecord(groupId: string, epoch: number, metadataHash: bigint): StateRecord {
  return { key: keyBytes(GroupKey, { groupId }), value: valueBytes(GroupValue, version, { epoch, metadataHash }) }
}

export function memberRecord(groupId: string, member: ShareMember): StateRecord {
  const { memberId, rackId, clientId, clientHost, topicNames } = member
  const value = { rackId, clientId, clientHost, subscribedTopicNames: [...topicNames].sort() }
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

export function currentRecord(groupId: string, member: ShareMember): StateRecord {
  const { memberId, epoch: memberEpoch, previousEpoch: previousMemberEpoch } = member
  const assignedPartitions = toTopicPartitions(member.assigned)
  const value = { memberEpoch, previousMemberEpoch, state: stable, assignedPartitions }
  return { key: keyBytes(CurrentKey, { groupId, memberId }), value: valueBytes(CurrentValue, version, value) }
}

export function statePartitionsRecord(groupId: string, value: ShareStatePartitions): StateRecord {
  return { key: keyBytes(StatesKey, { groupId }), value: valueBytes(StatesValue, version, value) }
}

/** Of the records of these groups. */
export const shareKeys = {
  ...{ current: CurrentKey, target: TargetKey, assignment: AssignmentKey, member: MemberKey },
  last: [StatesKey, GroupKey]
}

export function groupTombstones(groupId: string, memberIds: Iterable<string>): StateRecord[] {
  return tombstonesOf(shareKeys, groupId, memberIds)
}

/** Null when the type is not one of a share group's. Throws ProtocolError on bytes that are not what their type says. */
export function readShareGroupRecord(type: number, key: Reader, value: Buffer | null): ShareGroupRecord | null {
  const read = <T>(of: Parameters<typeof readValue<T>>[0]) => (value === null ? null : readValue(of, value))
  switch (type) {
    case GroupKey.apiKey:
      return { kind: 'share group', ...GroupKey.decode(key, keyBodyVersion), value: read(GroupValue) }
    case MemberKey.apiKey:
      return { kind: 'share member', ...MemberKey.decode(key, keyBodyVersion), value: read(MemberValue) }
    case AssignmentKey.apiKey:
      return { kind: 'share assignment', ...AssignmentKey.decode(key, keyBodyVersion), value: read(AssignmentValue) }
    case TargetKey.apiKey:
      return { kind: 'share target', ...TargetKey.decode(key, keyBodyVersion), value: read(TargetValue) }
    case CurrentKey.apiKey:
      return { kind: 'share current', ...CurrentKey.decode(key, keyBodyVersion), value: read(CurrentValue) }
    case StatesKey.apiKey:
      return { kind: 'share state partitions', ...StatesKey.decode(key, keyBodyVersion), value: read(StatesValue) }
    default:
      return null
  }
}

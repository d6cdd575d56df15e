/**
 * The records of streams groups in `__consumer_offsets` (KIP-1071; Kafka: StreamsCoordinatorRecordHelpers), in the versions that Apache Kafka
 * 4.4.0 writes, all of them 0.
 */
import { StreamsGroupCurrentMemberAssignmentKey as CurrentKey } from '../../../protocol/generated/group-log/streams-group-current-member-assignment-key.ts'
import { StreamsGroupCurrentMemberAssignmentValue as CurrentValue } from '../../../protocol/generated/group-log/streams-group-current-member-assignment-value.ts'
import { StreamsGroupMemberMetadataKey as MemberKey } from '../../../protocol/generated/group-log/streams-group-member-metadata-key.ts'
import { StreamsGroupMemberMetadataValue as MemberValue } from '../../../protocol/generated/group-log/streams-group-member-metadata-value.ts'
import { StreamsGroupMetadataKey as GroupKey } from '../../../protocol/generated/group-log/streams-group-metadata-key.ts'
import { StreamsGroupMetadataValue as GroupValue } from '../../../protocol/generated/group-log/streams-group-metadata-value.ts'
import { StreamsGroupTargetAssignmentMemberKey as TargetKey } from '../../../protocol/generated/group-log/streams-group-target-assignment-member-key.ts'
import { StreamsGroupTargetAssignmentMemberValue as TargetValue } from '../../../protocol/generated/group-log/streams-group-target-assignment-member-value.ts'
import { StreamsGroupTargetAssignmentMetadataKey as AssignmentKey } from '../../../protocol/generated/group-log/streams-group-target-assignment-metadata-key.ts'
import { StreamsGroupTargetAssignmentMetadataValue as AssignmentValue } from '../../../protocol/generated/group-log/streams-group-target-assignment-metadata-value.ts'
import { StreamsGroupTopologyKey as TopologyKey } from '../../../protocol/generated/group-log/streams-group-topology-key.ts'
import { StreamsGroupTopologyValue as TopologyValue } from '../../../protocol/generated/group-log/streams-group-topology-value.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { Reader } from '../../../protocol/primitives.ts'
import type { StateRecord } from '../../coordinator.ts'
import type { PartitionEpochs } from '../consumer/partitions.ts'
import { keyBodyVersion, keyBytes, readValue, valueBytes } from '../record-bytes.ts'
import { groupTombstones as tombstonesOf } from '../tombstones.ts'
import type { StreamsMember } from './member.ts'
import { type HeldTasks, type Tasks, toTaskIds } from './tasks.ts'
import type { Topology } from './topology/topology.ts'

const version = 0

interface OfMember {
  readonly groupId: string
  readonly memberId: string
}

/** What the record of a group says of it. */
export interface GroupMetadata {
  readonly epoch: number
  /** Of the topics that its topology needs, as they were in this epoch. */
  readonly metadataHash: bigint
  /** Of the topology, when it could be assigned in this epoch; otherwise -1. */
  readonly validatedTopologyEpoch: number
  /** What assignments depended on besides, as Kafka names it. */
  readonly assignmentConfigs: ReadonlyMap<string, string>
}

/** A null value takes away what the key names. */
export type StreamsGroupRecord =
  | { readonly kind: 'streams group'; readonly groupId: string; readonly value: Decoded<GroupValue> | null }
  | { readonly kind: 'streams topology'; readonly groupId: string; readonly value: Topology | null }
  | { readonly kind: 'streams assignment'; readonly groupId: string; readonly value: Decoded<AssignmentValue> | null }
  | ({ readonly kind: 'streams member'; readonly value: Decoded<MemberValue> | null } & OfMember)
  | ({ readonly kind: 'streams target'; readonly value: Decoded<TargetValue> | null } & OfMember)
  | ({ readonly kind: 'streams current'; readonly value: Decoded<CurrentValue> | null } & OfMember)

export function isStreamsGroupRecord(record: { readonly kind: string }): record is StreamsGroupRecord {
  return record.kind.startsWith('streams ')
}

export function groupRecord(groupId: string, metadata: GroupMetadata): StateRecord {
  const { epoch, metadataHash, validatedTopologyEpoch, assignmentConfigs } = metadata
  const lastAssignmentConfigs = toKeyValues(assignmentConfigs)
  const value = { epoch, metadataHash, validatedTopologyEpoch, lastAssignmentConfigs }
  return { key: keyBytes(GroupKey, { groupId }), value: valueBytes(GroupValue, version, value) }
}

export function memberRecord(groupId: string, member: StreamsMember): StateRecord {
  const { memberId, instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs, topologyEpoch, processId } = member
  const value = {
    ...{ instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs, topologyEpoch, processId },
    ...{ userEndpoint: member.endpoint, clientTags: toKeyValues(member.clientTags) }
  }
  return { key: keyBytes(MemberKey, { groupId, memberId }), value: valueBytes(MemberValue, version, value) }
}

export function topologyRecord(groupId: string, topology: Topology): StateRecord {
  return { key: keyBytes(TopologyKey, { groupId }), value: valueBytes(TopologyValue, version, topology) }
}

export function assignmentRecord(groupId: string, assignmentEpoch: number, assignmentTimestamp: number): StateRecord {
  const value = { assignmentEpoch, assignmentTimestamp }
  return { key: keyBytes(AssignmentKey, { groupId }), value: valueBytes(AssignmentValue, version, value) }
}

export function targetRecord(groupId: string, memberId: string, target: Tasks): StateRecord {
  const value = {
    activeTasks: toTaskIds(target.active),
    standbyTasks: toTaskIds(target.standby),
    warmupTasks: toTaskIds(target.warmup)
  }
  return { key: keyBytes(TargetKey, { groupId, memberId }), value: valueBytes(TargetValue, version, value) }
}

export function currentRecord(groupId: string, member: StreamsMember): StateRecord {
  const { memberId, epoch: memberEpoch, previousEpoch: previousMemberEpoch, state, pendingRevocation } = member
  const { active, standby, warmup } = taskIdsOf(member.assigned)
  const revoked = taskIdsOf(pendingRevocation)
  const value = {
    ...{ memberEpoch, previousMemberEpoch, state },
    ...{ activeTasks: active, standbyTasks: standby, warmupTasks: warmup },
    activeTasksPendingRevocation: revoked.active,
    standbyTasksPendingRevocation: revoked.standby,
    warmupTasksPendingRevocation: revoked.warmup
  }
  return { key: keyBytes(CurrentKey, { groupId, memberId }), value: valueBytes(CurrentValue, version, value) }
}

/** Of the records of these groups. */
export const streamsKeys = {
  ...{ current: CurrentKey, target: TargetKey, assignment: AssignmentKey, member: MemberKey },
  last: [GroupKey, TopologyKey]
}

export function groupTombstones(groupId: string, memberIds: Iterable<string>): StateRecord[] {
  return tombstonesOf(streamsKeys, groupId, memberIds)
}

/** Null when the type is not one of a streams group's. Throws ProtocolError on bytes that are not what their type says. */
export function readStreamsGroupRecord(type: number, key: Reader, value: Buffer | null): StreamsGroupRecord | null {
  const read = <T>(of: Parameters<typeof readValue<T>>[0]) => (value === null ? null : readValue(of, value))
  switch (type) {
    case GroupKey.apiKey:
      return { kind: 'streams group', ...GroupKey.decode(key, keyBodyVersion), value: read(GroupValue) }
    case MemberKey.apiKey:
      return { kind: 'streams member', ...MemberKey.decode(key, keyBodyVersion), value: read(MemberValue) }
    case AssignmentKey.apiKey:
      return { kind: 'streams assignment', ...AssignmentKey.decode(key, keyBodyVersion), value: read(AssignmentValue) }
    case TargetKey.apiKey:
      return { kind: 'streams target', ...TargetKey.decode(key, keyBodyVersion), value: read(TargetValue) }
    case CurrentKey.apiKey:
      return { kind: 'streams current', ...CurrentKey.decode(key, keyBodyVersion), value: read(CurrentValue) }
    case TopologyKey.apiKey:
      return { kind: 'streams topology', ...TopologyKey.decode(key, keyBodyVersion), value: read(TopologyValue) }
    default:
      return null
  }
}

function taskIdsOf({ active, standby, warmup }: HeldTasks) {
  return { active: toTaskIdsWithEpochs(active), standby: toTaskIds(standby), warmup: toTaskIds(warmup) }
}

function toTaskIdsWithEpochs(active: PartitionEpochs) {
  return toTaskIds(active).map(({ subtopologyId, partitions }) => {
    const epochs = active.get(subtopologyId)
    return { subtopologyId, partitions, assignmentEpochs: partitions.map((partition) => epochs?.get(partition) ?? 0) }
  })
}

function toKeyValues(values: ReadonlyMap<string, string>) {
  return Array.from(values, ([key, value]) => ({ key, value })).sort((one, other) => (one.key < other.key ? -1 : 1))
}

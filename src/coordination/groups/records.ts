/**
 * The records of `__consumer_offsets`, as bytes and as values: a classic group's metadata, and a group's committed offsets; those of
 * consumer groups stand in `consumer/records.ts`, of share groups in `share/records.ts`, of streams groups in `streams/records.ts`.
 *
 * Versions are those that Apache Kafka 4.4.0 writes: GroupMetadataValue 3, OffsetCommitValue 4 (1 when the client gave the offset a retention of its
 * own, because only that version can carry it). Records of types that are not served here are left alone, also those that only
 * a later Kafka knows, as Kafka does (CoordinatorLoaderImpl); anything else has to be what its type says.
 */
import { GroupMetadataKey } from '../../protocol/generated/group-log/group-metadata-key.ts'
import { GroupMetadataValue } from '../../protocol/generated/group-log/group-metadata-value.ts'
import { LegacyOffsetCommitKey } from '../../protocol/generated/group-log/legacy-offset-commit-key.ts'
import { OffsetCommitKey } from '../../protocol/generated/group-log/offset-commit-key.ts'
import { OffsetCommitValue } from '../../protocol/generated/group-log/offset-commit-value.ts'
import type { Decoded } from '../../protocol/message.ts'
import { ProtocolError, Reader } from '../../protocol/primitives.ts'
import type { StateRecord } from '../coordinator.ts'
import { type ConsumerGroupRecord, readConsumerGroupRecord } from './consumer/records.ts'
import type { CommittedOffset } from './offsets/state.ts'
import { keyBodyVersion, keyBytes, readValue, valueBytes } from './record-bytes.ts'
import { readShareGroupRecord, type ShareGroupRecord } from './share/records.ts'
import { readStreamsGroupRecord, type StreamsGroupRecord } from './streams/records.ts'

const groupMetadataVersion = 3
const offsetCommitVersion = 4
const offsetCommitVersionWithExpiry = 1
const noTimestamp = -1
/** Of Apache Kafka 4.4.0 (CoordinatorRecordType): StreamsGroupTopology. */
export const newestRecordType = 23

export interface OffsetPlace {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
}

export type GroupLogRecord =
  | { readonly kind: 'group'; readonly groupId: string; readonly value: Decoded<GroupMetadataValue> | null }
  | { readonly kind: 'offset'; readonly place: OffsetPlace; readonly value: CommittedOffset | null }
  | ConsumerGroupRecord
  | ShareGroupRecord
  | StreamsGroupRecord
  | { readonly kind: 'foreign' }
  | { readonly kind: 'unknown'; readonly type: number }

export function groupMetadataRecord(groupId: string, value: GroupMetadataValue): StateRecord {
  return { key: groupKey(groupId), value: valueBytes(GroupMetadataValue, groupMetadataVersion, value) }
}

export function groupTombstone(groupId: string): StateRecord {
  return { key: groupKey(groupId), value: null }
}

export function offsetCommitRecord(place: OffsetPlace, committed: CommittedOffset): StateRecord {
  const version = committed.expireTimestampMs === null ? offsetCommitVersion : offsetCommitVersionWithExpiry
  const value: OffsetCommitValue = {
    offset: committed.offset,
    leaderEpoch: committed.leaderEpoch,
    metadata: committed.metadata,
    commitTimestamp: committed.commitTimestampMs,
    expireTimestamp: committed.expireTimestampMs ?? noTimestamp,
    topicId: committed.topicId
  }
  return { key: offsetKey(place), value: valueBytes(OffsetCommitValue, version, value) }
}

export function offsetTombstone(place: OffsetPlace): StateRecord {
  return { key: offsetKey(place), value: null }
}

/** Throws ProtocolError on bytes that are not what their type says. */
export function readGroupLogRecord(record: StateRecord): GroupLogRecord {
  if (record.key === null) throw new ProtocolError('a record has no key, which says what it is')
  const key = new Reader(record.key)
  key.subject = 'the key of a record'
  const type = key.readInt16()
  if (type === GroupMetadataKey.apiKey) {
    const { group } = GroupMetadataKey.decode(key, keyBodyVersion)
    return {
      kind: 'group',
      groupId: group,
      value: record.value === null ? null : readValue(GroupMetadataValue, record.value)
    }
  }
  if (type === OffsetCommitKey.apiKey || type === LegacyOffsetCommitKey.apiKey) {
    const { group, topic, partition } = OffsetCommitKey.decode(key, keyBodyVersion)
    const place = { groupId: group, topic, partition }
    return { kind: 'offset', place, value: record.value === null ? null : committedOffset(record.value) }
  }
  const ofModernGroup =
    readConsumerGroupRecord(type, key, record.value) ??
    readShareGroupRecord(type, key, record.value) ??
    readStreamsGroupRecord(type, key, record.value)
  if (ofModernGroup !== null) return ofModernGroup
  return type >= 0 && type <= newestRecordType ? { kind: 'foreign' } : { kind: 'unknown', type }
}

function committedOffset(value: Buffer): CommittedOffset {
  const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId } = readValue(
    OffsetCommitValue,
    value
  )
  return {
    offset,
    leaderEpoch,
    metadata,
    commitTimestampMs: commitTimestamp,
    expireTimestampMs: expireTimestamp === noTimestamp ? null : expireTimestamp,
    topicId
  }
}

function groupKey(group: string): Buffer {
  return keyBytes(GroupMetadataKey, { group })
}

function offsetKey({ groupId: group, topic, partition }: OffsetPlace): Buffer {
  return keyBytes(OffsetCommitKey, { group, topic, partition })
}

/**
 * The control records of Raft, in `__cluster_metadata` and its snapshots: who leads, where a snapshot begins and ends, which
 * version of Raft is spoken (KIP-595, KIP-630, KIP-853; Kafka: ControlRecordUtils).
 */
import { KRaftVersionRecord } from '../generated/common/kraft-version-record.ts'
import { LeaderChangeMessage } from '../generated/common/leader-change-message.ts'
import { SnapshotFooterRecord } from '../generated/common/snapshot-footer-record.ts'
import { SnapshotHeaderRecord } from '../generated/common/snapshot-header-record.ts'
import { VotersRecord } from '../generated/common/voters-record.ts'
import type { Decoded } from '../message.ts'
import { Reader, Writer } from '../primitives.ts'
import { buildBatch } from './builder.ts'
import { ControlRecordType, controlKey, controlTypeOf } from './control-records.ts'
import { readRecords } from './reader.ts'

/** The `version` within a value is the version that the value is written in. */
export type RaftControlRecord =
  | { readonly type: 'leaderChange'; readonly value: Decoded<LeaderChangeMessage> }
  | { readonly type: 'snapshotHeader'; readonly value: Decoded<SnapshotHeaderRecord> }
  | { readonly type: 'snapshotFooter'; readonly value: Decoded<SnapshotFooterRecord> }
  | { readonly type: 'kraftVersion'; readonly value: Decoded<KRaftVersionRecord> }
  | { readonly type: 'kraftVoters'; readonly value: Decoded<VotersRecord> }

/** One batch of Raft's control records. */
export function raftControlBatch(content: {
  readonly baseOffset: number
  readonly partitionLeaderEpoch: number
  readonly timestampMs: number
  readonly records: readonly RaftControlRecord[]
}): Buffer {
  return buildBatch({
    baseOffset: content.baseOffset,
    partitionLeaderEpoch: content.partitionLeaderEpoch,
    isControl: true,
    records: content.records.map((record) => ({
      timestamp: content.timestampMs,
      key: controlKey(ControlRecordType[record.type]),
      value: encodeRaftValue(record),
      headers: []
    }))
  })
}

/** Raft's control records in a control batch; those of another kind, or of a later Kafka, are left out. */
export function readRaftControlRecords(batch: Buffer): RaftControlRecord[] {
  const found: RaftControlRecord[] = []
  for (const { key, value } of readRecords(batch)) {
    const record = decodeRaftValue(controlTypeOf(key), value ?? Buffer.alloc(0))
    if (record !== null) found.push(record)
  }
  return found
}

function encodeRaftValue(record: RaftControlRecord): Buffer {
  const writer = new Writer(64)
  const { version } = record.value
  if (record.type === 'leaderChange') LeaderChangeMessage.encode(writer, record.value, version)
  else if (record.type === 'snapshotHeader') SnapshotHeaderRecord.encode(writer, record.value, version)
  else if (record.type === 'snapshotFooter') SnapshotFooterRecord.encode(writer, record.value, version)
  else if (record.type === 'kraftVersion') KRaftVersionRecord.encode(writer, record.value, version)
  else VotersRecord.encode(writer, record.value, version)
  return writer.toBuffer()
}

function decodeRaftValue(type: ControlRecordType | null, value: Buffer): RaftControlRecord | null {
  const reader = new Reader(value)
  // Each of these values begins with its version.
  const version = value.length < 2 ? -1 : value.readInt16BE(0)
  const within = (highest: number): number => Math.min(version, highest)
  switch (type) {
    case ControlRecordType.leaderChange: {
      const decoded = LeaderChangeMessage.decode(reader, within(LeaderChangeMessage.highestVersion))
      return { type: 'leaderChange', value: decoded }
    }
    case ControlRecordType.snapshotHeader: {
      const decoded = SnapshotHeaderRecord.decode(reader, within(SnapshotHeaderRecord.highestVersion))
      return { type: 'snapshotHeader', value: decoded }
    }
    case ControlRecordType.snapshotFooter: {
      const decoded = SnapshotFooterRecord.decode(reader, within(SnapshotFooterRecord.highestVersion))
      return { type: 'snapshotFooter', value: decoded }
    }
    case ControlRecordType.kraftVersion: {
      const decoded = KRaftVersionRecord.decode(reader, within(KRaftVersionRecord.highestVersion))
      return { type: 'kraftVersion', value: decoded }
    }
    case ControlRecordType.kraftVoters:
      return { type: 'kraftVoters', value: VotersRecord.decode(reader, within(VotersRecord.highestVersion)) }
    default:
      return null
  }
}

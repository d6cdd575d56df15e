/**
 * The records of `__cluster_metadata`: no key; the value is (frame version 1, record type, version as unsigned varints, then
 * the message), as Kafka's MetadataRecordSerde writes it.
 */
import { AbortTransactionRecord } from '../../protocol/generated/metadata-log/abort-transaction-record.ts'
import { ConfigRecord } from '../../protocol/generated/metadata-log/config-record.ts'
import { FeatureLevelRecord } from '../../protocol/generated/metadata-log/feature-level-record.ts'
import { PartitionChangeRecord } from '../../protocol/generated/metadata-log/partition-change-record.ts'
import { PartitionRecord } from '../../protocol/generated/metadata-log/partition-record.ts'
import { ProducerIdsRecord } from '../../protocol/generated/metadata-log/producer-ids-record.ts'
import { RemoveTopicRecord } from '../../protocol/generated/metadata-log/remove-topic-record.ts'
import { TopicRecord } from '../../protocol/generated/metadata-log/topic-record.ts'
import type { Message } from '../../protocol/message.ts'
import { ProtocolError, Reader, Writer } from '../../protocol/primitives.ts'
import type { StateRecord } from '../coordinator.ts'

const frameVersion = 1

/**
 * The version of a partition's records that goes with the cluster's metadata.version: the first names the directories of the
 * replicas (KIP-858, 3.7-IV2), the second knows of eligible leaders (KIP-966, 4.0-IV1).
 */
function partitionRecordVersion(metadataVersion: number): number {
  if (metadataVersion >= 23) return 2
  return metadataVersion >= 17 ? 1 : 0
}

export function encodeMetadataRecord<T>(message: Message<T>, version: number, value: T): StateRecord {
  const writer = new Writer(64)
  writer.writeUnsignedVarint(frameVersion)
  writer.writeUnsignedVarint(message.apiKey)
  writer.writeUnsignedVarint(version)
  message.encode(writer, value, version)
  return { key: null, value: writer.toBuffer() }
}

export interface MetadataFrame {
  readonly type: number
  readonly version: number
  /** Stands at the message. */
  readonly reader: Reader
}

export function readMetadataFrame(value: Buffer): MetadataFrame {
  const reader = new Reader(value)
  const frame = reader.readUnsignedVarint()
  if (frame !== frameVersion)
    throw new ProtocolError(
      `The metadata log has a record of frame version ${frame}; this version reads ${frameVersion}.`
    )
  return { type: reader.readUnsignedVarint(), version: reader.readUnsignedVarint(), reader }
}

export function topicRecord(name: string, topicId: string): StateRecord {
  return encodeMetadataRecord(TopicRecord, 0, { name, topicId })
}

export function removeTopicRecord(topicId: string): StateRecord {
  return encodeMetadataRecord(RemoveTopicRecord, 0, { topicId })
}

/** A partition with one replica, which leads it. */
export function partitionRecord(of: {
  readonly partitionId: number
  readonly topicId: string
  readonly nodeId: number
  readonly directoryId: string
  readonly metadataVersion: number
}): StateRecord {
  const { partitionId, topicId, nodeId, directoryId } = of
  const version = partitionRecordVersion(of.metadataVersion)
  return encodeMetadataRecord(PartitionRecord, version, {
    partitionId,
    topicId,
    replicas: [nodeId],
    isr: [nodeId],
    removingReplicas: [],
    addingReplicas: [],
    leader: nodeId,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: version >= 1 ? [directoryId] : []
  })
}

/** The one replica of a partition becomes its leader (Kafka: PartitionChangeBuilder.electLeader); replay begins an epoch. */
export function electionRecord(of: {
  readonly partitionId: number
  readonly topicId: string
  readonly nodeId: number
  readonly metadataVersion: number
}): StateRecord {
  const { partitionId, topicId, nodeId } = of
  const version = partitionRecordVersion(of.metadataVersion)
  // Who is in the in-sync set is not among those that may be made leader although they are not in it.
  const noOthers = version >= 2 ? { eligibleLeaderReplicas: [], lastKnownElr: [] } : {}
  const change = { partitionId, topicId, isr: [nodeId], leader: nodeId, ...noOthers }
  return encodeMetadataRecord(PartitionChangeRecord, version, change)
}

export function abortTransactionRecord(reason: string): StateRecord {
  return encodeMetadataRecord(AbortTransactionRecord, 0, { reason })
}

export function configRecord(
  resourceType: number,
  resourceName: string,
  name: string,
  value: string | null
): StateRecord {
  return encodeMetadataRecord(ConfigRecord, 0, { resourceType, resourceName, name, value })
}

export function featureLevelRecord(name: string, featureLevel: number): StateRecord {
  return encodeMetadataRecord(FeatureLevelRecord, 0, { name, featureLevel })
}

export function producerIdsRecord(brokerId: number, nextProducerId: number): StateRecord {
  return encodeMetadataRecord(ProducerIdsRecord, 0, { brokerId, brokerEpoch: 0, nextProducerId })
}

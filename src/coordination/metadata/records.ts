/**
 * The records of `__cluster_metadata`: no key; the value is (frame version 1, record type, version as unsigned varints, then
 * the message), as Kafka's MetadataRecordSerde writes it.
 */
import { AbortTransactionRecord } from '../../protocol/generated/metadata-log/abort-transaction-record.ts'
import { BrokerRegistrationChangeRecord } from '../../protocol/generated/metadata-log/broker-registration-change-record.ts'
import { ClearElrRecord } from '../../protocol/generated/metadata-log/clear-elr-record.ts'
import { ConfigRecord } from '../../protocol/generated/metadata-log/config-record.ts'
import { FeatureLevelRecord } from '../../protocol/generated/metadata-log/feature-level-record.ts'
import { PartitionChangeRecord } from '../../protocol/generated/metadata-log/partition-change-record.ts'
import { PartitionRecord } from '../../protocol/generated/metadata-log/partition-record.ts'
import { ProducerIdsRecord } from '../../protocol/generated/metadata-log/producer-ids-record.ts'
import { RegisterBrokerRecord } from '../../protocol/generated/metadata-log/register-broker-record.ts'
import { RemoveTopicRecord } from '../../protocol/generated/metadata-log/remove-topic-record.ts'
import { TopicRecord } from '../../protocol/generated/metadata-log/topic-record.ts'
import { UnregisterBrokerRecord } from '../../protocol/generated/metadata-log/unregister-broker-record.ts'
import type { Decoded, Message } from '../../protocol/message.ts'
import { ProtocolError, Reader, Writer } from '../../protocol/primitives.ts'
import type { StateRecord } from '../coordinator.ts'
import type { BrokerImage } from './broker-image.ts'
import type { PartitionImage } from './partition-image.ts'
import { UnsupportedMetadata } from './support.ts'

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

/** Throws UnsupportedMetadata for a version of a later Kafka. */
export function readMessage<T>(message: Message<T>, { version, reader }: MetadataFrame): Decoded<T> {
  if (version > message.highestVersion) {
    const what = `version ${version} of ${message.name}`
    throw new UnsupportedMetadata(`the cluster metadata has ${what}, which is of a later Apache Kafka`)
  }
  return message.decode(reader, version)
}

export function topicRecord(name: string, topicId: string): StateRecord {
  return encodeMetadataRecord(TopicRecord, 0, { name, topicId })
}

export function removeTopicRecord(topicId: string): StateRecord {
  return encodeMetadataRecord(RemoveTopicRecord, 0, { topicId })
}

export interface NewPartition {
  readonly topicId: string
  readonly partitionId: number
  readonly replicas: readonly number[]
  /** Of each replica. */
  readonly directories: readonly string[]
  readonly inSyncReplicas: readonly number[]
  readonly leader: number
}

/** A partition at its beginning (Kafka: ReplicationControlManager.buildPartitionRegistration). */
export function partitionRecord(partition: NewPartition, metadataVersion: number): StateRecord {
  const { partitionId, topicId, replicas, directories, inSyncReplicas: isr, leader } = partition
  const version = partitionRecordVersion(metadataVersion)
  return encodeMetadataRecord(PartitionRecord, version, {
    partitionId,
    topicId,
    replicas,
    isr,
    removingReplicas: [],
    addingReplicas: [],
    leader,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: version >= 1 ? directories : []
  })
}

/** A partition as it stands, for a snapshot (Kafka: PartitionRegistration.toRecord). */
export function standingPartitionRecord(
  topicId: string,
  partition: PartitionImage,
  metadataVersion: number
): StateRecord {
  const {
    inSyncReplicas: isr,
    eligibleLeaderReplicas,
    lastKnownEligibleLeaderReplicas,
    directories,
    ...same
  } = partition
  const version = partitionRecordVersion(metadataVersion)
  return encodeMetadataRecord(PartitionRecord, version, {
    ...same,
    topicId,
    isr,
    directories: version >= 1 ? directories : [],
    eligibleLeaderReplicas: eligibleLeaderReplicas.length > 0 ? eligibleLeaderReplicas : null,
    lastKnownElr: lastKnownEligibleLeaderReplicas.length > 0 ? lastKnownEligibleLeaderReplicas : null
  })
}

export function partitionChangeRecord(change: PartitionChangeRecord, metadataVersion: number): StateRecord {
  return encodeMetadataRecord(PartitionChangeRecord, partitionRecordVersion(metadataVersion), change)
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

/** Of one topic, or of all when none is named. */
export function clearElrRecord(topicName: string): StateRecord {
  return encodeMetadataRecord(ClearElrRecord, 0, { topicName })
}

export function featureLevelRecord(name: string, featureLevel: number): StateRecord {
  return encodeMetadataRecord(FeatureLevelRecord, 0, { name, featureLevel })
}

export function producerIdsRecord(brokerId: number, nextProducerId: number): StateRecord {
  return encodeMetadataRecord(ProducerIdsRecord, 0, { brokerId, brokerEpoch: 0, nextProducerId })
}

/** The versions that name the directories of a broker (KIP-858, 3.7-IV2), and those that it must not fill (KIP-1066, 4.3-IV0). */
export function registerBrokerRecord(broker: BrokerImage, metadataVersion: number): StateRecord {
  const { id: brokerId, epoch: brokerEpoch, endpoints: endPoints, directories, ...registration } = broker
  const version = metadataVersion >= 30 ? 4 : metadataVersion >= 17 ? 3 : metadataVersion >= 8 ? 2 : 1
  const logDirs = version >= 3 ? directories : []
  const { incarnationId, rack, fenced, inControlledShutdown, features } = registration
  const record = { brokerId, brokerEpoch, incarnationId, endPoints, features, rack, fenced, inControlledShutdown }
  return encodeMetadataRecord(RegisterBrokerRecord, version, { ...record, logDirs })
}

export function unregisterBrokerRecord({ id: brokerId, epoch: brokerEpoch }: BrokerImage): StateRecord {
  return encodeMetadataRecord(UnregisterBrokerRecord, 0, { brokerId, brokerEpoch })
}

/** What changes of a registration: whether it is fenced, that it begins to stop (KIP-841). */
export function brokerRegistrationChangeRecord(
  { id: brokerId, epoch: brokerEpoch }: BrokerImage,
  change: { readonly fenced?: boolean; readonly inControlledShutdown?: true }
): StateRecord {
  const fenced = change.fenced === undefined ? 0 : change.fenced ? 1 : -1
  const inControlledShutdown = change.inControlledShutdown === true ? 1 : 0
  const record = { brokerId, brokerEpoch, fenced, inControlledShutdown }
  return encodeMetadataRecord(BrokerRegistrationChangeRecord, inControlledShutdown === 1 ? 1 : 0, record)
}

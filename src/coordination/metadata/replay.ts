/** Takes one record of the metadata log into the image. The only place that changes it. */
import { ConfigRecord } from '../../protocol/generated/metadata-log/config-record.ts'
import { FeatureLevelRecord } from '../../protocol/generated/metadata-log/feature-level-record.ts'
import { PartitionChangeRecord } from '../../protocol/generated/metadata-log/partition-change-record.ts'
import { PartitionRecord } from '../../protocol/generated/metadata-log/partition-record.ts'
import { ProducerIdsRecord } from '../../protocol/generated/metadata-log/producer-ids-record.ts'
import { RegisterBrokerRecord } from '../../protocol/generated/metadata-log/register-broker-record.ts'
import { RegisterControllerRecord } from '../../protocol/generated/metadata-log/register-controller-record.ts'
import { RemoveTopicRecord } from '../../protocol/generated/metadata-log/remove-topic-record.ts'
import { TopicRecord } from '../../protocol/generated/metadata-log/topic-record.ts'
import { UnregisterBrokerRecord } from '../../protocol/generated/metadata-log/unregister-broker-record.ts'
import { UnregisterControllerRecord } from '../../protocol/generated/metadata-log/unregister-controller-record.ts'
import type { Decoded, Message } from '../../protocol/message.ts'
import { ProtocolError } from '../../protocol/primitives.ts'
import type { StateRecord } from '../coordinator.ts'
import type { ClusterImage, PartitionImage } from './image.ts'
import { type MetadataFrame, readMetadataFrame } from './records.ts'
import { UnsupportedMetadata } from './support.ts'

/**
 * Types that say nothing of what is kept here, by Kafka's numbers: fences of brokers, the log's own transactions (see
 * `transactions.ts`), and rights, users, quotas and tokens, which a Kafka that comes back finds where it left them.
 */
const passedOver: ReadonlySet<number> = new Set([7, 8, 10, 11, 14, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28])

/** A PartitionChangeRecord that says nothing of the leader (Kafka: LeaderConstants.NO_LEADER_CHANGE). */
const sameLeader = -2

export function replayMetadata(image: ClusterImage, record: StateRecord): void {
  if (record.value === null) return
  const frame = readMetadataFrame(record.value)
  switch (frame.type) {
    case TopicRecord.apiKey: {
      const { name, topicId } = read(TopicRecord, frame)
      image.putTopic(name, topicId)
      break
    }
    case PartitionRecord.apiKey: {
      const { topicId, ...partition } = read(PartitionRecord, frame)
      const { partitionId, replicas, directories, isr: inSyncReplicas, leader, leaderEpoch, partitionEpoch } = partition
      const kept = { partitionId, replicas, directories, inSyncReplicas, leader, leaderEpoch, partitionEpoch }
      image.putPartition(topicId, kept)
      break
    }
    case PartitionChangeRecord.apiKey: {
      const change = read(PartitionChangeRecord, frame)
      const partition = image.partition(change.topicId, change.partitionId)
      if (partition === undefined) {
        throw new ProtocolError(
          `The metadata log changes partition ${change.partitionId} of a topic ${change.topicId}, which it does not have.`
        )
      }
      image.putPartition(change.topicId, changedPartition(partition, change))
      break
    }
    case RemoveTopicRecord.apiKey:
      image.removeTopic(read(RemoveTopicRecord, frame).topicId)
      break
    case ConfigRecord.apiKey: {
      const { resourceType, resourceName, name, value } = read(ConfigRecord, frame)
      image.putConfig(resourceType, resourceName, name, value)
      break
    }
    case FeatureLevelRecord.apiKey: {
      const { name, featureLevel } = read(FeatureLevelRecord, frame)
      image.putFeature(name, featureLevel)
      break
    }
    case ProducerIdsRecord.apiKey:
      image.putNextProducerId(read(ProducerIdsRecord, frame).nextProducerId)
      break
    case RegisterBrokerRecord.apiKey: {
      const { brokerId, brokerEpoch } = read(RegisterBrokerRecord, frame)
      image.putBroker(brokerId, brokerEpoch)
      break
    }
    case UnregisterBrokerRecord.apiKey:
      image.removeBroker(read(UnregisterBrokerRecord, frame).brokerId)
      break
    case RegisterControllerRecord.apiKey:
      image.putController(read(RegisterControllerRecord, frame).controllerId)
      break
    case UnregisterControllerRecord.apiKey:
      image.removeController(read(UnregisterControllerRecord, frame).controllerId)
      break
    default:
      if (!passedOver.has(frame.type)) {
        throw new UnsupportedMetadata(
          `the cluster metadata has a record of type ${frame.type}, which is of a later Apache Kafka`
        )
      }
  }
}

function read<T>(message: Message<T>, { version, reader }: MetadataFrame): Decoded<T> {
  if (version > message.highestVersion) {
    const what = `version ${version} of ${message.name}`
    throw new UnsupportedMetadata(`the cluster metadata has ${what}, which is of a later Apache Kafka`)
  }
  return message.decode(reader, version)
}

/** What is not told stays; whoever is made the leader, even the same again, begins an epoch (PartitionRegistration.merge). */
export function changedPartition(
  partition: PartitionImage,
  change: Pick<Decoded<PartitionChangeRecord>, 'replicas' | 'directories' | 'isr' | 'leader'>
): PartitionImage {
  const hasElection = change.leader !== sameLeader
  return {
    partitionId: partition.partitionId,
    replicas: change.replicas ?? partition.replicas,
    directories: change.directories ?? partition.directories,
    inSyncReplicas: change.isr ?? partition.inSyncReplicas,
    leader: hasElection ? change.leader : partition.leader,
    leaderEpoch: partition.leaderEpoch + (hasElection ? 1 : 0),
    partitionEpoch: partition.partitionEpoch + 1
  }
}

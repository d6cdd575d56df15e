/** Takes one record of the metadata log into the image. The only place that changes it. */
import { ConfigRecord } from '../../protocol/generated/metadata-log/config-record.ts'
import { FeatureLevelRecord } from '../../protocol/generated/metadata-log/feature-level-record.ts'
import { PartitionRecord } from '../../protocol/generated/metadata-log/partition-record.ts'
import { ProducerIdsRecord } from '../../protocol/generated/metadata-log/producer-ids-record.ts'
import { RemoveTopicRecord } from '../../protocol/generated/metadata-log/remove-topic-record.ts'
import { TopicRecord } from '../../protocol/generated/metadata-log/topic-record.ts'
import type { StateRecord } from '../coordinator.ts'
import type { ClusterImage } from './image.ts'
import { readMetadataFrame } from './records.ts'

export function replayMetadata(image: ClusterImage, record: StateRecord): void {
  if (record.value === null) return
  const { type, version, reader } = readMetadataFrame(record.value)
  switch (type) {
    case TopicRecord.apiKey: {
      const { name, topicId } = TopicRecord.decode(reader, version)
      image.putTopic(name, topicId)
      break
    }
    case PartitionRecord.apiKey: {
      const partition = PartitionRecord.decode(reader, version)
      const { partitionId, replicas, isr: inSyncReplicas, leader, leaderEpoch, partitionEpoch } = partition
      const kept = { partitionId, replicas, inSyncReplicas, leader, leaderEpoch, partitionEpoch }
      image.putPartition(partition.topicId, kept)
      break
    }
    case RemoveTopicRecord.apiKey:
      image.removeTopic(RemoveTopicRecord.decode(reader, version).topicId)
      break
    case ConfigRecord.apiKey: {
      const { resourceType, resourceName, name, value } = ConfigRecord.decode(reader, version)
      image.putConfig(resourceType, resourceName, name, value)
      break
    }
    case FeatureLevelRecord.apiKey: {
      const { name, featureLevel } = FeatureLevelRecord.decode(reader, version)
      image.putFeature(name, featureLevel)
      break
    }
    case ProducerIdsRecord.apiKey:
      image.putNextProducerId(ProducerIdsRecord.decode(reader, version).nextProducerId)
      break
    default:
    // What a real Kafka wrote about its own brokers and controllers has no meaning for one broker.
  }
}

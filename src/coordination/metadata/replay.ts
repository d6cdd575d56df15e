/** Takes one record of the metadata log into the image. The only place that changes it. */
import { BrokerRegistrationChangeRecord } from '../../protocol/generated/metadata-log/broker-registration-change-record.ts'
import { ClearElrRecord } from '../../protocol/generated/metadata-log/clear-elr-record.ts'
import { ConfigRecord } from '../../protocol/generated/metadata-log/config-record.ts'
import { FeatureLevelRecord } from '../../protocol/generated/metadata-log/feature-level-record.ts'
import { FenceBrokerRecord } from '../../protocol/generated/metadata-log/fence-broker-record.ts'
import { PartitionChangeRecord } from '../../protocol/generated/metadata-log/partition-change-record.ts'
import { PartitionRecord } from '../../protocol/generated/metadata-log/partition-record.ts'
import { ProducerIdsRecord } from '../../protocol/generated/metadata-log/producer-ids-record.ts'
import { RegisterBrokerRecord } from '../../protocol/generated/metadata-log/register-broker-record.ts'
import { RegisterControllerRecord } from '../../protocol/generated/metadata-log/register-controller-record.ts'
import { RemoveTopicRecord } from '../../protocol/generated/metadata-log/remove-topic-record.ts'
import { TopicRecord } from '../../protocol/generated/metadata-log/topic-record.ts'
import { UnfenceBrokerRecord } from '../../protocol/generated/metadata-log/unfence-broker-record.ts'
import { UnregisterBrokerRecord } from '../../protocol/generated/metadata-log/unregister-broker-record.ts'
import { UnregisterControllerRecord } from '../../protocol/generated/metadata-log/unregister-controller-record.ts'
import type { Decoded } from '../../protocol/message.ts'
import { ProtocolError } from '../../protocol/primitives.ts'
import type { StateRecord } from '../coordinator.ts'
import { changedBroker, registeredBroker } from './broker-image.ts'
import type { ClusterImage } from './image.ts'
import { controllerSubject, replayKept } from './kept-records.ts'
import { changedPartition, createdPartition, noChange } from './partition-image.ts'
import { readMessage, readMetadataFrame } from './records.ts'
import { UnsupportedMetadata } from './support.ts'

/**
 * Types that say nothing, by Kafka's numbers: the log's own transactions (see `transactions.ts`), records that only move the log
 * on, and how far a migration from ZooKeeper has come, which Kafka 4 passes over too.
 */
const passedOver: ReadonlySet<number> = new Set([20, 21, 23, 24, 25])

export function replayMetadata(image: ClusterImage, record: StateRecord): void {
  if (record.value === null) return
  const frame = readMetadataFrame(record.value)
  switch (frame.type) {
    case TopicRecord.apiKey: {
      const { name, topicId } = readMessage(TopicRecord, frame)
      image.putTopic(name, topicId)
      break
    }
    case PartitionRecord.apiKey: {
      const partition = readMessage(PartitionRecord, frame)
      image.putPartition(partition.topicId, createdPartition(partition))
      break
    }
    case PartitionChangeRecord.apiKey:
      changePartition(image, readMessage(PartitionChangeRecord, frame))
      break
    case ClearElrRecord.apiKey:
      clearEligibleLeaders(image, readMessage(ClearElrRecord, frame).topicName)
      break
    case RemoveTopicRecord.apiKey:
      image.removeTopic(readMessage(RemoveTopicRecord, frame).topicId)
      break
    case ConfigRecord.apiKey: {
      const { resourceType, resourceName, name, value } = readMessage(ConfigRecord, frame)
      image.putConfig(resourceType, resourceName, name, value)
      break
    }
    case FeatureLevelRecord.apiKey: {
      const { name, featureLevel } = readMessage(FeatureLevelRecord, frame)
      image.putFeature(name, featureLevel)
      break
    }
    case ProducerIdsRecord.apiKey:
      image.putNextProducerId(readMessage(ProducerIdsRecord, frame).nextProducerId)
      break
    case RegisterBrokerRecord.apiKey:
      image.putBroker(registeredBroker(readMessage(RegisterBrokerRecord, frame)))
      break
    case FenceBrokerRecord.apiKey: {
      const { id, epoch } = readMessage(FenceBrokerRecord, frame)
      changeBroker(image, [id, epoch], { fenced: 1 })
      break
    }
    case UnfenceBrokerRecord.apiKey: {
      const { id, epoch } = readMessage(UnfenceBrokerRecord, frame)
      changeBroker(image, [id, epoch], { fenced: -1 })
      break
    }
    case BrokerRegistrationChangeRecord.apiKey: {
      const { brokerId, brokerEpoch, ...change } = readMessage(BrokerRegistrationChangeRecord, frame)
      changeBroker(image, [brokerId, brokerEpoch], change)
      break
    }
    case UnregisterBrokerRecord.apiKey:
      image.removeBroker(readMessage(UnregisterBrokerRecord, frame).brokerId)
      break
    case RegisterControllerRecord.apiKey: {
      const { controllerId } = readMessage(RegisterControllerRecord, frame)
      image.putController(controllerId)
      image.kept.put(controllerSubject(controllerId), record)
      break
    }
    case UnregisterControllerRecord.apiKey: {
      const { controllerId } = readMessage(UnregisterControllerRecord, frame)
      image.removeController(controllerId)
      image.kept.drop(controllerSubject(controllerId))
      break
    }
    default:
      if (!replayKept(image.kept, record, frame) && !passedOver.has(frame.type)) {
        throw new UnsupportedMetadata(
          `the cluster metadata has a record of type ${frame.type}, which is of a later Apache Kafka`
        )
      }
  }
}

function changePartition(image: ClusterImage, change: Decoded<PartitionChangeRecord>): void {
  const { topicId, partitionId } = change
  const partition = image.partition(topicId, partitionId)
  if (partition === undefined) {
    throw new ProtocolError(
      `The metadata log changes partition ${partitionId} of a topic ${topicId}, which it does not have.`
    )
  }
  image.putPartition(topicId, changedPartition(partition, change))
}

/** Of one topic, or of all when none is named: what they waited for no longer holds (KIP-966; Kafka: TopicDelta.maybeClearElr). */
function clearEligibleLeaders(image: ClusterImage, topicName: string): void {
  const named = image.topicByName(topicName)
  if (named === undefined && topicName !== '') {
    throw new ProtocolError(`The metadata log clears the eligible leaders of ${topicName}, which it does not have.`)
  }
  for (const { id, partitions } of named === undefined ? image.topics() : [named]) {
    for (const partition of partitions) {
      const { eligibleLeaderReplicas, lastKnownEligibleLeaderReplicas } = partition
      if (eligibleLeaderReplicas.length + lastKnownEligibleLeaderReplicas.length === 0) continue
      image.putPartition(id, changedPartition(partition, { ...noChange, eligibleLeaderReplicas: [], lastKnownElr: [] }))
    }
  }
}

function changeBroker(
  image: ClusterImage,
  [id, epoch]: readonly [number, number],
  change: Partial<Parameters<typeof changedBroker>[1]>
): void {
  const broker = image.broker(id)
  if (broker?.epoch !== epoch) {
    throw new ProtocolError(`The metadata log changes broker ${id} of epoch ${epoch}, which it does not have.`)
  }
  image.putBroker(changedBroker(broker, { fenced: 0, inControlledShutdown: 0, logDirs: [], ...change }))
}

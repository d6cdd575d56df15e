/** A coordinator of what the cluster knows, on a log in memory; and its records in words. */

import { Controller, type MetadataFollower } from '../../../src/controller/controller.ts'
import { BrokerConfig } from '../../../src/coordination/config/broker-config.ts'
import type { StateRecord } from '../../../src/coordination/coordinator.ts'
import type { NewTopic, Placement } from '../../../src/coordination/metadata/create-topics.ts'
import type { ClusterImage } from '../../../src/coordination/metadata/image.ts'
import { livingBrokers } from '../../../src/coordination/metadata/living-brokers.ts'
import { type NewPartition, readMetadataFrame } from '../../../src/coordination/metadata/records.ts'
import { replayMetadata } from '../../../src/coordination/metadata/replay.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { ConfigRecord } from '../../../src/protocol/generated/metadata-log/config-record.ts'
import { FeatureLevelRecord } from '../../../src/protocol/generated/metadata-log/feature-level-record.ts'
import { PartitionRecord } from '../../../src/protocol/generated/metadata-log/partition-record.ts'
import { ProducerIdsRecord } from '../../../src/protocol/generated/metadata-log/producer-ids-record.ts'
import { RemoveTopicRecord } from '../../../src/protocol/generated/metadata-log/remove-topic-record.ts'
import { TopicRecord } from '../../../src/protocol/generated/metadata-log/topic-record.ts'
import { MemoryStateLog } from '../groups/setup.ts'

export { MemoryStateLog }

export const nodeId = 1
export const directoryId = 's9tppN_69VVX-1KFHLS1dA'

/** A partition that has its one replica on the node of these tests. */
export const alone = (topicId: string, partitionId: number): NewPartition => ({
  ...{ topicId, partitionId, replicas: [nodeId], directories: [directoryId], inSyncReplicas: [nodeId], leader: nodeId }
})

export const placement = (overrides: Readonly<Record<string, string>> = {}): Placement => ({
  living: livingBrokers([{ id: nodeId, epoch: 0, rack: null, directoryId, state: 'active' }]),
  chance: new SeededChance(1),
  defaults: BrokerConfig.parse(overrides),
  newTopicId: () => 'J8hKUf_nQQ21LcJpUdYd_g'
})

export function coordinatorOn(
  log = new MemoryStateLog(),
  overrides: Readonly<Record<string, string>> = {},
  nodes: readonly { readonly nodeId: number; readonly directoryId: string }[] = [{ nodeId, directoryId }],
  clock = new ManualClock()
): Controller {
  const brokerDefaults = BrokerConfig.parse(overrides)
  // Another seed for each start: one that is restarted does not give out its ids again.
  const chance = new SeededChance(log.records.length + 1)
  const coordinator = new Controller({
    log,
    clock,
    chance,
    nodeId,
    nodes,
    brokerDefaults,
    freeing: (work) => work(),
    quorum: () => ({ leaderEpoch: 0, logEndOffset: log.logEndOffset, highWatermark: log.logEndOffset })
  })
  const own = nodes.find((node) => node.nodeId === nodeId)?.directoryId ?? directoryId
  const registration = {
    id: nodeId,
    rack: null,
    directoryId: own,
    incarnationId: directoryId,
    endpoints: [],
    isClean: true,
    ends: [],
    offline: [],
    damaged: [],
    ahead: []
  }
  void coordinator.begin()
  void coordinator.brokers.register(registration)
  void coordinator.brokers.begin([nodeId])
  return coordinator
}

export function newTopic(name: string, more: Partial<NewTopic> = {}): NewTopic {
  return { name, partitions: 1, replicationFactor: 1, assignments: [], config: new Map(), ...more }
}

const readers = [TopicRecord, PartitionRecord, RemoveTopicRecord, ConfigRecord, FeatureLevelRecord, ProducerIdsRecord]

/** Each record as its name and its fields. */
export function inWords(records: readonly StateRecord[]): [string, object][] {
  return records.map(({ key, value }) => {
    if (key !== null || value === null) throw new Error('a record of the metadata log has no key, and a value')
    const { type, version, reader } = readMetadataFrame(value)
    const message = readers.find(({ apiKey }) => apiKey === type)
    if (message === undefined) throw new Error(`record type ${type}`)
    return [message.name, { ...message.decode(reader, version) }]
  })
}

/** Everything that an image says, as one value. */
export function contentsOf(image: ClusterImage): object {
  const configs = [2, 4, 8, 16, 32].flatMap((type) =>
    image
      .configured(type)
      .sort()
      .map((name) => [type, name, [...image.configOf(type, name)].sort()])
  )
  const { topicCount, partitionCount, nextProducerId } = image
  const topics = image.sortedTopics().map((topic) => ({ ...topic, byId: image.topicById(topic.id)?.name }))
  const [brokers, controllers, features] = [[...image.brokers()], [...image.controllers], [...image.features]]
  return { topics, topicCount, partitionCount, nextProducerId, configs, features, brokers, controllers }
}

/** A broker that makes no logs, and hands on what it is told. */
export function follower(follow: (records: readonly StateRecord[]) => void): MetadataFollower {
  const nothing = (): void => {}
  const isLettingGo = (): boolean => false
  const letGo = (): Promise<void> => Promise.resolve()
  return {
    isLettingGo,
    letGo,
    prepare: () => [],
    discard: () => [],
    leave: nothing,
    namesSafe: () => Promise.resolve(),
    follow
  }
}

/** The image of a broker that follows from here on. */
export async function followed(controller: Controller): Promise<ClusterImage> {
  const image = await controller.attach(
    nodeId,
    follower((records) => {
      for (const record of records) replayMetadata(image, record)
    })
  )
  return image
}

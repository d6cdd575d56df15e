/**
 * The coordinator of what the cluster knows. A request is decided on the image, its records go to the metadata log, and the
 * answer leaves when they are safe; whoever follows the image (the broker, which makes and removes logs) is told right after
 * the replay, before any answer. (Kafka: QuorumController.)
 */
import { type Chance, randomUuid } from '../../host/chance.ts'
import type { Clock } from '../../host/clock.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import { Coordinator, type StateLog, type StateRecord } from '../coordinator.ts'
import type { ConfigScene } from './config-rules.ts'
import {
  type ConfigDecision,
  decideChangedConfig,
  decideReplacedConfig,
  type ResourceChange,
  type ResourceReplacement
} from './configs.ts'
import {
  type CreatedTopic,
  decideMorePartitions,
  decideNewTopic,
  type MorePartitions,
  type NewTopic,
  objectionToRequestSize,
  type Placement,
  partitionsOf,
  type TopicFailure
} from './create-topics.ts'
import { ClusterImage, ResourceType, type TopicImage } from './image.ts'
import { configRecord, featureLevelRecord, producerIdsRecord, removeTopicRecord } from './records.ts'
import { replayMetadata } from './replay.ts'

/** What a commit has changed. */
export interface MetadataChange {
  readonly created: readonly TopicImage[]
  readonly deleted: readonly TopicImage[]
  /** Topics that have more partitions now. */
  readonly grown: readonly TopicImage[]
  /** Names of topics with another configuration. */
  readonly configured: readonly string[]
}

export interface MetadataOptions {
  readonly log: StateLog
  readonly clock: Clock
  readonly chance: Chance
  readonly nodeId: number
  readonly directoryId: string
  readonly brokerDefaults: BrokerConfig
}

/** Whether a request is carried out, or only looked at. */
export type Mode = 'carry-out' | 'validate-only'

/** The finalized features that a real Kafka 4.4.0 finds in a fresh metadata log; 33 is 4.4-IV2. */
const firstFeatures: readonly (readonly [string, number])[] = [
  ['metadata.version', 33],
  ['eligible.leader.replicas.version', 1],
  ['group.version', 1],
  ['share.version', 2],
  ['streams.version', 1],
  ['transaction.version', 2]
]

/**
 * What every cluster begins with. The minimum of in-sync replicas is cluster-wide from the start, as Kafka makes it where
 * eligible leader replicas (KIP-966) are on.
 */
function firstRecords(defaults: BrokerConfig): StateRecord[] {
  const minInSyncReplicas = 'min.insync.replicas'
  return [
    ...firstFeatures.map(([name, level]) => featureLevelRecord(name, level)),
    configRecord(ResourceType.broker, '', minInSyncReplicas, defaults.get(minInSyncReplicas))
  ]
}

const noChange: MetadataChange = { created: [], deleted: [], grown: [], configured: [] }

export class MetadataCoordinator {
  readonly image = new ClusterImage()
  readonly #coordinator: Coordinator
  readonly #clock: Clock
  readonly #placement: Placement
  #onChange: (change: MetadataChange) => void = () => {}

  /** Replays the log; on an empty one, writes what every cluster begins with. */
  constructor({ log, clock, chance, nodeId, directoryId, brokerDefaults }: MetadataOptions) {
    this.#clock = clock
    this.#placement = { nodeId, directoryId, defaults: brokerDefaults, newTopicId: () => randomUuid(chance) }
    this.#coordinator = new Coordinator({ log, replay: (record) => replayMetadata(this.image, record) })
    const node = String(nodeId)
    brokerDefaults.follow(
      (name) =>
        this.image.configOf(ResourceType.broker, node).get(name) ??
        this.image.configOf(ResourceType.broker, '').get(name)
    )
    if (this.image.features.size === 0) {
      this.#coordinator.commit(firstRecords(brokerDefaults), clock.nowMs())
    }
  }

  /** Resolves when everything that the image says is safe. */
  ready(): Promise<void> {
    return this.#coordinator.settled()
  }

  /** The one who follows the image; told synchronously after each replay. */
  onChange(follow: (change: MetadataChange) => void): void {
    this.#onChange = follow
  }

  /** A result for each topic, in their order. */
  async createTopics(topics: readonly NewTopic[], mode: Mode = 'carry-out'): Promise<(CreatedTopic | TopicFailure)[]> {
    const asked = topics.reduce((sum, topic) => sum + Math.max(0, partitionsOf(topic, this.#placement.defaults)), 0)
    const excess = objectionToRequestSize(asked, 'partitions')
    if (excess !== null) return topics.map(() => excess)
    const results = topics.map((topic) => {
      const { records, result } = decideNewTopic(this.image, topic, this.#placement)
      if (mode === 'carry-out') this.#commit(records, () => ({ ...noChange, created: this.#named(topic.name) }))
      return result
    })
    await this.#coordinator.settled()
    return results
  }

  /** Makes one of the broker's own topics; ErrorCode.NONE when it is there afterwards. */
  async createInternalTopic(
    name: string,
    of: { readonly partitions: number; readonly config: Readonly<Record<string, string>> }
  ): Promise<ErrorCode> {
    const config = new Map(Object.entries(of.config))
    const topic = { name, partitions: of.partitions, replicationFactor: 1, assignments: [], config }
    const [result] = await this.createTopics([topic])
    return result?.error ?? ErrorCode.UNKNOWN_SERVER_ERROR
  }

  async deleteTopics(topicIds: readonly string[]): Promise<void> {
    for (const id of topicIds) {
      const topic = this.image.topicById(id)
      if (topic !== undefined) this.#commit([removeTopicRecord(id)], () => ({ ...noChange, deleted: [topic] }))
    }
    await this.#coordinator.settled()
  }

  async createPartitions(
    topics: readonly MorePartitions[],
    mode: Mode = 'carry-out'
  ): Promise<({ readonly error: 0 } | TopicFailure)[]> {
    const added = topics.map(({ name, count }) => count - (this.image.topicByName(name)?.partitions.length ?? count))
    const excess = objectionToRequestSize(
      added.reduce((sum, count) => sum + Math.max(0, count), 0),
      'additional partitions'
    )
    if (excess !== null) return topics.map(() => excess)
    const results = topics.map((wanted) => {
      const { records, result } = decideMorePartitions(this.image, wanted, this.#placement)
      if (mode === 'carry-out') this.#commit(records, () => ({ ...noChange, grown: this.#named(wanted.name) }))
      return result
    })
    await this.#coordinator.settled()
    return results
  }

  /** AlterConfigs: replaces everything that was set for each resource. */
  replaceConfigs(
    resources: readonly ResourceReplacement[],
    mode: Mode = 'carry-out'
  ): Promise<ConfigDecision['result'][]> {
    return this.#configure(resources, (resource) => decideReplacedConfig(this.#scene, resource), mode)
  }

  /** IncrementalAlterConfigs: changes single settings. */
  changeConfigs(resources: readonly ResourceChange[], mode: Mode = 'carry-out'): Promise<ConfigDecision['result'][]> {
    return this.#configure(resources, (resource) => decideChangedConfig(this.#scene, resource), mode)
  }

  /** Gives away a block of producer ids for good. */
  async allocateProducerIds(count: number): Promise<{ readonly first: number; readonly count: number }> {
    const first = this.image.nextProducerId
    this.#commit([producerIdsRecord(this.#placement.nodeId, first + count)], () => noChange)
    await this.#coordinator.settled()
    return { first, count }
  }

  async #configure<Resource extends { readonly type: number; readonly name: string }>(
    resources: readonly Resource[],
    decide: (resource: Resource) => ConfigDecision,
    mode: Mode
  ): Promise<ConfigDecision['result'][]> {
    const results = resources.map((resource) => {
      const { records, result } = decide(resource)
      if (mode === 'carry-out') {
        this.#commit(records, () => ({ ...noChange, configured: this.#topicsTouchedBy(resource) }))
      }
      return result
    })
    await this.#coordinator.settled()
    return results
  }

  /** A broker's configuration gives the defaults of every topic. */
  #topicsTouchedBy({ type, name }: { readonly type: number; readonly name: string }): string[] {
    if (type === ResourceType.topic) return [name]
    return type === ResourceType.broker ? Array.from(this.image.topics(), (topic) => topic.name) : []
  }

  get #scene(): ConfigScene {
    return { image: this.image, nodeId: this.#placement.nodeId, defaults: this.#placement.defaults }
  }

  #commit(records: readonly StateRecord[], changeOf: () => MetadataChange): void {
    if (records.length === 0) return
    this.#coordinator.commit(records, this.#clock.nowMs())
    this.#onChange(changeOf())
  }

  #named(name: string): TopicImage[] {
    const topic = this.image.topicByName(name)
    return topic === undefined ? [] : [topic]
  }
}

/**
 * The coordinator of what the cluster knows. A request is decided on the image, its records go to the metadata log, and the
 * answer leaves when they are safe; whoever follows the image (the broker, which makes and removes logs) is told right after
 * the replay, before any answer. (Kafka: QuorumController.)
 */
import { type Chance, randomUuid } from '../../host/chance.ts'
import type { Clock } from '../../host/clock.ts'
import { DiskError } from '../../host/disk.ts'
import { limits } from '../../limits.ts'
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
import { livingBrokers } from './living-brokers.ts'
import {
  abortTransactionRecord,
  configRecord,
  electionRecord,
  featureLevelRecord,
  producerIdsRecord,
  removeTopicRecord
} from './records.ts'
import { replayMetadata } from './replay.ts'
import { objectionToCluster, UnsupportedMetadata } from './support.ts'
import { MetadataTransactions } from './transactions.ts'

/** What a commit has changed. */
export interface MetadataChange {
  readonly created: readonly TopicImage[]
  readonly deleted: readonly TopicImage[]
  /** Topics that have more partitions now. */
  readonly grown: readonly TopicImage[]
  /** Names of topics with another configuration. */
  readonly configured: readonly string[]
}

/** Partitions of a topic that are about to be. */
export interface PartitionPlan {
  readonly topic: string
  readonly topicId: string
  readonly firstPartition: number
  readonly count: number
  readonly config: ReadonlyMap<string, string>
}

/** Who makes the logs of new partitions. */
export interface PartitionMaker {
  /** Makes the logs of new partitions, before anything says that there are any. Throws DiskError, with nothing made. */
  prepare(plan: PartitionPlan): void
  /** The plan was not carried out. */
  discard(plan: PartitionPlan): void
  /** Resolves when what was prepared survives a power cut. */
  namesSafe(): Promise<void>
  /** These partitions are there, but it is not safe that they are before this resolves: nothing may be acknowledged on them. */
  restOn(plan: PartitionPlan, safe: Promise<void>): void
  /** What was deleted until now is removed by what this gives, once that is safe. */
  takeSetAside(): () => void
  /** Does what makes room, which must be possible on a full disk. `work` is done again when it threw, having changed nothing. */
  freeing(work: () => void): void
  /** It could not be made safe that these partitions exist: nothing may be acknowledged on them. */
  takeOffline(plan: PartitionPlan, reason: DiskError): void
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

/** The results that rest on records, and on new partitions where there are any. */
type Written = Map<object, PartitionPlan | null>

/** What the disk refused is told to the client; anything else is thrown on. */
function storageFailure(error: unknown): { readonly cause: DiskError; readonly refusal: TopicFailure } {
  if (!(error instanceof DiskError)) throw error
  return { cause: error, refusal: { error: ErrorCode.KAFKA_STORAGE_ERROR, message: error.message } }
}

function withoutNulls(config: ReadonlyMap<string, string | null>): ReadonlyMap<string, string> {
  const set = new Map<string, string>()
  for (const [name, value] of config) if (value !== null) set.set(name, value)
  return set
}

const noChange: MetadataChange = { created: [], deleted: [], grown: [], configured: [] }

export class MetadataCoordinator {
  readonly image = new ClusterImage()
  readonly #transactions = new MetadataTransactions((record) => replayMetadata(this.image, record))
  readonly #coordinator: Coordinator
  readonly #clock: Clock
  readonly #chance: Chance
  readonly #nodeId: number
  readonly #placement: Placement
  #onChange: (change: MetadataChange) => void = () => {}
  #maker: PartitionMaker | null = null

  /** Replays the log, and writes nothing. Throws UnsupportedMetadata when one broker of this version cannot serve what it says. */
  constructor({ log, clock, chance, nodeId, directoryId, brokerDefaults }: MetadataOptions) {
    this.#clock = clock
    this.#chance = chance
    this.#nodeId = nodeId
    const living = livingBrokers([{ id: nodeId, epoch: 0, rack: null, directoryId, state: 'active' }])
    this.#placement = { living, chance, defaults: brokerDefaults, newTopicId: () => randomUuid(chance) }
    this.#coordinator = new Coordinator({ log, replay: (record) => this.#transactions.take(record) })
    const objection = objectionToCluster(this.image, [{ nodeId, directoryId }])
    if (objection !== null) throw new UnsupportedMetadata(objection)
    const node = String(nodeId)
    brokerDefaults.follow(
      (name) =>
        this.image.configOf(ResourceType.broker, node).get(name) ??
        this.image.configOf(ResourceType.broker, '').get(name)
    )
  }

  /**
   * Begins to write: aborts what another controller left half said (Kafka: ActivationRecordsGenerator), writes on an empty
   * log what every cluster begins with, and makes this broker the leader of the partitions that have none. A Kafka that
   * stops hands its partitions over, and there is nobody to take them.
   */
  begin(): void {
    if (this.#transactions.isOpen) this.#append([abortTransactionRecord('Controller failover')])
    if (this.image.features.size === 0) this.#append(firstRecords(this.#placement.defaults))
    const elections = this.#dueElections()
    for (let first = 0; first < elections.length; first += limits.partitionsPerRequest) {
      this.#append(elections.slice(first, first + limits.partitionsPerRequest))
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

  /** The one who makes the logs of new partitions. */
  madeBy(maker: PartitionMaker): void {
    this.#maker = maker
  }

  /** A result for each topic, in their order. */
  async createTopics(topics: readonly NewTopic[], mode: Mode = 'carry-out'): Promise<(CreatedTopic | TopicFailure)[]> {
    const asked = topics.reduce((sum, topic) => sum + Math.max(0, partitionsOf(topic, this.#placement.defaults)), 0)
    const excess = objectionToRequestSize(asked, 'partitions')
    if (excess !== null) return topics.map(() => excess)
    const written: Written = new Map()
    const results = topics.map((topic) => {
      const { records, result } = decideNewTopic(this.image, topic, this.#placement)
      if (mode === 'validate-only' || 'message' in result) return result
      const { id: topicId, partitions: count } = result
      const plan = { topic: topic.name, topicId, firstPartition: 0, count, config: withoutNulls(topic.config) }
      const refusal = this.#grow(plan, records, () => ({ ...noChange, created: this.#named(topic.name) }))
      if (refusal !== null) return refusal
      written.set(result, plan)
      return result
    })
    return this.#settled(written, results)
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

  /** A result for each topic, in their order. */
  async deleteTopics(topicIds: readonly string[]): Promise<({ readonly error: 0 } | TopicFailure)[]> {
    const written: Written = new Map()
    const results = topicIds.map((id) => {
      const result = { error: ErrorCode.NONE } as const
      const topic = this.image.topicById(id)
      if (topic === undefined) return result
      try {
        this.#freeing(() => this.#commit(this.#deletion(topic), () => ({ ...noChange, deleted: [topic] })))
        written.set(result, null)
        return result
      } catch (error) {
        return storageFailure(error).refusal
      }
    })
    const removeForGood = this.#maker?.takeSetAside()
    return this.#settled(written, results, removeForGood)
  }

  /**
   * The topic's configuration is taken back first. A Kafka that replays the making and the deletion of a topic in one go keeps
   * what was set for it (ConfigurationsDelta clears what its image had before), and gives it to the next topic of that name.
   */
  #deletion({ name, id }: TopicImage): StateRecord[] {
    const settings = [...this.image.topicConfig(name).keys()]
    return [...settings.map((key) => configRecord(ResourceType.topic, name, key, null)), removeTopicRecord(id)]
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
    const written: Written = new Map()
    const results = topics.map((wanted) => {
      const topic = this.image.topicByName(wanted.name)
      const { records, result } = decideMorePartitions(this.image, wanted, this.#placement)
      if (mode === 'validate-only' || 'message' in result || topic === undefined) return result
      const firstPartition = topic.partitions.length
      const config = this.image.topicConfig(topic.name)
      const plan = {
        topic: topic.name,
        topicId: topic.id,
        firstPartition,
        count: wanted.count - firstPartition,
        config
      }
      const refusal = this.#grow(plan, records, () => ({ ...noChange, grown: this.#named(wanted.name) }))
      if (refusal !== null) return refusal
      written.set(result, plan)
      return result
    })
    return this.#settled(written, results)
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
    const first = this.image.nextProducerId === 0 ? this.#firstProducerId() : this.image.nextProducerId
    this.#commit([producerIdsRecord(this.#nodeId, first + count)], () => noChange)
    await this.#coordinator.settled()
    return { first, count }
  }

  /**
   * The ids of a new cluster begin anywhere. Clients outlive a broker in memory, or one whose directory was removed, and go on
   * with their ids at its address: a new producer with the same one would have its batches taken for theirs, and dropped.
   */
  #firstProducerId(): number {
    return limits.producerIdBlock * (1 + this.#chance.below(limits.firstProducerIdBlocks))
  }

  async #configure<Resource extends { readonly type: number; readonly name: string }>(
    resources: readonly Resource[],
    decide: (resource: Resource) => ConfigDecision,
    mode: Mode
  ): Promise<ConfigDecision['result'][]> {
    const written: Written = new Map()
    const results = resources.map((resource) => {
      const { records, result } = decide(resource)
      if (mode === 'validate-only') return result
      try {
        // A shorter retention makes room.
        this.#freeing(() => this.#commit(records, () => ({ ...noChange, configured: this.#topicsTouchedBy(resource) })))
        written.set(result, null)
        return result
      } catch (error) {
        return storageFailure(error).refusal
      }
    })
    return this.#settled(written, results)
  }

  /** A broker's configuration gives the defaults of every topic. */
  #topicsTouchedBy({ type, name }: { readonly type: number; readonly name: string }): string[] {
    if (type === ResourceType.topic) return [name]
    return type === ResourceType.broker ? Array.from(this.image.topics(), (topic) => topic.name) : []
  }

  get #scene(): ConfigScene {
    return { image: this.image, nodeId: this.#nodeId, defaults: this.#placement.defaults }
  }

  #dueElections(): StateRecord[] {
    const nodeId = this.#nodeId
    const { metadataVersion } = this.image
    const records: StateRecord[] = []
    for (const { id: topicId, partitions } of this.image.topics()) {
      for (const { partitionId, leader } of partitions) {
        if (leader !== nodeId) records.push(electionRecord({ partitionId, topicId, nodeId, metadataVersion }))
      }
    }
    return records
  }

  #append(records: readonly StateRecord[]): void {
    this.#coordinator.commit(records, this.#clock.nowMs())
  }

  /** The logs first, then the records that tell of them; null when both are there, and a refusal when neither is. */
  #grow(plan: PartitionPlan, records: readonly StateRecord[], changeOf: () => MetadataChange): TopicFailure | null {
    try {
      this.#maker?.prepare(plan)
      try {
        this.#append(records)
      } catch (error) {
        this.#maker?.discard(plan)
        throw error
      }
      this.#onChange(changeOf())
      return null
    } catch (error) {
      return storageFailure(error).refusal
    }
  }

  /** The results, when everything they rest on is safe; what cannot be made safe is refused. */
  async #settled<Result extends object>(
    written: Written,
    results: (Result | TopicFailure)[],
    whenSafe: () => void = () => {}
  ): Promise<(Result | TopicFailure)[]> {
    const plans = [...written.values()].filter((plan) => plan !== null)
    const safe = this.#safe(plans)
    this.#restOn(plans, safe)
    try {
      await safe
      whenSafe()
      return results
    } catch (error) {
      const failure = storageFailure(error)
      // Without a free file handle nothing is in doubt: it becomes safe a little later.
      if (failure.cause.problem === 'too-many-files') this.#laterWhenSafe(plans, whenSafe)
      else for (const plan of plans) this.#maker?.takeOffline(plan, failure.cause)
      return results.map((result) => (written.has(result) ? failure.refusal : result))
    }
  }

  async #safe(plans: readonly PartitionPlan[]): Promise<void> {
    await Promise.all([this.#coordinator.settled(), plans.length > 0 ? this.#maker?.namesSafe() : null])
  }

  #restOn(plans: readonly PartitionPlan[], safe: Promise<void>): void {
    for (const plan of plans) this.#maker?.restOn(plan, safe)
  }

  #laterWhenSafe(plans: readonly PartitionPlan[], work: () => void): void {
    this.#clock.after(limits.openAgainMs, () => {
      const safe = this.#safe(plans)
      this.#restOn(plans, safe)
      safe.then(work, (error: unknown) => {
        if (error instanceof DiskError && error.problem === 'too-many-files') this.#laterWhenSafe(plans, work)
      })
    })
  }

  #freeing(work: () => void): void {
    if (this.#maker === null) work()
    else this.#maker.freeing(work)
  }

  #commit(records: readonly StateRecord[], changeOf: () => MetadataChange): void {
    if (records.length === 0) return
    this.#append(records)
    this.#onChange(changeOf())
  }

  #named(name: string): TopicImage[] {
    const topic = this.image.topicByName(name)
    return topic === undefined ? [] : [topic]
  }
}

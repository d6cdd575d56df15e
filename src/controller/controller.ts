/**
 * The controller: the coordinator of what the cluster knows. A request is decided on the image, its records go to the metadata
 * log, and when they are safe the brokers are told, and then who asked. Its own image is therefore ahead of the brokers', by what
 * is being synced. (Kafka: QuorumController.)
 */

import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import { Coordinator, type StateLog, type StateRecord } from '../coordination/coordinator.ts'
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
} from '../coordination/metadata/create-topics.ts'
import { ClusterImage, ResourceType, type TopicImage } from '../coordination/metadata/image.ts'
import {
  abortTransactionRecord,
  configRecord,
  producerIdsRecord,
  removeTopicRecord
} from '../coordination/metadata/records.ts'
import { replayMetadata } from '../coordination/metadata/replay.ts'
import { type Node, objectionToCluster, UnsupportedMetadata } from '../coordination/metadata/support.ts'
import { MetadataTransactions } from '../coordination/metadata/transactions.ts'
import { type Chance, randomUuid } from '../host/chance.ts'
import type { Clock } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { limits } from '../limits.ts'
import { leavesNoDoubt } from '../log/refused-sync.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { BrokerControl } from './broker-control.ts'
import { ConfigControl, configOfBroker } from './config-control.ts'
import { firstRecords } from './first-records.ts'
import { Growth, type WantedGrowth } from './growth.ts'
import { type LogMaker, LogMakers, type NewPartitions } from './log-makers.ts'
import type { MetadataWriter, Mode } from './metadata-writer.ts'
import { Publication } from './publication.ts'
import { RegisteredBrokers } from './registered-brokers.ts'
import { storageFailure } from './storage-failure.ts'

/** A broker, as the controller knows it: it makes logs, and follows what is safe. */
export interface MetadataFollower extends LogMaker {
  /** These records are safe; in the order of the log. */
  follow(records: readonly StateRecord[]): void
}

/** A broker whose image is taken, and not safe yet. */
interface ComingBroker {
  /** What was told since. */
  readonly missed: StateRecord[]
  /** How often records had been handed in then. */
  handedIn: number
}

export interface ControllerOptions {
  readonly log: StateLog
  readonly clock: Clock
  readonly chance: Chance
  /** The node that it is. */
  readonly nodeId: number
  /** The brokers of this process. */
  readonly nodes: readonly Node[]
  readonly brokerDefaults: BrokerConfig
  /** Does what makes room, on the disk of the metadata log, which must be possible when it is full. */
  readonly freeing: (work: () => void) => void
  /** How far the metadata log is. */
  readonly quorum: () => Omit<QuorumState, 'nodeId'>
}

/** What DescribeQuorum tells: a quorum of one. */
export interface QuorumState {
  readonly nodeId: number
  readonly leaderEpoch: number
  readonly logEndOffset: number
  readonly highWatermark: number
}

/** The results that rest on records, and on new partitions where there are any. */
type Written = Map<object, NewPartitions | null>

function withoutNulls(config: ReadonlyMap<string, string | null>): ReadonlyMap<string, string> {
  const set = new Map<string, string>()
  for (const [name, value] of config) if (value !== null) set.set(name, value)
  return set
}

export class Controller {
  /** Called when the brokers were told of more. */
  onTold: (() => void) | undefined
  /** As decided: what is being synced is in it already. */
  readonly image = new ClusterImage()
  readonly #transactions = new MetadataTransactions((record) => replayMetadata(this.image, record))
  readonly #coordinator: Coordinator
  readonly #clock: Clock
  readonly #chance: Chance
  readonly #nodeId: number
  /** The one broker's disk is the one that has the metadata log: where it keeps no names, nothing of either can be trusted. */
  readonly #isCombined: boolean
  readonly #placement: Placement
  readonly #freeing: (work: () => void) => void
  readonly #quorum: ControllerOptions['quorum']
  /** What concerns brokers, and who leads. */
  readonly brokers: BrokerControl
  /** What concerns configurations. */
  readonly configs: ConfigControl
  readonly #makers: LogMakers
  readonly #growth: Growth
  readonly #followers = new Map<number, MetadataFollower>()
  /** Those who came last, of whom some wait to be told. */
  readonly #coming = new Map<number, ComingBroker>()
  /** How often records were handed to the publication, and how often told. */
  #handedIn = 0
  #told = 0
  readonly #publication: Publication
  /** Written, and not handed to the publication yet. */
  #unpublished: StateRecord[] = []
  /** The new partitions among them. */
  #unpublishedPartitions: NewPartitions[] = []
  /**
   * Of several brokers: resolves when the names of these partitions are safe, or no broker's disk kept them. Their records are told meanwhile:
   * only who asked for them waits, or is refused, as what comes after does not rest on the disk of another.
   */
  readonly #names = new WeakMap<NewPartitions, Promise<DiskError | null>>()
  /** Of topics whose deletion the brokers have not been told of, and whose logs are still there: resolves when they are. */
  readonly #leaving = new Map<string, Promise<void>>()

  /** Replays the log, and writes nothing. Throws UnsupportedMetadata when one broker of this version cannot serve what it says. */
  constructor(options: ControllerOptions) {
    const { log, clock, chance, nodeId, nodes, brokerDefaults: defaults } = options
    this.#clock = clock
    this.#chance = chance
    this.#freeing = options.freeing
    this.#quorum = options.quorum
    this.#nodeId = nodeId
    this.#isCombined = nodes.length === 1
    const living = new RegisteredBrokers()
    this.#placement = { living, chance, defaults, newTopicId: () => randomUuid(chance) }
    this.#coordinator = new Coordinator({ log, replay: (record) => this.#transactions.take(record) })
    this.#coordinator.load()
    // One broker's disk is the controller's as well.
    this.#makers = new LogMakers(this.#isCombined ? null : { clock, patienceMs: defaults.brokerSessionTimeoutMs })
    this.#growth = new Growth({
      clock,
      makers: this.#makers,
      append: (records, partitions) => {
        this.#append(records)
        this.#unpublishedPartitions.push(partitions)
      }
    })
    this.#publication = new Publication(clock, (records) => this.#tell(records))
    const objection = objectionToCluster(this.image, nodes, nodeId)
    if (objection !== null) throw new UnsupportedMetadata(objection)
    defaults.follow((name) => configOfBroker(this.image, nodeId, name))
    const { image } = this
    const writer: MetadataWriter = {
      append: (records) => this.#append(records),
      published: () => this.#published()
    }
    const scene = { image, living, defaults }
    this.brokers = new BrokerControl({ scene, brokers: living, writer, writesRegistrations: !this.#isCombined })
    this.configs = new ConfigControl({ image, defaults, controllerId: nodeId, writer, freeing: this.#freeing })
  }

  /**
   * Begins to write: aborts what another controller left half said (Kafka: ActivationRecordsGenerator), and writes on an empty log
   * what every cluster begins with. Resolves when all of it is safe.
   */
  begin(): Promise<void> {
    if (this.#transactions.isOpen) this.#append([abortTransactionRecord('Controller failover')])
    if (this.image.features.size === 0) this.#append(firstRecords(this.#placement.defaults))
    return this.#published()
  }

  /** Resolves when all that was written so far is safe and told, and so is what the brokers made of it. Rejects with DiskError. */
  async settled(): Promise<void> {
    await this.#published()
    await this.#makers.allSafe()
  }

  /** The node that it is. */
  get nodeId(): number {
    return this.#nodeId
  }

  quorum(): QuorumState {
    return { nodeId: this.nodeId, ...this.#quorum() }
  }

  /** A broker that is told from here on; resolves with what is safe so far. Rejects with DiskError, and where it is gone meanwhile. */
  async attach(nodeId: number, follower: MetadataFollower): Promise<ClusterImage> {
    const image = this.image.copy()
    const coming: ComingBroker = { missed: [], handedIn: this.#handedIn }
    this.#coming.set(nodeId, coming)
    if (this.#unpublished.length > 0 || !this.#publication.isIdle) await this.#madeSafe(coming)
    if (this.#coming.get(nodeId) !== coming) throw new Error(`broker ${nodeId} was lost while it came`)
    this.#coming.delete(nodeId)
    for (const record of coming.missed) replayMetadata(image, record)
    this.#makers.attach(nodeId, follower)
    this.#followers.set(nodeId, follower)
    return image
  }

  /** What is in its image; others may write without end, and what comes after it is caught up on. */
  async #madeSafe(coming: ComingBroker): Promise<void> {
    // Where it is refused for now, it is told later all the same.
    this.#published().catch(() => {})
    coming.handedIn = this.#handedIn
    await this.#publication.settled()
  }

  /** The broker is gone. */
  detach(nodeId: number): void {
    this.#coming.delete(nodeId)
    this.#makers.detach(nodeId)
    this.#followers.delete(nodeId)
  }

  /** A result for each topic, in their order. */
  async createTopics(topics: readonly NewTopic[], mode: Mode = 'carry-out'): Promise<(CreatedTopic | TopicFailure)[]> {
    const asked = topics.reduce((sum, topic) => sum + Math.max(0, partitionsOf(topic, this.#placement.defaults)), 0)
    const excess = objectionToRequestSize(asked, 'partitions')
    if (excess !== null) return topics.map(() => excess)
    const wanted = topics.map((topic) => this.#newTopic(topic))
    if (mode === 'validate-only') return wanted.map((one) => one.decide(null).result)
    return this.#grow(wanted, this.#namesFree(topics))
  }

  #newTopic(topic: NewTopic): WantedGrowth<CreatedTopic> {
    return {
      decide: (made) =>
        made === null
          ? decideNewTopic(this.image, topic, this.#placement)
          : decideNewTopic(this.image, placedAs(topic, made), { ...this.#placement, newTopicId: () => made.topicId }),
      partitions: ({ id }, placed) => ({
        ...{ topic: topic.name, topicId: id, config: withoutNulls(topic.config), placed }
      })
    }
  }

  /** Makes one of the broker's own topics; ErrorCode.NONE when it is there afterwards. */
  async createInternalTopic(
    name: string,
    of: {
      readonly partitions: number
      readonly replicationFactor: number
      readonly config: Readonly<Record<string, string>>
    }
  ): Promise<ErrorCode> {
    const config = new Map(Object.entries(of.config))
    const topic = { name, partitions: of.partitions, replicationFactor: of.replicationFactor, assignments: [], config }
    const [result] = await this.createTopics([topic])
    return result?.error ?? ErrorCode.UNKNOWN_SERVER_ERROR
  }

  /** A result for each topic, in their order. */
  async deleteTopics(topicIds: readonly string[]): Promise<({ readonly error: 0 } | TopicFailure)[]> {
    const written: Written = new Map()
    const leaving: string[] = []
    const results = topicIds.map((id) => {
      const result = { error: ErrorCode.NONE } as const
      const topic = this.image.topicById(id)
      if (topic === undefined) return result
      try {
        this.#freeing(() => this.#append(this.#deletion(topic)))
        written.set(result, null)
        leaving.push(topic.name)
        return result
      } catch (error) {
        return storageFailure(error).refusal
      }
    })
    const settled = this.#settled(written, results)
    this.#holdNames(leaving)
    return settled
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
    const wanted = topics.map((topic) => this.#morePartitions(topic))
    if (mode === 'validate-only') return wanted.map((one) => one.decide(null).result)
    return this.#grow(wanted, () => null)
  }

  #morePartitions(wanted: MorePartitions): WantedGrowth<{ readonly error: 0 }> {
    const { name } = wanted
    return {
      decide: (made) => {
        const assignments = made?.placed.map(({ replicas }) => ({ brokerIds: replicas })) ?? wanted.assignments
        return decideMorePartitions(this.image, { ...wanted, assignments }, this.#placement)
      },
      partitions: (_, placed) => ({
        ...{
          topic: name,
          topicId: this.image.topicByName(name)?.id ?? '',
          config: this.image.topicConfig(name),
          placed
        }
      })
    }
  }

  #grow<Success extends object>(
    wanted: readonly WantedGrowth<Success>[],
    namesFree: () => Promise<void> | null
  ): Promise<(Success | TopicFailure)[]> {
    return this.#growth.carryOut(wanted, namesFree, (grown) => {
      const written: Written = new Map()
      for (const { result, partitions } of grown) if (partitions !== null) written.set(result, partitions)
      const results = grown.map(({ result }) => result)
      return this.#settled(written, results)
    })
  }

  /** Gives away a block of producer ids for good. */
  async allocateProducerIds(count: number): Promise<{ readonly first: number; readonly count: number }> {
    const first = this.image.nextProducerId === 0 ? this.#firstProducerId() : this.image.nextProducerId
    this.#append([producerIdsRecord(this.#nodeId, first + count)])
    await this.#published()
    return { first, count }
  }

  /**
   * The ids of a new cluster begin anywhere. Clients outlive a broker in memory, or one whose directory was removed, and go on
   * with their ids at its address: a new producer with the same one would have its batches taken for theirs, and dropped.
   */
  #firstProducerId(): number {
    return limits.producerIdBlock * (1 + this.#chance.below(limits.firstProducerIdBlocks))
  }

  /** Throws DiskError, with the image as it was. */
  #append(records: readonly StateRecord[]): void {
    this.#coordinator.commit(records, this.#clock.nowMs())
    for (const record of records) this.#unpublished.push(record)
  }

  /** A topic that takes the name of one that is being deleted waits until the brokers have let go of that one's directories. */
  #holdNames(names: readonly string[]): void {
    const told = this.#publication.settled()
    for (const name of names) this.#leaving.set(name, told)
    const letGo = (): void => {
      for (const name of names) if (this.#leaving.get(name) === told) this.#leaving.delete(name)
    }
    // What could not be made safe holds its name: the controller's log takes no more.
    told.then(letGo, () => {})
  }

  /**
   * What these names have to wait for, again and again until there is nothing: meanwhile others may have made a topic of such a name, which
   * was deleted since. What waits rejects with DiskError when a deletion could not be made safe.
   */
  #namesFree(topics: readonly NewTopic[]): () => Promise<void> | null {
    // Not every broker's disk may let go; where some do, that is enough.
    let hasLetGo = false
    return () => {
      if (topics.some(({ name }) => this.#leaving.has(name))) {
        hasLetGo = false
        return this.#deletionsTold(topics)
      }
      if (hasLetGo || !topics.some(({ name }) => this.#makers.isLettingGo(name))) return null
      hasLetGo = true
      return Promise.all(topics.map(({ name }) => this.#makers.letGo(name))).then(() => {})
    }
  }

  async #deletionsTold(topics: readonly NewTopic[]): Promise<void> {
    // One may have been refused for want of a file handle, and may be possible by now.
    await this.#published()
    await Promise.all(topics.map(({ name }) => this.#leaving.get(name)))
  }

  /** The results, when everything they rest on is safe and told; what cannot be made safe is refused. */
  async #settled<Result extends object>(
    written: Written,
    results: (Result | TopicFailure)[]
  ): Promise<(Result | TopicFailure)[]> {
    const partitions = [...written.values()].filter((one) => one !== null)
    try {
      await this.#published()
      for (const one of partitions) {
        const refusal = await this.#names.get(one)
        if (refusal != null) throw refusal
      }
      return results
    } catch (error) {
      const failure = storageFailure(error)
      if (!leavesNoDoubt(failure.cause)) for (const one of partitions) this.#makers.leave(one)
      return results.map((result) => (written.has(result) ? failure.refusal : result))
    }
  }

  /** Resolves when all that was written is safe, and the brokers know of it. Rejects with DiskError. */
  #published(): Promise<void> {
    const [records, partitions] = [this.#unpublished, this.#unpublishedPartitions]
    this.#unpublished = []
    this.#unpublishedPartitions = []
    this.#handedIn += 1
    const namesSafe = (): Promise<void> => this.#makers.namesSafe(partitions)
    if (this.#isCombined)
      return this.#publication.publish(records, async () => {
        await Promise.all([this.#coordinator.settled(), namesSafe()])
      })
    if (partitions.length > 0) {
      const kept = namesSafe().then(() => null, diskErrorOf)
      for (const one of partitions) this.#names.set(one, kept)
    }
    return this.#publication.publish(records, () => this.#coordinator.settled())
  }

  #tell(records: readonly StateRecord[]): void {
    this.#told += 1
    if (records.length === 0) return
    for (const { missed, handedIn } of this.#coming.values()) if (this.#told > handedIn) missed.push(...records)
    for (const follower of [...this.#followers.values()]) follower.follow(records)
    this.onTold?.()
  }
}

function diskErrorOf(error: unknown): DiskError {
  if (!(error instanceof DiskError)) throw error
  return error
}

/** The topic with its replicas where their logs are. */
function placedAs(topic: NewTopic, { placed }: NewPartitions): NewTopic {
  const assignments = placed.map(({ partitionId, replicas }) => ({ partitionIndex: partitionId, brokerIds: replicas }))
  return { ...topic, partitions: -1, replicationFactor: -1, assignments }
}

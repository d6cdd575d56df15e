/**
 * What the cluster knows, as the metadata log says: topics, their partitions, configurations, and brokers. Hard state: only
 * `replay.ts` changes it. (Kafka: MetadataImage.)
 */
import { ProtocolError } from '../../protocol/primitives.ts'
import type { BrokerImage } from './broker-image.ts'
import { ChangesSince, type MetadataDelta } from './delta.ts'
import { KeptRecords } from './kept-records.ts'
import type { PartitionImage } from './partition-image.ts'
import { collisionKey } from './topic-names.ts'

export type { BrokerImage, MetadataDelta, PartitionImage }

export interface TopicImage {
  readonly name: string
  readonly id: string
  /** The index is the partition's id. */
  readonly partitions: readonly PartitionImage[]
  /** The broker's own: clients may read it, not write it. */
  readonly isInternal: boolean
}

/** Kafka's numbers for what a configuration belongs to (ConfigResource.Type). */
export const ResourceType = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const

const internalTopics: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state'
])

/** Whether a topic of this name is the broker's own. */
export function isInternalTopic(name: string): boolean {
  return internalTopics.has(name)
}

/** The same as seen by replay, which adds partitions where they are. */
interface GrowingTopic extends TopicImage {
  readonly partitions: PartitionImage[]
}

const noConfig: ReadonlyMap<string, string> = new Map()

export class ClusterImage {
  readonly #byName = new Map<string, GrowingTopic>()
  /** Names by what they have in common with names that differ in '.' and '_' only. */
  readonly #byCollisionKey = new Map<string, string>()
  readonly #nameById = new Map<string, string>()
  /**
   * Ids of topics that the log tells were deleted, since the snapshot that it begins with; null once the directories were
   * held against them. Only a start asks: a broker that makes and deletes topics for months would keep each of them.
   */
  #removed: Set<string> | null = new Set()
  readonly #configs = new Map<string, Map<string, string>>()
  readonly #features = new Map<string, number>()
  #sorted: readonly TopicImage[] | null = null
  readonly #brokers = new Map<number, BrokerImage>()
  readonly #controllers = new Set<number>()
  /** What nobody here acts on, and a snapshot has to say all the same. */
  readonly kept = new KeptRecords()
  #partitionCount = 0
  #nextProducerId = 0
  /** Since the last delta; null as long as nobody has asked for one: a start replays everything, and asks for no part of it. */
  #changes: ChangesSince | null = null

  /** Another image that says the same, and goes its own way from here. Only what replay writes into is made anew. */
  copy(): ClusterImage {
    const copy = new ClusterImage()
    for (const [name, topic] of this.#byName) copy.#byName.set(name, { ...topic, partitions: [...topic.partitions] })
    for (const [key, name] of this.#byCollisionKey) copy.#byCollisionKey.set(key, name)
    for (const [id, name] of this.#nameById) copy.#nameById.set(id, name)
    for (const [key, config] of this.#configs) copy.#configs.set(key, new Map(config))
    for (const [name, level] of this.#features) copy.#features.set(name, level)
    for (const [id, broker] of this.#brokers) copy.#brokers.set(id, broker)
    for (const id of this.#controllers) copy.#controllers.add(id)
    copy.kept.putAll(this.kept)
    copy.#removed = this.#removed === null ? null : new Set(this.#removed)
    copy.#partitionCount = this.#partitionCount
    copy.#nextProducerId = this.#nextProducerId
    return copy
  }

  /** What replay has changed since the last time; nothing the first time, from which on the changes are collected. */
  takeDelta(): MetadataDelta {
    const changes = this.#changes ?? new ChangesSince()
    this.#changes = new ChangesSince()
    return changes.toDelta((id) => {
      const topic = this.topicById(id)
      if (topic === undefined) throw new Error(`topic ${id} has changed, and is not there`)
      return topic
    })
  }

  topicByName(name: string): TopicImage | undefined {
    return this.#byName.get(name)
  }

  topicById(id: string): TopicImage | undefined {
    const name = this.#nameById.get(id)
    return name === undefined ? undefined : this.#byName.get(name)
  }

  /** The topic that such a name would collide with. */
  topicCollidingWith(key: string): string | undefined {
    return this.#byCollisionKey.get(key)
  }

  topics(): Iterable<TopicImage> {
    return this.#byName.values()
  }

  /** By name; sorted once after a change, not on each request. */
  sortedTopics(): readonly TopicImage[] {
    this.#sorted ??= [...this.#byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
    return this.#sorted
  }

  /** By name, from the first that is not below this one. */
  *topicsFrom(name: string): Iterable<TopicImage> {
    const sorted = this.sortedTopics()
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sorted[middle]?.name ?? '') < name) low = middle + 1
      else high = middle
    }
    for (let index = low; index < sorted.length; index++) {
      const topic = sorted[index]
      if (topic !== undefined) yield topic
    }
  }

  get topicCount(): number {
    return this.#byName.size
  }

  get partitionCount(): number {
    return this.#partitionCount
  }

  /** What was set for a resource; defaults are not in it. */
  configOf(type: number, name: string): ReadonlyMap<string, string> {
    return this.#configs.get(`${type}:${name}`) ?? noConfig
  }

  topicConfig(topic: string): ReadonlyMap<string, string> {
    return this.configOf(ResourceType.topic, topic)
  }

  /** How many resources have a configuration of their own, topics among them. */
  get configuredCount(): number {
    return this.#configs.size
  }

  /** The names of the resources of a type that have a configuration of their own. */
  configured(type: number): string[] {
    const prefix = `${type}:`
    return [...this.#configs.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
  }

  /** Each resource that has a configuration of its own. */
  *configurations(): Iterable<{ type: number; name: string; config: ReadonlyMap<string, string> }> {
    for (const [key, config] of this.#configs) {
      const colon = key.indexOf(':')
      yield { type: Number(key.slice(0, colon)), name: key.slice(colon + 1), config }
    }
  }

  get features(): ReadonlyMap<string, number> {
    return this.#features
  }

  /** The version of the metadata's records; -1 as long as nothing says it. */
  get metadataVersion(): number {
    return this.#features.get('metadata.version') ?? -1
  }

  get nextProducerId(): number {
    return this.#nextProducerId
  }

  /** How a broker registered; undefined when it is not registered. */
  broker(id: number): BrokerImage | undefined {
    return this.#brokers.get(id)
  }

  brokers(): Iterable<BrokerImage> {
    return this.#brokers.values()
  }

  /** The epoch under which this broker is registered; undefined when it is not. */
  brokerEpoch(nodeId: number): number | undefined {
    return this.#brokers.get(nodeId)?.epoch
  }

  /** The controllers of a Kafka that had the directory. */
  get controllers(): ReadonlySet<number> {
    return this.#controllers
  }

  partition(topicId: string, partitionId: number): PartitionImage | undefined {
    return this.topicById(topicId)?.partitions[partitionId]
  }

  /** For replay only. */
  putTopic(name: string, id: string): void {
    this.#byName.set(name, { name, id, partitions: [], isInternal: internalTopics.has(name) })
    this.#nameById.set(id, name)
    this.#byCollisionKey.set(collisionKey(name), name)
    this.#sorted = null
    this.#changes?.topicCreated(id)
  }

  /** For replay only. */
  putPartition(topicId: string, partition: PartitionImage): void {
    const topic = this.#byName.get(this.#nameById.get(topicId) ?? '')
    if (topic === undefined)
      throw new ProtocolError(`The metadata log has a partition of a topic ${topicId} that it does not have.`)
    const before = topic.partitions[partition.partitionId]
    if (before === undefined) this.#partitionCount += 1
    this.#changes?.partitionChanged(topicId, partition.partitionId, before ?? null)
    topic.partitions[partition.partitionId] = partition
  }

  /** Whether the log tells that this topic was deleted: a directory of it is no damage. Until `forgetRemoved`. */
  wasRemoved(topicId: string): boolean {
    if (this.#removed === null) throw new Error(`which topics were deleted is forgotten, and ${topicId} is asked for`)
    return this.#removed.has(topicId)
  }

  /** Whether it has ever heard of a topic, since the snapshot that the log begins with. */
  get hasKnownTopics(): boolean {
    return this.#byName.size > 0 || this.#removed === null || this.#removed.size > 0
  }

  /** Nobody will ask which topics were deleted. */
  forgetRemoved(): void {
    this.#removed = null
  }

  /** For replay only. */
  removeTopic(topicId: string): void {
    const topic = this.topicById(topicId)
    if (topic === undefined) return
    this.#removed?.add(topicId)
    this.#partitionCount -= topic.partitions.length
    this.#byName.delete(topic.name)
    this.#nameById.delete(topicId)
    const key = collisionKey(topic.name)
    if (this.#byCollisionKey.get(key) === topic.name) this.#byCollisionKey.delete(key)
    const configKey = `${ResourceType.topic}:${topic.name}`
    this.#configs.delete(configKey)
    this.#changes?.topicDeleted(topic, configKey)
    this.#sorted = null
  }

  /** For replay only. A null value takes the setting back. */
  putConfig(type: number, resource: string, name: string, value: string | null): void {
    const key = `${type}:${resource}`
    const config = this.#configs.get(key) ?? new Map<string, string>()
    if (value === null) config.delete(name)
    else config.set(name, value)
    if (config.size === 0) this.#configs.delete(key)
    else this.#configs.set(key, config)
    this.#changes?.configChanged(key, type, resource)
  }

  /** For replay only. */
  putFeature(name: string, level: number): void {
    this.#features.set(name, level)
  }

  /** For replay only. */
  putNextProducerId(next: number): void {
    this.#nextProducerId = next
  }

  /** For replay only. */
  putBroker(broker: BrokerImage): void {
    this.#brokers.set(broker.id, broker)
    this.#changes?.brokerChanged(broker.id)
  }

  /** For replay only. */
  removeBroker(id: number): void {
    if (this.#brokers.delete(id)) this.#changes?.brokerChanged(id)
  }

  /** For replay only. */
  putController(nodeId: number): void {
    this.#controllers.add(nodeId)
  }

  /** For replay only. */
  removeController(nodeId: number): void {
    this.#controllers.delete(nodeId)
  }
}

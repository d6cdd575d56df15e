/**
 * What the cluster knows, as the metadata log says: topics, their partitions, and configurations. Hard state: only
 * `replay.ts` changes it. (Kafka: MetadataImage.)
 */
import { ProtocolError } from '../../protocol/primitives.ts'
import { collisionKey } from './topic-names.ts'

export interface PartitionImage {
  readonly partitionId: number
  readonly replicas: readonly number[]
  /** The directory of each replica, by its id (KIP-858); empty before metadata.version 17. */
  readonly directories: readonly string[]
  readonly inSyncReplicas: readonly number[]
  /** Node id; -1 when there is none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
}

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
  readonly #brokerEpochs = new Map<number, number>()
  readonly #controllers = new Set<number>()
  #partitionCount = 0
  #nextProducerId = 0

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

  /** The names of the resources of a type that have a configuration of their own. */
  configured(type: number): string[] {
    const prefix = `${type}:`
    return [...this.#configs.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
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

  /** The epoch under which a Kafka registered this broker; undefined when none did. */
  brokerEpoch(nodeId: number): number | undefined {
    return this.#brokerEpochs.get(nodeId)
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
  }

  /** For replay only. */
  putPartition(topicId: string, partition: PartitionImage): void {
    const topic = this.#byName.get(this.#nameById.get(topicId) ?? '')
    if (topic === undefined)
      throw new ProtocolError(`The metadata log has a partition of a topic ${topicId} that it does not have.`)
    if (topic.partitions[partition.partitionId] === undefined) this.#partitionCount += 1
    topic.partitions[partition.partitionId] = partition
  }

  /** Whether the log tells that this topic was deleted: a directory of it is no damage. Until `forgetRemoved`. */
  wasRemoved(topicId: string): boolean {
    if (this.#removed === null) throw new Error(`which topics were deleted is forgotten, and ${topicId} is asked for`)
    return this.#removed.has(topicId)
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
    this.#configs.delete(`${ResourceType.topic}:${topic.name}`)
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
  putBroker(nodeId: number, epoch: number): void {
    this.#brokerEpochs.set(nodeId, epoch)
  }

  /** For replay only. */
  removeBroker(nodeId: number): void {
    this.#brokerEpochs.delete(nodeId)
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

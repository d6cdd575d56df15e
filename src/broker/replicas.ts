/** Every replica of this broker: opened at start, made and removed as topics come and go, closed at the end. */

import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { ClusterImage, PartitionImage, TopicImage } from '../coordination/metadata/image.ts'
import type { MetadataChange } from '../coordination/metadata/metadata-coordinator.ts'
import { randomUuid } from '../host/chance.ts'
import type { Host } from '../host/host.ts'
import { limits } from '../limits.ts'
import { PartitionLog } from '../log/partition-log.ts'
import { SyncTurns } from '../log/sync-turns.ts'
import type { Durability, LogConfig } from '../log/types.ts'
import type { DataDirectory, PartitionOffsets } from './data-directory.ts'
import { Replica } from './replica.ts'

/** The topic id that Kafka reserves for `__cluster_metadata` (Uuid.METADATA_TOPIC_ID). */
const metadataTopicId = 'AAAAAAAAAAAAAAAAAAAAAQ'
const metadataTopic = '__cluster_metadata'

export interface ReplicasOptions {
  readonly host: Host
  readonly durability: Durability
  readonly config: BrokerConfig
  readonly directory: DataDirectory
}

export class Replicas {
  /** Called when the recovery points are worth writing down. */
  onCheckpoint: (() => void) | undefined
  readonly #options: ReplicasOptions
  readonly #byTopic = new Map<string, Replica[]>()
  readonly #recoveryPoints: PartitionOffsets
  readonly #logStartOffsets: PartitionOffsets
  readonly #syncTurns = new SyncTurns()
  #metadata: Replica | null = null

  constructor(options: ReplicasOptions) {
    this.#options = options
    this.#recoveryPoints = options.directory.readOffsets('recovery-point-offset-checkpoint')
    this.#logStartOffsets = options.directory.readOffsets('log-start-offset-checkpoint')
  }

  get(topic: string, partition: number): Replica | undefined {
    return this.#byTopic.get(topic)?.[partition]
  }

  *all(): Iterable<Replica> {
    for (const replicas of this.#byTopic.values()) yield* replicas
  }

  /** The log of what the cluster knows. It is no topic of the image: it is where the image comes from. */
  openMetadata(): Replica {
    const { config } = this.#options
    const settings: LogConfig = {
      ...config.logConfigFor(new Map()),
      retentionBytes: -1,
      retentionMs: -1,
      cleanupDelete: false,
      cleanupCompact: false,
      maxMessageBytes: 8 * 1024 * 1024
    }
    const identity = { topic: metadataTopic, topicId: metadataTopicId, partition: 0, leaderEpoch: 0 }
    this.#metadata = new Replica({ ...identity, minInSyncReplicas: 1, log: this.#openLog(identity, settings) })
    return this.#metadata
  }

  /** Opens the log of every partition of the image, and sets aside directories that belong to none. */
  openAll(image: ClusterImage): void {
    this.#setStraysAside(image)
    for (const topic of image.topics()) this.#open(topic, topic.partitions, image)
  }

  /**
   * Resolves when what a crash left is durable, and so readable. Before, a client would be told an end below what was
   * acknowledged. A log whose sync fails says so to whoever uses it.
   */
  async recovered(): Promise<void> {
    await Promise.allSettled([...this.all()].map(({ log }) => log.durable(log.logEndOffset)))
  }

  /** Makes, extends, reconfigures and removes replicas after the cluster's image has changed. */
  follow(change: MetadataChange, image: ClusterImage): void {
    for (const topic of change.deleted) this.#remove(topic)
    // A later topic of the same name must not find this one's offsets after a crash.
    if (change.deleted.length > 0) this.saveCheckpoints()
    for (const topic of change.created) this.#open(topic, topic.partitions, image)
    for (const topic of change.grown) this.#open(topic, topic.partitions.slice(this.#count(topic.name)), image)
    for (const name of change.configured) this.#configure(name, image)
  }

  applyRetention(): void {
    for (const replica of this.all()) replica.log.applyRetention()
    this.saveLogStartOffsets()
  }

  saveLogStartOffsets(): void {
    this.#save('log-start-offset-checkpoint', (replica) => replica.log.logStartOffset)
  }

  saveRecoveryPoints(): void {
    this.#save('recovery-point-offset-checkpoint', (replica) => replica.log.recoveryPoint)
  }

  saveCheckpoints(): void {
    this.saveRecoveryPoints()
    this.#save('replication-offset-checkpoint', (replica) => replica.highWatermark)
    this.saveLogStartOffsets()
  }

  /** Syncs and closes every log, and leaves the mark of a clean stop. */
  async close(): Promise<void> {
    const replicas = [...this.all(), ...(this.#metadata ? [this.#metadata] : [])]
    for (const replica of replicas) replica.end()
    const closed = await Promise.allSettled(replicas.map((replica) => replica.log.close()))
    this.saveCheckpoints()
    // A log that could not be closed has to be recovered by the next start, which does so after a stop without this mark.
    if (closed.every(({ status }) => status === 'fulfilled')) this.#options.directory.markCleanlyStopped()
  }

  #open(topic: TopicImage, partitions: readonly PartitionImage[], image: ClusterImage): void {
    const replicas = this.#byTopic.get(topic.name) ?? []
    const topicConfig = image.topicConfig(topic.name)
    const settings = this.#options.config.logConfigFor(topicConfig)
    for (const { partitionId, leaderEpoch } of partitions) {
      const identity = { topic: topic.name, topicId: topic.id, partition: partitionId, leaderEpoch }
      const minInSyncReplicas = this.#options.config.minInSyncReplicasFor(topicConfig)
      replicas[partitionId] = new Replica({ ...identity, minInSyncReplicas, log: this.#openLog(identity, settings) })
    }
    this.#byTopic.set(topic.name, replicas)
  }

  #openLog(
    of: { topic: string; topicId: string; partition: number; leaderEpoch: number },
    config: LogConfig
  ): PartitionLog {
    const { host, durability, directory } = this.#options
    const name = `${of.topic}-${of.partition}`
    const log = PartitionLog.open({
      disk: host.disk,
      directory: name,
      topicId: of.topicId,
      leaderEpoch: of.leaderEpoch,
      config,
      clock: host.clock,
      durability,
      syncTurns: this.#syncTurns,
      recoveryPoint: this.#recoveryPoints.get(name) ?? 0,
      logStartOffset: this.#logStartOffsets.get(name) ?? 0,
      shutdown: directory.wasStoppedCleanly ? 'clean' : 'unclean',
      checkpointBytes: limits.checkpointBytes
    })
    log.onCheckpoint = () => this.onCheckpoint?.()
    return log
  }

  #configure(name: string, image: ClusterImage): void {
    const topicConfig = image.topicConfig(name)
    for (const replica of this.#byTopic.get(name) ?? []) {
      replica.log.updateConfig(this.#options.config.logConfigFor(topicConfig))
      replica.minInSyncReplicas = this.#options.config.minInSyncReplicasFor(topicConfig)
    }
  }

  #remove(topic: TopicImage): void {
    for (const replica of this.#byTopic.get(topic.name) ?? []) {
      replica.end()
      replica.log.remove()
    }
    this.#byTopic.delete(topic.name)
  }

  #count(topic: string): number {
    return this.#byTopic.get(topic)?.length ?? 0
  }

  #save(checkpoint: Parameters<DataDirectory['writeOffsets']>[0], offsetOf: (replica: Replica) => number): void {
    const offsets = new Map<string, number>()
    for (const replica of this.all()) offsets.set(`${replica.topic}-${replica.partition}`, offsetOf(replica))
    if (this.#metadata) offsets.set(`${metadataTopic}-0`, offsetOf(this.#metadata))
    this.#options.directory.writeOffsets(checkpoint, offsets)
  }

  /**
   * A partition's directory that no topic claims is what a deletion left when the process was killed in its middle. It is
   * renamed, not removed, as Kafka does with strays: data is never thrown away on a guess.
   */
  #setStraysAside(image: ClusterImage): void {
    const { disk, chance } = this.#options.host
    for (const name of disk.list('')) {
      if (name.endsWith('-delete')) {
        disk.remove(name)
        continue
      }
      const [, topic, partition] = /^(.+)-(\d+)$/.exec(name) ?? []
      if (topic === undefined || partition === undefined || topic === metadataTopic) continue
      const claimed = image.topicByName(topic)?.partitions[Number(partition)]
      const isOurs = claimed !== undefined && PartitionLog.topicIdOf(disk, name) === image.topicByName(topic)?.id
      if (!isOurs && disk.exists(`${name}/partition.metadata`)) disk.rename(name, `${name}.${randomUuid(chance)}-stray`)
    }
  }
}

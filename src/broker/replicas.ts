/** Every replica of this broker: opened at start, made and removed as topics come and go, closed at the end. */

import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { ClusterImage, PartitionImage, TopicImage } from '../coordination/metadata/image.ts'
import type { MetadataChange, PartitionPlan } from '../coordination/metadata/metadata-coordinator.ts'
import { metadataTopicName } from '../coordination/metadata/topic-names.ts'
import { attempt, DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { limits } from '../limits.ts'
import { setDirectoryAside } from '../log/deleted-directory.ts'
import { type LogOpening, PartitionLog } from '../log/partition-log.ts'
import { SyncTurns } from '../log/sync-turns.ts'
import type { Durability, LogConfig } from '../log/types.ts'
import { Checkpoints, type HostedByName } from './checkpoints.ts'
import type { DataDirectory } from './data-directory.ts'
import { type HostedPartition, notHosted } from './hosted-partition.ts'
import { assertNothingMissing, metadataDirectory, readMetadataDirectory } from './metadata-directory.ts'
import { Replica } from './replica.ts'
import type { StateSnapshot } from './replica-log.ts'
import { setStraysAside, strayName } from './strays.ts'
import { Telling } from './telling.ts'

/** The topic id that Kafka reserves for `__cluster_metadata` (Uuid.METADATA_TOPIC_ID). */
const metadataTopicId = 'AAAAAAAAAAAAAAAAAAAAAQ'

export interface ReplicasOptions {
  readonly host: Host
  readonly durability: Durability
  readonly config: BrokerConfig
  readonly directory: DataDirectory
  /** Gets a line when a partition cannot be served. */
  readonly log: (line: string) => void
}

interface ReplicaIdentity {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly leaderEpoch: number
}

/** Whether a partition was just made, or was there at the start. */
type History = 'new' | 'known'

/** How many replicas a partition has, and has to have in sync. */
interface Replication {
  readonly replicaCount: number
  readonly minInSyncReplicas: number
}

export class Replicas {
  /** Called when the recovery points are worth writing down. */
  onCheckpoint: (() => void) | undefined
  readonly #options: ReplicasOptions
  readonly #byTopic = new Map<string, HostedPartition[]>()
  readonly #checkpoints: Checkpoints
  readonly #syncTurns = new SyncTurns()
  /** Logs of partitions that nobody has been told of yet, by topic and partition. */
  readonly #prepared = new Map<string, PartitionLog>()
  /** Directories of deleted topics, whose deletion is not safe yet. */
  #setAside: string[] = []
  readonly #telling: Telling
  #metadata: Replica | null = null
  /** Of logs that were damaged. */
  readonly #closing: Promise<void>[] = []

  constructor(options: ReplicasOptions) {
    this.#options = options
    const { directory, log } = options
    this.#telling = new Telling(log)
    this.#checkpoints = new Checkpoints(directory, log)
  }

  get(topic: string, partition: number): HostedPartition {
    return this.#byTopic.get(topic)?.[partition] ?? notHosted
  }

  /** Those that serve. */
  *all(): Iterable<Replica> {
    for (const partitions of this.#byTopic.values()) yield* replicasAmong(partitions)
  }

  /**
   * The log of what the cluster knows. It is no topic of the image: it is where the image comes from. Its epoch is the
   * quorum's, which has one node here: it is nobody else's, and is gone on with, once it is seen that all of it can be served.
   */
  openMetadata(): { readonly replica: Replica; readonly snapshot: StateSnapshot } {
    const { config, host } = this.#options
    const { snapshot, leaderEpoch } = readMetadataDirectory(host.disk)
    const settings: LogConfig = {
      ...config.logConfigFor(new Map()),
      retentionBytes: -1,
      retentionMs: -1,
      cleanupDelete: false,
      cleanupCompact: false,
      maxMessageBytes: 8 * 1024 * 1024
    }
    const identity = { topic: metadataTopicName, topicId: metadataTopicId, partition: 0, leaderEpoch }
    const history = this.#options.directory.isNew ? 'new' : 'known'
    // A Kafka that is stopped while it starts has written here, and not yet taken away what says that all was closed cleanly.
    // What the cluster knows is synced whatever is asked for records, as Kafka's quorum does (KafkaRaftLog.flush): without it a
    // power cut leaves records of topics that nobody knows.
    const log = this.#openLog(identity, settings, history, { shutdown: 'unclean', durability: 'disk' })
    try {
      assertNothingMissing(host.disk, snapshot, log)
      const newestEpoch = Math.max(leaderEpoch, log.latestEpoch)
      const replication = { minInSyncReplicas: 1, replicaCount: 1 }
      this.#metadata = new Replica({ ...identity, ...replication, leaderEpoch: newestEpoch, log })
      return { replica: this.#metadata, snapshot }
    } catch (error) {
      log.abandon()
      throw error
    }
  }

  /** Opens the log of every partition of the image, and sets aside directories that belong to none. */
  openAll(image: ClusterImage): void {
    const { host, directory, log } = this.#options
    const wasSynced = (name: string): boolean =>
      directory.wasStoppedCleanly || (this.#checkpoints.recoveryPointOf(name) ?? 0) > 0
    const onSetAside = (name: string): void => this.#checkpoints.forget(name)
    setStraysAside({ host, image, wasSynced, onSetAside, log })
    image.forgetRemoved()
    this.#checkpoints.forgetDeleted(image)
    for (const topic of image.topics()) this.#open(topic, topic.partitions, image, 'known')
  }

  /**
   * Resolves when what a crash left is durable, and so readable. Before, a client would be told an end below what was
   * acknowledged. A log whose sync fails says so to whoever uses it.
   */
  async recovered(): Promise<void> {
    await Promise.allSettled([...this.all()].map(({ log }) => log.durable(log.logEndOffset)))
  }

  /**
   * Makes the logs of partitions that are about to be told of, so that nothing is told that the disk has no room for. Throws
   * DiskError, and has removed them again then.
   */
  prepare(plan: PartitionPlan): void {
    if (this.#checkpoints.isStale) this.saveCheckpoints()
    const { topic, topicId, firstPartition, count, config } = plan
    const settings = this.#options.config.logConfigFor(config)
    try {
      for (let partition = firstPartition; partition < firstPartition + count; partition++) {
        this.#prepared.set(
          `${topic}-${partition}`,
          this.#makeLog({ topic, topicId, partition, leaderEpoch: 0 }, settings)
        )
      }
    } catch (error) {
      this.discard(plan)
      throw error
    }
  }

  /** Takes back what was prepared. */
  discard({ topic, firstPartition, count }: PartitionPlan): void {
    for (let partition = firstPartition; partition < firstPartition + count; partition++) {
      const name = `${topic}-${partition}`
      // What cannot be removed belongs to no topic, and is set aside when its name is used again, or by the next start.
      this.#telling.attempt(`removal of ${name}`, () => this.#removePrepared(name))
      this.#prepared.delete(name)
    }
  }

  /** Nobody was told of it. */
  #removePrepared(name: string): void {
    const aside = this.#prepared.get(name)?.setAside()
    if (aside !== undefined) this.#removeForGood(aside)
  }

  /** Resolves when the directories of new partitions survive a power cut. */
  namesSafe(): Promise<void> {
    return this.#options.host.disk.syncDirectory('')
  }

  /** Nothing is acknowledged on these partitions before it is safe that there are any. */
  restOn(plan: PartitionPlan, safe: Promise<void>): void {
    for (const replica of this.#madeBy(plan)) replica.restOn(safe)
  }

  *#madeBy({ topic, topicId, firstPartition, count }: Omit<PartitionPlan, 'config'>): Iterable<Replica> {
    const hosted = this.#byTopic.get(topic)?.slice(firstPartition, firstPartition + count) ?? []
    for (const replica of replicasAmong(hosted)) if (replica.topicId === topicId) yield replica
  }

  /** Nothing may be acknowledged on these partitions: the metadata that tell of them may be lost, or their state is wrong. */
  takeOffline(plan: Omit<PartitionPlan, 'config'>, reason: DiskError): void {
    const { topic, topicId } = plan
    const hosted = this.#byTopic.get(topic) ?? []
    for (const replica of this.#madeBy(plan)) {
      replica.end()
      replica.log.abandon()
      hosted[replica.partition] = { kind: 'offline', topicId, history: 'new', reason, closed: null, mayPass: false }
    }
  }

  /**
   * The directories of topics that were deleted until now, for who sees to it that this is safe: what it is given removes them,
   * and again after a while where the disk refuses.
   */
  takeSetAside(): () => void {
    const names = this.#setAside
    this.#setAside = []
    return () => {
      for (const name of names) this.#removeForGood(name)
    }
  }

  #removeForGood(name: string): void {
    const { disk, clock } = this.#options.host
    if (!attempt(() => disk.remove(name))) clock.after(limits.openAgainMs, () => this.#removeForGood(name))
  }

  /** Makes, extends, reconfigures and removes replicas after the cluster's image has changed. */
  follow(change: MetadataChange, image: ClusterImage): void {
    for (const topic of change.deleted) this.#remove(topic)
    // A later topic of the same name must not find this one's offsets after a crash.
    if (change.deleted.length > 0) {
      this.#checkpoints.becomeStale()
      this.#telling.attempt('checkpoints', () => this.saveCheckpoints())
    }
    for (const topic of change.created) this.#open(topic, topic.partitions, image, 'new')
    for (const topic of change.grown) this.#open(topic, topic.partitions.slice(this.#count(topic.name)), image, 'new')
    for (const name of change.configured) this.#configure(name, image)
  }

  /** Opens the logs that the disk had no file or no room for; it may have by now. */
  openAgain(image: ClusterImage): void {
    for (const [name, partitions] of this.#byTopic) {
      const topic = image.topicByName(name)
      for (const [partitionId, hosted] of partitions.entries()) {
        const partition = topic?.partitions[partitionId]
        if (topic === undefined || partition === undefined || hosted.kind !== 'offline') continue
        if (hosted.mayPass) this.#open(topic, [partition], image, hosted.history)
      }
    }
  }

  /** Each partition for itself: one that cannot be trimmed does not keep the others from it. */
  applyRetention(): void {
    for (const { topic, partition, log } of this.all()) {
      this.#telling.attempt(`retention of ${topic}-${partition}`, () => this.freeing(() => log.applyRetention()))
    }
    this.saveLogStartOffsets()
  }

  /** Does what makes room, which must be possible on a full disk. */
  freeing<Result>(work: () => Result): Result {
    return this.#options.directory.reserve.spend(work)
  }

  saveLogStartOffsets(): void {
    this.freeing(() => this.#checkpoints.write('log-start-offset-checkpoint', this.#hostedByName()))
  }

  saveRecoveryPoints(): void {
    this.#checkpoints.write('recovery-point-offset-checkpoint', this.#hostedByName())
  }

  saveCheckpoints(): void {
    this.saveRecoveryPoints()
    this.#checkpoints.write('replication-offset-checkpoint', this.#hostedByName())
    this.saveLogStartOffsets()
    this.#checkpoints.becomeCurrent()
  }

  /** After a recovery: without them the next start recovers again. On a full disk all can be read and made smaller. */
  saveCheckpointsIfRoom(): void {
    this.#telling.attempt('checkpoints', () => this.saveCheckpoints())
  }

  /** Lets go of every file: the start has failed. */
  abandon(): void {
    for (const replica of this.#everyReplica()) {
      replica.end()
      replica.log.abandon()
    }
  }

  /** Syncs and closes every log, and leaves the mark of a clean stop, with the epoch under which a Kafka registered the broker. */
  async close(brokerEpoch: number | undefined): Promise<void> {
    const replicas = this.#everyReplica()
    for (const replica of replicas) replica.end()
    const closed = await Promise.allSettled([...this.#closing, ...replicas.map((replica) => replica.log.close())])
    this.saveCheckpoints()
    // A log that could not be closed, or opened, has to be recovered by the next start: after a stop without this mark.
    if (closed.every(({ status }) => status === 'fulfilled') && !this.#hasUnrecovered())
      this.#options.directory.markCleanlyStopped(brokerEpoch ?? -1)
  }

  /** Whether a log was offline all the time, and is not as a clean stop left it: its checkpoints say where its recovery begins. */
  #hasUnrecovered(): boolean {
    const { wasStoppedCleanly } = this.#options.directory
    return [...this.#byTopic.values()].flat().some((hosted) => {
      if (hosted.kind !== 'offline' || hosted.closed !== null) return false
      return hosted.history === 'new' || !wasStoppedCleanly
    })
  }

  #everyReplica(): Replica[] {
    return [...this.all(), ...(this.#metadata ? [this.#metadata] : [])]
  }

  #open(topic: TopicImage, partitions: readonly PartitionImage[], image: ClusterImage, history: History): void {
    const hosted = this.#byTopic.get(topic.name) ?? []
    const topicConfig = image.topicConfig(topic.name)
    const settings = this.#options.config.logConfigFor(topicConfig)
    const minInSyncReplicas = this.#options.config.minInSyncReplicasFor(topicConfig)
    for (const { partitionId, leaderEpoch, replicas } of partitions) {
      const identity = { topic: topic.name, topicId: topic.id, partition: partitionId, leaderEpoch }
      const replication = { minInSyncReplicas, replicaCount: replicas.length }
      hosted[partitionId] = this.#host(identity, settings, replication, history)
    }
    this.#byTopic.set(topic.name, hosted)
  }

  /** A log that the disk has lost or damaged takes its own partition offline, nothing else. */
  #host(identity: ReplicaIdentity, settings: LogConfig, replication: Replication, history: History): HostedPartition {
    const name = `${identity.topic}-${identity.partition}`
    let log = this.#prepared.get(name)
    this.#prepared.delete(name)
    try {
      log ??= this.#openLog(identity, settings, history)
      this.#assertEpochIsKnown(identity, log)
      const replica = new Replica({ ...identity, ...replication, log })
      replica.beginToLead()
      this.#telling.mended(`${name} is offline`)
      return { kind: 'online', replica }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      log?.abandon()
      this.#telling.failed(`${name} is offline`, error)
      const { topicId } = identity
      return { kind: 'offline', topicId, history, reason: error, closed: null, mayPass: mayPass(error) }
    }
  }

  /** Damage was found while the log was read: it serves no more. What it has taken is made safe, and it is closed. */
  #takeOffline({ topic, topicId, partition }: ReplicaIdentity, reason: DiskError): void {
    const partitions = this.#byTopic.get(topic)
    const hosted = partitions?.[partition]
    if (partitions === undefined || hosted?.kind !== 'online') return
    this.#options.log(`${topic}-${partition} is offline: ${reason.message}`)
    const { replica } = hosted
    partitions[partition] = { kind: 'offline', topicId, history: 'known', reason, closed: replica, mayPass: false }
    replica.end()
    const closing = replica.log.close()
    // Whether it could be closed is asked when the broker stops; until then nobody waits for it.
    closing.catch(() => {})
    this.#closing.push(closing)
  }

  /**
   * A leader's epoch is in the metadata before the leader writes a record of it. A log that knows a later one belongs to
   * later metadata, and what is appended to it with an older epoch would be cut off by its next recovery.
   */
  #assertEpochIsKnown({ topic, partition, leaderEpoch }: ReplicaIdentity, log: PartitionLog): void {
    if (log.latestEpoch <= leaderEpoch) return
    const name = `${topic}-${partition}`
    const path = `${this.#options.host.disk.location}/${name}`
    const what = `${path} has records of leader epoch ${log.latestEpoch}, and the cluster metadata knows of ${leaderEpoch}.`
    const advice = `The metadata is older than the records: restore ${metadataDirectory} as it was when they were written.`
    throw new DiskError('failed', name, `${what} ${advice}`)
  }

  #openLog(
    of: ReplicaIdentity,
    config: LogConfig,
    history: History,
    { shutdown, durability }: Pick<LogOpening, 'shutdown' | 'durability'> = this.#manner
  ): PartitionLog {
    const { host, directory } = this.#options
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
      history,
      gaps: directory.mayBeCompacted(name, config) ? 'compacted' : 'none',
      report: (line) => this.#options.log(line),
      recoveryPoint: this.#checkpoints.recoveryPointOf(name),
      logStartOffset: this.#checkpoints.logStartOffsetOf(name),
      shutdown,
      checkpointBytes: limits.checkpointBytes
    })
    log.onCheckpoint = () => this.onCheckpoint?.()
    log.onDamage = (damage) => this.#takeOffline(of, damage)
    log.onTrouble = (trouble) => this.#telling.troubled(name, trouble)
    return log
  }

  /** How logs are opened that nothing is special about. */
  get #manner(): Pick<LogOpening, 'shutdown' | 'durability'> {
    const { directory, durability } = this.#options
    return { shutdown: directory.wasStoppedCleanly ? 'clean' : 'unclean', durability }
  }

  /** A new log, or nothing. */
  #makeLog(of: ReplicaIdentity, config: LogConfig): PartitionLog {
    const name = `${of.topic}-${of.partition}`
    const { disk, chance } = this.#options.host
    if (disk.exists(name)) {
      this.#assertServesNobody(name)
      // Of another topic: what a deletion or a creation could not remove.
      disk.rename(name, strayName(name, chance))
    }
    let log: PartitionLog | undefined
    try {
      log = this.#openLog(of, config, 'new')
      // Its first leader's, so that nothing is left to write once it was told of.
      log.beginEpoch(of.leaderEpoch)
      return log
    } catch (error) {
      log?.abandon()
      this.#telling.attempt(`removal of ${name}`, () => disk.remove(name))
      throw error
    }
  }

  /** Where a file system takes ORDERS and orders for the same, the directory may be that of a topic which is served. */
  #assertServesNobody(name: string): void {
    const { disk } = this.#options.host
    const owner = PartitionLog.topicIdOf(disk, name)
    const served = [...this.#byTopic].find(([, [first]]) => first !== undefined && topicIdOf(first) === owner)
    if (owner === null || served === undefined) return
    const what = `${disk.location}/${name} is the directory of the topic ${served[0]}, whose name differs in upper and lower case.`
    throw new DiskError('failed', name, `${what} This file system takes them for the same: choose another name.`)
  }

  #configure(name: string, image: ClusterImage): void {
    const topicConfig = image.topicConfig(name)
    for (const replica of replicasAmong(this.#byTopic.get(name) ?? [])) {
      replica.log.updateConfig(this.#options.config.logConfigFor(topicConfig))
      replica.minInSyncReplicas = this.#options.config.minInSyncReplicasFor(topicConfig)
    }
  }

  #remove(topic: TopicImage): void {
    for (const [partition, hosted] of (this.#byTopic.get(topic.name) ?? []).entries()) {
      const name = `${topic.name}-${partition}`
      if (hosted.kind === 'online') hosted.replica.end()
      this.#telling.attempt(`deletion of ${name}`, () => {
        const { disk } = this.#options.host
        if (hosted.kind === 'online') this.#setAside.push(hosted.replica.log.setAside())
        else if (disk.exists(name)) this.#setAside.push(setDirectoryAside(disk, name, topic.id))
      })
    }
    this.#byTopic.delete(topic.name)
  }

  #count(topic: string): number {
    return this.#byTopic.get(topic)?.length ?? 0
  }

  *#hostedByName(): HostedByName {
    for (const [topic, partitions] of this.#byTopic) {
      for (const [partition, hosted] of partitions.entries()) yield [`${topic}-${partition}`, hosted]
    }
    if (this.#metadata) yield [metadataDirectory, { kind: 'online', replica: this.#metadata }]
  }
}

/** What another moment may mend, of itself. */
function mayPass({ problem }: DiskError): boolean {
  return problem === 'too-many-files' || problem === 'full'
}

function topicIdOf(hosted: HostedPartition): string | null {
  if (hosted.kind === 'none') return null
  return hosted.kind === 'online' ? hosted.replica.topicId : hosted.topicId
}

function* replicasAmong(partitions: readonly HostedPartition[]): Iterable<Replica> {
  for (const hosted of partitions) if (hosted.kind === 'online') yield hosted.replica
}

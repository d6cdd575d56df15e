/** Every replica of this broker: opened at start, made and removed as topics come and go, closed at the end. */

import type { OfflineReplica } from '../controller/broker-changes.ts'
import { type CutReplica, isDecided } from '../controller/cut-replicas.ts'
import type { PartitionPlan } from '../controller/log-makers.ts'
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import {
  type ClusterImage,
  type MetadataDelta,
  type PartitionImage,
  ResourceType,
  type TopicImage
} from '../coordination/metadata/image.ts'
import { DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { inSlices, someAtATime } from '../host/slices.ts'
import { limits } from '../limits.ts'
import { setDirectoryAside } from '../log/deleted-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { Durability } from '../log/types.ts'
import { Checkpoints, type HostedByName } from './checkpoints.ts'
import type { DataDirectory } from './data-directory.ts'
import { type HostedPartition, notHosted, type OfflinePartition } from './hosted-partition.ts'
import { HostedPartitions } from './hosted-partitions.ts'
import { metadataDirectory } from './metadata-directory.ts'
import { type MetadataLog, openMetadataLog } from './metadata-log.ts'
import { OfflineReplicas } from './offline-replicas.ts'
import { directoryOf, type History, type PartitionIdentity, PartitionLogs } from './partition-logs.ts'
import { PreparedLogs } from './prepared-logs.ts'
import { Refills } from './refills.ts'
import { Removals } from './removals.ts'
import { isNeeded, ReplicaOpening } from './replica-opening.ts'
import type { Replica } from './replication/replica.ts'
import { setStraysAside } from './strays.ts'
import { Telling } from './telling.ts'

export interface ReplicasOptions {
  readonly host: Host
  readonly nodeId: number
  readonly durability: Durability
  readonly config: BrokerConfig
  readonly directory: DataDirectory
  /** Gets a line when a partition cannot be served. */
  readonly log: (line: string) => void
}

/** Told of the roles that the replicas of this broker take. */
export interface RoleObserver {
  /** The replica leads, or follows somebody, or has nobody to follow; or another in the same role. */
  onRole(replica: Replica): void
  /** It is gone, or offline. */
  onGone(replica: Replica): void
}

export class Replicas {
  /** Called when a follower of what is led here has all that is committed. */
  onMayJoin: ((replica: Replica, nodeId: number) => void) | undefined
  readonly #options: ReplicasOptions
  readonly #hosted = new HostedPartitions()
  readonly #opening: ReplicaOpening
  readonly #offline: OfflineReplicas
  readonly #checkpoints: Checkpoints
  readonly #logs: PartitionLogs
  readonly #prepared: PreparedLogs
  readonly #telling: Telling
  readonly #removals: Removals
  readonly #refills: Refills
  readonly #observers: RoleObserver[] = []
  #metadata: MetadataLog | null = null
  /** Where roles come from, once the controller has said who leads in this life of the cluster. */
  #image: ClusterImage | null = null
  #hasRoles = false

  constructor(options: ReplicasOptions) {
    this.#options = options
    const { host, durability, directory, log } = options
    this.#telling = new Telling(log, host.clock)
    this.#removals = new Removals(host)
    this.#refills = new Refills(host, this.#removals, log)
    this.#checkpoints = new Checkpoints(directory, () => this.#byName(), log)
    const { checkpoints, telling } = { checkpoints: this.#checkpoints, telling: this.#telling }
    const end = (replica: Replica): void => this.#end(replica)
    this.#offline = new OfflineReplicas({ hosted: this.#hosted, telling, refills: this.#refills, end, log })
    this.#logs = new PartitionLogs({ host, durability, directory, checkpoints, telling, log })
    this.#logs.onDamage = (of, damage) => this.#offline.take(of, damage)
    this.#logs.onFailure = (of, error) => this.#leaveToOthers(of, error)
    this.#prepared = new PreparedLogs({
      make: (plan) => this.#maker(plan),
      remove: (name, prepared) => {
        this.#telling.attempt(`removal of ${name}`, () => this.#removals.add(prepared.setAside()))
      }
    })
    const parts = { checkpoints, logs: this.#logs, prepared: this.#prepared, offline: this.#offline }
    this.#opening = new ReplicaOpening(options, parts, {
      writeDown: () => this.saveRecoveryPoints(),
      onSettled: (replica) => this.#roleOnceSettled(replica),
      onMayJoin: (replica, follower) => this.onMayJoin?.(replica, follower)
    })
  }

  /** Called when partitions cannot be served any more, and again as long as others could lead them by now. */
  set onOffline(told: (of: readonly OfflineReplica[]) => void) {
    this.#offline.onOffline = told
  }

  /** Called when the recovery points are worth writing down. */
  set onCheckpoint(told: (() => void) | undefined) {
    this.#logs.onCheckpoint = told
  }

  observeRoles(observer: RoleObserver): void {
    this.#observers.push(observer)
  }

  get(topic: string, partition: number): HostedPartition {
    return this.#hosted.get(topic, partition)
  }

  /** Those that serve. */
  all(): Iterable<Replica> {
    return this.#hosted.online()
  }

  /** Those that cannot be served. */
  offline(): Iterable<OfflineReplica> {
    return this.#hosted.offline()
  }

  /** What the controller has to know of them before they take a role. */
  doubtful(): { readonly cut: readonly CutReplica[]; readonly damaged: readonly OfflineReplica[] } {
    return { cut: [...this.#hosted.cut()], damaged: [...this.#hosted.damaged()] }
  }

  /** Opens the log of what the cluster knows, in this directory. Throws DiskError. */
  openMetadata(): MetadataLog {
    const { host, config, directory } = this.#options
    this.#metadata = openMetadataLog({ host, config, directory, logs: this.#logs, telling: this.#telling })
    return this.#metadata
  }

  /** Opens the log of every partition of the image, and sets aside directories that belong to none. */
  openAll(image: ClusterImage): void {
    this.#image = image
    const { host, directory, log } = this.#options
    const wasSynced = (name: string): boolean =>
      directory.wasStoppedCleanly || (this.#checkpoints.recoveryPointOf(name) ?? 0) > 0
    const onSetAside = (name: string): void => this.#checkpoints.forget(name)
    setStraysAside({ host, image, wasSynced, onSetAside, log })
    image.forgetRemoved()
    this.#checkpoints.forgetDeleted(image)
    const history = directory.isNew ? 'new' : 'known'
    for (const topic of image.topics()) this.#open(topic, topic.partitions, image, history)
  }

  /** Resolves when what a crash left is durable, and so readable, or its partition is offline. */
  recovered(): Promise<void> {
    return this.#opening.settled()
  }

  /** The controller has said who leads: from here on every replica has the role that the image gives it. */
  beginRoles(image: ClusterImage): void {
    this.#hasRoles = true
    for (const topic of image.topics()) {
      for (const partition of topic.partitions) this.#giveRole(topic, partition)
    }
  }

  /** Makes the logs of partitions that are about to be told of, one at each step. Throws DiskError, and has removed them again then. */
  prepare(plan: PartitionPlan): Iterable<void> {
    return this.#prepared.prepare(plan)
  }

  /** Whether something on the disk speaks of an earlier topic of this name. */
  isLettingGo(topic: string): boolean {
    return this.#checkpoints.isStale(topic)
  }

  /** Resolves when nothing does. Rejects with DiskError. */
  letGo(): Promise<void> {
    return this.saveCheckpoints()
  }

  discard(plan: PartitionPlan): Iterable<void> {
    return this.#prepared.discard(plan)
  }

  leave(plan: PartitionPlan): void {
    this.#prepared.leave(plan)
  }

  /** Resolves when the directories of new partitions survive a power cut. */
  namesSafe(): Promise<void> {
    return this.#options.host.disk.syncDirectory('')
  }

  /** Makes, extends, reconfigures and removes replicas, and gives them their roles, as the cluster's image has changed. */
  follow(delta: MetadataDelta, image: ClusterImage): void {
    for (const topic of delta.deleted) this.#remove(topic)
    if (delta.deleted.length > 0) this.#telling.attemptSoon('checkpoints', () => this.saveCheckpoints())
    for (const [topic, partitions] of byTopic(delta.partitions)) this.#followPartitions(topic, partitions, image)
    for (const { type, name } of delta.configs) {
      if (type === ResourceType.topic) this.#configure(name, image)
      // A broker's configuration gives the defaults of every topic.
      if (type === ResourceType.broker) for (const topic of this.#hosted.topics()) this.#configure(topic, image)
    }
    if (delta.brokers.length > 0) for (const replica of this.all()) replica.brokersChanged()
  }

  #followPartitions(topic: TopicImage, partitions: readonly PartitionImage[], image: ClusterImage): void {
    const isHere = ({ replicas }: PartitionImage): boolean => replicas.includes(this.#options.nodeId)
    const isHosted = ({ partitionId }: PartitionImage): boolean => this.get(topic.name, partitionId).kind !== 'none'
    const added = partitions.filter((partition) => isHere(partition) && !isHosted(partition))
    this.#open(topic, added, image, 'new')
    for (const partition of partitions) {
      if (!isHere(partition)) this.#removePartition(topic, partition.partitionId)
      else if (this.#hasRoles) this.#giveRole(topic, partition)
    }
  }

  /**
   * Opens the logs that the disk had no file or no room for, and may have by now; and those anew that are damaged, or failed, where others have all.
   * Where this broker is thought to have what it cannot serve, others may have come who can: the controller is told again.
   */
  openAgain(image: ClusterImage): void {
    const needed: OfflineReplica[] = []
    for (const { topicId, partitionId } of [...this.#hosted.offline()]) {
      const topic = image.topicById(topicId)
      const partition = topic?.partitions[partitionId]
      if (topic === undefined || partition === undefined) continue
      const hosted = this.get(topic.name, partitionId)
      if (hosted.kind !== 'offline') continue
      if (hosted.mayPass) this.#open(topic, [partition], image, hosted.history)
      else if (this.#mayFillAgain(hosted, partition, directoryOf({ topic: topic.name, partition: partitionId })))
        this.#fillAgain(topic, partition, image, hosted.reason)
      else {
        if (isNeeded(partition, this.#options.nodeId)) needed.push({ topicId, partitionId })
        continue
      }
      if (this.#hasRoles) this.#giveRole(topic, partition)
    }
    if (needed.length > 0) this.#offline.onOffline?.(needed)
  }

  /** Where the log is damaged, or its disk failed while it served, and another leads who has everything. */
  #mayFillAgain(offline: OfflinePartition, partition: PartitionImage, name: string): boolean {
    const { nodeId } = this.#options
    if (this.#offline.closingOf(offline) !== null || partition.leader < 0 || isNeeded(partition, nodeId)) return false
    return offline.reason.problem === 'damaged' || this.#refills.isDue(name)
  }

  /** A log that others have is set aside, and another is filled by the leader. */
  #fillAgain(topic: TopicImage, partition: PartitionImage, image: ClusterImage, reason: DiskError): void {
    const name = directoryOf({ topic: topic.name, partition: partition.partitionId })
    this.#telling.attempt(`filling ${name} again`, () => {
      this.#refills.setAside(name, reason, partition.leader)
      this.#checkpoints.forget(name)
      this.#open(topic, [partition], image, 'new')
    })
  }

  /** Each partition for itself: one that cannot be trimmed does not keep the others from it. */
  async applyRetention(): Promise<void> {
    await inSlices(this.#options.host.clock, [...this.all()], (replica) => {
      if (!this.#hosted.serves(replica)) return
      const drop = (): number => replica.log.applyRetention(replica.highWatermark)
      this.#telling.attempt(`retention of ${replica.name}`, () => this.#freeing(drop))
    })
    this.#telling.attemptSoon('log start offsets', () => this.saveLogStartOffsets())
  }

  /** Resolves when they survive a power cut. Rejects with DiskError. */
  saveLogStartOffsets(): Promise<void> {
    return this.#options.directory.reserve.spendSoon(() => this.#checkpoints.save('log-start-offset-checkpoint'))
  }

  /** Resolves when they survive a power cut. Rejects with DiskError. */
  saveRecoveryPoints(): Promise<void> {
    return this.#checkpoints.save('recovery-point-offset-checkpoint')
  }

  /** Resolves when all of them survive a power cut. Rejects with DiskError. */
  saveCheckpoints(): Promise<void> {
    return this.#options.directory.reserve.spendSoon(() => this.#checkpoints.saveAll())
  }

  /** Whoever waits for them hears nothing: they are written again, and a start does without them. */
  saveRecoveryPointsIfRoom(): void {
    this.#telling.attemptSoon('recovery points', () => this.saveRecoveryPoints())
  }

  /** After a recovery: without them the next start recovers again. On a full disk all can be read and made smaller. */
  saveCheckpointsIfRoom(): void {
    this.#telling.attemptSoon('checkpoints', () => this.#checkpoints.saveAll())
  }

  /** Nobody waits for acknowledgements any more: the broker stops, and leads nothing. */
  resign(): void {
    for (const replica of this.all()) replica.resign()
  }

  /** Lets go of every file: the start has failed. */
  abandon(): void {
    this.#prepared.abandon()
    this.#removals.end()
    void this.#metadata?.snapshots.end()
    for (const replica of this.#everyReplica()) {
      replica.end()
      replica.log.abandon()
    }
  }

  /** Syncs and closes every log, and leaves the mark of a clean stop, with the epoch under which a Kafka registered the broker. */
  async close(brokerEpoch: number | undefined): Promise<void> {
    this.#prepared.abandon()
    this.#removals.end()
    await this.#metadata?.snapshots.end()
    const replicas = this.#everyReplica()
    for (const replica of replicas) replica.end()
    const { clock } = this.#options.host
    const closings = await someAtATime(clock, replicas, limits.backgroundSyncs, ({ log }) => log.close())
    const areClosed = (await this.#offline.wereClosed()) && closings.every(({ status }) => status === 'fulfilled')
    await this.saveCheckpoints()
    const { directory } = this.#options
    // A log that could not be closed, or opened, has to be recovered by the next start: after a stop without this mark.
    if (areClosed && !this.#offline.areUnrecovered(directory.wasStoppedCleanly))
      directory.markCleanlyStopped(brokerEpoch ?? -1)
  }

  /** Does what makes room, which must be possible on a full disk. */
  #freeing<Result>(work: () => Result): Result {
    return this.#options.directory.reserve.spend(work)
  }

  #everyReplica(): Replica[] {
    return [...this.all(), ...(this.#metadata === null ? [] : [this.#metadata.replica])]
  }

  #open(topic: TopicImage, partitions: readonly PartitionImage[], image: ClusterImage, history: History): void {
    const here = partitions.filter(({ replicas }) => replicas.includes(this.#options.nodeId))
    if (here.length === 0) return
    const settings = image.topicConfig(topic.name)
    const config = this.#options.config.logConfigFor(settings)
    const minInSyncReplicas = this.#options.config.minInSyncReplicasFor(settings)
    for (const partition of here) {
      const replica = this.#opening.open(topic, partition, { config, minInSyncReplicas, history })
      this.#hosted.put(topic.name, partition.partitionId, replica)
    }
  }

  #roleOnceSettled(replica: Replica): void {
    if (!this.#hasRoles) return
    const topic = this.#image?.topicById(replica.topicId)
    const partition = topic?.partitions[replica.partition]
    if (topic !== undefined && partition !== undefined) this.#giveRole(topic, partition)
  }

  /** A replica that cannot note the beginning of its epoch does not lead: it is offline. */
  #giveRole(topic: TopicImage, partition: PartitionImage): void {
    const hosted = this.get(topic.name, partition.partitionId)
    if (hosted.kind !== 'online' || hosted.replica.topicId !== topic.id) return
    const { replica } = hosted
    try {
      replica.takeRole(partition)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#offline.take(replica, error)
      return
    }
    if (replica.log.wasCut && isDecided(partition, this.#options.nodeId))
      this.#telling.attempt(`removal of the note that ${replica.name} was cut`, () => replica.log.forgetCut())
    for (const observer of this.#observers) observer.onRole(replica)
  }

  /**
   * The disk failed to take or to keep what was written. Others may lead, and so the log is offline (Kafka: LogDirFailureChannel); where
   * there are none, what is safe in it is read all the same.
   */
  #leaveToOthers(of: PartitionIdentity, error: DiskError): void {
    const { replicas = [] } = this.#image?.topicById(of.topicId)?.partitions[of.partition] ?? {}
    if (replicas.length > 1) this.#offline.take(of, error)
  }

  /** What a follower was given is not what comes next. */
  unfit({ name }: Replica, { message }: Error): void {
    this.#telling.failed(`${name} cannot follow its leader`, new DiskError('failed', name, message))
  }

  /** What a follower was given could not be kept: it is offline. */
  fail(replica: Replica, reason: DiskError): void {
    this.#offline.take(replica, reason)
  }

  /** A mistake of ours: what the partition's state says cannot be trusted. Its files stay as they are. */
  stop(name: string, reason: DiskError): void {
    this.#offline.stop(name, reason)
  }

  /** Nobody waits for it any more, and those who follow roles hear so. */
  #end(replica: Replica): void {
    replica.end()
    for (const observer of this.#observers) observer.onGone(replica)
  }

  #maker({ topic, topicId, config }: PartitionPlan): (partition: number) => PartitionLog {
    const settings = this.#options.config.logConfigFor(config)
    const servedBy = (id: string): string | undefined => this.#hosted.topicWith(id)
    return (partition) => this.#logs.make({ topic, topicId, partition, leaderEpoch: 0 }, settings, servedBy)
  }

  #configure(name: string, image: ClusterImage): void {
    const topicConfig = image.topicConfig(name)
    for (const replica of this.#hosted.onlineOf(name)) {
      replica.log.updateConfig(this.#options.config.logConfigFor(topicConfig))
      replica.requireInSync(this.#options.config.minInSyncReplicasFor(topicConfig))
    }
  }

  #remove(topic: TopicImage): void {
    const hosted = this.#hosted.of(topic.name)
    if (hosted.length === 0) return
    for (const partition of hosted.keys()) this.#removePartition(topic, partition)
    this.#hosted.forget(topic.name)
    this.#checkpoints.becomeStale(topic.name)
  }

  /** Sets its directory aside, in one step, and removes it; again after a while where the disk refuses. */
  #removePartition(topic: TopicImage, partition: number): void {
    const hosted = this.get(topic.name, partition)
    if (hosted.kind === 'none') return
    this.#hosted.put(topic.name, partition, notHosted)
    const name = directoryOf({ topic: topic.name, partition })
    this.#refills.forget(name)
    if (hosted.kind === 'online') this.#end(hosted.replica)
    this.#telling.attempt(`deletion of ${name}`, () => {
      const { disk } = this.#options.host
      const open = hosted.kind === 'online' ? hosted.replica : this.#offline.closingOf(hosted)
      if (open !== null) this.#removals.add(open.log.setAside())
      else if (disk.exists(name)) this.#removals.add(setDirectoryAside(disk, name, topic.id))
    })
  }

  *#byName(): HostedByName {
    yield* this.#hosted.byName()
    if (this.#metadata !== null) yield [metadataDirectory, { kind: 'online', replica: this.#metadata.replica }]
  }
}

function byTopic(partitions: MetadataDelta['partitions']): ReadonlyMap<TopicImage, readonly PartitionImage[]> {
  const found = new Map<TopicImage, PartitionImage[]>()
  for (const { topic, partition } of partitions) {
    const ofTopic = found.get(topic)
    if (ofTopic === undefined) found.set(topic, [partition])
    else ofTopic.push(partition)
  }
  return found
}

/** Every replica of this broker: opened at start, made and removed as topics come and go, closed at the end. */

import type { OfflineReplica } from '../controller/broker-changes.ts'
import type { PartitionPlan } from '../controller/log-makers.ts'
import { isDecided, type ReplicaEnd, type SaidOfReplicas } from '../controller/replica-ends.ts'
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
import { inSlices, SharedSlices, someAtATime } from '../host/slices.ts'
import { limits } from '../limits.ts'
import { DamageError } from '../log/damage.ts'
import { setDirectoryAside } from '../log/deleted-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { Durability } from '../log/types.ts'
import { Checkpoints, type HostedByName } from './checkpoints.ts'
import type { DataDirectory, LastStop } from './data-directory.ts'
import { FilesInPlace } from './files-in-place.ts'
import { type HostedPartition, notHosted, type OfflinePartition } from './hosted-partition.ts'
import { HostedPartitions } from './hosted-partitions.ts'
import { metadataDirectory } from './metadata-directory.ts'
import { type MetadataLog, openMetadataLog } from './metadata-log.ts'
import { OfflineReplicas } from './offline-replicas.ts'
import { directoryOf, type History, type PartitionIdentity, PartitionLogs } from './partition-logs.ts'
import { PreparedLogs } from './prepared-logs.ts'
import { Refills } from './refills.ts'
import { RefusedRecords } from './refused-records.ts'
import { Removals } from './removals.ts'
import { type RenewedLog, RenewedLogs } from './renewed-logs.ts'
import { isNeeded, ReplicaOpening } from './replica-opening.ts'
import type { Replica } from './replication/replica.ts'
import { Saving } from './saving.ts'
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

const newRefused = 'new partitions are refused'

export class Replicas {
  /** Called when a follower of what is led here has all that is committed. */
  onMayJoin: ((replica: Replica, nodeId: number) => void) | undefined
  /** What this broker does with many of its partitions at once takes its time from these. */
  readonly slices: SharedSlices
  /** How far they are safe, and where they begin, is written down by it. */
  readonly saving: Saving
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
  readonly #renewed: RenewedLogs
  readonly #files = new FilesInPlace({
    replicas: () => this.all(),
    metadata: () => this.#metadata?.replica ?? null
  })
  readonly #observers: RoleObserver[] = []
  /** Could not be opened when this broker registered, and the controller has not said since who has everything. */
  readonly #openedLate = new Set<Replica>()
  #metadata: MetadataLog | null = null
  /** As the cluster knew the broker before it registered anew. */
  #lastStop: LastStop = 'crash'
  /** Where roles come from, once the controller has said who leads in this life of the cluster. */
  #image: ClusterImage | null = null
  #hasRoles = false

  constructor(options: ReplicasOptions) {
    this.#options = options
    const { host, durability, directory, log } = options
    this.slices = new SharedSlices(host.clock)
    this.#telling = new Telling(log, host.clock)
    this.#removals = new Removals(host, this.slices, this.#telling)
    this.#refills = new Refills(host, this.#removals, log)
    this.#checkpoints = new Checkpoints(directory, () => this.#byName(), this.slices, log)
    const { checkpoints, telling } = { checkpoints: this.#checkpoints, telling: this.#telling }
    const metadataPoint = (): number => this.#metadata?.replica.log.recoveryPoint ?? 0
    this.saving = new Saving({ checkpoints, directory, telling, metadataPoint })
    const end = (replica: Replica): void => this.#end(replica)
    this.#offline = new OfflineReplicas({ hosted: this.#hosted, telling, refills: this.#refills, end, log })
    const refused = new RefusedRecords(host.clock, log)
    this.#logs = new PartitionLogs({ host, durability, directory, checkpoints, telling, refused, log })
    this.#logs.onDamage = (of, damage) => this.#offline.take(of, damage)
    this.#logs.onFailure = (of, error) => this.#leaveToOthers(of, error)
    this.#prepared = new PreparedLogs({
      make: (plan) => this.#maker(plan),
      remove: (name, prepared) => {
        this.#telling.attempt(`removal of ${name}`, () => this.#removals.add(prepared.setAside()))
      }
    })
    this.#renewed = new RenewedLogs({
      host,
      slices: this.slices,
      save: () => this.saving.allTold(),
      open: (renewed) => this.#openRenewed(renewed),
      failed: (renewed, reason) => this.#renewalFailed(renewed, reason)
    })
    const parts = { checkpoints, logs: this.#logs, prepared: this.#prepared, offline: this.#offline }
    this.#opening = new ReplicaOpening(options, parts, {
      writeDown: () => this.saving.recoveryPoints(),
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

  /** Those that cannot be served, or not before what a crash left is safe. */
  *offline(): Iterable<OfflineReplica> {
    yield* this.#hosted.offline()
    for (const { topicId, partition, isUnsettled } of this.#openedLate)
      if (isUnsettled) yield { topicId, partitionId: partition }
  }

  /** Where those end that can be served, and could not when this broker registered: the controller has to know before they take a role. */
  openedLate(image: ClusterImage): readonly ReplicaEnd[] {
    if (this.#openedLate.size === 0) return []
    const settled = [...this.#openedLate].filter(({ isUnsettled }) => !isUnsettled)
    return this.said(image).ends.filter(({ topicId, partitionId }) =>
      settled.some((replica) => replica.topicId === topicId && replica.partition === partitionId)
    )
  }

  /** What the controller has to know of them before they take a role. */
  said(image: ClusterImage): SaidOfReplicas {
    return {
      // What was acknowledged as durable survives a kill and a power cut; what the system had may be gone after the latter.
      isClean: this.#lastStop === 'clean' || (this.#lastStop === 'crash' && this.#options.durability === 'disk'),
      ends: [...this.#hosted.ends(image, this.#lastStop)],
      offline: [...this.#hosted.offline()],
      damaged: [...this.#hosted.damaged()],
      ahead: [...this.#hosted.ahead()]
    }
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
    const { host, nodeId, directory, log } = this.#options
    this.#lastStop = directory.lastStop(image.brokerEpoch(nodeId))
    const doubt = directory.doubtOfLastStop(image.brokerEpoch(nodeId))
    if (doubt !== null) log(doubt)
    const wasSynced = (name: string): boolean =>
      directory.wasStoppedCleanly || (this.#checkpoints.recoveryPointOf(name) ?? 0) > 0
    const onSetAside = (name: string): void => this.#checkpoints.forget(name)
    setStraysAside({ host, image, nodeId, wasSynced, onSetAside, log })
    image.forgetRemoved()
    this.#checkpoints.forgetDeleted(image, nodeId)
    const history = directory.isNew ? 'new' : 'known'
    for (const topic of image.topics()) this.#open(topic, topic.partitions, image, history)
    if (this.#checkpoints.areStale) this.#renewed.begin()
  }

  /** Resolves when what a crash left is durable, and so readable, or its partition is offline. */
  async recovered(): Promise<void> {
    await this.#renewed.settled()
    await this.#opening.settled()
  }

  /** The controller has said who leads: from here on every replica has the role that the image gives it. */
  beginRoles(image: ClusterImage): void {
    this.#hasRoles = true
    for (const topic of image.topics()) {
      for (const partition of topic.partitions) this.#giveRole(topic, partition)
    }
  }

  /** Makes the logs of partitions that are about to be told of, one at each step. Throws DiskError, and has removed them again then. */
  *prepare(plan: PartitionPlan): Iterable<void> {
    try {
      yield* this.#prepared.prepare(plan)
      this.#telling.mended(newRefused)
    } catch (error) {
      if (error instanceof DiskError) this.#telling.failed(newRefused, error)
      throw error
    }
  }

  /** Whether something on the disk speaks of an earlier topic of this name. */
  isLettingGo(topic: string): boolean {
    return this.#checkpoints.isStale(topic)
  }

  /** Resolves when nothing does. Rejects with DiskError. */
  letGo(): Promise<void> {
    return this.saving.allTold()
  }

  discard(plan: PartitionPlan): Iterable<void> {
    return this.#prepared.discard(plan)
  }

  leave(plan: PartitionPlan): void {
    this.#prepared.leave(plan)
  }

  /** Resolves when the directories of new partitions survive a power cut. */
  namesSafe(): Promise<void> {
    return this.#telling.beside(newRefused, () => this.#options.host.disk.syncDirectory(''))
  }

  /** Makes, extends, reconfigures and removes replicas, and gives them their roles, as the cluster's image has changed. */
  follow(delta: MetadataDelta, image: ClusterImage): void {
    for (const topic of delta.deleted) this.#remove(topic)
    if (delta.deleted.length > 0) this.saving.allSoon()
    for (const [topic, partitions] of byTopic(delta.partitions)) this.#followPartitions(topic, partitions, image)
    this.#renewed.beginIfNeeded()
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
      if (hosted.mayPass) this.#openLate(topic, partition, image, hosted.history)
      else if (this.#mayFillAgain(hosted, partition, directoryOf({ topic: topic.name, partition: partitionId })))
        this.#fillAgain(topic, partition, image, hosted.reason)
      else {
        if (isNeeded(partition, this.#options.nodeId)) needed.push({ topicId, partitionId })
        continue
      }
      if (this.#hasRoles) this.#giveRole(topic, partition)
    }
    this.#renewed.beginIfNeeded()
    if (needed.length > 0) this.#offline.onOffline?.(needed)
  }

  #openLate(topic: TopicImage, partition: PartitionImage, image: ClusterImage, history: History): void {
    this.#open(topic, [partition], image, history)
    const hosted = this.get(topic.name, partition.partitionId)
    if (hosted.kind === 'online' && !isDecided(partition, this.#options.nodeId)) this.#openedLate.add(hosted.replica)
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
      this.#hosted.put(topic.name, partition.partitionId, notHosted)
      this.#open(topic, [partition], image, 'new')
    })
  }

  /** Each partition for itself: one that cannot be trimmed does not keep the others from it. */
  async applyRetention(): Promise<void> {
    await inSlices(this.slices, [...this.all()], (replica) => {
      if (!this.#hosted.serves(replica)) return
      const drop = (): number => replica.log.applyRetention(replica.highWatermark)
      this.#telling.attempt(`retention of ${replica.name}`, () => this.#freeing(drop))
    })
    this.saving.logStartOffsetsSoon()
  }

  /** Looks for files of logs that somebody may have removed or moved. Throws DiskError 'gone' where there is nothing to go on with. */
  lookForFiles(): void {
    this.#files.look()
  }

  /** The records before the offset are gone. Resolves when a start knows it of the log; rejects with DiskError. */
  deleteRecordsBefore({ name, log }: Replica, offset: number): Promise<void> {
    return this.#telling.beside(`deletion of records of ${name}`, async () =>
      this.#freeing(() => log.deleteRecordsBefore(offset))
    )
  }

  /** Nobody waits for acknowledgements any more: the broker stops, and leads nothing. */
  resign(): void {
    for (const replica of this.all()) replica.resign()
  }

  /** Lets go of every file: the start has failed. */
  abandon(): void {
    this.slices.end()
    this.#renewed.end()
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
    await this.#renewed.settled()
    this.#renewed.end()
    this.#prepared.abandon()
    this.#removals.end()
    await this.#metadata?.snapshots.end()
    const replicas = this.#everyReplica()
    for (const replica of replicas) replica.end()
    const closings = await someAtATime(this.slices, replicas, limits.backgroundSyncs, ({ log }) => log.close())
    for (const [index, { name }] of replicas.entries()) this.#tellDamage(name, closings[index])
    const areClosed = (await this.#offline.wereClosed()) && closings.every(({ status }) => status === 'fulfilled')
    await this.saving.all()
    const { directory } = this.#options
    // A log that could not be closed, or opened, has to be recovered by the next start: after a stop without this mark.
    if (areClosed && !this.#offline.areUnrecovered(directory.wasStoppedCleanly))
      directory.markCleanlyStopped(brokerEpoch ?? -1)
    this.slices.end()
  }

  /** Nobody would hear before the next start that its files are gone. */
  #tellDamage(name: string, closing: PromiseSettledResult<void> | undefined): void {
    if (closing?.status !== 'rejected' || !(closing.reason instanceof DamageError)) return
    this.#telling.failed(`${name} could not be closed cleanly`, closing.reason)
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
      const { partitionId } = partition
      const name = directoryOf({ topic: topic.name, partition: partitionId })
      const isNew = history === 'new' || this.#opening.mayBeMissing(name, partition)
      if (isNew && this.#checkpoints.knows(name)) this.#checkpoints.forget(name)
      const how = { config, minInSyncReplicas, history: isNew ? 'new' : history } as const
      if (this.#checkpoints.speakOfGone(name) && !this.#prepared.has(name, topic.id))
        this.#renewed.add(name, { topicId: topic.id, partitionId, history: how.history })
      else this.#hosted.put(topic.name, partitionId, this.#opening.open(topic, partition, how))
    }
  }

  /** No checkpoint speaks of an earlier log of its name any more. Meanwhile it may have been opened, or have come to be another's. */
  #openRenewed({ topicId, partitionId, history }: RenewedLog): void {
    const image = this.#image
    const topic = image?.topicById(topicId)
    const partition = topic?.partitions[partitionId]
    if (image === null || topic === undefined || partition === undefined) return
    const hosted = this.get(topic.name, partitionId)
    if (hosted.kind === 'none') this.#open(topic, [partition], image, history)
    else if (hosted.kind === 'offline' && hosted.mayPass) this.#openLate(topic, partition, image, history)
    else return
    if (this.#hasRoles) this.#giveRole(topic, partition)
  }

  /** It is offline, and is tried again. */
  #renewalFailed({ topicId, partitionId, history }: RenewedLog, reason: DiskError): void {
    const topic = this.#image?.topicById(topicId)
    const partition = topic?.partitions[partitionId]
    if (topic === undefined || partition === undefined || this.get(topic.name, partitionId).kind !== 'none') return
    const { leaderEpoch } = partition
    const of = { topic: topic.name, topicId, partition: partitionId, leaderEpoch }
    this.#hosted.put(topic.name, partitionId, { ...this.#offline.notOpened(of, history, reason), mayPass: true })
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
    const isKnown = isDecided(partition, this.#options.nodeId)
    if (isKnown) this.#openedLate.delete(replica)
    if (replica.log.wasCut && isKnown)
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
    this.#openedLate.delete(replica)
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
  }

  /** Sets its directory aside, in one step, and removes it; again after a while where the disk refuses. */
  #removePartition(topic: TopicImage, partition: number): void {
    const hosted = this.get(topic.name, partition)
    if (hosted.kind === 'none') return
    this.#hosted.put(topic.name, partition, notHosted)
    const name = directoryOf({ topic: topic.name, partition })
    this.#refills.forget(name)
    this.#checkpoints.forget(name)
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

/**
 * The broker without sockets: bytes of a request in, bytes of an answer out.
 *
 * It owns what one node has (its storage, its replicas, its coordinators) and finds the API for each request. What an API does
 * stands in `apis/`; what the cluster knows in its image, which follows the controller; where records lie in `log/`.
 */

import { type Controller, configOfBroker, type MetadataFollower } from '../controller/controller.ts'
import type { PartitionPlan } from '../controller/log-makers.ts'
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { StateRecord } from '../coordination/coordinator.ts'
import type { GroupCoordinator } from '../coordination/groups/group-coordinator.ts'
import type { TopicNames } from '../coordination/groups/topic-names.ts'
import { ClusterImage, type PartitionImage } from '../coordination/metadata/image.ts'
import { replayMetadata } from '../coordination/metadata/replay.ts'
import { DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { InvariantError } from '../invariant.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { type BrokerAnswer, close } from './answer.ts'
import type { Api } from './api.ts'
import { allApis } from './apis/all.ts'
import { DiskRoom } from './disk-room.ts'
import { dispatch } from './dispatch.ts'
import { type AdvertisedFeatures, advertisedFeatures } from './features.ts'
import { FetchMemory } from './fetch-memory.ts'
import { FetchSessions } from './fetch-sessions.ts'
import { GroupCoordinators } from './group-coordinators.ts'
import type { HostedPartition } from './hosted-partition.ts'
import { Housekeeping } from './housekeeping.ts'
import { metadataDirectory } from './metadata-directory.ts'
import { ProducerIds } from './producer-ids.ts'
import { FetchPurgatory } from './purgatory.ts'
import type { Replica } from './replication/replica.ts'
import type { Session } from './session.ts'
import type { Storage } from './storage.ts'

export interface BrokerOptions {
  readonly storage: Storage
  readonly controller: Controller
  /** Where clients are told to come back to; null: where they came in. */
  readonly advertised: { readonly host: string; readonly port: number } | null
  /** Gets a line when something goes wrong that no client is told of. */
  readonly log: (line: string) => void
}

/** A partition's replicas, as Metadata and DescribeTopicPartitions tell them. */
interface DescribedReplicas {
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
  readonly offlineReplicas: readonly number[]
}

export type Led = { readonly replica: Replica } | { readonly error: ErrorCode; readonly reason: DiskError | null }

const noNodes: readonly number[] = []

export class Broker {
  readonly host: Host
  readonly config: BrokerConfig
  readonly nodeId: number
  readonly clusterId: string
  readonly apis: ReadonlyMap<number, Api> = allApis
  readonly features: AdvertisedFeatures = advertisedFeatures
  /** What the cluster is changed by. */
  readonly controller: Controller
  readonly producerIds: ProducerIds
  readonly fetchSessions: FetchSessions
  readonly fetches: FetchPurgatory
  readonly fetchMemory = new FetchMemory()
  readonly diskRoom: DiskRoom
  readonly topicNames: TopicNames
  readonly logDirectory: {
    readonly path: string
    readonly space: () => { totalBytes: number; freeBytes: number } | null
  }
  readonly #advertised: BrokerOptions['advertised']
  readonly #log: (line: string) => void
  readonly #storage: Storage
  readonly #groups: GroupCoordinators
  readonly #housekeeping: Housekeeping
  #image = new ClusterImage()
  #inFlight = 0
  readonly #answered = (answer: BrokerAnswer): BrokerAnswer => {
    this.#inFlight -= 1
    if (this.#inFlight === 0) this.#whenIdle?.()
    return answer
  }
  #whenIdle: (() => void) | null = null
  /** It has stopped itself: what it knows cannot be trusted. */
  #isBroken = false

  /** Opens every log of the storage that the cluster knows of. Rejects with DiskError; the storage is the caller's to let go then. */
  static async start(options: BrokerOptions): Promise<Broker> {
    const broker = new Broker(options)
    const { storage, controller } = options
    broker.#image = await controller.attach(storage.nodeId, broker.#follower())
    broker.#begin()
    await storage.replicas.recovered()
    return broker
  }

  private constructor({ storage, controller, advertised, log }: BrokerOptions) {
    const { host, config, replicas } = storage
    this.host = host
    this.config = config
    this.controller = controller
    this.#advertised = advertised
    this.#log = log
    this.#storage = storage
    this.nodeId = storage.nodeId
    this.clusterId = storage.directory.clusterId
    this.logDirectory = { path: host.disk.location, space: () => host.disk.space() }
    this.producerIds = new ProducerIds(controller)
    this.fetchSessions = new FetchSessions(host.clock, host.chance)
    this.fetches = new FetchPurgatory(host.clock)
    this.diskRoom = new DiskRoom(host.clock, log)
    this.topicNames = topicNamesOf(() => this.#image)
    const image = (): ClusterImage => this.#image
    this.#groups = new GroupCoordinators({ host, config, controller, image, replicas, topics: this.topicNames, log })
    this.#housekeeping = new Housekeeping({ clock: host.clock, config, storage, image, log })
  }

  /** What this broker knows of the cluster. */
  get image(): ClusterImage {
    return this.#image
  }

  #begin(): void {
    const { replicas } = this.#storage
    this.config.follow((name) => configOfBroker(this.#image, this.nodeId, name))
    this.#image.takeDelta()
    replicas.openAll(this.#image)
  }

  /** What the controller tells, and asks. */
  #follower(): MetadataFollower {
    const { replicas } = this.#storage
    return {
      prepare: (plan: PartitionPlan) => replicas.prepare(plan),
      discard: (plan: PartitionPlan) => replicas.discard(plan),
      leave: (plan: PartitionPlan) => replicas.leave(plan),
      namesSafe: () => replicas.namesSafe(),
      follow: (records) => this.#follow(records)
    }
  }

  #follow(records: readonly StateRecord[]): void {
    for (const record of records) replayMetadata(this.#image, record)
    const delta = this.#image.takeDelta()
    this.#storage.replicas.follow(delta, this.#image)
    this.#groups.follow(delta)
  }

  /** The controller has said who leads. From here on this broker leads, follows and serves, and looks after what it has. */
  serve(): void {
    this.#storage.replicas.beginRoles(this.#image)
    this.#storage.begin()
    this.#housekeeping.start()
  }

  /**
   * One request in (without its size prefix), one answer out. What must happen in the order of the requests has happened
   * when this returns; the rest may be waited for. Never throws and never rejects.
   */
  answer(session: Session, frame: Buffer): BrokerAnswer | Promise<BrokerAnswer> {
    if (this.#isBroken) return close('the broker has stopped itself after a mistake of its own')
    const answer = dispatch(this, session, frame)
    if (!(answer instanceof Promise)) return answer
    this.#inFlight += 1
    return answer.then(this.#answered)
  }

  /** What this broker has of a partition. */
  hosted(topic: string, partition: number): HostedPartition {
    return this.#storage.replicas.get(topic, partition)
  }

  /** The replica of a partition that serves; undefined when there is none, or it is offline. */
  replica(topic: string, partition: number): Replica | undefined {
    const hosted = this.hosted(topic, partition)
    return hosted.kind === 'online' ? hosted.replica : undefined
  }

  /** The replica that leads a partition; or Kafka's error for who asks for the leader here, and what happened where the disk is at fault. */
  led(topic: string, partition: number): Led {
    const hosted = this.hosted(topic, partition)
    if (hosted.kind === 'offline') return { error: ErrorCode.KAFKA_STORAGE_ERROR, reason: hosted.reason }
    if (hosted.kind === 'online' && hosted.replica.leadership !== null) return { replica: hosted.replica }
    const isThere = this.#image.topicByName(topic)?.partitions[partition] !== undefined
    const { NOT_LEADER_OR_FOLLOWER, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode
    return { error: isThere ? NOT_LEADER_OR_FOLLOWER : UNKNOWN_TOPIC_OR_PARTITION, reason: null }
  }

  /** A replica that is lost or damaged, here, is in sync with nothing: whoever watches a cluster sees it by that. */
  replicasOf(topic: string, { partitionId, replicas, inSyncReplicas }: PartitionImage): DescribedReplicas {
    const isLost = this.hosted(topic, partitionId).kind === 'offline'
    return {
      replicaNodes: replicas,
      isrNodes: isLost ? inSyncReplicas.filter((nodeId) => nodeId !== this.nodeId) : inSyncReplicas,
      offlineReplicas: isLost ? [this.nodeId] : noNodes
    }
  }

  /** Where a client of this session is told to come back to. */
  endpoint(session: Session): { readonly host: string; readonly port: number } {
    return this.#advertised ?? session.listener
  }

  /** Makes `__consumer_offsets` and its coordinators when they are not there yet; false when that failed. */
  ensureGroupCoordinators(): Promise<boolean> {
    return this.#groups.ensure()
  }

  groupCoordinatorFor(groupId: string): GroupCoordinator | undefined {
    return this.#groups.of(groupId)
  }

  groupCoordinators(): Iterable<GroupCoordinator> {
    return this.#groups.all()
  }

  /** Does what makes room, which must be possible on a full disk. */
  freeing<Result>(work: () => Result): Result {
    return this.#storage.freeing(work)
  }

  /** Puts the log start offsets on disk now: DeleteRecords must survive a crash once it is answered. */
  saveLogStartOffsets(): void {
    this.#storage.replicas.saveLogStartOffsets()
  }

  /**
   * A mistake of ours came to light while something was done: whoever runs the broker hears of it, whole, and what it names
   * serves no more.
   */
  failed(what: string, error: unknown): void {
    this.#log(`${what} met a mistake of the broker, please report it: ${stackOf(error)}`)
    if (!(error instanceof InvariantError) || error.stops === 'nothing else') return
    if (error.stops === 'broker' || error.stops.partition === metadataDirectory) this.#stopItself()
    else this.#stopPartition(error.stops.partition, error)
  }

  #stopPartition(name: string, error: InvariantError): void {
    const what = `${name} serves no more, for a mistake of the broker: ${error.message}`
    this.#storage.replicas.stop(name, new DiskError('failed', name, what, error))
  }

  /** The files stay as they are, for the next start to recover. */
  #stopItself(): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.release()
    this.#housekeeping.stop()
    this.controller.detach(this.nodeId)
    this.#storage.abandon()
  }

  /** Answers those who wait for records or for other members: the broker is about to stop. Nobody waits from now on. */
  release(): void {
    this.fetches.release()
    this.#groups.close()
  }

  /** Waits for the requests in flight, and closes every log cleanly. The directory is free afterwards, whatever happens. */
  async stop(): Promise<void> {
    if (this.#isBroken) return
    this.release()
    this.#housekeeping.stop()
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve
      })
    }
    this.controller.detach(this.nodeId)
    await this.#storage.close(this.#image.brokerEpoch(this.nodeId))
  }
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const stack = error.stack ?? error.message
  return error.cause === undefined ? stack : `${stack}\nbecause of ${stackOf(error.cause)}`
}

function topicNamesOf(image: () => ClusterImage): TopicNames {
  return {
    nameOf: (topicId) => image().topicById(topicId)?.name,
    idOf: (name) => image().topicByName(name)?.id,
    exists: (name, partition) => image().topicByName(name)?.partitions[partition] !== undefined
  }
}

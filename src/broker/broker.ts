/**
 * The broker without sockets: bytes of a request in, bytes of an answer out.
 *
 * It owns what one node has (its disk, its replicas, its coordinators) and finds the API for each request. What an API does
 * stands in `apis/`; what the cluster knows in `coordination/`; where records lie in `log/`.
 */

import { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { GroupCoordinator } from '../coordination/groups/group-coordinator.ts'
import type { TopicNames } from '../coordination/groups/topic-names.ts'
import type { PartitionImage } from '../coordination/metadata/image.ts'
import { MetadataCoordinator } from '../coordination/metadata/metadata-coordinator.ts'
import { UnsupportedMetadata } from '../coordination/metadata/support.ts'
import { attempt, DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { InvariantError } from '../invariant.ts'
import { DamageError } from '../log/damage.ts'
import type { Durability } from '../log/types.ts'
import { isUnreadable } from '../protocol/records/reader.ts'
import { type BrokerAnswer, close } from './answer.ts'
import type { Api } from './api.ts'
import { allApis } from './apis/all.ts'
import { DataDirectory } from './data-directory.ts'
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
import type { Replica } from './replica.ts'
import { ReplicaStateLog } from './replica-log.ts'
import { Replicas } from './replicas.ts'
import type { Session } from './session.ts'

export interface BrokerOptions {
  readonly host: Host
  readonly durability: Durability
  /** Kafka's broker configuration names and values; what is not named has its default. */
  readonly config: Readonly<Record<string, string>>
  /** Where clients are told to come back to; null: where they came in. */
  readonly advertised: { readonly host: string; readonly port: number } | null
  /** Gets a line when something goes wrong that no client is told of. */
  readonly log: (line: string) => void
  /** Gives the directory free, which was taken before (`DataDirectory.take`); without it the broker takes it. */
  readonly unlock?: () => void
  /** The directory can be served, and recovery, which may take long, comes next. Nothing in it has been changed so far. */
  readonly onAccepted?: () => void
}

/** A partition's replicas, as Metadata and DescribeTopicPartitions tell them. */
interface DescribedReplicas {
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
  readonly offlineReplicas: readonly number[]
}

interface Opened {
  readonly config: BrokerConfig
  readonly directory: DataDirectory
  readonly replicas: Replicas
  readonly metadataReplica: Replica
  readonly metadata: MetadataCoordinator
}

const noNodes: readonly number[] = []

export class Broker {
  readonly host: Host
  readonly config: BrokerConfig
  readonly nodeId: number
  readonly clusterId: string
  readonly apis: ReadonlyMap<number, Api> = allApis
  readonly features: AdvertisedFeatures = advertisedFeatures
  readonly metadata: MetadataCoordinator
  /** Where what the cluster knows is kept. */
  readonly metadataReplica: Replica
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
  readonly #directory: DataDirectory
  readonly #replicas: Replicas
  readonly #groups: GroupCoordinators
  readonly #housekeeping: Housekeeping
  #inFlight = 0
  readonly #answered = (answer: BrokerAnswer): BrokerAnswer => {
    this.#inFlight -= 1
    if (this.#inFlight === 0) this.#whenIdle?.()
    return answer
  }
  #whenIdle: (() => void) | null = null
  /** It has stopped itself: what it knows cannot be trusted. */
  #isBroken = false

  /**
   * Opens the data directory, replays what the cluster knows, and opens every log.
   * Throws ConfigError for a wrong setting, DiskError when the directory cannot be used or is damaged.
   */
  static async start(options: BrokerOptions): Promise<Broker> {
    const asked = BrokerConfig.parse(options.config)
    const unlock = options.unlock ?? DataDirectory.take(options.host.disk)
    const directory = DataDirectory.open(options.host, asked, unlock)
    let replicas: Replicas | undefined
    try {
      directory.reserve.giveUpIfShort()
      const config = asked.in({ nodeId: directory.nodeId, path: options.host.disk.location })
      const { host, durability, log } = options
      replicas = new Replicas({ host, durability, config, directory, log })
      const opened = { config, directory, replicas, ...loadMetadata(host, config, directory, replicas) }
      const { metadata } = opened
      // Up to here nothing that another broker left has been changed.
      options.onAccepted?.()
      directory.keepIdentity()
      await directory.forgetCleanStop()
      opened.metadataReplica.beginToLead()
      metadata.begin()
      // A leader's epoch is safe before the leader writes a record of it.
      await metadata.ready()
      const broker = new Broker(options, opened)
      await broker.#replicas.recovered()
      if (!directory.wasStoppedCleanly && !directory.isNew) broker.#replicas.saveCheckpointsIfRoom()
      // Before clients take the room.
      directory.reserve.keep()
      broker.#housekeeping.start()
      return broker
    } catch (error) {
      replicas?.abandon()
      directory.release()
      throw error
    }
  }

  private constructor(options: BrokerOptions, { config, directory, replicas, metadataReplica, metadata }: Opened) {
    const { host } = options
    this.host = host
    this.config = config
    this.#advertised = options.advertised
    this.#log = options.log
    this.#directory = directory
    this.nodeId = directory.nodeId
    this.clusterId = directory.clusterId
    this.logDirectory = { path: host.disk.location, space: () => host.disk.space() }
    this.#replicas = replicas
    this.metadataReplica = metadataReplica
    this.metadata = metadata
    this.#replicas.openAll(this.metadata.image)
    this.producerIds = new ProducerIds(this.metadata)
    this.fetchSessions = new FetchSessions(host.clock, host.chance)
    this.fetches = new FetchPurgatory(host.clock)
    this.diskRoom = new DiskRoom(host.clock, options.log)
    this.topicNames = topicNamesOf(this.metadata)
    this.#groups = new GroupCoordinators({
      host,
      config,
      metadata,
      replicas,
      topics: this.topicNames,
      log: options.log
    })
    this.metadata.madeBy(replicas)
    this.metadata.onChange((change) => {
      this.#replicas.follow(change, this.metadata.image)
      this.#groups.follow(change)
    })
    const { image } = this.metadata
    this.#housekeeping = new Housekeeping({
      clock: host.clock,
      config,
      replicas,
      reserve: directory.reserve,
      image,
      log: options.log
    })
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
    return this.#replicas.get(topic, partition)
  }

  /** The replica of a partition that serves; undefined when there is none, or it is offline. */
  replica(topic: string, partition: number): Replica | undefined {
    const hosted = this.hosted(topic, partition)
    return hosted.kind === 'online' ? hosted.replica : undefined
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
    return this.#replicas.freeing(work)
  }

  /**
   * Resolves when all that the metadata say is safe: what somebody else has just changed may not be yet, and nobody is told
   * before. What cannot be made safe is acknowledged to nobody, and what there is can be told all the same.
   */
  async metadataSettled(): Promise<void> {
    await this.metadata.ready().catch((error: unknown) => {
      if (!(error instanceof DiskError)) throw error
    })
  }

  /** Puts the log start offsets on disk now: DeleteRecords must survive a crash once it is answered. */
  saveLogStartOffsets(): void {
    this.#replicas.saveLogStartOffsets()
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
    for (const { topic, topicId, partition } of [...this.#replicas.all()]) {
      if (`${topic}-${partition}` !== name) continue
      const what = `${name} serves no more, for a mistake of the broker: ${error.message}`
      const reason = new DiskError('failed', name, what, error)
      this.#replicas.takeOffline({ topic, topicId, firstPartition: partition, count: 1 }, reason)
    }
  }

  /** The files stay as they are, for the next start to recover. */
  #stopItself(): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.release()
    this.#housekeeping.stop()
    this.#replicas.abandon()
    this.#directory.release()
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
    try {
      attempt(() => this.#directory.reserve.giveUpIfShort())
      await this.#replicas.close(this.metadata.image.brokerEpoch(this.nodeId))
    } finally {
      this.#directory.reserve.keep()
      this.#directory.release()
    }
  }
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const stack = error.stack ?? error.message
  return error.cause === undefined ? stack : `${stack}\nbecause of ${stackOf(error.cause)}`
}

/** A snapshot that is whole and holds no metadata is of something else. */
function damagedMetadata(error: unknown, { disk }: Host): unknown {
  if (!isUnreadable(error)) return error
  const what = `It holds something else than metadata: ${error.message}`
  const advice = 'Nothing was changed. Restore the directory from a backup.'
  return new DamageError(disk, { path: metadataDirectory, position: null, what, advice })
}

/** Throws DiskError when the metadata is damaged, or speaks of more than this broker can serve. */
function loadMetadata(
  host: Host,
  config: BrokerConfig,
  { nodeId, directoryId }: DataDirectory,
  replicas: Replicas
): Pick<Opened, 'metadata' | 'metadataReplica'> {
  const { clock, chance } = host
  try {
    const { replica, snapshot } = replicas.openMetadata()
    const log = new ReplicaStateLog(replica, snapshot)
    const metadata = new MetadataCoordinator({ log, clock, chance, nodeId, directoryId, brokerDefaults: config })
    return { metadata, metadataReplica: replica }
  } catch (error) {
    if (!(error instanceof UnsupportedMetadata)) throw damagedMetadata(error, host)
    const what = `The directory ${host.disk.location} cannot be served by Odradek (${error.message}).`
    throw new DiskError(
      'unsupported',
      '',
      `${what} Nothing was changed: serve it with the Apache Kafka that wrote it.`,
      error
    )
  }
}

function topicNamesOf(metadata: MetadataCoordinator): TopicNames {
  return {
    nameOf: (topicId) => metadata.image.topicById(topicId)?.name,
    idOf: (name) => metadata.image.topicByName(name)?.id,
    exists: (name, partition) => metadata.image.topicByName(name)?.partitions[partition] !== undefined
  }
}

/**
 * The broker without sockets: bytes of a request in, bytes of an answer out.
 *
 * It owns what one node has (its disk, its replicas, its coordinators) and finds the API for each request. What an API does
 * stands in `apis/`; what the cluster knows in `coordination/`; where records lie in `log/`.
 */

import { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { GroupCoordinator } from '../coordination/groups/group-coordinator.ts'
import type { TopicNames } from '../coordination/groups/topic-names.ts'
import { MetadataCoordinator } from '../coordination/metadata/metadata-coordinator.ts'
import type { Host } from '../host/host.ts'
import type { Durability } from '../log/types.ts'
import type { Api } from './api.ts'
import { allApis } from './apis/all.ts'
import { DataDirectory } from './data-directory.ts'
import { type BrokerAnswer, dispatch } from './dispatch.ts'
import { type AdvertisedFeatures, advertisedFeatures } from './features.ts'
import { FetchMemory } from './fetch-memory.ts'
import { FetchSessions } from './fetch-sessions.ts'
import { GroupCoordinators } from './group-coordinators.ts'
import { Housekeeping } from './housekeeping.ts'
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
}

export class Broker {
  readonly host: Host
  readonly config: BrokerConfig
  readonly nodeId: number
  readonly clusterId: string
  readonly apis: ReadonlyMap<number, Api> = allApis
  readonly features: AdvertisedFeatures = advertisedFeatures
  readonly metadata: MetadataCoordinator
  readonly producerIds: ProducerIds
  readonly fetchSessions: FetchSessions
  readonly fetches: FetchPurgatory
  readonly fetchMemory = new FetchMemory()
  readonly topicNames: TopicNames
  readonly logDirectory: {
    readonly path: string
    readonly space: () => { totalBytes: number; freeBytes: number } | null
  }
  readonly #advertised: BrokerOptions['advertised']
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

  /**
   * Opens the data directory, replays what the cluster knows, and opens every log.
   * Throws ConfigError for a wrong setting, DiskError when the directory cannot be used or is damaged.
   */
  static async start(options: BrokerOptions): Promise<Broker> {
    const asked = BrokerConfig.parse(options.config)
    const unlock = options.unlock ?? DataDirectory.take(options.host.disk)
    const directory = DataDirectory.open(options.host, asked, unlock)
    try {
      const config = asked.in({ nodeId: directory.nodeId, path: options.host.disk.location })
      await directory.forgetCleanStop()
      const broker = new Broker(options, config, directory)
      await broker.metadata.ready()
      await broker.#replicas.recovered()
      if (!directory.wasStoppedCleanly && !directory.isNew) broker.#replicas.saveCheckpoints()
      broker.#housekeeping.start()
      return broker
    } catch (error) {
      directory.release()
      throw error
    }
  }

  private constructor(options: BrokerOptions, config: BrokerConfig, directory: DataDirectory) {
    const { host, durability } = options
    this.host = host
    this.config = config
    this.#advertised = options.advertised
    this.#directory = directory
    this.nodeId = directory.nodeId
    this.clusterId = directory.clusterId
    this.logDirectory = { path: host.disk.location, space: () => host.disk.space() }
    this.#replicas = new Replicas({ host, durability, config, directory })
    this.metadata = new MetadataCoordinator({
      log: new ReplicaStateLog(this.#replicas.openMetadata()),
      clock: host.clock,
      chance: host.chance,
      nodeId: this.nodeId,
      directoryId: directory.directoryId,
      brokerDefaults: config
    })
    this.#replicas.openAll(this.metadata.image)
    this.producerIds = new ProducerIds(this.metadata)
    this.fetchSessions = new FetchSessions(host.clock, host.chance)
    this.fetches = new FetchPurgatory(host.clock)
    this.topicNames = topicNamesOf(this.metadata)
    const { metadata, topicNames: topics } = this
    this.#groups = new GroupCoordinators({ host, config, metadata, replicas: this.#replicas, topics })
    this.metadata.onChange((change) => {
      this.#replicas.follow(change, this.metadata.image)
      this.#groups.follow(change)
    })
    this.#housekeeping = new Housekeeping({ clock: host.clock, config, replicas: this.#replicas, log: options.log })
  }

  /**
   * One request in (without its size prefix), one answer out. What must happen in the order of the requests has happened
   * when this returns; the rest may be waited for. Never throws and never rejects.
   */
  answer(session: Session, frame: Buffer): BrokerAnswer | Promise<BrokerAnswer> {
    const answer = dispatch(this, session, frame)
    if (!(answer instanceof Promise)) return answer
    this.#inFlight += 1
    return answer.then(this.#answered)
  }

  /** This broker's copy of a partition; undefined when there is no such topic or partition. */
  replica(topic: string, partition: number): Replica | undefined {
    return this.#replicas.get(topic, partition)
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

  /** Puts the log start offsets on disk now: DeleteRecords must survive a crash once it is answered. */
  saveLogStartOffsets(): void {
    this.#replicas.saveLogStartOffsets()
  }

  /** Answers those who wait for records or for other members: the broker is about to stop. Nobody waits from now on. */
  release(): void {
    this.fetches.release()
    this.#groups.close()
  }

  /** Waits for the requests in flight, and closes every log cleanly. The directory is free afterwards, whatever happens. */
  async stop(): Promise<void> {
    this.release()
    this.#housekeeping.stop()
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve
      })
    }
    try {
      await this.#replicas.close()
    } finally {
      this.#directory.release()
    }
  }
}

function topicNamesOf(metadata: MetadataCoordinator): TopicNames {
  return {
    nameOf: (topicId) => metadata.image.topicById(topicId)?.name,
    idOf: (name) => metadata.image.topicByName(name)?.id,
    exists: (name, partition) => metadata.image.topicByName(name)?.partitions[partition] !== undefined
  }
}

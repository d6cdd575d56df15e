/** The share coordinators of this broker: one for each partition of `__share_group_state` that it leads (KIP-932; Kafka: ShareCoordinatorService). */
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import { Coordinators } from '../coordination/coordinators.ts'
import type { ClusterImage, MetadataDelta } from '../coordination/metadata/image.ts'
import type { InitializeRequest } from '../coordination/share-states/initialize.ts'
import type { ShareStateAnswer } from '../coordination/share-states/objection.ts'
import type { SharePersister } from '../coordination/share-states/persister.ts'
import type { ReadAnswer, SummaryAnswer } from '../coordination/share-states/read.ts'
import { ShareCoordinator } from '../coordination/share-states/share-coordinator.ts'
import { nameOf, type SharePartitionKey } from '../coordination/share-states/state.ts'
import { unread, unsummarized, withoutState } from '../coordination/share-states/unanswered.ts'
import type { WriteRequest } from '../coordination/share-states/write.ts'
import { DiskError } from '../host/disk.ts'
import { clockOf } from '../host/guarded-clock.ts'
import type { Host } from '../host/host.ts'
import type { Slicing } from '../host/slices.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { ControllerLine } from './controller-line.ts'
import { noSnapshot, ReplicaStateLog } from './replica-log.ts'
import type { Replicas, RoleObserver } from './replicas.ts'
import type { Replica } from './replication/replica.ts'
import { StateTopic } from './state-topic.ts'

const shareStateTopic = '__share_group_state'

export interface ShareCoordinatorsOptions {
  readonly host: Host
  readonly config: BrokerConfig
  readonly controller: ControllerLine
  readonly image: () => ClusterImage
  readonly replicas: Replicas
}

/** Answers for the share partitions that are looked after here; of others NOT_COORDINATOR. */
export class ShareCoordinators implements RoleObserver, SharePersister {
  readonly #options: ShareCoordinatorsOptions
  readonly #coordinators = new Coordinators((partition, isWanted) => this.#load(partition, isWanted))
  readonly topic: StateTopic

  constructor(options: ShareCoordinatorsOptions) {
    this.#options = options
    const { controller, image, config } = options
    this.topic = new StateTopic({ name: shareStateTopic, image, controller, made: () => config.shareStateTopic })
  }

  /** What one request asks of very many share partitions takes its time from these. */
  get slices(): Slicing {
    return this.#options.replicas.slices
  }

  /** By the name of a share partition. Undefined when it is looked after elsewhere, or its log cannot be read now. */
  async of(name: string): Promise<ShareCoordinator | undefined> {
    const partition = this.topic.partitionOf(name)
    return partition === null ? undefined : this.#coordinators.at(partition)
  }

  async initialize(request: InitializeRequest): Promise<ShareStateAnswer> {
    const coordinator = await this.of(nameOf(request.key))
    return coordinator?.initialize(request) ?? withoutState(ErrorCode.NOT_COORDINATOR, elsewhere('initialize'))
  }

  async read(key: SharePartitionKey, leaderEpoch: number): Promise<ReadAnswer> {
    const coordinator = await this.of(nameOf(key))
    return coordinator?.read(key, leaderEpoch) ?? unread(ErrorCode.NOT_COORDINATOR, elsewhere('read'))
  }

  async write(request: WriteRequest): Promise<ShareStateAnswer> {
    const coordinator = await this.of(nameOf(request.key))
    return coordinator?.write(request) ?? withoutState(ErrorCode.NOT_COORDINATOR, elsewhere('write'))
  }

  async summarize(key: SharePartitionKey): Promise<SummaryAnswer> {
    const coordinator = await this.of(nameOf(key))
    const message = elsewhere('read', ' summary')
    return coordinator?.summarize(key) ?? unsummarized(ErrorCode.NOT_COORDINATOR, message)
  }

  async remove(key: SharePartitionKey): Promise<ShareStateAnswer> {
    const coordinator = await this.of(nameOf(key))
    return coordinator?.remove(key) ?? withoutState(ErrorCode.NOT_COORDINATOR, elsewhere('delete'))
  }

  /** Who leads a partition of the topic looks after its share partitions, from the log as it is then. */
  onRole({ topic, partition, leadership, leaderEpoch }: Replica): void {
    if (topic !== shareStateTopic) return
    if (leadership === null) this.#coordinators.resigned(partition)
    else this.#coordinators.elected(partition, leaderEpoch)
  }

  onGone({ topic, partition }: Replica): void {
    if (topic === shareStateTopic) this.#coordinators.resigned(partition)
  }

  /** Share partitions of topics that are gone are forgotten, as in Kafka. */
  follow(delta: MetadataDelta): void {
    if (delta.deleted.length === 0) return
    for (const coordinator of this.#coordinators.loaded()) coordinator.onTopicsDeleted()
  }

  close(): void {
    this.#coordinators.close()
  }

  /** Null when the log cannot be read now, or is damaged, which takes it offline: half of what it says is no state. */
  async #load(partition: number, isWanted: () => boolean): Promise<ShareCoordinator | null> {
    const { host, config, replicas, image } = this.#options
    const hosted = replicas.get(shareStateTopic, partition)
    if (hosted.kind !== 'online') return null
    const { replica } = hosted
    const clock = clockOf({ partition: replica.name }, host.clock)
    const settings = config.shareCoordinator
    const log = new ReplicaStateLog(replica, noSnapshot, { clock, timeoutMs: settings.writeTimeoutMs })
    const isInCluster = (topicId: string, index: number): boolean =>
      image().topicById(topicId)?.partitions[index] !== undefined
    const deleteRecordsBefore = (offset: number): Promise<void> => replicas.deleteRecordsBefore(replica, offset)
    const options = { log, clock, config: settings, isInCluster, deleteRecordsBefore }
    try {
      return await ShareCoordinator.load(options, () => replicas.slices.othersTurn(), isWanted)
    } catch (error) {
      if (error instanceof DiskError) return null
      throw error
    }
  }
}

/** In Kafka's words. */
function elsewhere(verb: 'initialize' | 'read' | 'write' | 'delete', of = ''): string {
  return `Unable to ${verb} share group state${of}: This is not the correct coordinator.`
}

/** The group coordinators of this broker: one for each partition of `__consumer_offsets` that it leads. */

import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import { Coordinators } from '../coordination/coordinators.ts'
import { GroupCoordinator } from '../coordination/groups/group-coordinator.ts'
import type { TopicNames } from '../coordination/groups/topic-names.ts'
import type { ClusterImage, MetadataDelta } from '../coordination/metadata/image.ts'
import { DiskError } from '../host/disk.ts'
import { clockOf } from '../host/guarded-clock.ts'
import type { Host } from '../host/host.ts'
import { Slices } from '../host/slices.ts'
import { limits } from '../limits.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { ControllerLine } from './controller-line.ts'
import { noSnapshot, ReplicaStateLog } from './replica-log.ts'
import type { Replicas, RoleObserver } from './replicas.ts'
import { PeerUnreachable } from './replication/fetcher.ts'
import type { Replica } from './replication/replica.ts'

const offsetsTopic = '__consumer_offsets'

export class GroupCoordinators implements RoleObserver {
  readonly #options: {
    readonly host: Host
    readonly config: BrokerConfig
    readonly controller: ControllerLine
    readonly image: () => ClusterImage
    readonly replicas: Replicas
    readonly topics: TopicNames
    /** Gets a line when a log holds what is not known here. */
    readonly log: (line: string) => void
  }
  readonly #coordinators = new Coordinators((partition, isWanted) => this.#load(partition, isWanted))
  #making: Promise<boolean> | null = null

  constructor(options: {
    host: Host
    config: BrokerConfig
    controller: ControllerLine
    image: () => ClusterImage
    replicas: Replicas
    topics: TopicNames
    log: (line: string) => void
  }) {
    this.#options = options
  }

  /** Makes the topic when it is not there. Resolves when it is, or with false when it could not be made. */
  ensure(): Promise<boolean> {
    if (this.#partitionCount() > 0) return Promise.resolve(true)
    this.#making ??= this.#make().finally(() => {
      this.#making = null
    })
    return this.#making
  }

  /** Undefined when the group is looked after elsewhere, or its log cannot be read now. */
  async of(groupId: string): Promise<GroupCoordinator | undefined> {
    const partition = this.partitionOf(groupId)
    return partition === null ? undefined : this.#coordinators.at(partition)
  }

  /** The partition of `__consumer_offsets` that has the group; null as long as there is no such topic. */
  partitionOf(groupId: string): number | null {
    const count = this.#partitionCount()
    return count === 0 ? null : partitionOfGroup(groupId, count)
  }

  all(): Promise<readonly GroupCoordinator[]> {
    return this.#coordinators.all()
  }

  /** Who leads a partition of the topic looks after its groups, from the log as it is then. */
  onRole(replica: Replica): void {
    if (replica.topic !== offsetsTopic) return
    if (replica.leadership === null) this.#coordinators.resigned(replica.partition)
    else this.#coordinators.elected(replica.partition, replica.leaderEpoch)
  }

  onGone({ topic, partition }: Replica): void {
    if (topic === offsetsTopic) this.#coordinators.resigned(partition)
  }

  follow(delta: MetadataDelta): void {
    if (delta.deleted.length === 0) return
    const names = delta.deleted.map(({ name }) => name)
    for (const coordinator of this.#coordinators.loaded()) coordinator.onTopicsDeleted(names)
  }

  close(): void {
    this.#coordinators.close()
  }

  #partitionCount(): number {
    return this.#options.image().topicByName(offsetsTopic)?.partitions.length ?? 0
  }

  /** Null when the log cannot be read now, or is damaged, which takes it offline: half of what it says is no state. */
  async #load(partition: number, isWanted: () => boolean): Promise<GroupCoordinator | null> {
    const { host, config, topics, replicas } = this.#options
    const { clock, chance } = host
    const hosted = replicas.get(offsetsTopic, partition)
    if (hosted.kind !== 'online') return null
    const slices = new Slices(clock)
    const own = clockOf({ partition: hosted.replica.name }, clock)
    const patience = { clock: own, timeoutMs: limits.coordinatorCommitMs }
    const log = new ReplicaStateLog(hosted.replica, noSnapshot, patience)
    const options = { log, clock: own, chance, config: config.groups, topics }
    try {
      const coordinator = await GroupCoordinator.load(options, () => slices.othersTurn(), isWanted)
      if (coordinator !== null) this.#tellUnknown(partition, [...coordinator.unknownRecordTypes])
      return coordinator
    } catch (error) {
      if (error instanceof DiskError) return null
      throw error
    }
  }

  #tellUnknown(partition: number, types: readonly number[]): void {
    if (types.length === 0) return
    const what = `${offsetsTopic}-${partition} holds records of types that are not known here (${types.join(', ')}).`
    const why = 'They may be left over from a later Apache Kafka.'
    this.#options.log(
      `${what} ${why} They were passed over and stay where they are; the groups are served without them.`
    )
  }

  async #make(): Promise<boolean> {
    const of = {
      partitions: this.#options.config.offsetsTopicNumPartitions,
      replicationFactor: this.#options.config.offsetsTopicReplicationFactor,
      config: { 'cleanup.policy': 'compact', 'compression.type': 'producer', 'segment.bytes': '104857600' }
    }
    try {
      const { controller } = this.#options
      const result = await controller.ask((asked) => asked.createInternalTopic(offsetsTopic, of))
      return result === ErrorCode.NONE || result === ErrorCode.TOPIC_ALREADY_EXISTS
    } catch (error) {
      if (error instanceof PeerUnreachable) return false
      throw error
    }
  }
}

/** By Java's String.hashCode as Kafka's Utils.abs makes it positive. */
export function partitionOfGroup(groupId: string, partitions: number): number {
  let hash = 0
  for (let index = 0; index < groupId.length; index++) hash = (Math.imul(31, hash) + groupId.charCodeAt(index)) | 0
  return (hash === -0x80000000 ? 0 : Math.abs(hash)) % partitions
}

/** The group coordinators of this broker: one for each partition of `__consumer_offsets`, loaded when first asked for. */

import type { Controller } from '../controller/controller.ts'
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import { GroupCoordinator } from '../coordination/groups/group-coordinator.ts'
import type { TopicNames } from '../coordination/groups/topic-names.ts'
import type { ClusterImage, MetadataDelta } from '../coordination/metadata/image.ts'
import { DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { ReplicaStateLog } from './replica-log.ts'
import type { Replicas, RoleObserver } from './replicas.ts'
import type { Replica } from './replication/replica.ts'

const offsetsTopic = '__consumer_offsets'

export class GroupCoordinators implements RoleObserver {
  readonly #options: {
    readonly host: Host
    readonly config: BrokerConfig
    readonly controller: Controller
    readonly image: () => ClusterImage
    readonly replicas: Replicas
    readonly topics: TopicNames
    /** Gets a line when a log holds what is not known here. */
    readonly log: (line: string) => void
  }
  readonly #byPartition = new Map<number, GroupCoordinator>()
  /** The leader epoch in which each was loaded. */
  readonly #epochs = new Map<number, number>()
  #making: Promise<boolean> | null = null

  constructor(options: {
    host: Host
    config: BrokerConfig
    controller: Controller
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

  of(groupId: string): GroupCoordinator | undefined {
    const count = this.#partitionCount()
    return count === 0 ? undefined : this.#at(positiveHash(groupId) % count)
  }

  *all(): Iterable<GroupCoordinator> {
    const count = this.#partitionCount()
    for (let partition = 0; partition < count; partition++) {
      const coordinator = this.#at(partition)
      if (coordinator !== undefined) yield coordinator
    }
  }

  /** Who leads a partition of the topic looks after its groups, from the log as it is then. */
  onRole(replica: Replica): void {
    if (replica.topic !== offsetsTopic) return
    if (this.#epochs.get(replica.partition) !== replica.leaderEpoch || replica.leadership === null) this.onGone(replica)
  }

  onGone({ topic, partition }: Replica): void {
    if (topic !== offsetsTopic) return
    this.#byPartition.get(partition)?.close()
    this.#byPartition.delete(partition)
    this.#epochs.delete(partition)
  }

  follow(delta: MetadataDelta): void {
    if (delta.deleted.length === 0) return
    const names = delta.deleted.map(({ name }) => name)
    if (names.includes(offsetsTopic)) this.close()
    else for (const coordinator of this.all()) coordinator.onTopicsDeleted(names)
  }

  close(): void {
    for (const coordinator of this.#byPartition.values()) coordinator.close()
    this.#byPartition.clear()
  }

  #partitionCount(): number {
    return this.#options.image().topicByName(offsetsTopic)?.partitions.length ?? 0
  }

  #at(partition: number): GroupCoordinator | undefined {
    const loaded = this.#byPartition.get(partition)
    const hosted = this.#options.replicas.get(offsetsTopic, partition)
    if (hosted.kind !== 'online' || hosted.replica.leadership === null) {
      loaded?.close()
      return undefined
    }
    // One whose log could not be synced is closed, and stays so until the next start: the log takes no more.
    if (loaded !== undefined) return loaded
    const coordinator = this.#load(hosted.replica)
    if (coordinator !== undefined) {
      this.#byPartition.set(partition, coordinator)
      this.#epochs.set(partition, hosted.replica.leaderEpoch)
    }
    return coordinator
  }

  /** Undefined when the log cannot be read now, or is damaged, which takes it offline: half of what it says is no state. */
  #load(replica: Replica): GroupCoordinator | undefined {
    const { host, config, topics } = this.#options
    const { clock, chance } = host
    try {
      const log = new ReplicaStateLog(replica)
      const coordinator = new GroupCoordinator({ log, clock, chance, config: config.groups, topics })
      this.#tellUnknown(replica.partition, [...coordinator.unknownRecordTypes])
      return coordinator
    } catch (error) {
      if (error instanceof DiskError) return undefined
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
    const result = await this.#options.controller.createInternalTopic(offsetsTopic, {
      partitions: this.#options.config.offsetsTopicNumPartitions,
      replicationFactor: this.#options.config.offsetsTopicReplicationFactor,
      config: { 'cleanup.policy': 'compact', 'compression.type': 'producer', 'segment.bytes': '104857600' }
    })
    return result === ErrorCode.NONE || result === ErrorCode.TOPIC_ALREADY_EXISTS
  }
}

/** Java's String.hashCode as Kafka's Utils.abs makes it positive: it finds the partition of a group. */
function positiveHash(text: string): number {
  let hash = 0
  for (let index = 0; index < text.length; index++) hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0
  return hash === -0x80000000 ? 0 : Math.abs(hash)
}

/** The group coordinators of this broker: one for each partition of `__consumer_offsets` that it leads. */

import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import { Coordinators } from '../coordination/coordinators.ts'
import { GroupCoordinator } from '../coordination/groups/group-coordinator.ts'
import type { GroupTopics } from '../coordination/groups/topic-names.ts'
import { UnsettledGroups } from '../coordination/groups/unsettled-groups.ts'
import { type ClusterImage, type MetadataDelta, ResourceType } from '../coordination/metadata/image.ts'
import type { SharePersister } from '../coordination/share-states/persister.ts'
import { DiskError } from '../host/disk.ts'
import { clockOf } from '../host/guarded-clock.ts'
import type { Host } from '../host/host.ts'
import { limits } from '../limits.ts'
import type { ControllerLine } from './controller-line.ts'
import { StreamsTopics } from './internal-topics.ts'
import { noSnapshot, ReplicaStateLog } from './replica-log.ts'
import type { Replicas, RoleObserver } from './replicas.ts'
import type { Replica } from './replication/replica.ts'
import { StateTopic } from './state-topic.ts'

const offsetsTopic = '__consumer_offsets'

export interface GroupCoordinatorsOptions {
  readonly host: Host
  readonly config: BrokerConfig
  readonly controller: ControllerLine
  readonly image: () => ClusterImage
  readonly replicas: Replicas
  readonly topics: GroupTopics
  /** Gets a line when a log holds what is not known here. */
  readonly log: (line: string) => void
  /** Who keeps how far share groups are. */
  readonly persister: SharePersister
}

export class GroupCoordinators implements RoleObserver {
  readonly #options: GroupCoordinatorsOptions
  readonly #coordinators = new Coordinators((partition, isWanted) => this.#load(partition, isWanted))
  readonly topic: StateTopic
  readonly #internalTopics: StreamsTopics
  readonly #unsettled: UnsettledGroups

  constructor(options: GroupCoordinatorsOptions) {
    this.#options = options
    const { controller, image, config, host } = options
    this.#internalTopics = new StreamsTopics(controller, host.clock)
    this.#unsettled = new UnsettledGroups(host.clock)
    this.topic = new StateTopic({ name: offsetsTopic, image, controller, made: () => config.offsetsTopic })
  }

  /** Undefined when the group is looked after elsewhere, or its log cannot be read now. */
  async of(groupId: string): Promise<GroupCoordinator | undefined> {
    const partition = this.topic.partitionOf(groupId)
    return partition === null ? undefined : this.#coordinators.at(partition)
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
    const deleted = delta.deleted.map(({ name }) => name)
    const changed = delta.partitions.filter(isMadeUpAnew).map(({ topic }) => topic.name)
    if (deleted.length === 0 && changed.length === 0) return
    for (const coordinator of this.#coordinators.loaded()) {
      coordinator.onTopicsChanged([...deleted, ...changed], delta.created.length > 0)
      if (deleted.length > 0) coordinator.onTopicsDeleted(deleted)
    }
  }

  close(): void {
    this.#coordinators.close()
  }

  /** The coordinator of one partition, which some groups share: a transaction ends for all of them. */
  at(partition: number): Promise<GroupCoordinator | undefined> {
    return this.#coordinators.at(partition)
  }

  /** Null when the log cannot be read now, or is damaged, which takes it offline: half of what it says is no state. */
  async #load(partition: number, isWanted: () => boolean): Promise<GroupCoordinator | null> {
    const { host, config, topics, replicas, persister } = this.#options
    const { clock, chance } = host
    const hosted = replicas.get(offsetsTopic, partition)
    if (hosted.kind !== 'online') return null
    const own = clockOf({ partition: hosted.replica.name }, clock)
    const patience = { clock: own, timeoutMs: limits.coordinatorCommitMs }
    const log = new ReplicaStateLog(hosted.replica, noSnapshot, patience)
    const ownOf = (groupId: string) => this.#options.image().configOf(ResourceType.group, groupId)
    const settings = {
      settingsOf: (groupId: string) => config.consumerGroupSettings(ownOf(groupId)),
      shareSettingsOf: (groupId: string) => config.shareGroupSettings(ownOf(groupId)),
      streamsSettingsOf: (groupId: string) => config.streamsGroupSettings(ownOf(groupId))
    }
    const shared = { internalTopics: this.#internalTopics, unsettled: this.#unsettled }
    const options = { log, clock: own, chance, config: config.groups, topics, persister, ...shared, ...settings }
    try {
      const coordinator = await GroupCoordinator.load(options, () => replicas.slices.othersTurn(), isWanted)
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
}

/** A partition that is new, or has copies elsewhere: who reads the topic may be assigned differently. */
function isMadeUpAnew({ partition, before }: MetadataDelta['partitions'][number]): boolean {
  return before === null || before.replicas.join() !== partition.replicas.join()
}

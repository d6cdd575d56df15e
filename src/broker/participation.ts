/**
 * How a broker takes part in a cluster of several: it follows leaders, has the in-sync sets of what it leads changed, says what it cannot
 * serve, and that it lives. A lone broker has all of this, and nothing to do in it.
 */
import type { OfflineReplica } from '../controller/broker-changes.ts'
import type { ClusterImage } from '../coordination/metadata/image.ts'
import { DiskError } from '../host/disk.ts'
import { unattended } from '../host/unattended.ts'
import type { Lines } from './broker.ts'
import { Heartbeats } from './heartbeats.ts'
import { PeerUnreachable } from './peer.ts'
import { Fetchers } from './replication/fetchers.ts'
import { InSyncSets } from './replication/in-sync-sets.ts'
import { isThrottledReplica, ReplicationThrottle } from './replication/replication-throttle.ts'
import type { Storage } from './storage.ts'

export interface ParticipationOptions {
  readonly storage: Storage
  readonly lines: Lines
  readonly image: () => ClusterImage
  /** A mistake of ours came to light. */
  readonly onMistake: (what: string, error: unknown) => void
}

export class Participation {
  /** Of what followers take of this broker. */
  readonly leaderThrottle: ReplicationThrottle
  readonly #options: ParticipationOptions
  readonly #fetchers: Fetchers
  readonly #inSyncSets: InSyncSets
  readonly #heartbeats: Heartbeats
  /** Under which the controller hears this broker; -1 before it is registered. */
  #epoch = -1

  constructor(options: ParticipationOptions) {
    const { storage, lines, image, onMistake } = options
    const { host, config, replicas, nodeId } = storage
    const { controller, peer } = lines
    this.#options = options
    this.leaderThrottle = this.#throttle('leader')
    this.#fetchers = new Fetchers({
      throttle: this.#throttle('follower'),
      peer,
      nodeId,
      brokerEpoch: () => this.#epoch,
      clock: host.clock,
      onFailure: (replica, error) => replicas.fail(replica, error),
      noteGaps: ({ name }) => storage.directory.cleaner.noteGaps(name),
      onUnfit: (replica, error) => replicas.unfit(replica, error),
      onMistake: (error) => onMistake('Following a leader', error)
    })
    this.#inSyncSets = new InSyncSets({
      control: {
        alterPartitions: (wanted) =>
          controller.ask(({ brokers }) => brokers.alterPartitions(nodeId, this.#epoch, wanted))
      },
      clock: host.clock,
      replicas: () => replicas.all(),
      maxLagMs: () => config.replicaLagTimeMaxMs
    })
    this.#heartbeats = new Heartbeats({
      clock: host.clock,
      intervalMs: config.brokerHeartbeatIntervalMs,
      send: (heartbeat) => controller.ask(({ brokers }) => brokers.heartbeat(heartbeat)),
      say: () => ({
        ...{ brokerId: nodeId, brokerEpoch: this.#epoch, offline: [...replicas.offline()] },
        opened: replicas.openedLate(image()),
        knowsItself: image().broker(nodeId)?.epoch === this.#epoch
      })
    })
    replicas.onMayJoin = (replica, follower) => {
      if (this.#mayBeInSync(follower)) this.#inSyncSets.mayJoin(replica, follower)
    }
    replicas.onOffline = (offline) => this.#tellOffline(offline)
    replicas.observeRoles(this.#fetchers)
  }

  /** The controller has said who leads, and hears this broker under this epoch. */
  begin(epoch: number): void {
    const { replicas } = this.#options.storage
    this.#epoch = epoch
    this.#inSyncSets.start()
    replicas.beginRoles(this.#options.image())
    this.#tellOffline([...replicas.offline()])
  }

  /** The controller hears that it lives, from here on. Of a broker of several that takes part already. */
  beginHeartbeats(): void {
    this.#heartbeats.start()
  }

  /** Resolves when the controller has it take part. Of a broker of several that comes. Rejects with DiskError. */
  takePart(): Promise<void> {
    return this.#heartbeats.takePart()
  }

  stop(): void {
    this.#fetchers.stop()
    this.#inSyncSets.stop()
    this.#heartbeats.stop()
  }

  /** The controller would refuse one that is fenced, or about to go, with each of its fetches (KIP-841; Kafka: Partition.isReplicaIsrEligible). */
  #mayBeInSync(nodeId: number): boolean {
    const { fenced = false, inControlledShutdown = false } = this.#options.image().broker(nodeId) ?? {}
    return !fenced && !inControlledShutdown
  }

  #throttle(side: 'leader' | 'follower'): ReplicationThrottle {
    const { image, storage } = this.#options
    const { host, config, nodeId } = storage
    const listOf = (topic: string): string =>
      image().topicConfig(topic).get(`${side}.replication.throttled.replicas`) ?? ''
    return new ReplicationThrottle({
      monotonicMs: () => host.clock.monotonicMs(),
      bytesPerSecond: () => config.replicationRate(side),
      isNamed: (topic, partition) => isThrottledReplica(listOf(topic), partition, nodeId)
    })
  }

  /** Others shall lead. Where the controller is not reached, or its disk refuses, the next heartbeat says it again. */
  #tellOffline(offline: readonly OfflineReplica[]): void {
    if (this.#epoch < 0 || offline.length === 0) return
    const { lines, storage } = this.#options
    const told = lines.controller.ask(({ brokers }) => brokers.replicasOffline(storage.nodeId, this.#epoch, offline))
    unattended(storage.host.clock, told, DiskError, PeerUnreachable)
  }
}

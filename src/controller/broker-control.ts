/**
 * The controller's part that concerns brokers and who leads: they register, come and go; in-sync sets, elections and reassignments
 * change. Decisions are made in files of their own; here they become records, and what is answered is safe and told.
 * (Kafka: ClusterControlManager, ReplicationControlManager.)
 */
import type { StateRecord } from '../coordination/coordinator.ts'
import type { BrokerEndpoint } from '../coordination/metadata/broker-image.ts'
import type { BrokerState } from '../coordination/metadata/living-brokers.ts'
import { registerBrokerRecord } from '../coordination/metadata/records.ts'
import { limits } from '../limits.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import {
  type AlterPartitionResult,
  decideInSyncSet,
  objectionToBrokerEpoch,
  type WantedInSyncSet
} from './alter-partition.ts'
import {
  comparedReplicas,
  fencedBroker,
  liesElsewhere,
  type OfflineReplica,
  offlineReplicas,
  returnedBroker,
  stoppingBroker,
  unfencedBroker,
  unregisteredBroker
} from './broker-changes.ts'
import { BrokerSessions } from './broker-sessions.ts'
import {
  balancingElections,
  decideElections,
  type ElectionResult,
  type ElectionType,
  uncleanElections
} from './elect-leaders.ts'
import { type BrokerHeartbeat, decideHeartbeat, type HeartbeatResult } from './heartbeat.ts'
import type { MetadataWriter } from './metadata-writer.ts'
import { OfflineByBroker } from './offline-by-broker.ts'
import {
  decideReassignment,
  type OngoingReassignment,
  ongoingReassignments,
  type ReassignmentDecision,
  type WantedReassignment
} from './reassignments.ts'
import type { RegisteredBrokers } from './registered-brokers.ts'
import { ReplicaEnds, type SaidOfReplicas } from './replica-ends.ts'
import type { Scene } from './scene.ts'
import { startElections } from './start-elections.ts'

/** A broker that has opened its logs. */
export interface Registration extends SaidOfReplicas {
  readonly id: number
  readonly rack: string | null
  readonly directoryId: string
  readonly incarnationId: string
  readonly endpoints: readonly BrokerEndpoint[]
}

export class BrokerControl {
  readonly #scene: Scene
  readonly #brokers: RegisteredBrokers
  readonly #writer: MetadataWriter
  /** Where there are several, each is written down: whoever takes the directories over finds the others. */
  readonly #writesRegistrations: boolean
  /** Brokers that are gone, of which the log does not say it: the disk refused. */
  readonly #lost = new Set<number>()
  readonly #sessions = new BrokerSessions()
  readonly #ends = new ReplicaEnds()
  readonly #offline = new OfflineByBroker()
  #lastEpoch = 0
  /** Whether anybody leads in this life of the process. */
  #hasBegun = false

  constructor(options: {
    readonly scene: Omit<Scene, 'ends' | 'offline'>
    readonly brokers: RegisteredBrokers
    readonly writer: MetadataWriter
    readonly writesRegistrations: boolean
  }) {
    this.#scene = { ...options.scene, ends: this.#ends, offline: this.#offline }
    this.#brokers = options.brokers
    this.#writer = options.writer
    this.#writesRegistrations = options.writesRegistrations
    for (const { epoch } of options.scene.image.brokers()) this.#lastEpoch = Math.max(this.#lastEpoch, epoch)
  }

  /** Whether a broker that comes with this directory has another disk than before: nothing of what it had is there. */
  hasReplaced(id: number, directoryId: string): boolean {
    const known = this.#scene.image.broker(id)?.directories
    return known !== undefined && known.length > 0 && !known.includes(directoryId)
  }

  /** It is there, and takes no part yet. Resolves with the epoch under which it is heard. */
  async register(registration: Registration): Promise<number> {
    const { id, rack, directoryId } = registration
    // Those that come before anybody leads are compared by where their logs end.
    const isClean = (registration.isClean || !this.#hasBegun) && !this.hasReplaced(id, directoryId)
    // It would lead on in the epoch of its life before, of which others may have more than its disk has kept.
    if (this.#lost.has(id)) this.#fence(id)
    this.#ends.registered(id, registration, this.#scene.image)
    this.#offline.are(id, registration.offline)
    const epoch = this.#nextEpoch()
    this.#brokers.put({ id, epoch, rack, directoryId, state: 'fenced' })
    // The registration, which tells of another directory, comes last: a crash in between leaves it to be said again.
    if (!isClean || this.#liesElsewhere(id, directoryId))
      this.#append(returnedBroker(this.#scene, { id, isClean, directoryId }))
    if (this.#writesRegistrations) this.#append([this.#registered(registration, epoch)])
    await this.#writer.published()
    return epoch
  }

  /** The brokers of this process have all come: from here on each partition has a leader of this life. */
  async begin(ids: readonly number[]): Promise<void> {
    for (const id of ids) {
      this.#brokers.become(id, 'active')
      this.#sessions.heard(id)
      const registered = this.#scene.image.broker(id)
      if (registered?.fenced === true) this.#append(unfencedBroker(this.#scene, id).slice(0, 1))
    }
    this.#hasBegun = true
    this.#append(startElections(this.#scene))
    await this.#writer.published()
  }

  /** It lives: if it was fenced, and has heard of its registration, it takes part from now on. */
  async heartbeat(heartbeat: BrokerHeartbeat): Promise<HeartbeatResult> {
    const { records, result } = decideHeartbeat(this.#scene, heartbeat)
    if (result.isFenced) return result
    const { brokerId: id, offline } = heartbeat
    this.#sessions.heard(id)
    const opened = heartbeat.opened.filter((replica) => this.#offline.has(id, replica))
    this.#ends.opened(id, opened, this.#scene.image)
    this.#offline.are(id, offline)
    if (this.#brokers.broker(id)?.state === 'fenced') {
      const back = this.#become(id, 'active', records)
      this.#lost.delete(id)
      await back
    } else if (records.length > 0) {
      this.#append(records)
      await this.#writer.published()
    }
    if (opened.length > 0) {
      this.#append(comparedReplicas(this.#scene, id))
      await this.#writer.published()
    }
    return result
  }

  /** A quarter of a session has passed: those that were not heard for a whole one are fenced. */
  async fenceSilent(): Promise<void> {
    await Promise.all(
      this.#sessions.quarterPassed().map((id) => (this.#lost.has(id) ? this.fenceAgain(id) : this.fence(id)))
    )
  }

  /** It is gone. Resolves when others lead what it led. Rejects with DiskError: then it is nobody's choice, and `fenceAgain` says it. */
  async fence(id: number): Promise<void> {
    const { state = 'fenced' } = this.#brokers.broker(id) ?? {}
    if (state !== 'fenced') this.#fence(id)
    await this.#writer.published()
  }

  /** Of a broker that is gone, and has not come back: what the disk refused when it went. */
  async fenceAgain(id: number): Promise<void> {
    if (!this.#lost.has(id)) return
    this.#fence(id)
    await this.#writer.published()
  }

  #fence(id: number): void {
    this.#brokers.become(id, 'fenced')
    this.#lost.add(id)
    this.#append(fencedBroker(this.#scene, id))
    this.#lost.delete(id)
    this.#sessions.end(id)
  }

  /** It wants to go. Resolves when others lead what it led, as far as there are others. */
  shutDown(id: number): Promise<void> {
    return this.#become(id, 'in controlled shutdown', stoppingBroker(this.#scene, id).records)
  }

  /** Leaders change the in-sync sets of what they lead. */
  async alterPartitions(
    brokerId: number,
    brokerEpoch: number,
    wanted: readonly WantedInSyncSet[]
  ): Promise<{ readonly error: ErrorCode; readonly partitions: readonly AlterPartitionResult[] }> {
    const error = objectionToBrokerEpoch(this.#scene, brokerId, brokerEpoch)
    if (error !== ErrorCode.NONE) return { error, partitions: [] }
    const partitions = wanted.map((one) => {
      const { records, result } = decideInSyncSet(this.#scene, brokerId, one)
      this.#append(records)
      return result
    })
    await this.#writer.published()
    return { error, partitions }
  }

  /** Replicas of this broker serve no more. Resolves when others lead what it led of them, as far as there are others. */
  async replicasOffline(brokerId: number, brokerEpoch: number, offline: readonly OfflineReplica[]): Promise<void> {
    if (objectionToBrokerEpoch(this.#scene, brokerId, brokerEpoch) !== ErrorCode.NONE) return
    this.#offline.alsoAre(brokerId, offline)
    this.#append(offlineReplicas(this.#scene, brokerId, offline))
    await this.#writer.published()
  }

  /** ElectLeaders. Null topics: all there are. */
  async electLeaders(
    type: ElectionType,
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null
  ): Promise<readonly ElectionResult[]> {
    const { records, result } = decideElections(this.#scene, type, topics)
    this.#append(records)
    await this.#writer.published()
    return result
  }

  /** Gives leadership back to preferred leaders. */
  async balance(): Promise<void> {
    this.#append(balancingElections(this.#scene, limits.partitionsPerRequest))
    await this.#writer.published()
  }

  /** Elects anybody who lives, where a topic allows it and nobody leads. */
  async electUncleanLeaders(): Promise<void> {
    this.#append(uncleanElections(this.#scene, limits.partitionsPerRequest))
    await this.#writer.published()
  }

  async reassign(wanted: readonly WantedReassignment[]): Promise<readonly ReassignmentDecision['result'][]> {
    const results = wanted.map((one) => {
      const { records, result } = decideReassignment(this.#scene, one)
      this.#append(records)
      return result
    })
    await this.#writer.published()
    return results
  }

  /** Null topics: all there are. */
  reassignments(
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null
  ): readonly OngoingReassignment[] {
    return ongoingReassignments(this.#scene.image, topics)
  }

  async unregister(id: number): Promise<{ readonly error: ErrorCode; readonly message: string | null }> {
    const { records, result } = unregisteredBroker(this.#scene, id)
    this.#append(records)
    if (result.error === ErrorCode.NONE) {
      this.#brokers.remove(id)
      this.#lost.delete(id)
    }
    await this.#writer.published()
    return result
  }

  #become(id: number, state: BrokerState, records: readonly StateRecord[]): Promise<void> {
    this.#append(records)
    this.#brokers.become(id, state)
    return this.#writer.published()
  }

  /** Batches of what one request may bring: each is written and replayed at once. */
  #append(records: readonly StateRecord[]): void {
    for (let first = 0; first < records.length; first += limits.partitionsPerRequest) {
      this.#writer.append(records.slice(first, first + limits.partitionsPerRequest))
    }
    this.#ends.forgetDecided(this.#scene.image)
  }

  #nextEpoch(): number {
    this.#lastEpoch += 1
    return this.#lastEpoch
  }

  /** The same as `hasReplaced`, of one that was unregistered meanwhile: its replicas are where it was. */
  #liesElsewhere(id: number, directoryId: string): boolean {
    const topics = [...this.#scene.image.topics()]
    return topics.some(({ partitions }) => partitions.some((partition) => liesElsewhere(partition, id, directoryId)))
  }

  #registered({ id, rack, directoryId, incarnationId, endpoints }: Registration, epoch: number): StateRecord {
    const broker = { id, epoch, rack, incarnationId, endpoints, directories: [directoryId], features: [] }
    return registerBrokerRecord(
      { ...broker, fenced: true, inControlledShutdown: false },
      this.#scene.image.metadataVersion
    )
  }
}

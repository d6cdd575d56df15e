/** The transaction coordinators of this broker: one for each partition of `__transaction_state` that it leads. */
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import { Coordinators } from '../coordination/coordinators.ts'
import type { ClusterImage } from '../coordination/metadata/image.ts'
import type { WriteMarkers } from '../coordination/transactions/completions.ts'
import { TransactionCoordinator } from '../coordination/transactions/transaction-coordinator.ts'
import { DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { limits } from '../limits.ts'
import type { ControllerLine } from './controller-line.ts'
import { PeerUnreachable } from './peer.ts'
import type { ProducerIds } from './producer-ids.ts'
import { noSnapshot, ReplicaStateLog } from './replica-log.ts'
import type { Replicas, RoleObserver } from './replicas.ts'
import type { Replica } from './replication/replica.ts'
import { StateTopic } from './state-topic.ts'

const transactionsTopic = '__transaction_state'

export interface TransactionCoordinatorsOptions {
  readonly host: Host
  readonly config: BrokerConfig
  readonly controller: ControllerLine
  readonly image: () => ClusterImage
  readonly replicas: Replicas
  readonly producerIds: ProducerIds
  readonly writeMarkers: WriteMarkers
  readonly onMistake: (error: unknown) => void
}

export class TransactionCoordinators implements RoleObserver {
  readonly #options: TransactionCoordinatorsOptions
  readonly #coordinators = new Coordinators((partition, isWanted) => this.#load(partition, isWanted))
  readonly topic: StateTopic

  constructor(options: TransactionCoordinatorsOptions) {
    this.#options = options
    const { controller, image, config } = options
    this.topic = new StateTopic({ name: transactionsTopic, image, controller, made: () => config.transactionsTopic })
  }

  /** Undefined when the transactional id is looked after elsewhere, or its log cannot be read now. */
  async of(transactionalId: string): Promise<TransactionCoordinator | undefined> {
    const partition = this.topic.partitionOf(transactionalId)
    return partition === null ? undefined : this.#coordinators.at(partition)
  }

  all(): Promise<readonly TransactionCoordinator[]> {
    return this.#coordinators.all()
  }

  /**
   * Who leads a partition of the topic looks after its transactions, from the log as it is then. It is loaded at once: transactions that
   * were ending go on, and others run out of time, whether or not anybody asks.
   */
  onRole({ topic, partition, leadership, leaderEpoch }: Replica): void {
    if (topic !== transactionsTopic) return
    if (leadership === null) {
      this.#coordinators.resigned(partition)
      return
    }
    this.#coordinators.elected(partition, leaderEpoch)
    this.#coordinators.at(partition).catch(this.#options.onMistake)
  }

  onGone({ topic, partition }: Replica): void {
    if (topic === transactionsTopic) this.#coordinators.resigned(partition)
  }

  close(): void {
    this.#coordinators.close()
  }

  /** Null when the log cannot be read now, or is damaged, which takes it offline: half of what it says is no state. */
  async #load(partition: number, isWanted: () => boolean): Promise<TransactionCoordinator | null> {
    const { host, config, replicas, writeMarkers, onMistake } = this.#options
    const { clock } = host
    const hosted = replicas.get(transactionsTopic, partition)
    if (hosted.kind !== 'online') return null
    const { replica } = hosted
    const log = new ReplicaStateLog(replica, noSnapshot, { clock, timeoutMs: limits.coordinatorCommitMs })
    const newProducerId = (): Promise<number | null> => this.#newProducerId()
    const { leaderEpoch: coordinatorEpoch } = replica
    const options = {
      log,
      clock,
      config: config.transactions,
      coordinatorEpoch,
      newProducerId,
      writeMarkers,
      onMistake
    }
    try {
      return await TransactionCoordinator.load(options, () => replicas.slices.othersTurn(), isWanted)
    } catch (error) {
      if (error instanceof DiskError) return null
      throw error
    }
  }

  async #newProducerId(): Promise<number | null> {
    try {
      return await this.#options.producerIds.next()
    } catch (error) {
      if (error instanceof DiskError || error instanceof PeerUnreachable) return null
      throw error
    }
  }
}

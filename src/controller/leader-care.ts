/**
 * What a controller of several brokers does by itself: fences brokers that are not heard of, gives leadership back to preferred leaders,
 * elects uncleanly where a topic allows it and nobody leads (Kafka: QuorumController's maybeFenceStaleBroker,
 * maybeBalancePartitionLeaders and maybeElectUncleanLeaders), and says of a broker that is gone what its disk refused when it went.
 */
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { Clock, Timer } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { limits } from '../limits.ts'
import type { BrokerControl } from './broker-control.ts'

export class LeaderCare {
  readonly #brokers: BrokerControl
  readonly #clock: Clock
  readonly #config: BrokerConfig
  readonly #timers = new Map<string, Timer>()
  #isStopped = false

  constructor(brokers: BrokerControl, clock: Clock, config: BrokerConfig) {
    this.#brokers = brokers
    this.#clock = clock
    this.#config = config
  }

  start(): void {
    const { brokerSessionTimeoutMs, leaderImbalanceCheckIntervalMs, uncleanLeaderElectionIntervalMs } = this.#config
    this.#every('sessions', brokerSessionTimeoutMs / 4, () => this.#brokers.fenceSilent())
    this.#every('balance', leaderImbalanceCheckIntervalMs, () =>
      this.#config.autoLeaderRebalanceEnable ? this.#brokers.balance() : Promise.resolve()
    )
    this.#every('unclean elections', uncleanLeaderElectionIntervalMs, () => this.#brokers.electUncleanLeaders())
  }

  /** The broker is gone, and the disk has refused that others lead what it led: they do as soon as there is room. */
  fenceLater(id: number): void {
    const name = `fencing of ${id}`
    if (this.#isStopped || this.#timers.has(name)) return
    const again = (): void => {
      this.#timers.delete(name)
      this.#brokers.fenceAgain(id).catch((error: unknown) => {
        if (!(error instanceof DiskError)) throw error
        this.fenceLater(id)
      })
    }
    this.#timers.set(name, this.#clock.after(limits.refusedRecordPauseMs, again))
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }

  #every(name: string, intervalMs: number, work: () => Promise<void>): void {
    const timer = this.#clock.after(intervalMs, () => {
      this.#every(name, intervalMs, work)
      // A disk that refuses now may take it the next time; whoever runs the cluster is told of the disk elsewhere.
      work().catch((error: unknown) => {
        if (!(error instanceof DiskError)) throw error
      })
    })
    this.#timers.set(name, timer)
  }
}

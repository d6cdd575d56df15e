/**
 * What a controller of several brokers does by itself: fences brokers that are not heard of, gives leadership back to preferred leaders,
 * elects uncleanly where a topic allows it and nobody leads (Kafka: QuorumController's maybeFenceStaleBroker,
 * maybeBalancePartitionLeaders and maybeElectUncleanLeaders), and says of a broker that is gone what its disk refused when it went.
 */
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { Clock, Timer } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { RepeatingTimer } from '../host/repeating-timer.ts'
import { unattended } from '../host/unattended.ts'
import { limits } from '../limits.ts'
import type { BrokerControl } from './broker-control.ts'

export class LeaderCare {
  readonly #brokers: BrokerControl
  readonly #clock: Clock
  readonly #repeated: readonly RepeatingTimer[]
  /** Brokers that are gone, and could not be fenced yet. */
  readonly #fencings = new Map<number, Timer>()
  #isStopped = false

  constructor(brokers: BrokerControl, clock: Clock, config: BrokerConfig) {
    this.#brokers = brokers
    this.#clock = clock
    const every = (intervalMs: () => number, work: () => Promise<void>): RepeatingTimer =>
      new RepeatingTimer(
        clock,
        intervalMs,
        // A disk that refuses now may take it the next time; whoever runs the cluster is told of the disk elsewhere.
        () => unattended(clock, work(), DiskError)
      )
    const balance = (): Promise<void> => (config.autoLeaderRebalanceEnable ? brokers.balance() : Promise.resolve())
    this.#repeated = [
      every(
        () => config.brokerSessionTimeoutMs / 4,
        () => brokers.fenceSilent()
      ),
      every(() => config.leaderImbalanceCheckIntervalMs, balance),
      every(
        () => config.uncleanLeaderElectionIntervalMs,
        () => brokers.electUncleanLeaders()
      )
    ]
  }

  start(): void {
    for (const timer of this.#repeated) timer.start()
  }

  /** The broker is gone, and the disk has refused that others lead what it led: they do as soon as there is room. */
  fenceLater(id: number): void {
    if (this.#isStopped || this.#fencings.has(id)) return
    const again = (): void => {
      this.#fencings.delete(id)
      const fenced = this.#brokers.fenceAgain(id).catch((error: unknown) => {
        if (!(error instanceof DiskError)) throw error
        this.fenceLater(id)
      })
      unattended(this.#clock, fenced)
    }
    this.#fencings.set(id, this.#clock.after(limits.refusedRecordPauseMs, again))
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#repeated) timer.stop()
    for (const timer of this.#fencings.values()) timer.cancel()
    this.#fencings.clear()
  }
}

/**
 * What a broker does by itself: drops what retention no longer keeps and writes the checkpoints from time to time, and writes
 * the recovery points soon after a log has made much of itself safe.
 */

import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { ClusterImage } from '../coordination/metadata/image.ts'
import type { Clock, Timer } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { limits } from '../limits.ts'
import type { Storage } from './storage.ts'

export class Housekeeping {
  readonly #clock: Clock
  readonly #config: BrokerConfig
  readonly #storage: Storage
  readonly #image: () => ClusterImage
  readonly #log: (line: string) => void
  readonly #timers = new Map<string, Timer>()

  constructor(options: {
    clock: Clock
    config: BrokerConfig
    storage: Storage
    image: () => ClusterImage
    log: (line: string) => void
  }) {
    this.#clock = options.clock
    this.#config = options.config
    this.#storage = options.storage
    this.#image = options.image
    this.#log = options.log
  }

  start(): void {
    const { replicas, directory } = this.#storage
    this.#every('retention', this.#config.logRetentionCheckIntervalMs, () => void replicas.applyRetention())
    this.#every('checkpoints', this.#config.logFlushOffsetCheckpointIntervalMs, () => replicas.saveCheckpointsIfRoom())
    this.#every('reserve', limits.reserveCheckMs, () => directory.reserve.keep())
    this.#every('offline partitions', limits.openAgainMs, () => replicas.openAgain(this.#image()))
    replicas.onCheckpoint = () => this.#saveRecoveryPointsSoon()
  }

  stop(): void {
    this.#storage.replicas.onCheckpoint = undefined
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }

  #saveRecoveryPointsSoon(): void {
    const name = 'recovery points'
    if (this.#timers.has(name)) return
    const save = (): void => {
      this.#timers.delete(name)
      this.#storage.replicas.saveRecoveryPointsIfRoom()
    }
    this.#timers.set(name, this.#clock.after(limits.recoveryPointsMs, save))
  }

  /** A disk that is full now may have room next time; whoever runs the broker is told. */
  #attempt(name: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#log(`${name}: ${error.message}`)
    }
  }

  #every(name: string, intervalMs: number, work: () => void): void {
    const again = (): void => {
      this.#timers.set(
        name,
        this.#clock.after(intervalMs, () => {
          this.#attempt(name, work)
          again()
        })
      )
    }
    again()
  }
}

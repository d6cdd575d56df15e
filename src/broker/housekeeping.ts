/**
 * What a broker does by itself: drops what retention no longer keeps and writes the checkpoints from time to time, and writes
 * the recovery points soon after a log has made much of itself safe. What compacts logs stands in `log-cleaner.ts`. It sees, too, when
 * the data directory is gone, or files in it.
 */

import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { ClusterImage } from '../coordination/metadata/image.ts'
import type { Clock, Timer } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { RepeatingTimer } from '../host/repeating-timer.ts'
import { unattended } from '../host/unattended.ts'
import { limits } from '../limits.ts'
import { LogCleaner } from './log-cleaner.ts'
import type { Storage } from './storage.ts'

export class Housekeeping {
  readonly #clock: Clock
  readonly #storage: Storage
  readonly #log: (line: string) => void
  readonly #onGone: (reason: DiskError) => void
  readonly #repeated: readonly RepeatingTimer[]
  readonly #cleaner: LogCleaner
  #recoveryPoints: Timer | null = null

  constructor(options: {
    clock: Clock
    config: BrokerConfig
    storage: Storage
    image: () => ClusterImage
    log: (line: string) => void
    /** The data directory is gone. */
    onGone: (reason: DiskError) => void
  }) {
    const { clock, config, storage, image, log } = options
    const { replicas, directory } = storage
    this.#clock = clock
    this.#storage = storage
    this.#log = log
    this.#onGone = options.onGone
    this.#cleaner = new LogCleaner({ clock, config, storage, log })
    const retentionMs = (): number => config.logRetentionCheckIntervalMs
    const checkpointsMs = (): number => config.logFlushOffsetCheckpointIntervalMs
    this.#repeated = [
      this.#every(
        'data directory',
        () => limits.directoryCheckMs,
        () => {
          directory.assertInPlace()
          this.#keepIdentity()
          replicas.lookForFiles()
        }
      ),
      this.#every('retention', retentionMs, () => unattended(clock, replicas.applyRetention())),
      this.#every(
        'recovery points',
        () => limits.recoveryPointsMs,
        () => replicas.saving.metadataPointIfRoom()
      ),
      this.#every('checkpoints', checkpointsMs, () => replicas.saving.allIfRoom()),
      this.#every(
        'reserve',
        () => limits.reserveCheckMs,
        () => directory.reserve.keep()
      ),
      this.#every(
        'offline partitions',
        () => limits.openAgainMs,
        () => replicas.openAgain(image())
      )
    ]
  }

  start(): void {
    for (const timer of this.#repeated) timer.start()
    this.#cleaner.start()
    this.#storage.replicas.onCheckpoint = () => this.#saveRecoveryPointsSoon()
  }

  stop(): void {
    this.#storage.replicas.onCheckpoint = undefined
    for (const timer of this.#repeated) timer.stop()
    this.#cleaner.stop()
    this.#recoveryPoints?.cancel()
  }

  #keepIdentity(): void {
    const { directory } = this.#storage
    if (!directory.restoreIdentity()) return
    const { location } = directory.disk
    this.#log(`${location}/meta.properties was removed. It says who the directory belongs to, and was written again.`)
  }

  #saveRecoveryPointsSoon(): void {
    this.#recoveryPoints ??= this.#clock.after(limits.recoveryPointsMs, () => {
      this.#recoveryPoints = null
      this.#storage.replicas.saving.recoveryPointsIfRoom()
    })
  }

  /** A disk that is full now may have room next time; whoever runs the broker is told. */
  #every(what: string, intervalMs: () => number, work: () => void): RepeatingTimer {
    const attempt = (): void => {
      try {
        work()
      } catch (error) {
        if (!(error instanceof DiskError)) throw error
        if (error.problem === 'gone') this.#onGone(error)
        else this.#log(`${what}: ${error.message}`)
      }
    }
    return new RepeatingTimer(this.#clock, intervalMs, attempt)
  }
}

/** Opens and makes the logs of a data directory, each with what the last run left of it in the checkpoints. */
import { DiskError } from '../host/disk.ts'
import { clockOf } from '../host/guarded-clock.ts'
import type { Host } from '../host/host.ts'
import { limits } from '../limits.ts'
import type { DamageError } from '../log/damage.ts'
import { type LogOpening, PartitionLog } from '../log/partition-log.ts'
import { SyncTurns } from '../log/sync-turns.ts'
import type { Durability, LogConfig } from '../log/types.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { DataDirectory } from './data-directory.ts'
import type { RefusedRecords } from './refused-records.ts'
import { strayName } from './strays.ts'
import type { Telling } from './telling.ts'

export interface PartitionIdentity {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  /** The latest that the metadata knows of. */
  readonly leaderEpoch: number
}

/** Whether a partition was just made, or was there at the start. */
export type History = 'new' | 'known'

/** The name of a partition's directory. */
export function directoryOf({ topic, partition }: Pick<PartitionIdentity, 'topic' | 'partition'>): string {
  return `${topic}-${partition}`
}

type Manner = Pick<LogOpening, 'shutdown' | 'durability' | 'copies'>

export interface PartitionLogsOptions {
  readonly host: Host
  readonly durability: Durability
  readonly directory: DataDirectory
  readonly checkpoints: Checkpoints
  readonly telling: Telling
  readonly refused: RefusedRecords
  /** Gets a line when a log was recovered, or had to be mended. */
  readonly log: (line: string) => void
}

export class PartitionLogs {
  /** Called when the recovery points are worth writing down. */
  onCheckpoint: (() => void) | undefined
  /** Called when a log turned out to be damaged while it was read. */
  onDamage: ((of: PartitionIdentity, damage: DamageError) => void) | undefined
  /** Called when the disk failed to take or to keep what was written to a log, and may not soon. */
  onFailure: ((of: PartitionIdentity, error: DiskError) => void) | undefined
  readonly #options: PartitionLogsOptions
  readonly #syncTurns = new SyncTurns()

  constructor(options: PartitionLogsOptions) {
    this.#options = options
  }

  /** Throws DiskError. */
  open(of: PartitionIdentity, config: LogConfig, history: History, special: Partial<Manner> = {}): PartitionLog {
    const { host, directory, checkpoints, telling, refused } = this.#options
    const name = directoryOf(of)
    refused.forget(name)
    telling.forgetUnread(name)
    if (history === 'new') directory.cleaner.forget(name)
    const log = PartitionLog.open({
      disk: host.disk,
      directory: name,
      topicId: of.topicId,
      leaderEpoch: of.leaderEpoch,
      config,
      clock: clockOf({ partition: name }, host.clock),
      syncTurns: this.#syncTurns,
      history,
      gaps: directory.cleaner.mayHaveGaps(name, config) ? 'compacted' : 'none',
      report: (line) => this.#options.log(line),
      recoveryPoint: checkpoints.recoveryPointOf(name),
      logStartOffset: checkpoints.logStartOffsetOf(name),
      ...this.#manner,
      ...special,
      checkpointBytes: limits.checkpointBytes
    })
    log.onCheckpoint = () => this.onCheckpoint?.()
    log.onDamage = (damage) => this.onDamage?.(of, damage)
    log.onFailure = (error) => {
      // Any other is a mistake of ours, which stops the partition.
      if (error instanceof DiskError) this.onFailure?.(of, error)
    }
    log.onTrouble = (trouble) => telling.troubled(name, trouble)
    log.onRefused = (reason) => refused.refused(name, reason)
    log.onTaken = () => refused.taken(name)
    log.onUnread = (trouble) => telling.unread(name, trouble)
    log.onReadAgain = () => telling.readAgain(name)
    return log
  }

  /** A new log, or nothing. Throws DiskError. */
  make(of: PartitionIdentity, config: LogConfig, servedBy: (topicId: string) => string | undefined): PartitionLog {
    const name = directoryOf(of)
    const { disk, chance } = this.#options.host
    if (disk.exists(name)) {
      this.#assertServesNobody(name, servedBy)
      // Of another topic: what a deletion or a creation could not remove.
      disk.rename(name, strayName(name, chance))
    }
    let log: PartitionLog | undefined
    try {
      log = this.open(of, config, 'new')
      // Its first leader's, so that nothing is left to write once it was told of.
      log.beginEpoch(of.leaderEpoch)
      return log
    } catch (error) {
      log?.abandon()
      this.#options.telling.attempt(`removal of ${name}`, () => disk.remove(name))
      throw error
    }
  }

  /** How logs are opened that nothing is special about. */
  get #manner(): Manner {
    const { directory, durability } = this.#options
    return { shutdown: directory.wasStoppedCleanly ? 'clean' : 'unclean', durability, copies: 'one' }
  }

  /** Where a file system takes ORDERS and orders for the same, the directory may be that of a topic which is served. */
  #assertServesNobody(name: string, servedBy: (topicId: string) => string | undefined): void {
    const { disk } = this.#options.host
    const owner = PartitionLog.topicIdOf(disk, name)
    const served = owner === null ? undefined : servedBy(owner)
    if (served === undefined) return
    const what = `${disk.location}/${name} is the directory of the topic ${served}, whose name differs in upper and lower case.`
    throw new DiskError('failed', name, `${what} This file system takes them for the same: choose another name.`)
  }
}

/**
 * Compacts the logs of this broker, one after the other, the dirtiest first (Kafka: LogCleaner, LogCleanerManager). Every replica is
 * compacted where it lies: leader and followers each for themselves.
 */
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { Clock, Timer } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { inSlices } from '../host/slices.ts'
import { unattended } from '../host/unattended.ts'
import { limits } from '../limits.ts'
import { type Compacted, type CompactionProgress, type Dirt, UncleanableError } from '../log/partition-log.ts'
import type { Replica } from './replication/replica.ts'
import type { Storage } from './storage.ts'
import { Telling } from './telling.ts'

export interface LogCleanerOptions {
  readonly clock: Clock
  readonly config: BrokerConfig
  readonly storage: Pick<Storage, 'replicas' | 'directory'>
  /** Gets a line when a compaction takes long, and when one fails. */
  readonly log: (line: string) => void
}

interface Dirty {
  readonly replica: Replica
  readonly dirt: Dirt
}

export class LogCleaner {
  readonly #options: LogCleanerOptions
  readonly #telling: Telling
  #timer: Timer | null = null
  #isStopped = false
  /** Until when a log is left alone, whose compaction failed; for ever where it cannot be compacted. */
  readonly #leftAlone = new Map<Replica, number>()

  constructor(options: LogCleanerOptions) {
    this.#options = options
    this.#telling = new Telling(options.log, options.clock)
  }

  start(): void {
    const { clock, config } = this.#options
    if (this.#isStopped || !config.logCleaner.isEnabled) return
    this.#timer = clock.after(config.logCleaner.backoffMs, () => unattended(clock, this.#cleanAll()))
  }

  /** For good. A compaction that is under way is stopped by who closes its log. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  /** Until nothing is worth while; then it rests. */
  async #cleanAll(): Promise<void> {
    for (;;) {
      const dirtiest = await this.#dirtiest()
      if (this.#isStopped) return
      if (dirtiest === null || !(await this.#clean(dirtiest))) break
    }
    this.start()
  }

  async #dirtiest(): Promise<Dirty | null> {
    const { replicas } = this.#options.storage
    this.#forgetPast()
    let dirtiest: Dirty | null = null
    await inSlices(replicas.slices, [...replicas.all()], (replica) => {
      if (this.#leftAlone.has(replica) || !replica.log.config.cleanupCompact) return
      const dirt = this.#dirtIn(replica)
      if (dirt !== null && (dirtiest === null || dirt.ratio > dirtiest.dirt.ratio)) dirtiest = { replica, dirt }
    })
    return dirtiest
  }

  /** Where a log is damaged, or gone meanwhile, whoever closes it tells of that. */
  #dirtIn({ name, log, lastStableOffset }: Replica): Dirt | null {
    try {
      return log.dirt(this.#options.storage.directory.cleaner.cleanedUpTo(name), lastStableOffset)
    } catch (error) {
      if (error instanceof DiskError) return null
      throw error
    }
  }

  /** Whether the log is cleaner now. */
  async #clean({ replica, dirt }: Dirty): Promise<boolean> {
    const { storage, config } = this.#options
    const { cleaner } = storage.directory
    const { name, log } = replica
    const { dedupeBufferBytes, dedupeBufferLoadFactor } = config.logCleaner
    try {
      const compacted = await log.compact({
        ...{ dirt, memoryBytes: dedupeBufferBytes, loadFactor: dedupeBufferLoadFactor },
        bytesPerSecond: () => config.logCleaner.bytesPerSecond,
        noteGaps: () => cleaner.noteGaps(name),
        onProgress: this.#progressOf(name)
      })
      if (compacted === null || this.#isStopped || !this.#isServed(replica)) return false
      await cleaner.noteCleaned(name, compacted.cleanedUpTo)
      this.#telling.mended(`compaction of ${name}`)
      this.#tellEnd(name, compacted)
      return compacted.cleanedUpTo > dirt.firstDirtyOffset
    } catch (error) {
      this.#failed(replica, error)
      return false
    }
  }

  #isServed(replica: Replica): boolean {
    const hosted = this.#options.storage.replicas.get(replica.topic, replica.partition)
    return hosted.kind === 'online' && hosted.replica === replica
  }

  #failed(replica: Replica, error: unknown): void {
    const what = `compaction of ${replica.name}`
    if (error instanceof UncleanableError) {
      const advice = 'Nothing is lost; the topic keeps all its records until they can be read, or the topic is deleted.'
      this.#telling.failed(what, new DiskError('failed', replica.name, `${error.message} ${advice}`, error))
      this.#leftAlone.set(replica, Infinity)
      return
    }
    if (!(error instanceof DiskError)) throw error
    this.#leftAlone.set(replica, this.#options.clock.monotonicMs() + limits.compactionAgainMs)
    if (this.#isServed(replica)) this.#telling.failed(what, error)
  }

  #forgetPast(): void {
    const nowMs = this.#options.clock.monotonicMs()
    for (const [replica, untilMs] of this.#leftAlone) {
      if (untilMs <= nowMs || !this.#isServed(replica)) this.#leftAlone.delete(replica)
    }
  }

  /** One line now and then. */
  #progressOf(name: string): (soFar: CompactionProgress) => void {
    let toldMs = 0
    return ({ elapsedMs, bytesBefore, bytesAfter }) => {
      if (elapsedMs - toldMs < limits.compactionProgressMs) return
      toldMs = elapsedMs
      const soFar = `${megabytes(bytesBefore)} of it have become ${megabytes(bytesAfter)} so far`
      this.#options.log(`Compacting ${name} for ${seconds(elapsedMs)}: ${soFar}.`)
    }
  }

  #tellEnd(name: string, compacted: Compacted): void {
    const { bytesBefore, bytesAfter, recordsBefore, recordsAfter, cleanedUpTo, elapsedMs } = compacted
    if (elapsedMs < limits.compactionToldMs) return
    const records = `${recordsBefore} records are ${recordsAfter} now, up to offset ${cleanedUpTo}`
    const bytes = `${megabytes(bytesBefore)} are ${megabytes(bytesAfter)}`
    this.#options.log(`Compacted ${name} in ${seconds(elapsedMs)}: ${records}; ${bytes}.`)
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

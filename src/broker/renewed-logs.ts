/**
 * Logs that are made where a checkpoint speaks of an earlier one of the same name: a topic that was deleted and made again, a replica that
 * comes back, or is filled again. A start after a kill would hold the new one against what is said of the old one, and take it for damaged,
 * so it is made once the files say nothing of that name: one write of them for all that come together.
 */
import { DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { inSlices, type Slicing } from '../host/slices.ts'
import { unattended } from '../host/unattended.ts'
import type { History } from './partition-logs.ts'

export interface RenewedLog {
  readonly topicId: string
  readonly partitionId: number
  readonly history: History
}

export interface RenewedLogsOptions {
  readonly host: Host
  readonly slices: Slicing
  /** Resolves when no checkpoint speaks of what was forgotten before, also after a power cut. Rejects with DiskError. */
  readonly save: () => Promise<void>
  readonly open: (log: RenewedLog) => void
  /** The checkpoints could not be written: it cannot be made yet. */
  readonly failed: (log: RenewedLog, reason: DiskError) => void
}

export class RenewedLogs {
  readonly #options: RenewedLogsOptions
  /** By the names of their directories. */
  #waiting = new Map<string, RenewedLog>()
  #underWay: Promise<void> | null = null
  #hasEnded = false

  constructor(options: RenewedLogsOptions) {
    this.#options = options
  }

  /** It is opened by the next run. */
  add(name: string, log: RenewedLog): void {
    this.#waiting.set(name, log)
  }

  /** What was added is opened as soon as that is safe. To be called once everything else is open: what is not is in no checkpoint. */
  beginIfNeeded(): void {
    if (this.#waiting.size > 0) this.begin()
  }

  /** The same where nothing waits, so that the checkpoints forget all the same. */
  begin(): void {
    if (this.#underWay !== null || this.#hasEnded) return
    const run = this.#run().finally(() => {
      this.#underWay = null
    })
    this.#underWay = run
    unattended(this.#options.host.clock, run)
  }

  /** Resolves when nothing waits. A mistake of ours is nothing that others wait for. */
  async settled(): Promise<void> {
    await this.#underWay?.catch(() => {})
  }

  /** Nothing is opened from now on. */
  end(): void {
    this.#hasEnded = true
    this.#waiting.clear()
  }

  async #run(): Promise<void> {
    const { save, open, failed, slices } = this.#options
    do {
      const waiting = [...this.#waiting.values()]
      this.#waiting = new Map()
      const reason = await save().then(() => null, diskErrorOf)
      await inSlices(slices, waiting, (log) => {
        if (this.#hasEnded) return
        if (reason === null) open(log)
        else failed(log, reason)
      })
    } while (this.#waiting.size > 0)
  }
}

function diskErrorOf(error: unknown): DiskError {
  if (error instanceof DiskError) return error
  throw error
}

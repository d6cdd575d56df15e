/**
 * How far each log was compacted, in Kafka's `cleaner-offset-checkpoint`: an offset below which no key has two records. Its list also says
 * of which logs offsets may be missing, so that a log is in it before the first one is.
 */
import type { Disk } from '../host/disk.ts'
import { readOffsetCheckpoint, writeOffsetCheckpoint } from '../log/offset-checkpoint.ts'
import { OneAtATime } from './one-at-a-time.ts'

export const cleanerCheckpoint = 'cleaner-offset-checkpoint'

export class CleanerCheckpoint {
  readonly #disk: Disk
  readonly #isReleased: () => boolean
  readonly #wasThere: boolean
  /** Read when it is first asked for. */
  #offsets: Map<string, number> | null = null
  /** It is damaged: any log may have been in it, and it stays as it is. What is learnt is known for this run. */
  #isLost = false
  /** Logs that the file may list although they are gone. */
  readonly #forgotten = new Set<string>()
  readonly #writing = new OneAtATime(() => this.#write())

  constructor(disk: Disk, isReleased: () => boolean) {
    this.#disk = disk
    this.#isReleased = isReleased
    this.#wasThere = disk.exists(cleanerCheckpoint)
  }

  /**
   * Whether offsets may be missing in this log. Kafka's cleaner makes the file when it starts, and lists there what it has compacted; a log
   * that it was in the middle of is not listed yet.
   */
  mayHaveGaps(name: string, config: { readonly cleanupCompact: boolean }): boolean {
    if (this.#wasThere && config.cleanupCompact) return true
    return this.#known().has(name) || this.#isLost
  }

  /** Where the last compaction of the log ended; null when there was none. */
  cleanedUpTo(name: string): number | null {
    return this.#known().get(name) ?? null
  }

  /** The log is another one of that name: nothing was compacted in it. */
  forget(name: string): void {
    if (this.#offsets === null || this.#offsets.delete(name)) this.#forgotten.add(name)
  }

  /** Resolves when the file lists nothing that was forgotten before, also after a power cut. Rejects with DiskError. */
  async saveForgotten(): Promise<void> {
    this.#known()
    if (this.#forgotten.size > 0) await this.#writing.run()
  }

  /**
   * Offsets will be missing in the log. Of one that is not in the list yet, compaction begins at offset 0, as with a log that Kafka's
   * cleaner has not met. Resolves when that survives a power cut. Rejects with DiskError.
   */
  async noteGaps(name: string): Promise<void> {
    await this.noteCleaned(name, this.cleanedUpTo(name) ?? 0)
  }

  /** The log was compacted up to there. Resolves when that survives a power cut. Rejects with DiskError. */
  async noteCleaned(name: string, offset: number): Promise<void> {
    this.#known().set(name, offset)
    await this.#writing.run()
  }

  #known(): Map<string, number> {
    if (this.#offsets !== null) return this.#offsets
    const listed = readOffsetCheckpoint(this.#disk, cleanerCheckpoint)
    this.#isLost = listed === null
    this.#offsets = new Map(listed ?? [])
    for (const name of this.#forgotten) if (!this.#offsets.delete(name)) this.#forgotten.delete(name)
    return this.#offsets
  }

  async #write(): Promise<void> {
    if (this.#isLost) return
    const forgotten = [...this.#forgotten]
    await writeOffsetCheckpoint(this.#disk, cleanerCheckpoint, new Map(this.#known()), () => !this.#isReleased())
    for (const name of forgotten) this.#forgotten.delete(name)
  }
}

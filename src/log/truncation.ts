/**
 * A follower's log is cut: back to where it parts from its leader's (Kafka: UnifiedLog.truncateTo), or to nothing, to begin anew where
 * the leader's begins (truncateFullyAndStartAt).
 *
 * Whatever a crash comes between, a start finds a log that is whole: all of it, or less of its end. Therefore what speaks of the records
 * goes before them: first the recovery point, below which a start takes it for damage when records are gone; then the epochs and the
 * snapshots of producers, which it makes again from the records. Records that are appended afterwards never meet old ones that a power
 * cut has brought back: the cut is on the disk before this is over.
 */
import type { LeaderEpochs } from './leader-epochs.ts'
import type { LogStart } from './log-start.ts'
import type { SetAside } from './segment-files.ts'
import type { Segments } from './segments.ts'
import type { SyncGroup } from './sync-group.ts'
import { Undone } from './undone.ts'

/** Whoever waits for records that were cut off gets this. */
export class TruncatedError extends Error {
  override readonly name = 'TruncatedError'
}

/** Writes down the recovery point as the log tells it now, so that it survives a power cut. */
export type WriteDown = () => Promise<void>

export interface CutLog {
  readonly directory: string
  readonly segments: Segments
  readonly epochs: LeaderEpochs
  readonly syncs: SyncGroup
  readonly start: LogStart
  nowMs(): number
  logEndOffset(): number
  /** The log ends here. */
  endAt(offset: number): void
  /** Throws when the log was closed, or has failed. */
  assertUsable(): void
  /** Null when nothing else changes the segments; else resolves when nothing does any more. Rejects with DiskError. */
  undisturbed(): Promise<void> | null
  /** The cut is half done, and only a start can tell what of it is: nothing is appended any more. */
  fail(error: Error): void
  /** Gets a line when the disk does not let go of what is to go. */
  report(line: string): void
}

export class Truncation {
  readonly #log: CutLog
  readonly #undone: Undone
  #underWay: Promise<void> | null = null
  /** The recovery point is no higher: what lies behind is about to go. */
  #recoveryPointMax = Infinity

  constructor(log: CutLog) {
    this.#log = log
    this.#undone = new Undone(log.directory, (line) => log.report(line))
  }

  get isUnderWay(): boolean {
    return this.#underWay !== null
  }

  /** Resolves when no cut is under way, however it ended. */
  async ended(): Promise<void> {
    await this.#underWay?.catch(() => {})
  }

  get recoveryPointMax(): number {
    return this.#recoveryPointMax
  }

  /** Whole batches that hold an offset from this one on go. An offset before the log is where it begins anew. */
  truncateTo(offset: number, writeDown: WriteDown): Promise<void> {
    return this.#alone(async () => {
      const { segments, epochs } = this.#log
      if (offset < this.#firstOffset()) return this.#startAt(offset, writeDown)
      if (offset >= this.#log.logEndOffset()) {
        // An epoch that the leader does not know may have begun here, without a record (Kafka cuts them as well).
        epochs.cutFrom(this.#log.logEndOffset())
        return epochs.save()
      }
      // Not the offset: it may lie within a batch, all of which goes.
      this.#recoveryPointMax = segments.endBefore(offset)
      await this.#prepare(offset, writeDown)
      await segments.forgetSnapshotsBehind(offset)
      this.#log.assertUsable()
      await this.#settle(this.#cutFrom(Math.max(offset, this.#firstOffset())))
    })
  }

  /** Everything goes, and the log is empty at the offset. */
  startAt(offset: number, writeDown: WriteDown): Promise<void> {
    return this.#alone(() => this.#startAt(offset, writeDown))
  }

  async #startAt(offset: number, writeDown: WriteDown): Promise<void> {
    const { segments } = this.#log
    this.#recoveryPointMax = Math.min(offset, this.#firstOffset())
    await this.#prepare(0, writeDown)
    await segments.forgetSnapshotsBehind(-1)
    this.#log.assertUsable()
    const aside = this.#cutFrom(this.#firstOffset())
    try {
      aside.push(...segments.moveTo(offset, this.#log.nowMs()))
    } catch (error) {
      await this.#settle(aside)
      throw error
    }
    this.#log.endAt(offset)
    this.#log.start.moveTo(offset)
    await this.#settle(aside)
  }

  /** What a start would believe speaks of no record from the offset on any more. */
  async #prepare(offset: number, writeDown: WriteDown): Promise<void> {
    const { epochs, assertUsable } = this.#log
    await writeDown()
    assertUsable()
    await epochs.saveCutFrom(offset)
    assertUsable()
  }

  #cutFrom(offset: number): SetAside[] {
    const { segments, epochs, syncs, start } = this.#log
    const endOffset = segments.endBefore(offset)
    // Nobody reads what is about to go.
    this.#log.endAt(endOffset)
    start.recedeTo(endOffset)
    epochs.cutFrom(endOffset)
    syncs.cutTo(endOffset, new TruncatedError(`${this.#log.directory} was cut back to offset ${endOffset}.`))
    try {
      const aside = segments.cutFrom(offset)
      segments.reloadProducers(endOffset, this.#log.nowMs())
      return aside
    } catch (error) {
      throw this.#failed(error)
    }
  }

  /** Resolves when no power cut undoes the cut. */
  async #settle(aside: readonly SetAside[]): Promise<void> {
    const { segments, epochs, syncs } = this.#log
    const endOffset = this.#log.logEndOffset()
    try {
      await segments.syncCut(endOffset)
      this.#log.assertUsable()
      await epochs.save()
      this.#log.assertUsable()
    } catch (error) {
      throw this.#failed(error)
    }
    syncs.beginAt(endOffset)
    // Where the disk refuses, a start removes them.
    for (const files of aside) this.#undone.attempt('what was cut off is not removed', () => files.remove())
  }

  /** No sync runs beside it, and nothing is appended. */
  async #alone(work: () => Promise<void>): Promise<void> {
    if (this.#underWay !== null) throw new Error(`${this.#log.directory} is being cut already`)
    this.#underWay = this.#undisturbed(work)
    try {
      await this.#underWay
    } finally {
      this.#underWay = null
      this.#recoveryPointMax = Infinity
    }
  }

  async #undisturbed(work: () => Promise<void>): Promise<void> {
    const undisturbed = this.#log.undisturbed()
    if (undisturbed !== null) await undisturbed
    await this.#log.syncs.alone(async () => {
      this.#log.assertUsable()
      await work()
    })
  }

  #failed(error: unknown): Error {
    const failure = error instanceof Error ? error : new Error(String(error))
    this.#log.fail(failure)
    return failure
  }

  #firstOffset(): number {
    return this.#log.segments.all[0]?.baseOffset ?? 0
  }
}

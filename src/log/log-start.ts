/**
 * Where a log begins, and what goes when that moves: segments that lie wholly before it are set aside at once, and removed for good a
 * while later (Kafka: UnifiedLog.maybeIncrementLogStartOffset, deleteOldSegments).
 *
 * The first leader epoch begins where the log does. A start believes it, so that the files go only when it was written.
 */
import type { Clock } from '../host/clock.ts'
import type { Disk } from '../host/disk.ts'
import { unattended } from '../host/unattended.ts'
import type { LeaderEpochs } from './leader-epochs.ts'
import type { SetAside } from './segment-files.ts'
import type { Segments } from './segments.ts'
import type { LogConfig } from './types.ts'
import { Undone } from './undone.ts'

const notRemoved = 'what is to go of it is not removed, and takes room'

export interface LogStartOptions {
  readonly disk: Disk
  readonly directory: string
  readonly clock: Clock
  readonly segments: Segments
  readonly epochs: LeaderEpochs
  config(): LogConfig
  /** Gets a line when the disk does not let go of what is to go. */
  readonly report: (line: string) => void
}

export class LogStart {
  readonly #of: LogStartOptions
  #offset: number
  readonly #undone: Undone
  #hasEnded = false

  constructor(offset: number, of: LogStartOptions) {
    this.#offset = offset
    this.#of = of
    this.#undone = new Undone(of.directory, (line) => {
      if (!this.#hasEnded) of.report(line)
    })
  }

  get offset(): number {
    return this.#offset
  }

  /**
   * The records before the offset, which is no later than the log's end, are gone; segments wholly before it go. Resolves when a start
   * knows it. Throws DiskError at once, with nothing changed, when the disk does not take where the first epoch begins now: a start
   * would believe that, and bring the records back.
   */
  advanceTo(offset: number): Promise<void> {
    const { epochs } = this.#of
    if (offset <= this.#offset) return epochs.save()
    const { starts } = epochs
    epochs.cutBefore(offset)
    const saved = saving(epochs, () => epochs.replace(starts))
    this.#offset = offset
    // The log begins there all the same where the disk refuses; retention drops them.
    this.#undone.attempt('segments before its start are left', () => this.drop(this.countBefore()))
    return saved
  }

  /** The log was cut, and ends here. */
  recedeTo(endOffset: number): void {
    this.#offset = Math.min(this.#offset, endOffset)
  }

  /** The log, which has no records, begins here. */
  moveTo(offset: number): void {
    this.#offset = offset
  }

  /** How many segments lie wholly before the log's start. */
  countBefore(): number {
    const { all } = this.#of.segments
    let count = 0
    while ((all[count + 1]?.baseOffset ?? Infinity) <= this.#offset) count += 1
    return count
  }

  /**
   * Drops so many of the oldest segments, as far as the disk lets them go, and gives their number: the log begins where the
   * first of the others does. Throws DiskError, with nothing changed: what is there can be read.
   */
  drop(count: number): number {
    const { segments, epochs } = this.#of
    const dropped = segments.drop(count)
    this.#offset = Math.max(this.#offset, segments.all[0]?.baseOffset ?? 0)
    epochs.cutBefore(this.#offset)
    for (const files of dropped) this.#removeLater(files)
    return dropped.length
  }

  /** The log was closed or deleted: the directory may be another's by now, and a start sees to what is left. */
  end(): void {
    this.#hasEnded = true
  }

  /** After a while; and again after a while when the disk refuses. */
  #removeLater(files: SetAside): void {
    const { clock, config } = this.#of
    clock.after(config().fileDeleteDelayMs, () => {
      const removed = this.#undone
        .attemptSoon(notRemoved, () => this.#removeForGood(files))
        .then((isDone) => {
          if (!isDone && !this.#hasEnded) this.#removeLater(files)
        })
      unattended(clock, removed)
    })
  }

  /** Before it is written down where the log begins now, a start would miss the files: they give room, and keep their names. */
  async #removeForGood(files: SetAside): Promise<void> {
    if (this.#hasEnded) return
    const { disk, directory, epochs } = this.#of
    try {
      await epochs.save()
    } catch (error) {
      // Once it is empty, no power cut may bring a file's old name back: it would be damage, or the end of the log.
      await disk.syncDirectory(directory)
      if (!this.#hasEnded) files.giveRoom()
      throw error
    }
    if (!this.#hasEnded) files.remove()
  }
}

function saving(epochs: LeaderEpochs, undo: () => void): Promise<void> {
  try {
    return epochs.save()
  } catch (error) {
    undo()
    throw error
  }
}

/**
 * A segment that compaction has made takes the place of those it was made of (Kafka: LocalLog.replaceSegments).
 *
 * Its files are called `.cleaned` while they are written, and `.swap` once they are safe: a start that finds these completes what is
 * described here, and one that finds `.cleaned` removes them (`leftovers.ts`). Each of the three steps is on the disk before the next one
 * begins, so that none of it is there without those before: the files are `.swap`; those that it replaces are gone; the suffix is.
 *
 * From the second step on the log is read from the new segment, whatever its files are called. Where the disk refuses, the rest is done
 * by the next try, and until then nobody drops the segment or cuts the log.
 */
import { attempt, type Disk, DiskError } from '../host/disk.ts'
import { fileName } from './file-names.ts'
import { removeProducerSnapshot } from './producer-snapshot.ts'
import type { Segment } from './segment.ts'
import { discardCleaned, segmentSuffixes, swapSuffix } from './segment-files.ts'

/** The segments that were to be replaced are not all there any more. */
export class ReplacedTooLate extends DiskError {
  constructor(directory: string) {
    super('not-found', directory, `The segments of ${directory} that were compacted are there no more.`)
  }
}

export interface SwappedLog {
  readonly disk: Disk
  readonly directory: string
  /** Of the log, oldest first: changed here. */
  readonly segments: Segment[]
  /** Throws DiskError when the log was closed: the directory may be another's. */
  assertOpen(): void
}

/** Does what no sync may run beside. */
export type Alone = (work: () => Promise<void>) => Promise<void>

export class SegmentSwap {
  readonly #log: SwappedLog
  /** In the place of others already, while their files, or its own names, are not as they should be. */
  #unsettled: { readonly segment: Segment; readonly replaced: number[] } | null = null
  /** The place of one that was not wanted, and whose files could not be removed: a start would take them for finished. */
  #unwanted: number | null = null

  constructor(log: SwappedLog) {
    this.#log = log
  }

  /** The segment whose files have not their names yet; null when there is none. */
  get unsettled(): Segment | null {
    return this.#unsettled?.segment ?? null
  }

  get isSettled(): boolean {
    return this.#unsettled === null && this.#unwanted === null
  }

  /**
   * Replaces segments that follow each other by one that is safe but for its names. Rejects with DiskError: where they are all as they
   * were, nothing of the new one is left as far as the disk lets it; else the next `settle` does the rest.
   */
  async replace(replaced: readonly Segment[], cleaned: Segment, alone: Alone): Promise<void> {
    const { disk, directory } = this.#log
    try {
      this.#log.assertOpen()
      cleaned.rename(swapSuffix)
      await disk.syncDirectory(directory)
      await alone(async () => this.#putIn(replaced, cleaned))
    } catch (error) {
      cleaned.close()
      this.#unwanted = cleaned.baseOffset
      if (this.#isOpen()) attempt(() => this.#discard())
      throw error
    }
    await this.settle()
  }

  /** Does what is left of the last one. Resolves when no power cut undoes it. Rejects with DiskError. */
  async settle(): Promise<void> {
    const { disk, directory } = this.#log
    this.#discard()
    const unsettled = this.#unsettled
    if (unsettled === null) return
    const { segment, replaced } = unsettled
    for (let base = replaced.at(-1); base !== undefined; base = replaced.at(-1)) {
      for (const suffix of segmentSuffixes) disk.remove(`${directory}/${fileName(base, suffix)}`)
      // What the producers had written before it is read from an earlier one.
      if (base !== segment.baseOffset) attempt(() => removeProducerSnapshot(disk, directory, base))
      replaced.pop()
    }
    await disk.syncDirectory(directory)
    this.#log.assertOpen()
    segment.rename('')
    await disk.syncDirectory(directory)
    this.#unsettled = null
  }

  #putIn(replaced: readonly Segment[], cleaned: Segment): void {
    const { segments, directory } = this.#log
    this.#log.assertOpen()
    const [first] = replaced
    const at = first === undefined ? -1 : segments.indexOf(first)
    const isThere = at >= 0 && replaced.every((segment, index) => segments[at + index] === segment)
    if (!isThere) throw new ReplacedTooLate(directory)
    segments.splice(at, replaced.length, cleaned)
    this.#unsettled = { segment: cleaned, replaced: replaced.map(({ baseOffset }) => baseOffset) }
    for (const segment of replaced) attempt(() => segment.close())
  }

  #discard(): void {
    if (this.#unwanted === null) return
    discardCleaned(this.#log.disk, this.#log.directory, this.#unwanted)
    this.#unwanted = null
  }

  #isOpen(): boolean {
    return attempt(() => this.#log.assertOpen())
  }
}

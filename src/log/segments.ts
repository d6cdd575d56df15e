/**
 * The segments of one partition, oldest first: the last one takes records, those before it are finished. Here it is decided
 * how much of them is safe on the disk, and so from where a recovery after a crash has to read.
 *
 * A checkpoint within the active segment is a snapshot of the producers at an offset, written when records and indexes below
 * that offset were synced. A recovery begins at the newest one that the recovery point vouches for (`recovery.ts`). Kafka
 * writes snapshots between segments only, and reads the whole last segment again; a snapshot elsewhere it removes.
 */
import { type Disk, DiskError } from '../host/disk.ts'
import { leaderEpochFile } from './leader-epochs.ts'
import { syncFile } from './new-file.ts'
import { partitionMetadataFile } from './partition-metadata.ts'
import {
  encodeProducerSnapshot,
  listProducerSnapshots,
  removeProducerSnapshot,
  writeProducerSnapshot
} from './producer-snapshot.ts'
import type { ProducerState } from './producer-state.ts'
import { Segment } from './segment.ts'

export interface SegmentsOptions {
  readonly disk: Disk
  readonly directory: string
  /** At least one, as recovery left them. */
  readonly segments: Segment[]
  readonly producers: ProducerState
  /** Bytes of records between two checkpoints in the active segment. */
  readonly checkpointBytes: number
}

export class Segments {
  /** Called when a start would have to read less than before. */
  onCheckpoint: (() => void) | undefined
  readonly #disk: Disk
  readonly #directory: string
  readonly #segments: Segment[]
  readonly #producers: ProducerState
  readonly #checkpointBytes: number
  #isClosed = false

  constructor(options: SegmentsOptions) {
    this.#disk = options.disk
    this.#directory = options.directory
    this.#segments = options.segments
    this.#producers = options.producers
    this.#checkpointBytes = options.checkpointBytes
  }

  get all(): readonly Segment[] {
    return this.#segments
  }

  get active(): Segment {
    const last = this.#segments.at(-1)
    if (last === undefined) throw new Error('a log always has a segment')
    return last
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  }

  /** What of the log a recovery need not doubt, when everything below `syncedOffset` is synced: finished segments with their indexes. */
  recoveryPoint(syncedOffset: number): number {
    const behind = this.#segments.find((segment) => segment !== this.active && !segment.hasSyncedIndexes)
    return Math.min(syncedOffset, behind?.baseOffset ?? Infinity)
  }

  /** Finishes the active segment and begins the next. Throws DiskError. */
  roll(endOffset: number, nowMs: number): Segment {
    this.active.finish()
    this.#snapshotProducers(endOffset)
    const segment = new Segment(this.#disk, this.#directory, endOffset, nowMs)
    this.#segments.push(segment)
    return segment
  }

  /** How many of the oldest lie wholly below the offset. */
  below(offset: number, endOffset: number): number {
    const first = this.#segments.findIndex((_, index) => (this.#segments[index + 1]?.baseOffset ?? endOffset) > offset)
    return first < 0 ? this.#segments.length : first
  }

  /** Sets the oldest aside; gives what removes each for good. */
  drop(count: number): (() => void)[] {
    return this.#segments.splice(0, count).map((segment) => {
      const removeForGood = segment.setAside()
      removeProducerSnapshot(this.#disk, this.#directory, segment.baseOffset)
      return removeForGood
    })
  }

  /**
   * Syncs everything that was written and is not synced: finished segments with their indexes, the active one, new names.
   * All records below `endOffset` are in their file, and the producers are as these records made them.
   */
  async sync(endOffset: number): Promise<void> {
    const { active } = this
    const dirty = this.#segments.filter((segment) => segment.syncedBytes < segment.sizeBytes)
    const finished = this.#segments.filter((segment) => segment !== active && !segment.hasSyncedIndexes)
    const hasNewNames = finished.length > 0 || dirty.some((segment) => segment.syncedBytes === 0)
    for (const segment of finished) segment.finish()
    const checkpoint = this.#checkpointIsDue() ? this.#beginCheckpoint(endOffset) : null
    await Promise.all(dirty.map((segment) => segment.sync()))
    await Promise.all(finished.map((segment) => segment.syncIndexes()))
    await checkpoint?.syncIndexes()
    if (hasNewNames) await this.#syncNames()
    // The directory may be another log's by now.
    if (this.#isClosed) return
    checkpoint?.complete()
    if (finished.length > 0 || checkpoint !== null) this.onCheckpoint?.()
  }

  /** Everything was synced: brings the indexes up to date and leaves what a start needs to read nothing again. */
  async finish(endOffset: number): Promise<void> {
    for (const segment of this.#segments) {
      if (segment.hasSyncedIndexes || segment.sizeBytes === 0) continue
      segment.finish()
      await segment.syncIndexes()
    }
    if (!this.#hasSnapshot(endOffset)) this.#snapshotProducers(endOffset)
  }

  close(): void {
    this.#isClosed = true
    for (const segment of this.#segments) segment.close()
  }

  #checkpointIsDue(): boolean {
    return this.active.sizeBytes - this.active.indexesSyncedBytes >= this.#checkpointBytes
  }

  /** Takes down what is known now; null when the disk has no room, which is the next sync's chance. */
  #beginCheckpoint(endOffset: number): { syncIndexes(): Promise<void>; complete(): void } | null {
    const { active } = this
    const snapshot = encodeProducerSnapshot(this.#producers.entries())
    try {
      active.finish()
    } catch (error) {
      if (error instanceof DiskError) return null
      throw error
    }
    const sizeBytes = active.sizeBytes
    return {
      syncIndexes: () => active.syncIndexFiles(),
      complete: () => {
        try {
          writeProducerSnapshot(this.#disk, this.#directory, endOffset, snapshot)
          active.indexesSyncedBytes = sizeBytes
        } catch (error) {
          // Nothing rests on it: a recovery reads from the checkpoint before.
          if (!(error instanceof DiskError)) throw error
        }
      }
    }
  }

  /** Kafka keeps the snapshots at the base offsets of segments, and the newest. */
  #snapshotProducers(offset: number): void {
    writeProducerSnapshot(this.#disk, this.#directory, offset, encodeProducerSnapshot(this.#producers.entries()))
    const bases = new Set(this.#segments.map((segment) => segment.baseOffset))
    for (const old of listProducerSnapshots(this.#disk, this.#directory)) {
      if (old !== offset && !bases.has(old)) removeProducerSnapshot(this.#disk, this.#directory, old)
    }
  }

  /** Whether a start finds the producers as they are now: a log that took nothing since it was opened has nothing to write. */
  #hasSnapshot(endOffset: number): boolean {
    if (endOffset === this.#segments[0]?.baseOffset && this.#producers.isEmpty) return true
    return listProducerSnapshots(this.#disk, this.#directory).includes(endOffset)
  }

  async #syncNames(): Promise<void> {
    const small = [partitionMetadataFile, leaderEpochFile].map((name) => `${this.#directory}/${name}`)
    await Promise.all(small.map((path) => syncFile(this.#disk, path)))
    await this.#disk.syncDirectory(this.#directory)
    await this.#disk.syncDirectory('')
  }
}

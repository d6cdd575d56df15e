/**
 * The segments of one partition, oldest first: the last one takes records, those before it are finished. Here it is decided
 * how much of them is safe on the disk, and so from where a recovery after a crash has to read.
 *
 * A checkpoint within the active segment is a snapshot of the producers at an offset, written when records and indexes below
 * that offset were synced. A recovery begins at the newest one that the recovery point vouches for (`recovery.ts`). Kafka
 * writes snapshots between segments only, and reads the whole last segment again; a snapshot elsewhere it removes.
 */
import { type Disk, DiskError } from '../host/disk.ts'
import { replaceFileSoon, syncFile, writeNewFile } from '../host/new-file.ts'
import { leaderEpochFile } from './leader-epochs.ts'
import { partitionMetadataFile } from './partition-metadata.ts'
import { loadProducers } from './producer-loading.ts'
import {
  encodeProducerSnapshot,
  listProducerSnapshots,
  producerSnapshotPath,
  removeProducerSnapshot
} from './producer-snapshot.ts'
import { ProducerState } from './producer-state.ts'
import { Segment, type SegmentSurroundings } from './segment.ts'
import { removeSegmentFiles, type SetAside } from './segment-files.ts'
import { segmentIndexOf } from './segment-reading.ts'
import { type Alone, SegmentSwap } from './segment-swap.ts'
import { Undone } from './undone.ts'

const indexesUndone = 'its indexes are not written, and a start after a crash makes them anew'
const checkpointUndone = 'a checkpoint is not written, and a start after a crash reads from the one before'

export interface SegmentsOptions extends SegmentSurroundings {
  /** At least one, as recovery left them. */
  readonly segments: Segment[]
  readonly producers: ProducerState
  /** Bytes of records between two checkpoints in the active segment. */
  readonly checkpointBytes: number
  /** Whether names were made or removed that a power cut could undo; files that were never synced are known by that. */
  readonly hasNewNames: boolean
}

export class Segments {
  /** Called when a start would have to read less than before, or would not miss files that are safe now. */
  onCheckpoint: (() => void) | undefined
  #surroundings: SegmentSurroundings
  readonly #disk: Disk
  readonly #directory: string
  readonly #segments: Segment[]
  readonly #producers: ProducerState
  readonly #checkpointBytes: number
  /** Files of a segment may begin at this offset that is none: see `undoFailedRoll`. */
  #failedRollAt: number | null = null
  /** Whether there are files whose names a power cut could take. */
  #hasNewNames: boolean
  /** Offsets of snapshots whose bytes a power cut could take. */
  readonly #unsyncedSnapshots = new Set<number>()
  readonly #swap: SegmentSwap
  readonly #undone: Undone
  #isClosed = false

  constructor(options: SegmentsOptions) {
    this.#surroundings = options
    this.#disk = options.disk
    this.#directory = options.directory
    this.#segments = options.segments
    this.#producers = options.producers
    this.#checkpointBytes = options.checkpointBytes
    const { disk, directory, segments } = options
    this.#swap = new SegmentSwap({ disk, directory, segments, assertOpen: () => this.#assertOpen() })
    // Of one that is closed nothing is to be done any more.
    this.#undone = new Undone(directory, (line) => {
      if (!this.#isClosed) options.report(line)
    })
    this.#hasNewNames = options.hasNewNames || options.segments.some((segment) => segment.syncedBytes === 0)
  }

  /** From here on offsets may be missing between batches. */
  allowGaps(): void {
    this.#surroundings = { ...this.#surroundings, gaps: 'compacted' }
    for (const segment of this.#segments) segment.gaps = 'compacted'
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

  /** Bytes of the batches from the one that holds the offset on. Throws DamageError. */
  sizeBytesFrom(offset: number): number {
    const first = this.#segmentOf(offset)
    const before = this.#segments.slice(0, this.#segments.indexOf(first))
    return this.sizeBytes - before.reduce((sum, segment) => sum + segment.sizeBytes, first.endBefore(offset).position)
  }

  /** What of the log a recovery need not doubt, when everything below `syncedOffset` is synced: finished segments with their indexes. */
  recoveryPoint(syncedOffset: number): number {
    const behind = this.#segments.find((segment) => segment !== this.active && !segment.hasSyncedIndexes)
    return Math.min(syncedOffset, behind?.baseOffset ?? Infinity)
  }

  /** Finishes the active segment and begins the next. Throws DiskError, with the log as it was. */
  roll(endOffset: number, nowMs: number): Segment {
    this.undoFailedRoll()
    if (endOffset <= this.active.baseOffset) throw new Error(`a segment without records is not rolled, at ${endOffset}`)
    this.active.finish()
    this.#failedRollAt = endOffset
    try {
      const segment = this.#begin(endOffset, nowMs)
      this.#segments.push(segment)
      this.#hasNewNames = true
      this.#failedRollAt = null
      return segment
    } catch (error) {
      try {
        this.undoFailedRoll()
      } catch {
        // The disk refuses that as well. Nothing is appended before it has succeeded.
      }
      throw error
    }
  }

  /**
   * Removes what a roll that failed has left: a start would take it for the segment that the log goes on in, and records
   * that were appended to the one before would lie where that one claims to begin. Throws DiskError.
   */
  undoFailedRoll(): void {
    if (this.#failedRollAt === null) return
    removeSegmentFiles(this.#disk, this.#directory, this.#failedRollAt)
    removeProducerSnapshot(this.#disk, this.#directory, this.#failedRollAt)
    this.#failedRollAt = null
    // A sync may have caught the name, and a power cut would bring it back.
    this.#hasNewNames = true
  }

  /** How many of the oldest lie wholly below the offset. */
  below(offset: number, endOffset: number): number {
    const first = this.#segments.findIndex((_, index) => (this.#segments[index + 1]?.baseOffset ?? endOffset) > offset)
    return first < 0 ? this.#segments.length : first
  }

  /** Sets the oldest aside, but none whose files are still being named; gives what removes each for good. */
  drop(count: number): SetAside[] {
    const aside: SetAside[] = []
    for (const segment of this.#segments.slice(0, count)) {
      if (segment === this.#swap.unsettled) return aside
      try {
        aside.push(segment.setAside())
      } catch (error) {
        if (aside.length === 0 || !(error instanceof DiskError)) throw error
        return aside
      }
      this.#segments.shift()
      this.#undone.attempt('a snapshot of producers is left over', () =>
        removeProducerSnapshot(this.#disk, this.#directory, segment.baseOffset)
      )
    }
    return aside
  }

  /**
   * Syncs everything that was written and is not synced: finished segments with their indexes, the active one, new names.
   * All records below `endOffset` are in their file, and the producers are as these records made them.
   */
  async sync(endOffset: number): Promise<void> {
    this.#assertOpen()
    const { active } = this
    const dirty = this.#segments.filter((segment) => segment.isDirty)
    const behind = this.#segments.filter((segment) => segment !== active && !segment.hasSyncedIndexes)
    // Nothing rests on indexes. Where the disk has no room for them they stay in memory, and a recovery makes them again.
    const finished = behind.filter((segment) => this.#undone.attempt(indexesUndone, () => segment.finish()))
    const checkpoint = this.#checkpointIsDue() ? this.#beginCheckpoint(endOffset) : null
    await Promise.all(dirty.map((segment) => segment.sync()))
    if (this.#hasNewNames) await this.#syncNames()
    await Promise.all(finished.map((segment) => hasBegun(segment.syncIndexes())))
    const isCheckpoint = checkpoint !== null && (await hasBegun(checkpoint.syncIndexes()))
    // The directory may be another log's by now.
    if (this.#isClosed) return
    if (isCheckpoint) await checkpoint.complete()
    if (finished.length > 0 || checkpoint !== null) this.onCheckpoint?.()
  }

  /**
   * All records were synced: brings the indexes up to date and leaves what a start needs to read nothing again. Rejects with DiskError, also
   * when the log is closed meanwhile: the directory may be another log's by then.
   */
  async finish(endOffset: number): Promise<void> {
    for (const segment of this.#segments) {
      segment.assertInPlace()
      if (segment.isDirty) await segment.sync()
      this.#assertOpen()
      if (segment.hasSyncedIndexes || segment.sizeBytes === 0) continue
      segment.finish()
      await segment.syncIndexes()
      this.#assertOpen()
    }
    if (this.#unsyncedSnapshots.size > 0) await this.#syncNames()
    this.#assertOpen()
    if (this.#hasSnapshot(endOffset)) return
    await this.#replaceSnapshot(endOffset, encodeProducerSnapshot(this.#producers.entries()))
    this.#assertOpen()
    this.#removeSnapshotsBeside(endOffset)
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new DiskError('not-found', this.#directory, `The log ${this.#directory} is closed.`)
  }

  /** Where the log ends once it is cut from the offset on. Throws DamageError. */
  endBefore(offset: number): number {
    return this.#segmentOf(offset).endBefore(offset).endOffset
  }

  /**
   * Cuts the batches off that hold an offset from this one on. `syncCut` makes it safe; the files that it gives may be removed then.
   * Throws DiskError: part of it may be done.
   */
  cutFrom(offset: number): SetAside[] {
    const segment = this.#segmentOf(offset)
    const { position, endOffset } = segment.endBefore(offset)
    const aside: SetAside[] = []
    while (this.active !== segment) {
      aside.push(this.active.setAside())
      this.#segments.pop()
    }
    segment.truncate(position, endOffset)
    segment.indexesSyncedBytes = 0
    return aside
  }

  /** The log, which has no records, begins at this offset; gives the files that are no longer its own. Throws DiskError, with nothing changed. */
  moveTo(offset: number, nowMs: number): SetAside[] {
    const { active } = this
    if (this.#segments.length > 1 || active.sizeBytes > 0) throw new Error('a log with records is not moved')
    if (offset === active.baseOffset) return []
    removeSegmentFiles(this.#disk, this.#directory, offset)
    const segment = Segment.open(this.#surroundings, offset, nowMs)
    try {
      const aside = active.setAside()
      this.#segments.splice(0, 1, segment)
      return [aside]
    } catch (error) {
      segment.close()
      throw error
    }
  }

  /**
   * Puts a segment, which compaction has made and which is safe, in the place of those it was made of. They are finished, and safe with
   * their indexes. Rejects with DiskError: the log is whole all the same.
   */
  async replace(replaced: readonly Segment[], cleaned: Segment, alone: Alone): Promise<void> {
    await this.#swap.replace(replaced, cleaned, alone)
  }

  /** Whether all of that is done. */
  get isSettled(): boolean {
    return this.#swap.isSettled
  }

  /** Does what the disk has refused of that. Rejects with DiskError. */
  async settleSwap(): Promise<void> {
    await this.#swap.settle()
  }

  /** Syncs what a cut has changed, so that no power cut brings back what was cut off. */
  async syncCut(endOffset: number): Promise<void> {
    this.#hasNewNames = true
    await this.sync(endOffset)
    this.#assertOpen()
    if (this.#undone.attempt(indexesUndone, () => this.active.finish())) await this.active.syncIndexes()
  }

  /** The producers are those of the records that there are now. Throws DiskError, with the producers as they were. */
  reloadProducers(logEndOffset: number, nowMs: number): void {
    const snapshots = listProducerSnapshots(this.#disk, this.#directory)
    const producers = new ProducerState()
    const { segments, surroundings } = { segments: this.#segments, surroundings: this.#surroundings }
    loadProducers(producers, { surroundings, snapshots, segments, logEndOffset, nowMs })
    this.#producers.become(producers)
  }

  /** Removes the snapshots of producers behind the offset. Resolves when no power cut brings one back. */
  async forgetSnapshotsBehind(offset: number): Promise<void> {
    for (const snapshot of listProducerSnapshots(this.#disk, this.#directory)) {
      if (snapshot <= offset) continue
      removeProducerSnapshot(this.#disk, this.#directory, snapshot)
      this.#unsyncedSnapshots.delete(snapshot)
    }
    await this.#disk.syncDirectory(this.#directory)
  }

  close(): void {
    this.#isClosed = true
    for (const segment of this.#segments) segment.close()
  }

  /** The one that an offset would lie in; the first for one before the log. */
  #segmentOf(offset: number): Segment {
    return this.#segments[Math.max(0, segmentIndexOf(this.#segments, offset))] ?? this.active
  }

  #checkpointIsDue(): boolean {
    return this.active.sizeBytes - this.active.indexesSyncedBytes >= this.#checkpointBytes
  }

  #begin(endOffset: number, nowMs: number): Segment {
    const segment = Segment.open(this.#surroundings, endOffset, nowMs)
    try {
      this.#snapshotProducers(endOffset)
      return segment
    } catch (error) {
      segment.close()
      throw error
    }
  }

  /** Takes down what is known now; null when the disk has no room, which is the next sync's chance. */
  #beginCheckpoint(endOffset: number): { syncIndexes(): Promise<void>; complete(): Promise<void> } | null {
    const { active } = this
    const snapshot = encodeProducerSnapshot(this.#producers.entries())
    if (!this.#undone.attempt(indexesUndone, () => active.finish())) return null
    const sizeBytes = active.sizeBytes
    return {
      syncIndexes: () => active.syncIndexFiles(),
      complete: async () => {
        // Without it a recovery reads from the checkpoint before.
        const isWritten = await this.#undone.attemptSoon(checkpointUndone, () =>
          this.#replaceSnapshot(endOffset, snapshot)
        )
        if (isWritten) active.indexesSyncedBytes = sizeBytes
      }
    }
  }

  /** The next sync makes it safe: until then a recovery reads from the one before. */
  #snapshotProducers(offset: number): void {
    const path = producerSnapshotPath(this.#directory, offset)
    writeNewFile(this.#disk, path, encodeProducerSnapshot(this.#producers.entries()))
    this.#unsyncedSnapshots.add(offset)
    this.#removeSnapshotsBeside(offset)
  }

  #replaceSnapshot(offset: number, snapshot: Buffer): Promise<void> {
    const path = producerSnapshotPath(this.#directory, offset)
    return replaceFileSoon(this.#disk, path, snapshot, () => !this.#isClosed)
  }

  /** Kafka keeps the snapshots at the base offsets of segments, and the newest. */
  #removeSnapshotsBeside(offset: number): void {
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

  /** Whoever waits is told when that fails, and the next sync does it again. */
  async #syncNames(): Promise<void> {
    this.#hasNewNames = false
    try {
      await this.#syncNamesNow()
    } catch (error) {
      this.#hasNewNames = true
      throw error
    }
  }

  async #syncNamesNow(): Promise<void> {
    const snapshots = [...this.#unsyncedSnapshots]
    const small = [partitionMetadataFile, leaderEpochFile].map((name) => `${this.#directory}/${name}`)
    const paths = [...small, ...snapshots.map((offset) => producerSnapshotPath(this.#directory, offset))]
    await Promise.all(paths.map((path) => syncFile(this.#disk, path)))
    await this.#disk.syncDirectory(this.#directory)
    await this.#disk.syncDirectory('')
    for (const offset of snapshots) this.#unsyncedSnapshots.delete(offset)
    if (!this.#isClosed) this.onCheckpoint?.()
  }
}

/** False when a sync could not begin, because no file can be opened now. Nothing is in doubt then; the next one does it. */
async function hasBegun(sync: Promise<void>): Promise<boolean> {
  try {
    await sync
    return true
  } catch (error) {
    if (error instanceof DiskError && error.problem === 'too-many-files') return false
    throw error
  }
}

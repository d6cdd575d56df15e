/**
 * The segment that a group of others becomes, while it is written beside them: files named `.cleaned`, which a start removes
 * (`leftovers.ts`). What is written is synced as it comes, so that the disk is not asked for all of it at the end.
 */
import { limits } from '../../limits.ts'
import type { BatchHeader } from '../../protocol/records/batch.ts'
import type { PlacedBatch } from '../batch-walk.ts'
import { Segment, type SegmentSurroundings } from '../segment.ts'
import { cleanedSuffix, discardCleaned } from '../segment-files.ts'

export class CleanedSegment {
  readonly segment: Segment
  readonly #of: SegmentSurroundings
  readonly #indexIntervalBytes: number
  /** What is written with the next call. */
  readonly #gathered = Buffer.allocUnsafeSlow(limits.compactionWriteBytes)
  #gatheredBytes = 0
  #batches: PlacedBatch[] = []
  /** Where that ends which was synced, or is being synced. */
  #syncedBytes = 0
  #syncing: Promise<void> = Promise.resolve()

  /** Throws DiskError, with nothing left behind as far as the disk lets it. */
  static begin(of: SegmentSurroundings, baseOffset: number, nowMs: number, indexIntervalBytes: number): CleanedSegment {
    discardCleaned(of.disk, of.directory, baseOffset)
    return new CleanedSegment(of, Segment.open(of, baseOffset, nowMs, cleanedSuffix), indexIntervalBytes)
  }

  private constructor(of: SegmentSurroundings, segment: Segment, indexIntervalBytes: number) {
    this.segment = segment
    this.#of = of
    this.#indexIntervalBytes = indexIntervalBytes
  }

  /** Takes a copy of the batch. Throws DiskError. */
  append(bytes: Buffer, header: BatchHeader): void {
    if (this.#gatheredBytes + bytes.length > this.#gathered.length) this.#write()
    if (bytes.length > this.#gathered.length) {
      this.segment.append(bytes, [{ header, position: 0 }], this.#indexIntervalBytes)
      this.#syncBeside()
      return
    }
    bytes.copy(this.#gathered, this.#gatheredBytes)
    this.#batches.push({ header, position: this.#gatheredBytes })
    this.#gatheredBytes += bytes.length
  }

  /** All of it is there: resolves when it survives a power cut, but for its names. Rejects with DiskError. */
  async finish(): Promise<void> {
    this.#write()
    this.segment.finish()
    await this.#syncing
    await this.segment.sync()
    await this.segment.syncIndexes()
    // It holds what the cleaner was told of.
    this.segment.hasKnownTransactions = true
  }

  /** It is not wanted: nothing of it stays. Throws DiskError; the next one of its place does it again. */
  discard(): void {
    this.segment.close()
    discardCleaned(this.#of.disk, this.#of.directory, this.segment.baseOffset)
  }

  #write(): void {
    if (this.#batches.length === 0) return
    this.segment.append(this.#gathered.subarray(0, this.#gatheredBytes), this.#batches, this.#indexIntervalBytes)
    this.#batches = []
    this.#gatheredBytes = 0
    this.#syncBeside()
  }

  /** Whoever finishes it is told when that fails. */
  #syncBeside(): void {
    const { writtenBytes } = this.segment
    if (writtenBytes - this.#syncedBytes < limits.compactionSyncBytes) return
    this.#syncedBytes = writtenBytes
    this.#syncing = Promise.all([this.#syncing, this.segment.sync()]).then(() => {})
    this.#syncing.catch(() => {})
  }
}

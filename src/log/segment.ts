/**
 * One piece of a partition's log: the records from `baseOffset` on in one file, with the indexes that find them.
 * (Kafka: LogSegment.) Invariants: batches lie back to back, offsets only grow, no batch reaches over the end of the file.
 */
import type { Disk, DiskFile, ReadMemory } from '../host/disk.ts'
import { limits } from '../limits.ts'
import {
  type BatchHeader,
  batchHeaderBytes,
  batchSizeAt,
  lastOffsetOf,
  readBatchHeader
} from '../protocol/records/batch.ts'
import type { TransactionEnd } from '../protocol/records/control-records.ts'
import { fileName, fileSuffix } from './file-names.ts'
import type { IndexFile } from './index-file.ts'
import { OffsetIndex } from './offset-index.ts'
import type { ProducerState } from './producer-state.ts'
import { TimeIndex } from './time-index.ts'
import { TransactionIndex } from './transaction-index.ts'

/** A batch in its place. */
export interface PlacedBatch {
  readonly header: BatchHeader
  readonly position: number
}

export interface WholeBatch extends PlacedBatch {
  readonly bytes: Buffer
}

export class Segment {
  readonly baseOffset: number
  readonly offsetIndex: OffsetIndex
  readonly timeIndex: TimeIndex
  readonly transactionIndex: TransactionIndex
  readonly createdMs: number
  readonly #disk: Disk
  readonly #directory: string
  readonly #log: DiskFile
  /** Where what was synced ends. */
  syncedBytes = 0
  /** Where the records end whose index entries were synced. */
  indexesSyncedBytes = 0
  /** From here on the index of aborted transactions was lost and has to be made again from the records; null: it is whole. */
  transactionsLostFrom: number | null = null
  maxTimestampMs = -1
  #firstTimestampMs: number | null = null
  #offsetOfMaxTimestamp = -1
  #bytesSinceIndexEntry = 0
  #gathered: Buffer[] = []
  #gatheredBytes = 0
  #places: { readonly offset: number; readonly position: number }[] | null = null

  constructor(disk: Disk, directory: string, baseOffset: number, nowMs: number) {
    const path = (suffix: string): string => `${directory}/${fileName(baseOffset, suffix)}`
    this.baseOffset = baseOffset
    this.createdMs = nowMs
    this.#disk = disk
    this.#directory = directory
    this.#log = disk.open(path(fileSuffix.log), 'create')
    this.offsetIndex = new OffsetIndex(disk, path(fileSuffix.offsetIndex), baseOffset)
    this.timeIndex = new TimeIndex(disk, path(fileSuffix.timeIndex), baseOffset)
    this.transactionIndex = new TransactionIndex(disk, path(fileSuffix.transactionIndex))
    // Both files from the beginning, as Kafka has them: its tools take one for granted where the other is.
    if (this.sizeBytes === 0) for (const index of [this.offsetIndex, this.timeIndex]) index.file.write()
    this.#takeTimeFromIndex()
  }

  /** Whether the indexes are as safe as the records. */
  get hasSyncedIndexes(): boolean {
    return this.indexesSyncedBytes === this.sizeBytes
  }

  /** With what was gathered and is not in the file yet. */
  get sizeBytes(): number {
    return this.#log.sizeBytes + this.#gatheredBytes
  }

  /** The largest timestamp of the first batch: rolling by time counts from it. Null when there is none. */
  get firstTimestampMs(): number | null {
    if (this.#firstTimestampMs === null && this.sizeBytes > 0) {
      const [first] = this.batchesFrom(0)
      this.#firstTimestampMs = first?.header.maxTimestamp ?? null
    }
    return this.#firstTimestampMs
  }

  /** Appends whole batches, given with their places in these bytes. Throws DiskError, with the file as it was. */
  append(bytes: Buffer, batches: readonly PlacedBatch[], indexIntervalBytes: number): void {
    const start = this.sizeBytes
    this.#log.append([bytes])
    for (const { header, position } of batches) this.index({ header, position: start + position }, indexIntervalBytes)
  }

  /** As `append`, but the bytes stay here until `write`; until then they cannot be read. */
  gather(bytes: Buffer, { header, position }: PlacedBatch, indexIntervalBytes: number): void {
    const start = this.sizeBytes
    this.#gathered.push(bytes)
    this.#gatheredBytes += bytes.length
    this.index({ header, position: start + position }, indexIntervalBytes)
  }

  /** Puts what was gathered into the file, in one go. Throws DiskError: then it is gone, and `truncate` has to follow. */
  write(): void {
    const gathered = this.#gathered
    this.#gathered = []
    this.#gatheredBytes = 0
    this.#log.append(gathered)
  }

  /** Takes in the marker of a transaction's end: an aborted one goes into the index of this segment. */
  recordEnd(producers: ProducerState, header: BatchHeader, end: TransactionEnd): void {
    const completed = producers.recordEnd(header, end)
    if (completed?.outcome !== 'abort') return
    const lastStableOffset = producers.firstUnstableOffset() ?? lastOffsetOf(header) + 1
    this.transactionIndex.append({ ...completed, lastStableOffset })
  }

  /** Takes a batch that is in the file into the indexes. */
  index({ header, position }: PlacedBatch, indexIntervalBytes: number): void {
    this.#noteTime(header)
    if (this.#bytesSinceIndexEntry > indexIntervalBytes) {
      this.offsetIndex.append(lastOffsetOf(header), position)
      this.timeIndex.maybeAppend(this.maxTimestampMs, this.#offsetOfMaxTimestamp)
      this.#bytesSinceIndexEntry = 0
    }
    this.#bytesSinceIndexEntry += header.sizeBytes
  }

  /** The bytes from position on; fewer at the end. */
  read(position: number, lengthBytes: number, memory?: ReadMemory): Buffer {
    return this.#log.read(position, lengthBytes, memory)
  }

  /** Remembers that the first batch that ends beyond the offset begins here: who read up to it will go on from it. */
  notePlace(offset: number, position: number): void {
    this.#places ??= []
    if (this.#places.length === limits.readPlaces) this.#places.shift()
    this.#places.push({ offset, position })
  }

  /** The position that was remembered for the offset, which is forgotten: its reader moves on; -1 when there is none. */
  takePlace(offset: number): number {
    const index = this.#places?.findIndex((place) => place.offset === offset) ?? -1
    return index < 0 ? -1 : (this.#places?.splice(index, 1)[0]?.position ?? -1)
  }

  /** The batches from a position on, headers only, as far as they are whole. One read of the file serves many headers. */
  *batchesFrom(position: number): Generator<PlacedBatch> {
    let window: Buffer = Buffer.alloc(0)
    let windowStart = 0
    for (let at = position; at + batchHeaderBytes <= this.sizeBytes; ) {
      if (at < windowStart || at + batchHeaderBytes > windowStart + window.length) {
        window = this.read(at, limits.headerScanBytes)
        windowStart = at
      }
      const sizeBytes = batchSizeAt(window, at - windowStart)
      if (sizeBytes < 0 || at + sizeBytes > this.sizeBytes) return
      yield { header: readBatchHeader(window, at - windowStart), position: at }
      at += sizeBytes
    }
  }

  /** The same with their bytes, many at a time: for who has to look at all of them. The bytes are good until the next. */
  *wholeBatchesFrom(position: number): Generator<WholeBatch> {
    let space: Buffer = Buffer.alloc(0)
    const memory: ReadMemory = {
      take(sizeBytes) {
        if (space.length < sizeBytes) space = Buffer.allocUnsafeSlow(sizeBytes)
        return space.subarray(0, sizeBytes)
      }
    }
    let window: Buffer = space
    let windowStart = position
    for (let at = position; at + batchHeaderBytes <= this.sizeBytes; ) {
      if (at + batchHeaderBytes > windowStart + window.length) {
        window = this.read(at, limits.recoveryReadBytes, memory)
        windowStart = at
      }
      const sizeBytes = batchSizeAt(window, at - windowStart)
      if (sizeBytes < 0 || at + sizeBytes > this.sizeBytes) return
      if (at + sizeBytes > windowStart + window.length) {
        window = this.read(at, Math.max(sizeBytes, limits.recoveryReadBytes), memory)
        windowStart = at
      }
      const start = at - windowStart
      yield { header: readBatchHeader(window, start), position: at, bytes: window.subarray(start, start + sizeBytes) }
      at += sizeBytes
    }
  }

  /** The first batch whose last offset is at or beyond the offset; null when there is none. */
  batchWith(offset: number): PlacedBatch | null {
    for (const batch of this.batchesFrom(this.offsetIndex.positionBefore(offset))) {
      if (lastOffsetOf(batch.header) >= offset) return batch
    }
    return null
  }

  /** The whole batch with its records. */
  readBatch({ header, position }: PlacedBatch): Buffer {
    return this.read(position, header.sizeBytes)
  }

  /** Cuts the file here, and the indexes with it. */
  truncate(position: number, offset: number): void {
    this.#log.truncate(position)
    this.#places = null
    this.#firstTimestampMs = null
    this.offsetIndex.cutFrom(position)
    this.timeIndex.cutFrom(offset)
    this.transactionIndex.cutFrom(offset)
    this.syncedBytes = Math.min(this.syncedBytes, position)
    this.indexesSyncedBytes = Math.min(this.indexesSyncedBytes, position)
    this.#takeTimeFromIndex()
    for (const { header } of this.batchesFrom(this.offsetIndex.lastPosition)) this.#noteTime(header)
  }

  /** Empties the indexes: they are about to be made again. */
  forgetIndexes(): void {
    for (const { file } of this.#indexes) file.clear()
    this.#indexAgainFrom(this.baseOffset)
  }

  /**
   * Keeps of the indexes what speaks of records below the offset: those entries were synced. Gives the batch from which they
   * have to be made again: the one that has the last entry; null when they cannot be used.
   */
  keepIndexesBelow(offset: number): PlacedBatch | null {
    const last = this.offsetIndex.keepBelow(offset)
    if (last === null) return null
    const [batch] = this.batchesFrom(last.position)
    if (batch === undefined || lastOffsetOf(batch.header) !== last.lastOffset) return null
    this.timeIndex.keepBelow(last.lastOffset + 1)
    // A single entry of zeros may be one that never reached the disk.
    if (this.timeIndex.last?.timestampMs === 0) return null
    this.transactionIndex.keepBelow(offset)
    this.#indexAgainFrom(offset)
    return batch
  }

  /** Brings the index files up to date, with the last timestamp as the end of the time index. */
  finish(): void {
    if (this.#offsetOfMaxTimestamp >= 0) this.timeIndex.maybeAppend(this.maxTimestampMs, this.#offsetOfMaxTimestamp)
    for (const index of this.#indexes) if (this.#hasFile(index)) index.file.write()
  }

  async sync(): Promise<void> {
    const sizeBytes = this.sizeBytes
    await this.#log.sync()
    this.syncedBytes = Math.max(this.syncedBytes, sizeBytes)
  }

  /** Of a segment that is finished. */
  async syncIndexes(): Promise<void> {
    await this.syncIndexFiles()
    this.indexesSyncedBytes = this.sizeBytes
    this.rest()
  }

  /** What `finish` wrote survives a power cut when this resolves. */
  async syncIndexFiles(): Promise<void> {
    await Promise.all(this.#indexes.filter((index) => this.#hasFile(index)).map((index) => index.file.sync()))
  }

  /** Lets go of the indexes' memory until it is needed. Everything must have been written. */
  rest(): void {
    for (const index of this.#indexes) index.file.rest()
  }

  /** Closes the files; what of the indexes has not been written is lost. */
  close(): void {
    this.rest()
    this.#log.close()
  }

  /** Sets the files aside as `.deleted`; gives what removes them for good. Writes nothing: the disk may be full. */
  setAside(): () => void {
    this.close()
    const aside: string[] = []
    for (const suffix of [fileSuffix.log, fileSuffix.offsetIndex, fileSuffix.timeIndex, fileSuffix.transactionIndex]) {
      const path = `${this.#directory}/${fileName(this.baseOffset, suffix)}`
      if (!this.#disk.exists(path)) continue
      this.#disk.rename(path, path + fileSuffix.deleted)
      aside.push(path + fileSuffix.deleted)
    }
    return () => {
      for (const path of aside) this.#disk.remove(path)
    }
  }

  #indexAgainFrom(offset: number): void {
    this.transactionsLostFrom = offset
    this.indexesSyncedBytes = 0
    this.#firstTimestampMs = null
    this.#bytesSinceIndexEntry = 0
    this.#takeTimeFromIndex()
  }

  #takeTimeFromIndex(): void {
    const last = this.timeIndex.last
    this.maxTimestampMs = last?.timestampMs ?? -1
    this.#offsetOfMaxTimestamp = last?.offset ?? -1
  }

  #noteTime(header: BatchHeader): void {
    if (header.maxTimestamp <= this.maxTimestampMs) return
    this.maxTimestampMs = header.maxTimestamp
    this.#offsetOfMaxTimestamp = lastOffsetOf(header)
  }

  get #indexes(): readonly { readonly file: IndexFile }[] {
    return [this.offsetIndex, this.timeIndex, this.transactionIndex]
  }

  /** As with Kafka, a segment without aborted transactions has no index of them. */
  #hasFile(index: { readonly file: IndexFile }): boolean {
    return index !== this.transactionIndex || index.file.count > 0
  }
}

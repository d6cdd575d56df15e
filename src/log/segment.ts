/**
 * One piece of a partition's log: the records from `baseOffset` on in one file, with the indexes that find them.
 * (Kafka: LogSegment.) Invariants: batches lie back to back, offsets only grow, no batch reaches over the end of the file.
 */
import type { Disk, DiskFile } from '../host/disk.ts'
import { limits } from '../limits.ts'
import {
  type BatchHeader,
  batchHeaderBytes,
  batchSizeAt,
  lastOffsetOf,
  readBatchHeader
} from '../protocol/records/batch.ts'
import { fileName, fileSuffix } from './file-names.ts'
import { OffsetIndex } from './offset-index.ts'
import { TimeIndex } from './time-index.ts'
import { TransactionIndex } from './transaction-index.ts'

/** A batch in its place. */
export interface PlacedBatch {
  readonly header: BatchHeader
  readonly position: number
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
  /** Of the first batch: rolling by time counts from it. */
  firstTimestampMs: number | null = null
  maxTimestampMs = -1
  #offsetOfMaxTimestamp = -1
  #bytesSinceIndexEntry = 0

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
    const lastTime = this.timeIndex.last
    if (lastTime !== null) {
      this.maxTimestampMs = lastTime.timestampMs
      this.#offsetOfMaxTimestamp = lastTime.offset
    }
  }

  get sizeBytes(): number {
    return this.#log.sizeBytes
  }

  /** Appends whole batches whose headers are given in order. Throws DiskError, with the file as it was. */
  append(bytes: Buffer, batches: readonly BatchHeader[], indexIntervalBytes: number): void {
    let position = this.sizeBytes
    this.#log.append([bytes])
    for (const header of batches) {
      this.index({ header, position }, indexIntervalBytes)
      position += header.sizeBytes
    }
  }

  /** Takes a batch that is in the file into the indexes. */
  index({ header, position }: PlacedBatch, indexIntervalBytes: number): void {
    this.firstTimestampMs ??= header.maxTimestamp
    if (header.maxTimestamp > this.maxTimestampMs) {
      this.maxTimestampMs = header.maxTimestamp
      this.#offsetOfMaxTimestamp = lastOffsetOf(header)
    }
    if (this.#bytesSinceIndexEntry > indexIntervalBytes) {
      this.offsetIndex.append(lastOffsetOf(header), position)
      this.timeIndex.maybeAppend(this.maxTimestampMs, this.#offsetOfMaxTimestamp)
      this.#bytesSinceIndexEntry = 0
    }
    this.#bytesSinceIndexEntry += header.sizeBytes
  }

  /** The bytes from position on; fewer at the end. */
  read(position: number, lengthBytes: number): Buffer {
    return this.#log.read(position, lengthBytes)
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
    this.offsetIndex.cutFrom(position)
    this.timeIndex.cutFrom(offset)
    this.transactionIndex.cutFrom(offset)
    this.syncedBytes = Math.min(this.syncedBytes, position)
  }

  /** Empties the indexes: they are about to be made again. */
  forgetIndexes(): void {
    this.offsetIndex.cutFrom(0)
    this.timeIndex.cutFrom(0)
    this.transactionIndex.cutFrom(0)
    this.firstTimestampMs = null
    this.maxTimestampMs = -1
    this.#offsetOfMaxTimestamp = -1
    this.#bytesSinceIndexEntry = 0
  }

  /** Nothing more is written here: the last timestamp goes into the index, and the indexes out of memory. */
  finish(): void {
    if (this.#offsetOfMaxTimestamp >= 0) this.timeIndex.maybeAppend(this.maxTimestampMs, this.#offsetOfMaxTimestamp)
    for (const index of [this.offsetIndex, this.timeIndex]) index.file.write()
    if (this.transactionIndex.file.count > 0) this.transactionIndex.file.write()
  }

  async sync(): Promise<void> {
    const sizeBytes = this.sizeBytes
    await this.#log.sync()
    this.syncedBytes = Math.max(this.syncedBytes, sizeBytes)
  }

  async syncIndexes(): Promise<void> {
    await Promise.all([this.offsetIndex.file.sync(), this.timeIndex.file.sync()])
    if (this.transactionIndex.file.count > 0) await this.transactionIndex.file.sync()
  }

  close(): void {
    this.finish()
    this.offsetIndex.file.close()
    this.timeIndex.file.close()
    if (this.transactionIndex.file.count > 0) this.transactionIndex.file.close()
    this.#log.close()
  }

  /** Sets the files aside as `.deleted`; gives what removes them for good. */
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
}

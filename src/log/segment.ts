/**
 * One piece of a partition's log: the records from `baseOffset` on in one file, with the indexes that find them.
 * (Kafka: LogSegment.) Invariants: batches lie back to back, offsets only grow, no batch reaches over the end of the file.
 */
import type { Clock } from '../host/clock.ts'
import type { Disk, DiskFile, ReadMemory } from '../host/disk.ts'
import { limits } from '../limits.ts'
import { type BatchHeader, hasValidCrc, lastOffsetOf } from '../protocol/records/batch.ts'
import type { TransactionEnd } from '../protocol/records/control-records.ts'
import {
  type Obstacle,
  type PlacedBatch,
  type WalkStart,
  type WholeBatch,
  walkBatches,
  walkHeaders
} from './batch-walk.ts'
import { anyOffset, type Gaps } from './continuity.ts'
import { DamageError, damageMessage, movedAdvice, restoreAdvice } from './damage.ts'
import { fileName, fileSuffix } from './file-names.ts'
import type { IndexFile } from './index-file.ts'
import { OffsetIndex, type OffsetIndexEntry } from './offset-index.ts'
import type { ProducerState } from './producer-state.ts'
import { type SetAside, setSegmentFilesAside } from './segment-files.ts'
import { TimeIndex, type TimeIndexEntry } from './time-index.ts'
import { type AbortedEntry, TransactionIndex } from './transaction-index.ts'
import { VerifiedBytes } from './verified-bytes.ts'
import { WrittenEnd } from './written-end.ts'

/** What the segments of one log share. */
export interface SegmentSurroundings {
  readonly disk: Disk
  readonly directory: string
  readonly gaps: Gaps
  readonly clock: Clock
  /** Gets a line when something damaged was made anew. */
  readonly report: (line: string) => void
}

export class Segment {
  readonly baseOffset: number
  readonly offsetIndex: OffsetIndex
  readonly timeIndex: TimeIndex
  readonly transactionIndex: TransactionIndex
  readonly createdMs: number
  gaps: Gaps
  readonly verified: VerifiedBytes
  readonly #report: (line: string) => void
  readonly #disk: Disk
  readonly #directory: string
  readonly #log: DiskFile
  readonly #writtenEnd: WrittenEnd
  /** Under which it is now. */
  #logPath: string
  /** Where what was synced ends. */
  syncedBytes = 0
  /** Whether a power cut could bring back bytes that were cut off. */
  hasUnsyncedCut = false
  /** Where the records end whose index entries were synced. */
  indexesSyncedBytes = 0
  /** From here on the index of aborted transactions was lost and has to be made again from the records; null: it is whole. */
  transactionsLostFrom: number | null = null
  /** Whether the index of aborted transactions is known to name all: this process wrote it, or held it against the markers. */
  hasKnownTransactions: boolean
  /** Transactions that end in a later segment begin at or behind this offset; -1 when that is not known. */
  laterTransactionsFrom = -1
  maxTimestampMs = -1
  /** When records came last: what retention by time goes by where no record has a time (Kafka: LogSegment.lastModified). */
  writtenMs: number
  #firstTimestampMs: number | null = null
  #offsetOfMaxTimestamp = -1
  #bytesSinceIndexEntry = 0
  #gathered: Buffer[] = []
  #gatheredBytes = 0
  #places: { readonly offset: number; readonly position: number }[] | null = null
  /** Behind the names of its files: of one that compaction makes. */
  #suffix: string
  #isClosed = false

  /** Opens the segment, or makes it. Throws DiskError, with no file open then; what was made lies there: `removeSegmentFiles`. */
  static open(of: SegmentSurroundings, baseOffset: number, nowMs: number, suffix = ''): Segment {
    const log = of.disk.open(`${of.directory}/${fileName(baseOffset, fileSuffix.log)}${suffix}`, 'create')
    try {
      return new Segment(of, baseOffset, nowMs, log, suffix)
    } catch (error) {
      log.close()
      throw error
    }
  }

  private constructor(
    { disk, directory, gaps, clock, report }: SegmentSurroundings,
    baseOffset: number,
    nowMs: number,
    log: DiskFile,
    suffix: string
  ) {
    const path = (kind: string): string => `${directory}/${fileName(baseOffset, kind)}${suffix}`
    this.#suffix = suffix
    this.baseOffset = baseOffset
    this.createdMs = nowMs
    this.gaps = gaps
    this.#report = report
    this.#disk = disk
    this.#directory = directory
    this.#log = log
    this.#writtenEnd = new WrittenEnd(log)
    this.#logPath = log.path
    this.writtenMs = log.modifiedMs ?? nowMs
    this.verified = new VerifiedBytes(log.sizeBytes, { clock, remembersMs: disk.remembersMs })
    this.hasKnownTransactions = log.sizeBytes === 0
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

  /** Whether a power cut could change the file. */
  get isDirty(): boolean {
    return this.syncedBytes < this.sizeBytes || this.hasUnsyncedCut
  }

  /** With what was gathered and is not in the file yet. */
  get sizeBytes(): number {
    return this.#log.sizeBytes + this.#gatheredBytes
  }

  /** Without what was gathered. */
  get writtenBytes(): number {
    return this.#log.sizeBytes
  }

  /** Where the first batch begins. */
  get start(): WalkStart {
    return { position: 0, nextOffset: this.baseOffset }
  }

  /** The largest timestamp of the first batch: rolling by time counts from it. Null when there is none. */
  get firstTimestampMs(): number | null {
    if (this.#firstTimestampMs === null && this.sizeBytes > 0) {
      const [first] = this.batchesFrom(this.start)
      this.#firstTimestampMs = first?.header.maxTimestamp ?? null
    }
    return this.#firstTimestampMs
  }

  /** Appends whole batches, given with their places in these bytes. Throws DiskError, with the file as it was. */
  append(bytes: Buffer, batches: readonly PlacedBatch[], indexIntervalBytes: number): void {
    if (this.#gatheredBytes > 0) throw new RangeError('what was gathered is written first')
    const start = this.sizeBytes
    this.#loadIndexesFor(bytes.length, indexIntervalBytes)
    this.#put([bytes])
    for (const { header, position } of batches) this.index({ header, position: start + position }, indexIntervalBytes)
  }

  /** As `append`, but the bytes stay here until `write`; until then they cannot be read. Throws DiskError, with nothing changed. */
  gather(bytes: Buffer, { header, position }: PlacedBatch, indexIntervalBytes: number): void {
    const start = this.sizeBytes
    this.#loadIndexesFor(bytes.length, indexIntervalBytes)
    this.#gathered.push(bytes)
    this.#gatheredBytes += bytes.length
    this.index({ header, position: start + position }, indexIntervalBytes)
  }

  /** Puts what was gathered into the file, in one go. Throws DiskError: then it is gone, and `truncate` has to follow. */
  write(): void {
    const gathered = this.#gathered
    this.#gathered = []
    this.#gatheredBytes = 0
    this.#put(gathered)
  }

  #put(chunks: readonly Buffer[]): void {
    try {
      this.#log.append(chunks)
    } catch (error) {
      // What was written before the disk refused the rest was cut off within the file, and a power cut may bring it back.
      this.hasUnsyncedCut = true
      throw error
    }
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

  /** The position that was remembered for the offset; -1 when there is none. */
  placeOf(offset: number): number {
    return this.#places?.find((place) => place.offset === offset)?.position ?? -1
  }

  /** The position that was remembered for the offset, which is forgotten: its reader moves on; -1 when there is none. */
  takePlace(offset: number): number {
    const index = this.#places?.findIndex((place) => place.offset === offset) ?? -1
    return index < 0 ? -1 : (this.#places?.splice(index, 1)[0]?.position ?? -1)
  }

  /** The batches from a place on, headers only. Throws DamageError where none stands that goes on. */
  *batchesFrom(start: WalkStart): Generator<PlacedBatch> {
    const obstacle = yield* walkHeaders(this, start)
    if (obstacle !== null) throw this.damageAt(obstacle)
  }

  /** The same with their bytes, which are good until the next: each is as it was written. Throws DamageError. */
  *soundBatchesFrom(start: WalkStart): Generator<WholeBatch> {
    const walk = walkBatches(this, start)
    for (let step = walk.next(); ; step = walk.next()) {
      if (step.done === true) {
        if (step.value !== null) throw this.damageAt(step.value)
        return
      }
      this.#assertSound(step.value, step.value.bytes)
      yield step.value
    }
  }

  /** Where to look for the offset from: the index names a batch before the one that holds it. */
  placeBefore(offset: number): WalkStart {
    return this.#placeOf(() => this.offsetIndex.entryBefore(offset))
  }

  /** Where to look for this position from. */
  placeAtOrBefore(position: number): WalkStart {
    return this.#placeOf(() => this.offsetIndex.entryAtOrBefore(position))
  }

  /** Where to look for the first record from that is not older than the time. */
  placeBeforeTime(timestampMs: number): WalkStart {
    let entry = this.timeIndex.entryBefore(timestampMs)
    if (entry !== null && !this.namesBatchOfTime(entry)) {
      this.#remakeIndexes(fileSuffix.timeIndex)
      entry = this.timeIndex.entryBefore(timestampMs)
    }
    return this.placeBefore(entry?.offset ?? this.baseOffset)
  }

  /** The first batch whose last offset is at or beyond the offset; null when there is none. */
  batchWith(offset: number): PlacedBatch | null {
    for (const batch of this.batchesFrom(this.placeBefore(offset))) {
      if (lastOffsetOf(batch.header) >= offset) return batch
    }
    return null
  }

  /** Where the batches end that lie wholly below the offset. Throws DamageError. */
  endBefore(offset: number): { readonly position: number; readonly endOffset: number } {
    let end = { position: 0, endOffset: this.baseOffset }
    for (const { header, position } of this.batchesFrom(this.placeBefore(offset - 1))) {
      if (lastOffsetOf(header) >= offset) break
      end = { position: position + header.sizeBytes, endOffset: lastOffsetOf(header) + 1 }
    }
    return end
  }

  /** The whole batch with its records. Throws DamageError. */
  readBatch(batch: PlacedBatch): Buffer {
    const bytes = this.read(batch.position, batch.header.sizeBytes)
    this.#assertSound(batch, bytes)
    return bytes
  }

  /** The header says what was written there: its times stand under the checksum. Throws DamageError. */
  verify(batch: PlacedBatch): void {
    this.verified.forgetOld(this.writtenBytes)
    if (!this.verified.has(batch.position, batch.position + batch.header.sizeBytes)) this.readBatch(batch)
  }

  /** Whether the batch that the entry speaks of stands where it says. */
  namesBatch({ lastOffset, position }: OffsetIndexEntry): boolean {
    if (position < 0 || position >= this.writtenBytes) return false
    const [batch] = walkHeaders(this, { position, nextOffset: anyOffset })
    return batch !== undefined && lastOffsetOf(batch.header) === lastOffset
  }

  /** Whether the batch that the entry speaks of has the time that it says. */
  namesBatchOfTime({ offset, timestampMs }: TimeIndexEntry): boolean {
    const near = offset < this.baseOffset ? null : this.offsetIndex.entryBefore(offset)
    if (near !== null && !this.namesBatch(near)) return false
    const start = near === null ? this.start : { position: near.position, nextOffset: anyOffset }
    for (const { header } of walkHeaders(this, start)) {
      if (lastOffsetOf(header) >= offset) return header.baseOffset <= offset && header.maxTimestamp === timestampMs
    }
    return false
  }

  /** What is told of a tail that was cut off. */
  cutMessage(position: number, sizeBytes: number): string {
    const what = `${sizeBytes} bytes from here on were not synced when the broker or the machine stopped, and are no whole batches that follow.`
    const advice = 'They were cut off, as Apache Kafka does; all that a checkpoint says was synced lies before them.'
    return damageMessage(this.#disk, { path: this.#path(fileSuffix.log), position, what, advice })
  }

  damageAt({ position, what }: Obstacle): DamageError {
    const path = this.#path(fileSuffix.log)
    return new DamageError(this.#disk, { path, position, what, advice: restoreAdvice(path) })
  }

  /** Cuts the file here, and the indexes with it. */
  truncate(position: number, offset: number): void {
    if (position < this.#log.sizeBytes) this.hasUnsyncedCut = true
    this.#log.truncate(position)
    this.#writtenEnd.wasCutAt(position)
    this.#places = null
    this.#firstTimestampMs = null
    this.laterTransactionsFrom = -1
    this.offsetIndex.cutFrom(position)
    this.timeIndex.cutFrom(offset)
    this.transactionIndex.cutFrom(offset)
    this.syncedBytes = Math.min(this.syncedBytes, position)
    this.indexesSyncedBytes = Math.min(this.indexesSyncedBytes, position)
    this.#takeTimeFromIndex()
    for (const { header } of this.batchesFrom(this.#placeOf(() => this.offsetIndex.last))) this.#noteTime(header)
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
    const [batch] = walkHeaders(this, { position: last.position, nextOffset: anyOffset })
    if (batch === undefined || lastOffsetOf(batch.header) !== last.lastOffset) return null
    this.timeIndex.keepBelow(last.lastOffset + 1)
    const newest = this.timeIndex.last
    if (newest !== null && !this.namesBatchOfTime(newest)) return null
    this.transactionIndex.keepBelow(offset)
    this.#indexAgainFrom(offset)
    return batch
  }

  /** Brings the index files up to date, with the last timestamp as the end of the time index. */
  finish(): void {
    if (this.#offsetOfMaxTimestamp >= 0) this.timeIndex.maybeAppend(this.maxTimestampMs, this.#offsetOfMaxTimestamp)
    for (const index of this.#indexes) if (this.#hasFile(index)) index.file.write()
  }

  /** Rejects with DiskError, also where the file is not in its place any more: what is synced there is lost to a start. */
  async sync(): Promise<void> {
    const sizeBytes = this.writtenBytes
    this.hasUnsyncedCut = false
    await this.#log.sync()
    if (!this.#isClosed && !this.#log.isAt(this.#logPath)) throw this.#notInPlace()
    this.syncedBytes = Math.max(this.syncedBytes, sizeBytes)
  }

  /**
   * Throws DamageError when somebody has removed, renamed, replaced or cut the file of the records; DiskError when the whole directory is
   * gone.
   */
  assertInPlace(): void {
    // Once it was closed it is nobody's, and may be gone.
    if (this.#isClosed) return
    const path = this.#logPath
    const found = this.#log.look(path)
    if (found === 'elsewhere') throw this.#notInPlace()
    if (found === 'as written' && this.#writtenEnd.isAsWritten()) return
    const what = 'It has not all that was written to it: it was cut while a broker used it.'
    throw new DamageError(this.#disk, { path, position: null, what, advice: restoreAdvice(path) })
  }

  #notInPlace(): DamageError {
    this.#disk.assertInPlace()
    const path = this.#logPath
    const what =
      'It is not there any more: it, or its directory, was removed, renamed or replaced while a broker used it.'
    return new DamageError(this.#disk, { path, position: null, what, advice: movedAdvice(path) })
  }

  /** Of a segment that is finished. */
  async syncIndexes(): Promise<void> {
    await this.syncIndexFiles()
    this.indexesSyncedBytes = this.sizeBytes
    this.rest()
  }

  /** What `finish` wrote survives a power cut when this resolves, and what was cut off does not come back. */
  async syncIndexFiles(): Promise<void> {
    await Promise.all(this.#indexes.filter(({ file }) => file.isThere).map(({ file }) => file.sync()))
  }

  /** Lets go of the indexes' memory until it is needed. Everything must have been written. */
  rest(): void {
    for (const index of this.#indexes) index.file.rest()
  }

  /** Its files get another suffix behind their names. Doing it again does what is left of it. Throws DiskError. */
  rename(suffix: string): void {
    const log = this.#path(fileSuffix.log)
    if (suffix !== this.#suffix) this.#disk.rename(log + this.#suffix, log + suffix)
    this.#suffix = suffix
    this.#logPath = log + suffix
    this.offsetIndex.file.rename(this.#path(fileSuffix.offsetIndex) + suffix)
    this.timeIndex.file.rename(this.#path(fileSuffix.timeIndex) + suffix)
    this.transactionIndex.file.rename(this.#path(fileSuffix.transactionIndex) + suffix)
  }

  /** Closes the files; what of the indexes has not been written is lost. */
  close(): void {
    this.#isClosed = true
    this.rest()
    this.#log.close()
  }

  /** Closes the files and sets them aside. Throws DiskError while the log is in its place, and then the segment is as it was. */
  setAside(): SetAside {
    const aside = setSegmentFilesAside(this.#disk, this.#directory, this.baseOffset)
    this.close()
    return aside
  }

  /** An entry that becomes due goes behind those in the file: they are read before anything is changed, since that can fail. */
  #loadIndexesFor(sizeBytes: number, indexIntervalBytes: number): void {
    if (this.#bytesSinceIndexEntry + sizeBytes <= indexIntervalBytes) return
    this.offsetIndex.file.load()
    this.timeIndex.file.load()
  }

  #path(suffix: string): string {
    return `${this.#directory}/${fileName(this.baseOffset, suffix)}`
  }

  #assertSound({ header, position }: PlacedBatch, bytes: Buffer): void {
    if (bytes.length === header.sizeBytes && hasValidCrc(bytes, 0, bytes.length)) return
    throw this.damageAt({ position, what: unsoundBatch(header.baseOffset) })
  }

  /** The place that an entry of the offset index names, once the batch there is seen to be the one it speaks of. */
  #placeOf(look: () => OffsetIndexEntry | null): WalkStart {
    let entry = look()
    if (entry !== null && !this.namesBatch(entry)) {
      this.#remakeIndexes(fileSuffix.offsetIndex)
      entry = look()
    }
    return entry === null ? this.start : { position: entry.position, nextOffset: anyOffset }
  }

  /** An index turned out to be damaged when it was used: both are made again from the records. Throws DamageError for those. */
  #remakeIndexes(damaged: string): void {
    const known = { maxTimestampMs: this.maxTimestampMs, offset: this.#offsetOfMaxTimestamp }
    for (const { file } of [this.offsetIndex, this.timeIndex]) file.clear()
    this.maxTimestampMs = -1
    this.#bytesSinceIndexEntry = 0
    for (const batch of this.soundBatchesFrom(this.start)) this.index(batch, limits.remadeIndexIntervalBytes)
    // What was gathered is not in the file yet.
    if (known.maxTimestampMs > this.maxTimestampMs && this.#gatheredBytes > 0) {
      this.maxTimestampMs = known.maxTimestampMs
      this.#offsetOfMaxTimestamp = known.offset
    }
    // The next sync, or the end, writes them.
    this.indexesSyncedBytes = 0
    this.reportRemade(damaged, unfitEntry)
  }

  /** The index of aborted transactions was lost, or parts of it: these are all. The next sync, or the end, writes them. */
  replaceTransactions(aborted: readonly AbortedEntry[]): void {
    this.transactionIndex.file.clear()
    for (const entry of aborted) this.transactionIndex.append(entry)
    this.indexesSyncedBytes = 0
    this.reportRemade(fileSuffix.transactionIndex, 'It does not name all transactions that were aborted.')
  }

  reportRemade(suffix: string, what: string): void {
    const advice = 'It was made anew from the records; nothing is lost.'
    this.#report(damageMessage(this.#disk, { path: this.#path(suffix), position: null, what, advice }))
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

export function unsoundBatch(baseOffset: number): string {
  return `The batch with offset ${baseOffset} is not as it was written: its checksum (CRC-32C) or leader epoch is another.`
}

/** What is told of an index that was damaged. */
export const unfitEntry = 'An entry does not fit the records.'

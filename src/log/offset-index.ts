/**
 * The offset index of a segment: (offset − base int32, position int32), one entry about every `index.interval.bytes`.
 * The offset is the last one of the batch that begins at the position (Kafka: OffsetIndex, LogSegment.append).
 */
import type { Disk } from '../host/disk.ts'
import { IndexFile } from './index-file.ts'

const entryBytes = 8

export interface OffsetIndexEntry {
  /** Of the batch that begins at the position. */
  readonly lastOffset: number
  readonly position: number
}

export class OffsetIndex {
  readonly #file: IndexFile
  readonly #baseOffset: number

  constructor(disk: Disk, path: string, baseOffset: number) {
    this.#file = new IndexFile(disk, path, entryBytes)
    this.#baseOffset = baseOffset
  }

  get file(): IndexFile {
    return this.#file
  }

  append(lastOffset: number, position: number): void {
    const entry = Buffer.alloc(entryBytes)
    entry.writeInt32BE(lastOffset - this.#baseOffset, 0)
    entry.writeInt32BE(position, 4)
    this.#file.append(entry)
  }

  /** The last entry of a batch that ends at or before the offset; null when there is none. */
  entryBefore(offset: number): OffsetIndexEntry | null {
    const relative = offset - this.#baseOffset
    return this.#decode(this.#file.lastWhere((entry) => entry.readInt32BE(0) <= relative))
  }

  /** The last entry of a batch that begins at or before this position of the log; null when there is none. */
  entryAtOrBefore(position: number): OffsetIndexEntry | null {
    return this.#decode(this.#file.lastWhere((entry) => entry.readInt32BE(4) <= position))
  }

  get last(): OffsetIndexEntry | null {
    return this.#decode(this.#file.last)
  }

  /**
   * Keeps the entries that speak of batches below the offset, as far as they grow: behind them may be anything. Gives the
   * last one kept; null when there is none.
   */
  keepBelow(offset: number): OffsetIndexEntry | null {
    let last: OffsetIndexEntry | null = null
    let count = 0
    for (const bytes of this.#file.all()) {
      const entry = this.#decode(bytes)
      if (entry === null || entry.lastOffset >= offset || entry.position <= (last?.position ?? 0)) break
      if (last !== null && entry.lastOffset <= last.lastOffset) break
      last = entry
      count += 1
    }
    this.#file.keep(count)
    return last
  }

  /** Drops what points at or beyond this position of the log. */
  cutFrom(position: number): void {
    this.#file.cut((entry) => entry.readInt32BE(4) >= position)
  }
  #decode(entry: Buffer | null): OffsetIndexEntry | null {
    if (entry === null) return null
    return { lastOffset: this.#baseOffset + entry.readInt32BE(0), position: entry.readInt32BE(4) }
  }
}

/**
 * The time index of a segment: (largest timestamp so far int64, offset − base int32), timestamps growing.
 * Kafka: TimeIndex; the offset is the last one of the batch with that timestamp.
 */
import type { Disk } from '../host/disk.ts'
import { wideInt64 } from '../protocol/primitives.ts'
import { IndexFile } from './index-file.ts'

const entryBytes = 12

export interface TimeIndexEntry {
  readonly timestampMs: number
  readonly offset: number
}

export class TimeIndex {
  readonly #file: IndexFile
  readonly #baseOffset: number

  constructor(disk: Disk, path: string, baseOffset: number) {
    this.#file = new IndexFile(disk, path, entryBytes)
    this.#baseOffset = baseOffset
  }

  get file(): IndexFile {
    return this.#file
  }

  /** Adds an entry when it says something new; records without a time (-1) say nothing. */
  maybeAppend(timestampMs: number, offset: number): void {
    const last = this.last
    if (timestampMs <= (last?.timestampMs ?? -1) || offset < (last?.offset ?? 0)) return
    const entry = Buffer.alloc(entryBytes)
    entry.writeBigInt64BE(wideInt64(timestampMs), 0)
    entry.writeInt32BE(offset - this.#baseOffset, 8)
    this.#file.append(entry)
  }

  get last(): TimeIndexEntry | null {
    const { last } = this.#file
    return last === null ? null : this.#decode(last)
  }

  /** The last entry that is not newer than the time: before its offset no record is newer than it says. */
  entryBefore(timestampMs: number): TimeIndexEntry | null {
    const found = this.#file.lastWhere((entry) => this.#decode(entry).timestampMs <= timestampMs)
    return found === null ? null : this.#decode(found)
  }

  /** Keeps the entries that speak of batches below the offset, as far as they grow: behind them may be anything. */
  keepBelow(offset: number): void {
    let last: TimeIndexEntry = { timestampMs: -1, offset: this.#baseOffset }
    let count = 0
    for (const bytes of this.#file.all()) {
      const entry = this.#decode(bytes)
      if (entry.offset >= offset || entry.offset < last.offset || entry.timestampMs <= last.timestampMs) break
      last = entry
      count += 1
    }
    this.#file.keep(count)
  }

  /** Drops what speaks of this offset and those beyond. */
  cutFrom(offset: number): void {
    this.#file.cut((entry) => this.#decode(entry).offset >= offset)
  }

  #decode(entry: Buffer): TimeIndexEntry {
    return { timestampMs: Number(entry.readBigInt64BE(0)), offset: this.#baseOffset + entry.readInt32BE(8) }
  }
}

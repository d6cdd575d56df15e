/**
 * A sparse index of a segment: entries of a fixed size, in growing order, appended and looked up by halving.
 *
 * An index only speeds up: everything in it can be made again from the log. Entries are therefore kept in memory and go to
 * the file in pieces, and the file of a segment that is not written any more is read when it is first needed.
 */
import type { Disk, DiskFile } from '../host/disk.ts'
import { limits } from '../limits.ts'

export class IndexFile {
  readonly #disk: Disk
  readonly #path: string
  readonly #entryBytes: number
  #file: DiskFile | null = null
  /** Everything that is in the index; null until it is needed. */
  #entries: Buffer | null = null
  #usedBytes: number
  #writtenBytes: number

  constructor(disk: Disk, path: string, entryBytes: number) {
    this.#disk = disk
    this.#path = path
    this.#entryBytes = entryBytes
    this.#usedBytes = disk.sizeOf(path) ?? 0
    this.#writtenBytes = this.#usedBytes
  }

  get count(): number {
    return Math.floor(this.#usedBytes / this.#entryBytes)
  }

  get sizeBytes(): number {
    return this.#usedBytes
  }

  /** The file cannot be trusted when it does not hold whole entries. */
  get isWhole(): boolean {
    return this.#usedBytes % this.#entryBytes === 0
  }

  /** The bytes of one entry. */
  entry(index: number): Buffer {
    return this.#all().subarray(index * this.#entryBytes, (index + 1) * this.#entryBytes)
  }

  append(entry: Buffer): void {
    const entries = this.#all()
    if (this.#usedBytes + entry.length > entries.length) {
      const grown = Buffer.alloc(Math.max(1024, entries.length * 2))
      entries.copy(grown, 0, 0, this.#usedBytes)
      this.#entries = grown
    }
    entry.copy(this.#all(), this.#usedBytes)
    this.#usedBytes += entry.length
    if (this.#usedBytes - this.#writtenBytes >= limits.indexWriteBytes) this.write()
  }

  /** The last entry that `isAtOrBefore` says yes to, by halving; -1 when there is none. */
  lastWhere(isAtOrBefore: (entry: Buffer) => boolean): number {
    let low = -1
    let high = this.count - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (isAtOrBefore(this.entry(middle))) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Brings the file up to date. */
  write(): void {
    if (this.#writtenBytes === this.#usedBytes && this.#file !== null) return
    this.#file ??= this.#disk.open(this.#path, 'create')
    if (this.#writtenBytes < this.#usedBytes) {
      this.#file.append([this.#all().subarray(this.#writtenBytes, this.#usedBytes)])
      this.#writtenBytes = this.#usedBytes
    }
  }

  async sync(): Promise<void> {
    this.write()
    await this.#file?.sync()
  }

  /** Drops every entry from the first one on that `isGone` says yes to. */
  cut(isGone: (entry: Buffer) => boolean): void {
    const kept = this.lastWhere((entry) => !isGone(entry)) + 1
    this.#all()
    this.#usedBytes = kept * this.#entryBytes
    if (this.#writtenBytes > this.#usedBytes) {
      this.#file ??= this.#disk.open(this.#path, 'create')
      this.#file.truncate(this.#usedBytes)
      this.#writtenBytes = this.#usedBytes
    }
  }

  close(): void {
    this.write()
    this.#file?.close()
    this.#file = null
    this.#entries = null
  }

  /** Forgets what is in memory: the segment is not written any more. */
  rest(): void {
    this.write()
    this.#entries = null
  }

  #all(): Buffer {
    this.#entries ??= this.#usedBytes === 0 ? Buffer.alloc(0) : Buffer.from(this.#disk.readFile(this.#path))
    return this.#entries
  }
}

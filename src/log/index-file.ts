/**
 * A sparse index of a segment: entries of a fixed size, in growing order, appended and looked up by halving.
 *
 * An index only speeds up: everything in it can be made again from the log. Entries are therefore gathered in memory and go
 * to the file in pieces, and a disk that has no room for them fails nobody's append. An index that is not appended to is
 * not kept in memory: looking up an entry reads it.
 */
import { type Disk, DiskError, type DiskFile } from '../host/disk.ts'
import { limits } from '../limits.ts'

export class IndexFile {
  readonly #disk: Disk
  readonly #path: string
  readonly #entryBytes: number
  #file: DiskFile | null = null
  /** Everything that is in the index, with room for more; null when it is only in the file. */
  #entries: Buffer | null = null
  #usedBytes: number
  #writtenBytes: number
  /** False when there was no file: an index without entries has one too. */
  #isThere: boolean

  constructor(disk: Disk, path: string, entryBytes: number) {
    const sizeBytes = disk.sizeOf(path)
    this.#disk = disk
    this.#path = path
    this.#entryBytes = entryBytes
    this.#isThere = sizeBytes !== null
    this.#usedBytes = sizeBytes ?? 0
    this.#writtenBytes = this.#usedBytes
  }

  get isThere(): boolean {
    return this.#isThere
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
    const position = index * this.#entryBytes
    if (this.#entries !== null) return this.#entries.subarray(position, position + this.#entryBytes)
    return this.#open().read(position, this.#entryBytes)
  }

  append(entry: Buffer): void {
    let entries = this.#loaded()
    if (this.#usedBytes + entry.length > entries.length) {
      entries = Buffer.alloc(Math.max(1024, entries.length * 2))
      this.#loaded().copy(entries, 0, 0, this.#usedBytes)
      this.#entries = entries
    }
    entry.copy(entries, this.#usedBytes)
    this.#usedBytes += entry.length
    if (this.#usedBytes - this.#writtenBytes < limits.indexWriteBytes) return
    try {
      this.write()
    } catch (error) {
      // The records are in the log already. The entries stay here, and the next write takes them along.
      if (!(error instanceof DiskError)) throw error
    }
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
    if (this.#writtenBytes === this.#usedBytes && this.#isThere) return
    const file = this.#open()
    if (this.#writtenBytes < this.#usedBytes) {
      file.append([this.#loaded().subarray(this.#writtenBytes, this.#usedBytes)])
      this.#writtenBytes = this.#usedBytes
    }
  }

  async sync(): Promise<void> {
    this.write()
    await this.#open().sync()
  }

  /** Drops every entry from the first one on that `isGone` says yes to. */
  cut(isGone: (entry: Buffer) => boolean): void {
    this.#cutTo((this.lastWhere((entry) => !isGone(entry)) + 1) * this.#entryBytes)
  }

  /** Drops everything, whatever it says. */
  clear(): void {
    this.#cutTo(0)
  }

  /** Lets go of memory and file until they are needed again. Everything must have been written. */
  rest(): void {
    this.#file?.close()
    this.#file = null
    this.#entries = null
  }

  #cutTo(sizeBytes: number): void {
    this.#usedBytes = sizeBytes
    if (this.#writtenBytes <= sizeBytes) return
    this.#open().truncate(sizeBytes)
    this.#writtenBytes = sizeBytes
  }

  #open(): DiskFile {
    this.#file ??= this.#disk.open(this.#path, 'create')
    this.#isThere = true
    return this.#file
  }

  #loaded(): Buffer {
    this.#entries ??= this.#usedBytes === 0 ? Buffer.alloc(0) : this.#open().read(0, this.#usedBytes)
    return this.#entries
  }
}

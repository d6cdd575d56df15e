/**
 * A sparse index of a segment: entries of a fixed size, in growing order, appended and looked up by halving.
 *
 * An index only speeds up: everything in it can be made again from the log. Entries are therefore gathered in memory and go
 * to the file in pieces, and a disk that has no room for them fails nobody's append. An index that is not appended to is
 * not kept in memory: looking up an entry reads it. No file stays open: a broker has two indexes for each segment, and a
 * process may have only so many files open.
 */
import { attempt, type Disk, type DiskFile } from '../host/disk.ts'
import { syncFile } from '../host/new-file.ts'
import { limits } from '../limits.ts'

export class IndexFile {
  readonly #disk: Disk
  #path: string
  readonly #entryBytes: number
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

  /** The last entry; null when there is none. */
  get last(): Buffer | null {
    return this.count === 0 ? null : this.#withEntries((entryAt) => entryAt(this.count - 1))
  }

  /** Every entry, in order. */
  *all(): Iterable<Buffer> {
    const entries = this.#entries ?? this.#readAll()
    for (let index = 0; index < this.count; index++) yield this.#entryIn(entries, index)
  }

  /** Brings what is in the file into memory, where `append` needs it. Throws DiskError. */
  load(): void {
    this.#loaded()
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
    // The records are in the log already. Where the disk refuses, the entries stay here, and the next write takes them along.
    attempt(() => this.write())
  }

  /** The last entry that `isAtOrBefore` says yes to, by halving; null when there is none. */
  lastWhere(isAtOrBefore: (entry: Buffer) => boolean): Buffer | null {
    return this.#withEntries((entryAt) => {
      const found = this.#lastIndexWhere(isAtOrBefore, entryAt)
      return found < 0 ? null : entryAt(found)
    })
  }

  /** Brings the file up to date. */
  write(): void {
    if (this.#writtenBytes === this.#usedBytes && this.#isThere) return
    this.#withFile((file) => {
      if (this.#writtenBytes < this.#usedBytes) {
        file.append([this.#loaded().subarray(this.#writtenBytes, this.#usedBytes)])
      }
    })
    this.#writtenBytes = this.#usedBytes
  }

  /** The file gets another name, where there is one; doing it twice does no harm. Throws DiskError, with nothing changed. */
  rename(path: string): void {
    if (this.#isThere && path !== this.#path) this.#disk.rename(this.#path, path)
    this.#path = path
  }

  /** What was written survives a power cut when this resolves. */
  async sync(): Promise<void> {
    await syncFile(this.#disk, this.#path)
  }

  /** Drops every entry from the first one on that `isGone` says yes to. */
  cut(isGone: (entry: Buffer) => boolean): void {
    const kept = this.#withEntries((entryAt) => this.#lastIndexWhere((entry) => !isGone(entry), entryAt))
    this.#cutTo((kept + 1) * this.#entryBytes)
  }

  /** Keeps so many entries from the first one on. */
  keep(count: number): void {
    this.#cutTo(count * this.#entryBytes)
  }

  /** Drops everything, whatever it says. */
  clear(): void {
    this.#cutTo(0)
  }

  /** Lets go of memory until it is needed again, unless the file lacks something. */
  rest(): void {
    if (this.#writtenBytes === this.#usedBytes) this.#entries = null
  }

  #cutTo(sizeBytes: number): void {
    this.#usedBytes = sizeBytes
    if (this.#writtenBytes <= sizeBytes) return
    this.#withFile((file) => file.truncate(sizeBytes))
    this.#writtenBytes = sizeBytes
  }

  #lastIndexWhere(isAtOrBefore: (entry: Buffer) => boolean, entryAt: (index: number) => Buffer): number {
    let low = -1
    let high = this.count - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (isAtOrBefore(entryAt(middle))) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Looks at entries, in memory when they are there. */
  #withEntries<T>(look: (entryAt: (index: number) => Buffer) => T): T {
    const entries = this.#entries
    if (entries !== null) return look((index) => this.#entryIn(entries, index))
    if (this.#usedBytes === 0) return look(() => Buffer.alloc(this.#entryBytes))
    return this.#withFile((file) => look((index) => this.#whole(file.read(index * this.#entryBytes, this.#entryBytes))))
  }

  /** Somebody may have cut the file since it was opened: what is not there reads as zeros, and is seen to be wrong. */
  #whole(entry: Buffer): Buffer {
    return entry.length === this.#entryBytes ? entry : Buffer.concat([entry], this.#entryBytes)
  }

  #entryIn(entries: Buffer, index: number): Buffer {
    return entries.subarray(index * this.#entryBytes, (index + 1) * this.#entryBytes)
  }

  #withFile<T>(work: (file: DiskFile) => T): T {
    const file = this.#disk.open(this.#path, 'create', 'within this turn')
    this.#isThere = true
    try {
      return work(file)
    } finally {
      file.close()
    }
  }

  #readAll(): Buffer {
    if (this.#usedBytes === 0) return Buffer.alloc(0)
    return Buffer.concat([this.#withFile((file) => file.read(0, this.#usedBytes))], this.#usedBytes)
  }

  #loaded(): Buffer {
    this.#entries ??= this.#readAll()
    return this.#entries
  }
}

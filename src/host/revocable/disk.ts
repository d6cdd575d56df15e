/**
 * A disk whose files and lock end with the host. After that it refuses: what a broker that is gone still tries must not be done. A sync
 * never comes, so that what rests on it is not even refused.
 */
import { type Disk, DiskError, type DiskFile, type FileUse, type FoundFile, type ReadMemory } from '../disk.ts'
import type { Lease } from './lease.ts'

export class RevocableDisk implements Disk {
  readonly location: string
  readonly isPersistent: boolean
  readonly remembersMs: number
  readonly #disk: Disk
  readonly #lease: Lease

  constructor(disk: Disk, lease: Lease) {
    this.location = disk.location
    this.isPersistent = disk.isPersistent
    this.remembersMs = disk.remembersMs
    this.#disk = disk
    this.#lease = lease
  }

  isAt(location: string): boolean {
    return this.#disk.isAt(location)
  }

  list(directory: string): string[] {
    return this.#diskFor(directory).list(directory)
  }

  exists(path: string): boolean {
    return this.#diskFor(path).exists(path)
  }

  sizeOf(path: string): number | null {
    return this.#diskFor(path).sizeOf(path)
  }

  createDirectory(path: string): void {
    this.#diskFor(path).createDirectory(path)
  }

  remove(path: string): void {
    this.#diskFor(path).remove(path)
  }

  rename(from: string, to: string): void {
    this.#diskFor(from).rename(from, to)
  }

  open(path: string, mode: 'existing' | 'create', use?: FileUse): DiskFile {
    return new RevocableFile(this.#diskFor(path).open(path, mode, use), this.#lease)
  }

  readFile(path: string): Buffer {
    return this.#diskFor(path).readFile(path)
  }

  replaceFile(path: string, bytes: Uint8Array): void {
    this.#diskFor(path).replaceFile(path, bytes)
  }

  async syncFile(path: string): Promise<void> {
    const disk = this.#diskFor(path)
    await this.#lease.outcomeOf(() => disk.syncFile(path))
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#lease.outcomeOf(() => this.#disk.syncDirectory(path))
  }

  syncDirectoryNow(path: string): void {
    this.#diskFor(path).syncDirectoryNow(path)
  }

  space(): { totalBytes: number; freeBytes: number } | null {
    return this.#diskFor('').space()
  }

  lock(): () => void {
    const unlock = this.#diskFor('').lock()
    const forget = this.#lease.hold(unlock)
    return () => {
      // The next life of the broker may have it.
      if (this.#lease.isTaken) return
      forget()
      unlock()
    }
  }

  assertInPlace(): void {
    this.#diskFor('').assertInPlace()
  }

  #diskFor(path: string): Disk {
    assertThere(this.#lease, path)
    return this.#disk
  }
}

class RevocableFile implements DiskFile {
  readonly path: string
  readonly modifiedMs: number | null
  readonly #file: DiskFile
  readonly #lease: Lease
  readonly #forget: () => void

  constructor(file: DiskFile, lease: Lease) {
    this.path = file.path
    this.modifiedMs = file.modifiedMs
    this.#file = file
    this.#lease = lease
    this.#forget = lease.hold(() => file.close())
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes
  }

  append(chunks: readonly Uint8Array[]): void {
    assertThere(this.#lease, this.path)
    this.#file.append(chunks)
  }

  writeAt(position: number, bytes: Uint8Array): void {
    assertThere(this.#lease, this.path)
    this.#file.writeAt(position, bytes)
  }

  read(position: number, lengthBytes: number, memory?: ReadMemory): Buffer {
    assertThere(this.#lease, this.path)
    return this.#file.read(position, lengthBytes, memory)
  }

  truncate(sizeBytes: number): void {
    assertThere(this.#lease, this.path)
    this.#file.truncate(sizeBytes)
  }

  async sync(): Promise<void> {
    await this.#lease.outcomeOf(() => this.#file.sync())
  }

  isAt(path: string): boolean {
    assertThere(this.#lease, path)
    return this.#file.isAt(path)
  }

  look(path: string): FoundFile {
    assertThere(this.#lease, path)
    return this.#file.look(path)
  }

  close(): void {
    if (this.#lease.isTaken) return
    this.#forget()
    this.#file.close()
  }
}

function assertThere(lease: Lease, path: string): void {
  if (lease.isTaken) throw new DiskError('failed', path, `The broker that had ${path || 'the directory'} is gone.`)
}

/** A real directory, by Node's own files. The promises stand in `../disk.ts`. */
import {
  accessSync,
  close,
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statfsSync,
  statSync,
  writeSync,
  writevSync
} from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import {
  type Disk,
  DiskError,
  type DiskFile,
  type FileUse,
  type FoundFile,
  goneError,
  type ReadMemory
} from '../disk.ts'
import { codeOf } from '../system-error.ts'
import { type DirectoryLock, lockDirectory } from './directory-lock.ts'
import { DirectorySyncs } from './directory-syncs.ts'
import { assertFile, directoryError, diskError, renamingError } from './disk-errors.ts'
import { isMissing, isOnFuse } from './missing.ts'
import { spareHandles } from './spare-handles.ts'
import { syncDirectory, syncDirectoryNow, syncFileAt } from './syncs.ts'
import { readWhole, removeAll, writeSynced } from './whole-files.ts'

/** The most buffers that one writev takes (IOV_MAX on Linux and macOS). */
const buffersPerWrite = 1024

export class NodeDisk implements Disk {
  readonly location: string
  readonly isPersistent = true
  /** The system's cache keeps it about as long, unless memory is short (Linux writes back what is older than 30 s, and drops it when it needs room). */
  readonly remembersMs = 60_000
  readonly #directorySyncs = new DirectorySyncs(syncDirectory)
  #lock: DirectoryLock | null = null

  constructor(directory: string) {
    this.location = resolve(directory)
  }

  isAt(location: string): boolean {
    if (!isAbsolute(location)) return false
    try {
      const [here, there] = [this.location, location].map((path) => statSync(path, { bigint: true }))
      return here?.dev === there?.dev && here?.ino === there?.ino
    } catch {
      return false
    }
  }

  list(directory: string): string[] {
    try {
      return spareHandles.within(() => readdirSync(this.#path(directory))).sort()
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw diskError(error, this.#path(directory))
    }
  }

  exists(path: string): boolean {
    return existsSync(this.#path(path))
  }

  sizeOf(path: string): number | null {
    return this.#try(path, (full) => statSync(full, { throwIfNoEntry: false })?.size ?? null)
  }

  createDirectory(path: string): void {
    const root = this.#lock === null ? null : this.location
    this.#try(path, (full) => makeDirectory(full, root), directoryError)
  }

  remove(path: string): void {
    this.#try(path, (full) => spareHandles.within(() => removeAll(full)))
  }

  rename(from: string, to: string): void {
    const target = this.#path(to)
    const failure = (error: unknown, full: string): DiskError => renamingError(error, full, target)
    this.#try(from, (full) => renameSync(full, target), failure)
  }

  open(path: string, mode: 'existing' | 'create', use: FileUse = 'kept'): DiskFile {
    return this.#try(path, (full) => {
      const handle = use === 'kept' ? openFile(full, mode) : spareHandles.open(() => openFile(full, mode))
      try {
        return new NodeFile(path, full, handle, this.location)
      } catch (error) {
        closeSync(handle)
        throw error
      }
    })
  }

  readFile(path: string): Buffer {
    return this.#try(path, (full) => spareHandles.within(() => readWhole(full)))
  }

  replaceFile(path: string, bytes: Uint8Array): void {
    this.#try(path, (full) => {
      const beside = `${full}.tmp`
      try {
        spareHandles.within(() => writeSynced(beside, bytes))
        renameSync(beside, full)
      } catch (error) {
        removeAll(beside)
        throw error
      }
      syncDirectoryNow(resolve(full, '..'))
    })
  }

  async syncFile(path: string): Promise<void> {
    const full = this.#path(path)
    try {
      await syncFileAt(full)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') this.assertInPlace()
      throw diskError(error, full)
    }
  }

  syncDirectory(path: string): Promise<void> {
    // Windows cannot open a directory, and keeps names safe by itself.
    return process.platform === 'win32' ? Promise.resolve() : this.#directorySyncs.sync(this.#path(path))
  }

  syncDirectoryNow(path: string): void {
    this.#try(path, (full) => syncDirectoryNow(full))
  }

  space(): { totalBytes: number; freeBytes: number } | null {
    const { blocks, bavail, bsize } = this.#try('', (full) => statfsSync(full))
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
  }

  lock(): () => void {
    const lock = lockDirectory(this.location)
    const letGo = spareHandles.hold()
    this.#lock = lock
    return () => {
      letGo()
      lock.release()
      if (this.#lock === lock) this.#lock = null
    }
  }

  assertInPlace(): void {
    if (this.#lock?.isInPlace() === false) throw goneError(this.location)
  }

  #path(path: string): string {
    return join(this.location, path)
  }

  #try<T>(path: string, work: (full: string) => T, failure = diskError): T {
    const full = this.#path(path)
    try {
      return work(full)
    } catch (error) {
      if (error instanceof DiskError) throw error
      if (codeOf(error) === 'ENOENT') this.assertInPlace()
      throw failure(error, full)
    }
  }
}

class NodeFile implements DiskFile {
  readonly path: string
  readonly modifiedMs: number
  readonly #full: string
  readonly #handle: number
  readonly #root: string
  readonly #device: number
  readonly #number: number
  #sizeBytes: number
  #syncsUnderWay = 0
  #isClosing = false

  constructor(path: string, full: string, handle: number, root: string) {
    this.path = path
    this.#full = full
    this.#handle = handle
    this.#root = root
    const found = fstatSync(handle)
    assertFile(found, full)
    const { size, mtimeMs, dev, ino } = found
    this.#device = dev
    this.#number = ino
    this.#sizeBytes = size
    this.modifiedMs = Math.floor(mtimeMs)
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  append(chunks: readonly Uint8Array[]): void {
    const start = this.#sizeBytes
    try {
      let position = start
      for (let index = 0; index < chunks.length; index += buffersPerWrite) {
        const some = chunks.length <= buffersPerWrite ? chunks : chunks.slice(index, index + buffersPerWrite)
        position = writeAll(this.#handle, some, position)
      }
      this.#sizeBytes = position
    } catch (error) {
      this.#try(() => ftruncateSync(this.#handle, start))
      throw diskError(error, this.#full)
    }
  }

  writeAt(position: number, bytes: Uint8Array): void {
    this.#try(() => writeAll(this.#handle, [bytes], position))
  }

  read(position: number, lengthBytes: number, memory?: ReadMemory): Buffer {
    const wanted = Math.max(0, Math.min(lengthBytes, this.#sizeBytes - position))
    const buffer = memory === undefined ? Buffer.allocUnsafe(wanted) : memory.take(wanted)
    let filled = 0
    this.#try(() => {
      while (filled < wanted) {
        const read = readSync(this.#handle, buffer, filled, wanted - filled, position + filled)
        if (read === 0) break
        filled += read
      }
    })
    return filled === wanted ? buffer : buffer.subarray(0, filled)
  }

  truncate(sizeBytes: number): void {
    this.#try(() => ftruncateSync(this.#handle, sizeBytes))
    this.#sizeBytes = Math.min(this.#sizeBytes, sizeBytes)
  }

  sync(): Promise<void> {
    this.#syncsUnderWay += 1
    return new Promise((done, failed) => {
      fdatasync(this.#handle, (error) => {
        this.#syncsUnderWay -= 1
        if (this.#isClosing && this.#syncsUnderWay === 0) close(this.#handle)
        if (error) failed(diskError(error, this.#full))
        else done()
      })
    })
  }

  isAt(path: string): boolean {
    try {
      accessSync(this.#fullOf(path))
      return true
    } catch (error) {
      return !isMissing(error)
    }
  }

  look(path: string): FoundFile {
    const full = this.#fullOf(path)
    try {
      const { dev, ino, size } = statSync(full)
      const isThis = this.#isOnDevice(dev) && ino === this.#number
      if (!isThis && !isOnFuse(full)) return 'elsewhere'
      return size < this.#sizeBytes ? 'shorter' : 'as written'
    } catch (error) {
      return isMissing(error) ? 'elsewhere' : 'as written'
    }
  }

  #fullOf(path: string): string {
    return path === this.path ? this.#full : join(this.#root, path)
  }

  /** On Windows libuv has numbered the device of an open file and of a path in different ways. */
  #isOnDevice(device: number): boolean {
    return process.platform === 'win32' || device === this.#device
  }

  /** A sync runs on another thread: closed under it, the handle's number could already be another file's. */
  close(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    if (this.#syncsUnderWay > 0) return
    this.#try(() => closeSync(this.#handle))
    spareHandles.restore()
  }

  #try(work: () => void): void {
    try {
      work()
    } catch (error) {
      throw diskError(error, this.#full)
    }
  }
}

/** Never cuts. One call also where it makes the file: a new log has five of them. */
function openFile(full: string, mode: 'existing' | 'create'): number {
  return openSync(full, mode === 'create' ? constants.O_RDWR | constants.O_CREAT : constants.O_RDWR)
}

/** Writes everything, however many calls it takes; gives the position after it. */
function writeAll(handle: number, chunks: readonly Uint8Array[], start: number): number {
  const [only] = chunks
  if (only !== undefined && chunks.length === 1) return writeOne(handle, only, start)
  let position = start
  let rest = chunks
  while (rest.length > 0) {
    let written = writevSync(handle, rest as Uint8Array[], position)
    position += written
    let index = 0
    for (; index < rest.length && written >= (rest[index]?.length ?? 0); index++) written -= rest[index]?.length ?? 0
    const partial = rest[index]
    rest = partial === undefined ? [] : [partial.subarray(written), ...rest.slice(index + 1)]
  }
  return position
}

/** A single chunk needs no list: Node checks each entry of one. */
function writeOne(handle: number, bytes: Uint8Array, start: number): number {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(handle, bytes, written, bytes.length - written, start + written)
  }
  return start + bytes.length
}

/**
 * Makes a directory and those above it, but no root that is locked. Not by `mkdirSync` with `recursive`: where a file system
 * answers ENOENT although the directory above is there, as Linux's /proc does, that never returns (seen on Node 20).
 */
function makeDirectory(full: string, root: string | null): void {
  if (full === root) return
  const above = dirname(full)
  if (above !== full && !existsSync(above)) makeDirectory(above, root)
  try {
    mkdirSync(full)
  } catch (error) {
    if (!statSync(full, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}

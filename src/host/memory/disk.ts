/**
 * A disk in memory: the same promises as a real one, but for surviving the process. Files are lists of the chunks that were
 * appended, so that appending copies nothing and reading a piece of one chunk is a slice of it.
 */
import { type Disk, DiskError, type DiskFile, syncByOpening } from '../disk.ts'

/** Chunks smaller than this are gathered, so that a file of tiny appends is not a list of tiny objects. */
const gatherBytes = 64 * 1024

class MemoryFile {
  readonly #chunks: Buffer[] = []
  /** Where each chunk begins in the file. */
  readonly #starts: number[] = []
  /** Bytes of the last chunk's own memory that are in use; only a gathering chunk has room left. */
  #gathering: Buffer | null = null
  sizeBytes = 0

  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    if (bytes.length < gatherBytes) this.#gather(bytes)
    else this.#add(Buffer.from(bytes))
  }

  read(position: number, lengthBytes: number): Buffer {
    const end = Math.min(this.sizeBytes, position + lengthBytes)
    if (position >= end) return Buffer.alloc(0)
    let index = this.#chunkAt(position)
    const pieces: Buffer[] = []
    for (let at = position; at < end; index++) {
      const chunk = this.#chunks[index] ?? Buffer.alloc(0)
      const from = at - (this.#starts[index] ?? 0)
      const piece = chunk.subarray(from, Math.min(chunk.length, from + end - at))
      pieces.push(piece)
      at += piece.length
    }
    return pieces.length === 1 ? (pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(pieces)
  }

  /** Whoever holds a slice that was read keeps the bytes as they were. */
  writeAt(position: number, bytes: Uint8Array): void {
    const rest = this.read(position + bytes.length, this.sizeBytes)
    this.truncate(position)
    this.append(bytes)
    this.append(rest)
  }

  truncate(sizeBytes: number): void {
    while (this.sizeBytes > sizeBytes) {
      const chunk = this.#chunks.pop() ?? Buffer.alloc(0)
      const start = this.#starts.pop() ?? 0
      this.sizeBytes = start
      if (start < sizeBytes) this.#add(chunk.subarray(0, sizeBytes - start))
    }
    this.#gathering = null
  }

  #gather(bytes: Uint8Array): void {
    const last = this.#chunks.length - 1
    const used = this.#chunks[last]?.length ?? 0
    if (this.#gathering === null || this.#gathering.length - used < bytes.length) {
      this.#gathering = Buffer.allocUnsafeSlow(Math.min(gatherBytes, Math.max(bytes.length, this.sizeBytes, 256)))
      if (this.#gathering.length < bytes.length) this.#gathering = Buffer.allocUnsafeSlow(gatherBytes)
      this.#gathering.set(bytes)
      this.#starts.push(this.sizeBytes)
      this.#chunks.push(this.#gathering.subarray(0, bytes.length))
    } else {
      this.#gathering.set(bytes, used)
      this.#chunks[last] = this.#gathering.subarray(0, used + bytes.length)
    }
    this.sizeBytes += bytes.length
  }

  #add(chunk: Buffer): void {
    this.#starts.push(this.sizeBytes)
    this.#chunks.push(chunk)
    this.sizeBytes += chunk.length
    this.#gathering = null
  }

  #chunkAt(position: number): number {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= position) low = middle
      else high = middle - 1
    }
    return low
  }
}

type Directory = Map<string, Directory | MemoryFile>

export class MemoryDisk implements Disk {
  readonly location = 'memory'
  readonly isPersistent = false
  readonly remembersMs = Infinity
  /** A tree, so that a look at one directory costs the same however many others there are. */
  readonly #root: Directory = new Map()
  #isLocked = false

  isAt(location: string): boolean {
    return location === this.location
  }

  list(directory: string): string[] {
    const found = this.#find(directory)
    return found instanceof Map ? [...found.keys()].sort() : []
  }

  exists(path: string): boolean {
    return this.#find(path) !== undefined
  }

  sizeOf(path: string): number | null {
    const found = this.#find(path)
    return found instanceof MemoryFile ? found.sizeBytes : null
  }

  createDirectory(path: string): void {
    this.#directory(partsOf(path), path)
  }

  remove(path: string): void {
    const { parent, name } = this.#place(path)
    parent?.delete(name)
  }

  rename(from: string, to: string): void {
    const found = this.#find(from)
    if (found === undefined) throw notFound(from)
    this.remove(from)
    this.#put(to, found)
  }

  async syncFile(path: string): Promise<void> {
    await syncByOpening(this, path)
  }

  open(path: string, mode: 'existing' | 'create'): DiskFile {
    const found = this.#find(path)
    if (found instanceof MemoryFile) return this.#handle(path, found)
    if (found !== undefined || mode === 'existing') throw notFound(path)
    const file = new MemoryFile()
    this.#put(path, file)
    return this.#handle(path, file)
  }

  readFile(path: string): Buffer {
    const file = this.#find(path)
    if (!(file instanceof MemoryFile)) throw notFound(path)
    return file.read(0, file.sizeBytes)
  }

  replaceFile(path: string, bytes: Uint8Array): void {
    const file = new MemoryFile()
    file.append(bytes)
    this.#put(path, file)
  }

  async syncDirectory(): Promise<void> {}

  syncDirectoryNow(): void {}

  space(): null {
    return null
  }

  lock(): () => void {
    if (this.#isLocked) throw new DiskError('in-use', '', 'Another broker uses this memory already.')
    this.#isLocked = true
    let isMine = true
    return () => {
      if (isMine) this.#isLocked = false
      isMine = false
    }
  }

  assertInPlace(): void {}

  #handle(path: string, file: MemoryFile): DiskFile {
    return {
      path,
      modifiedMs: null,
      get sizeBytes() {
        return file.sizeBytes
      },
      append(chunks) {
        for (const chunk of chunks) file.append(chunk)
      },
      writeAt: (position, bytes) => file.writeAt(position, bytes),
      read: (position, lengthBytes) => file.read(position, lengthBytes),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      async sync() {},
      isAt: (at) => this.exists(at),
      // Nobody but us has it.
      look: (at) => (this.#find(at) === file ? 'as written' : 'elsewhere'),
      close() {}
    }
  }

  #find(path: string): Directory | MemoryFile | undefined {
    let at: Directory | MemoryFile | undefined = this.#root
    for (const part of partsOf(path)) at = at instanceof Map ? at.get(part) : undefined
    return at
  }

  #place(path: string): { parent: Directory | undefined; name: string } {
    const parts = partsOf(path)
    const name = parts.pop() ?? ''
    const parent = this.#find(parts.join('/'))
    return { parent: parent instanceof Map ? parent : undefined, name }
  }

  /** Makes the directories above when they are not there. */
  #put(path: string, what: Directory | MemoryFile): void {
    const parts = partsOf(path)
    const name = parts.pop() ?? ''
    this.#directory(parts, path).set(name, what)
  }

  #directory(parts: readonly string[], path: string): Directory {
    let at = this.#root
    for (const part of parts) {
      const next = at.get(part) ?? new Map()
      if (next instanceof MemoryFile) throw new DiskError('failed', path, `${part} is a file.`)
      at.set(part, next)
      at = next
    }
    return at
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '')
}

function notFound(path: string): DiskError {
  return new DiskError('not-found', path, `There is no ${path} in memory.`)
}

/**
 * A disk whose power can be cut, which can fill up, and which can fail: for tests of what survives.
 *
 * Fault model
 * - Appended and overwritten bytes survive a power cut only if a `sync` of the file that began after them has ended. Of what
 *   was appended since, any number of bytes may be there; and any stretch of them may be zeros, or noise (a torn write). Noise is never
 *   all text: no chance makes another well-formed name of one that is written in letters.
 * - A cut (truncate) that was not synced may have happened or not, also of bytes that never were synced.
 * - Names (new, renamed, removed) survive only after `syncDirectory` of their directory; else, for each directory, either all
 *   of them are as they were at its last sync, or all are as they are now. `replaceFile` syncs both file and name.
 * - Bytes that were synced never change, unless a test flips a bit: where nobody has read or written for `remembersMs`.
 * - When `freeBytes` is used up, an append throws DiskError 'full' and leaves the file as it was: what there was room for was written, and
 *   cut off again.
 * - After `failSyncs()` every sync rejects, and what it would have kept stays at risk.
 */
import type { Chance } from '../chance.ts'
import { type Disk, DiskError, type DiskFile, syncByOpening } from '../disk.ts'
import { FileContent } from './file-content.ts'

interface FileNode {
  readonly kind: 'file'
  readonly content: FileContent
}

interface DirectoryNode {
  readonly kind: 'directory'
  now: Map<string, Node>
  synced: Map<string, Node>
  syncsBegun: number
  /** Of the syncs that are done, the one that began last. */
  syncs: number
}

type Node = FileNode | DirectoryNode

export class SimulatedDisk implements Disk {
  readonly location = 'simulated'
  readonly isPersistent = true
  readonly remembersMs = 300
  /** Room for appends; counts down. */
  freeBytes = Infinity
  /** How long a sync takes, of the file or directory at that path. */
  syncing: (path: string) => Promise<void> = () => Promise.resolve()
  #root: DirectoryNode = emptyDirectory()
  #syncsFail = false
  #isLocked = false

  /** The disk as the next start finds it. Handles of before must not be used any more. */
  powerCut(chance: Chance): SimulatedDisk {
    const after = new SimulatedDisk()
    after.#root = survivorsOf(this.#root, chance)
    return after
  }

  failSyncs(): void {
    this.#syncsFail = true
  }

  flipBit(path: string, position: number, bit: number): void {
    const node = this.#find(path)
    if (node?.kind !== 'file') throw notFound(path)
    node.content.flipBit(position, bit)
  }

  /** Tells from now on whether somebody has read or written some of these bytes, or the file is not there any more. */
  watch(path: string, from: number, to: number): () => boolean {
    const node = this.#find(path)
    if (node?.kind !== 'file') return () => true
    const isTouched = node.content.watch(from, to)
    return () => isTouched() || this.#find(path) !== node
  }

  /** What a power cut leaves of a file for certain: of its last synced name the synced bytes; empty where there is none. */
  readSynced(path: string): Buffer {
    const node = this.#parentOf(path).synced.get(nameOf(path))
    return node?.kind === 'file' ? node.content.views().synced : Buffer.alloc(0)
  }

  isAt(location: string): boolean {
    return location === this.location
  }

  list(directory: string): string[] {
    const node = this.#find(directory)
    return node?.kind === 'directory' ? [...node.now.keys()].sort() : []
  }

  exists(path: string): boolean {
    return this.#find(path) !== null
  }

  sizeOf(path: string): number | null {
    const node = this.#find(path)
    return node?.kind === 'file' ? node.content.sizeBytes : null
  }

  createDirectory(path: string): void {
    let at = this.#root
    for (const part of partsOf(path)) {
      const next = at.now.get(part) ?? emptyDirectory()
      if (next.kind === 'file') throw new DiskError('failed', path, `${part} is a file.`)
      at.now.set(part, next)
      at = next
    }
  }

  remove(path: string): void {
    if (this.exists(path)) this.#parentOf(path).now.delete(nameOf(path))
  }

  rename(from: string, to: string): void {
    const node = this.#find(from)
    if (node === null) throw notFound(from)
    this.#parentOf(from).now.delete(nameOf(from))
    this.#parentOf(to).now.set(nameOf(to), node)
  }

  async syncFile(path: string): Promise<void> {
    await syncByOpening(this, path)
  }

  open(path: string, mode: 'existing' | 'create'): DiskFile {
    const known = this.#find(path)
    if (known?.kind === 'file') return this.#handle(path, known)
    if (known !== null || mode === 'existing') throw notFound(path)
    const node: FileNode = { kind: 'file', content: FileContent.of(Buffer.alloc(0)) }
    this.#parentOf(path).now.set(nameOf(path), node)
    return this.#handle(path, node)
  }

  readFile(path: string): Buffer {
    const node = this.#find(path)
    if (node?.kind !== 'file') throw notFound(path)
    return node.content.read(0, node.content.sizeBytes)
  }

  replaceFile(path: string, bytes: Uint8Array): void {
    this.#take(path, bytes.length)
    const parent = this.#parentOf(path)
    parent.now.set(nameOf(path), { kind: 'file', content: FileContent.of(bytes) })
    beginSync(parent)()
  }

  async syncDirectory(path: string): Promise<void> {
    const node = this.#find(path)
    if (node?.kind !== 'directory') throw notFound(path)
    const keep = beginSync(node)
    await this.#syncing(path)
    keep()
  }

  syncDirectoryNow(path: string): void {
    const node = this.#find(path)
    if (node?.kind !== 'directory') throw notFound(path)
    if (this.#syncsFail) throw notKept(path)
    beginSync(node)()
  }

  space(): null {
    return null
  }

  lock(): () => void {
    if (this.#isLocked) throw new DiskError('in-use', '', 'Another broker uses this disk already.')
    this.#isLocked = true
    let isMine = true
    return () => {
      if (isMine) this.#isLocked = false
      isMine = false
    }
  }

  assertInPlace(): void {}

  #handle(path: string, node: FileNode): DiskFile {
    const { content } = node
    // What this handle knows of: somebody else may cut the file.
    let knownBytes = content.sizeBytes
    return {
      path,
      modifiedMs: null,
      get sizeBytes() {
        return knownBytes
      },
      append: (chunks) => {
        const bytes = Buffer.concat(chunks)
        if (bytes.length > this.freeBytes) content.appendAndCut(bytes.subarray(0, this.freeBytes))
        this.#take(path, bytes.length)
        if (content.sizeBytes < knownBytes) content.append(Buffer.alloc(knownBytes - content.sizeBytes))
        content.append(bytes)
        knownBytes = content.sizeBytes
      },
      writeAt: (position, bytes) => content.writeAt(position, bytes),
      read: (position, lengthBytes) => content.read(position, lengthBytes),
      truncate: (sizeBytes) => {
        content.truncate(sizeBytes)
        knownBytes = Math.min(knownBytes, sizeBytes)
      },
      sync: async () => {
        const keep = content.beginSync()
        await this.#syncing(path)
        keep()
      },
      isAt: (at) => this.exists(at),
      look: (at) => {
        if (this.#find(at) !== node) return 'elsewhere'
        return content.sizeBytes < knownBytes ? 'shorter' : 'as written'
      },
      close: () => {}
    }
  }

  #take(path: string, sizeBytes: number): void {
    if (sizeBytes > this.freeBytes) throw new DiskError('full', path, `${path}: the disk is full.`)
    this.freeBytes -= sizeBytes
  }

  async #syncing(path: string): Promise<void> {
    await this.syncing(path)
    if (this.#syncsFail) throw notKept(path)
  }

  #find(path: string): Node | null {
    let at: Node = this.#root
    for (const part of partsOf(path)) {
      const next: Node | undefined = at.kind === 'directory' ? at.now.get(part) : undefined
      if (next === undefined) return null
      at = next
    }
    return at
  }

  #parentOf(path: string): DirectoryNode {
    const parent = this.#find(partsOf(path).slice(0, -1).join('/'))
    if (parent?.kind !== 'directory') throw notFound(path)
    return parent
  }
}

function emptyDirectory(): DirectoryNode {
  return { kind: 'directory', now: new Map(), synced: new Map(), syncsBegun: 0, syncs: 0 }
}

/** Takes the names that are there now; the call that it gives says that the disk has them. A sync that began earlier knows less. */
function beginSync(directory: DirectoryNode): () => void {
  const names = new Map(directory.now)
  directory.syncsBegun += 1
  const order = directory.syncsBegun
  return () => {
    if (order < directory.syncs) return
    directory.syncs = order
    directory.synced = names
  }
}

function survivorsOf(directory: DirectoryNode, chance: Chance): DirectoryNode {
  const names = chance.below(2) === 0 ? directory.synced : directory.now
  const survivors = new Map<string, Node>()
  for (const [name, node] of names) {
    survivors.set(name, node.kind === 'file' ? fileAfter(node, chance) : survivorsOf(node, chance))
  }
  return { kind: 'directory', now: survivors, synced: new Map(survivors), syncsBegun: 0, syncs: 0 }
}

function fileAfter({ content }: FileNode, chance: Chance): FileNode {
  const { now: last, synced, beforeCut } = content.views()
  const now = beforeCut !== null && chance.below(2) === 0 ? beforeCut : last
  const isLonger = now.length > synced.length && now.subarray(0, synced.length).equals(synced)
  const bytes = isLonger ? torn(now, synced.length, chance) : chance.below(2) === 0 ? synced : now
  return { kind: 'file', content: FileContent.of(bytes) }
}

/** The synced bytes, some of those behind them, and perhaps a stretch among these that never reached the disk. */
function torn(now: Buffer, syncedBytes: number, chance: Chance): Buffer {
  const bytes = Buffer.from(now.subarray(0, syncedBytes + chance.below(now.length - syncedBytes + 1)))
  const atRisk = bytes.length - syncedBytes
  if (atRisk === 0 || chance.below(2) === 0) return bytes
  const start = syncedBytes + chance.below(atRisk)
  const length = 1 + chance.below(bytes.length - start)
  if (chance.below(2) === 0) bytes.fill(0, start, start + length)
  else noise(length, chance).copy(bytes, start)
  return bytes
}

function noise(length: number, chance: Chance): Buffer {
  const bytes = chance.bytes(length)
  bytes[0] = 0x80 | (bytes[0] ?? 0)
  return bytes
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '')
}

function nameOf(path: string): string {
  return partsOf(path).at(-1) ?? ''
}

function notKept(path: string): DiskError {
  return new DiskError('failed', path, `${path}: the disk did not keep what was written.`)
}

function notFound(path: string): DiskError {
  return new DiskError('not-found', path, `There is no ${path} on this disk.`)
}

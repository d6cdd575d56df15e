/**
 * A disk that refuses one chosen call, or that call and all after it, as an operating system does that has run out of file
 * handles or of room, or whose disk is broken. The rest goes to the disk below.
 *
 * Only calls that can meet the problem are counted: reading needs no room, and an open file no handle. A refused call has
 * changed nothing; but replacing a file has several steps, and can fail with the new content in place.
 * A process that was killed is gone: what its code still tries is refused.
 */
import { type Disk, DiskError, type DiskFile, type DiskProblem, type ReadMemory, syncByOpening } from '../disk.ts'

export interface Refusal {
  readonly problem: 'too-many-files' | 'full' | 'failed'
  /** The number of the call to refuse, of those that the problem concerns; the first is 1. */
  readonly call: number
  readonly lasts: 'once' | 'from then on'
}

type Need = 'handle' | 'room' | 'handle and room' | 'nothing'

const needsOf: Readonly<Record<Refusal['problem'], readonly Need[]>> = {
  'too-many-files': ['handle', 'handle and room'],
  full: ['room', 'handle and room'],
  failed: ['nothing', 'handle', 'room', 'handle and room']
}

export class RefusingDisk implements Disk {
  readonly location: string
  readonly isPersistent = true
  readonly remembersMs: number
  /** What was refused, in order: for whoever looks for the cause. */
  readonly refused: string[] = []
  /** Called before each call goes to the disk: the moment in which its power could be cut. */
  onCall: (() => void) | undefined
  readonly #disk: Disk
  readonly #awake: () => Promise<void> | null
  #refusal: Refusal | null
  #calls = 0
  #hasHealed = false
  #isGone = false
  #isLocked = false
  #openFiles = 0

  /** `awake`: what a sync waits for as well, when its process is paused. */
  constructor(disk: Disk, refusal: Refusal | null, awake: () => Promise<void> | null = () => null) {
    this.#disk = disk
    this.#awake = awake
    this.#refusal = refusal
    this.location = disk.location
    this.remembersMs = disk.remembersMs
  }

  /** Calls that the problem could have met so far; all, when nothing is refused. */
  get calls(): number {
    return this.#calls
  }

  get openFiles(): number {
    return this.#openFiles
  }

  /** From here on nothing is refused any more. */
  heal(): void {
    this.#hasHealed = true
  }

  /** Refuses this instead, its calls counted from now. */
  refuse(refusal: Refusal): void {
    this.#refusal = refusal
    this.#calls = 0
    this.#hasHealed = false
  }

  /** The process that used the disk is gone. */
  kill(): void {
    this.#isGone = true
  }

  isAt(location: string): boolean {
    return this.#disk.isAt(location)
  }

  list(directory: string): string[] {
    this.#meet('handle', `list ${directory}`)
    return this.#disk.list(directory)
  }

  exists(path: string): boolean {
    this.#assertAlive(path)
    return this.#disk.exists(path)
  }

  sizeOf(path: string): number | null {
    this.#meet('nothing', `size of ${path}`)
    return this.#disk.sizeOf(path)
  }

  createDirectory(path: string): void {
    this.#meet('room', `make ${path}`)
    this.#disk.createDirectory(path)
  }

  remove(path: string): void {
    this.#meet('nothing', `remove ${path}`)
    this.#disk.remove(path)
  }

  rename(from: string, to: string): void {
    this.#meet('room', `rename ${from}`)
    this.#disk.rename(from, to)
  }

  async syncFile(path: string): Promise<void> {
    await syncByOpening(this, path)
  }

  open(path: string, mode: 'existing' | 'create'): DiskFile {
    const isNew = mode === 'create' && !this.#disk.exists(path)
    this.#meet(isNew ? 'handle and room' : 'handle', `open ${path}`)
    const file = this.#disk.open(path, mode)
    this.#openFiles += 1
    return this.#handle(file)
  }

  readFile(path: string): Buffer {
    this.#meet('handle', `read ${path}`)
    return this.#disk.readFile(path)
  }

  replaceFile(path: string, bytes: Uint8Array): void {
    this.#meet('handle and room', `replace ${path}`)
    this.#disk.replaceFile(path, bytes)
    this.#meet('handle', `sync the name of ${path}`)
  }

  async syncDirectory(path: string): Promise<void> {
    // Asynchronous, as the real one: nothing is refused before this has returned.
    await Promise.resolve()
    this.#meet('handle', `sync ${path}`)
    await this.#disk.syncDirectory(path)
    await this.#heard(path)
  }

  syncDirectoryNow(path: string): void {
    this.#meet('handle', `sync ${path}`)
    this.#disk.syncDirectoryNow(path)
  }

  space(): { totalBytes: number; freeBytes: number } | null {
    return this.#disk.space()
  }

  /** Of this process alone: one that was killed holds nobody back. */
  lock(): () => void {
    this.#meet('handle and room', 'lock')
    if (this.#isLocked) throw new DiskError('in-use', '', 'Another broker uses this disk already.')
    this.#isLocked = true
    return () => {
      this.#isLocked = false
    }
  }

  assertInPlace(): void {
    this.#assertAlive('look for the root')
    this.#disk.assertInPlace()
  }

  #handle(file: DiskFile): DiskFile {
    const { path } = file
    let isOpen = true
    return {
      path,
      modifiedMs: file.modifiedMs,
      get sizeBytes() {
        return file.sizeBytes
      },
      append: (chunks) => {
        this.#meet('room', `append to ${path}`)
        file.append(chunks)
      },
      writeAt: (position, bytes) => {
        this.#meet('nothing', `write ${path}`)
        file.writeAt(position, bytes)
      },
      read: (position: number, lengthBytes: number, memory?: ReadMemory) => {
        this.#meet('nothing', `read ${path}`)
        return file.read(position, lengthBytes, memory)
      },
      truncate: (sizeBytes) => {
        this.#meet('nothing', `cut ${path}`)
        file.truncate(sizeBytes)
      },
      sync: async () => {
        await Promise.resolve()
        this.#meet('nothing', `sync ${path}`)
        await file.sync()
        await this.#heard(path)
      },
      isAt: (at) => {
        this.#assertAlive(at)
        return file.isAt(at)
      },
      look: (at) => {
        this.#assertAlive(at)
        return file.look(at)
      },
      close: () => {
        if (isOpen) this.#openFiles -= 1
        isOpen = false
        file.close()
      }
    }
  }

  #meet(need: Need, what: string): void {
    this.#assertAlive(what)
    this.onCall?.()
    this.#assertAlive(what)
    const refusal = this.#refusal
    if (refusal === null || !needsOf[refusal.problem].includes(need)) return
    this.#calls += 1
    if (this.#hasHealed || this.#calls < refusal.call) return
    if (this.#calls > refusal.call && refusal.lasts === 'once') return
    this.refused.push(what)
    throw refused(refusal.problem, what)
  }

  async #heard(path: string): Promise<void> {
    const awake = this.#awake()
    if (awake !== null) await awake
    this.#assertAlive(path)
  }

  #assertAlive(what: string): void {
    if (this.#isGone) throw refused('failed', `${what}, by a process that is gone`)
  }
}

function refused(problem: DiskProblem, what: string): DiskError {
  return new DiskError(problem, what, `${what}: refused (${problem}).`)
}

/**
 * A disk that keeps names as loosely as a file system may: of what was made, renamed and removed since a directory was synced, a power cut
 * leaves some and takes others, whichever came first. `SimulatedDisk` alone leaves all of it or nothing. What lies in the files is whole.
 */
import type { Chance } from '../../../src/host/chance.ts'
import type { DiskFile } from '../../../src/host/disk.ts'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'

type Files = Map<string, Buffer>

export class ScatteredNames extends SimulatedDisk {
  readonly #directory: string
  /** What had a name at the last sync; null for what has it still, and is as it is. */
  #synced = new Map<string, Buffer | null>()
  /** Since the last sync, in order. */
  #changes: ((files: Files) => void)[] = []

  /** Given the one directory with files. */
  constructor(directory: string) {
    super()
    this.#directory = directory
  }

  cutAmongNames(chance: Chance): SimulatedDisk {
    const files: Files = new Map()
    for (const [path, bytes] of this.#synced) files.set(path, bytes ?? this.readFile(path))
    for (const change of this.#changes) if (chance.below(2) === 0) change(files)
    const left = new SimulatedDisk()
    left.createDirectory(this.#directory)
    for (const [path, bytes] of files) left.replaceFile(path, bytes)
    return left
  }

  override open(path: string, mode: 'existing' | 'create'): DiskFile {
    const isNew = !this.exists(path)
    const file = super.open(path, mode)
    if (isNew) this.#changes.push((files) => files.set(path, this.exists(path) ? this.readFile(path) : Buffer.alloc(0)))
    return file
  }

  override rename(from: string, to: string): void {
    const bytes = this.readFile(from)
    this.#changing(from)
    this.#changing(to)
    super.rename(from, to)
    this.#changes.push((files) => {
      if (files.delete(from)) files.set(to, bytes)
    })
  }

  override remove(path: string): void {
    this.#changing(path)
    super.remove(path)
    this.#changes.push((files) => files.delete(path))
  }

  override async syncDirectory(path: string): Promise<void> {
    await super.syncDirectory(path)
    if (path !== this.#directory) return
    this.#changes = []
    this.#synced = new Map(this.list(path).map((name) => [`${path}/${name}`, null]))
  }

  #changing(path: string): void {
    if (this.#synced.get(path) === null) this.#synced.set(path, this.readFile(path))
  }
}

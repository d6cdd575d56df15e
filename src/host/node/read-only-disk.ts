/** A real directory to look into. Its files are opened for reading alone, so that it may be somebody else's. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { ReadableDisk, ReadableFile } from '../readable-disk.ts'
import { NodeDisk } from './disk.ts'
import { diskError } from './disk-errors.ts'

export class ReadOnlyDisk implements ReadableDisk {
  readonly #disk: NodeDisk

  constructor(directory: string) {
    this.#disk = new NodeDisk(directory)
  }

  get location(): string {
    return this.#disk.location
  }

  list(directory: string): string[] {
    return this.#disk.list(directory)
  }

  exists(path: string): boolean {
    return this.#disk.exists(path)
  }

  sizeOf(path: string): number | null {
    return this.#disk.sizeOf(path)
  }

  readFile(path: string): Buffer {
    return this.#disk.readFile(path)
  }

  open(path: string): ReadableFile {
    const full = join(this.location, path)
    const trying = <T>(work: () => T): T => {
      try {
        return work()
      } catch (error) {
        throw diskError(error, full)
      }
    }
    const handle = trying(() => openSync(full, 'r'))
    const sizeBytes = trying(() => fstatSync(handle).size)
    return {
      sizeBytes,
      read(position, lengthBytes, memory) {
        const wanted = Math.max(0, Math.min(lengthBytes, sizeBytes - position))
        const buffer = memory === undefined ? Buffer.allocUnsafe(wanted) : memory.take(wanted)
        let filled = 0
        for (let read = -1; filled < wanted && read !== 0; filled += read) {
          const at = filled
          read = trying(() => readSync(handle, buffer, at, wanted - at, position + at))
        }
        return buffer.subarray(0, filled)
      },
      close: () => trying(() => closeSync(handle))
    }
  }
}

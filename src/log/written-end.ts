/**
 * Whether a file holds what was written to it, as far as a cheap look tells. One that somebody has cut is shorter than that; once more was
 * appended it is as long as it should be, and has a hole in place of what was cut off: where it ended at the look before.
 */
import type { DiskFile } from '../host/disk.ts'
import { limits } from '../limits.ts'
import { crc32c } from '../protocol/records/crc32c.ts'

export class WrittenEnd {
  readonly #file: Pick<DiskFile, 'sizeBytes' | 'read'>
  /** Where the file ended at the last look, and the checksum of what stood before it. */
  #end = 0
  #checksum = 0

  constructor(file: Pick<DiskFile, 'sizeBytes' | 'read'>) {
    this.#file = file
  }

  /** Where nothing was appended since the last look this costs nothing. Throws DiskError. */
  isAsWritten(): boolean {
    const { sizeBytes } = this.#file
    if (sizeBytes === this.#end) return true
    if (this.#end > 0 && this.#checksumBefore(this.#end) !== this.#checksum) return false
    this.#checksum = this.#checksumBefore(sizeBytes)
    this.#end = sizeBytes
    return true
  }

  /** It was cut by who writes it. */
  wasCutAt(position: number): void {
    if (position < this.#end) this.#end = 0
  }

  #checksumBefore(end: number): number {
    const start = Math.max(0, end - limits.writtenEndBytes)
    return crc32c(this.#file.read(start, end - start))
  }
}

/**
 * What is not whole behind the recovery point is cut off by a start: most likely a write that a power cut has torn, and nobody was promised. A
 * bit that has flipped there in what was acknowledged looks the same. So where others have copies, this one does not count as having
 * everything before they were asked (Kafka distrusts all of a broker's after any unclean shutdown: KIP-966). This file says so beside the
 * segments from before the cut on, so that a start that ends in between leaves it to be said by the next. (Kafka passes it over.)
 */
import type { Disk } from '../host/disk.ts'

export const cutNote = '.cut-off'

/** Survives a power cut when this returns. Throws DiskError. */
export function writeCutNote(disk: Disk, directory: string): void {
  disk.replaceFile(`${directory}/${cutNote}`, Buffer.from('version: 0\n'))
  disk.syncDirectoryNow(directory)
}

/** A power cut may bring it back: it is said once more then. Throws DiskError. */
export function removeCutNote(disk: Disk, directory: string): void {
  disk.remove(`${directory}/${cutNote}`)
}

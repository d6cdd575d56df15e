/**
 * The files of a segment that nobody has open, or is about to: removed, or set aside to be removed later. (Kafka deletes in the
 * same two steps: `.deleted` first, so that a start knows what was to go.)
 */
import { attempt, type Disk } from '../host/disk.ts'
import { fileName, fileSuffix } from './file-names.ts'

/** The log first: without it the others are nobody's. */
export const segmentSuffixes = [
  fileSuffix.log,
  fileSuffix.offsetIndex,
  fileSuffix.timeIndex,
  fileSuffix.transactionIndex
] as const

/** Of the files of a segment that compaction writes, and of one that is finished and is about to take the place of others. */
export const cleanedSuffix = '.cleaned'
export const swapSuffix = '.swap'

/** A segment whose files were renamed, and are to be removed. */
export interface SetAside {
  /** The names stay, as a sign of what was there. Throws DiskError. */
  giveRoom(): void
  /** Throws DiskError. */
  remove(): void
}

/** Throws DiskError. */
export function removeSegmentFiles(disk: Disk, directory: string, baseOffset: number): void {
  for (const suffix of segmentSuffixes) disk.remove(`${directory}/${fileName(baseOffset, suffix)}`)
}

/**
 * Removes what compaction has written for this place, finished or not. First the log loses the name by which a start takes it for
 * finished, so that whatever a crash leaves is removed by the start. Throws DiskError.
 */
export function discardCleaned(disk: Disk, directory: string, baseOffset: number): void {
  const path = (suffix: string): string => `${directory}/${fileName(baseOffset, suffix)}`
  const log = path(fileSuffix.log)
  if (disk.exists(log + swapSuffix)) disk.rename(log + swapSuffix, log + cleanedSuffix)
  for (const suffix of segmentSuffixes) disk.remove(path(suffix) + swapSuffix)
  for (const suffix of segmentSuffixes.toReversed()) disk.remove(path(suffix) + cleanedSuffix)
}

/**
 * Renames the files to `.deleted`, from where they are removed for good. Writes nothing: the disk may be full. Throws DiskError
 * while the log is in its place, and then nothing has changed.
 */
export function setSegmentFilesAside(disk: Disk, directory: string, baseOffset: number): SetAside {
  const aside: string[] = []
  for (const suffix of segmentSuffixes) {
    const path = `${directory}/${fileName(baseOffset, suffix)}`
    if (!disk.exists(path)) continue
    const deleted = path + fileSuffix.deleted
    if (suffix === fileSuffix.log) disk.rename(path, deleted)
    // Without its log an index is nobody's, and may go under its own name.
    const keepsName = suffix !== fileSuffix.log && !attempt(() => disk.rename(path, deleted))
    aside.push(keepsName ? path : deleted)
  }
  return {
    giveRoom: () => {
      for (const path of aside) emptyFile(disk, path)
    },
    remove: () => {
      for (const path of aside) disk.remove(path)
    }
  }
}

function emptyFile(disk: Disk, path: string): void {
  const file = disk.open(path, 'existing', 'within this turn')
  try {
    file.truncate(0)
  } finally {
    file.close()
  }
}

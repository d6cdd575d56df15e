/**
 * Small files that are written without stopping for the disk. A log begins with such ones: a sync takes longer than all the rest of
 * making it, nothing has been promised of a new one, and its first sync takes them along. One that is replaced is synced in the
 * background.
 */
import { attempt, type Disk, DiskError } from './disk.ts'

/**
 * The file is there, whole, if the process is killed; a power cut may leave anything of it until it is synced. Throws DiskError, and
 * has left nothing then, as far as the disk lets it.
 */
export function writeNewFile(disk: Disk, path: string, bytes: Buffer): void {
  const beside = `${path}.tmp`
  try {
    writeBeside(disk, beside, bytes)
    disk.rename(beside, path)
  } catch (error) {
    attempt(() => disk.remove(beside))
    throw error
  }
}

function writeBeside(disk: Disk, beside: string, bytes: Uint8Array): void {
  const file = disk.open(beside, 'create', 'within this turn')
  try {
    file.truncate(0)
    file.append([bytes])
  } finally {
    file.close()
  }
}

/**
 * Its bytes survive a power cut when this resolves; its name, when the directory is synced after it. One that is not there, or not any
 * more, needs no sync: it may have waited for a file handle meanwhile, and its log may have dropped it.
 */
export async function syncFile(disk: Disk, path: string): Promise<void> {
  if (!disk.exists(path)) return
  try {
    await disk.syncFile(path)
  } catch (error) {
    const isMissed = error instanceof DiskError && error.problem === 'not-found'
    if (!isMissed || disk.exists(path)) throw error
  }
}

/**
 * Replaces the file in one step, as `Disk.replaceFile` does: when this resolves the new one survives a power cut, and whenever it ends
 * in between the old one is there or the new one. Throws DiskError at once when the disk does not take the bytes, and rejects with one
 * later; also when the file is no longer wanted once its bytes are safe, as its directory may be another's by then. One at a time for
 * each path.
 */
export function replaceFileSoon(disk: Disk, path: string, bytes: Uint8Array, isWanted: () => boolean): Promise<void> {
  const beside = `${path}.tmp`
  try {
    writeBeside(disk, beside, bytes)
  } catch (error) {
    attempt(() => disk.remove(beside))
    throw error
  }
  return putInPlace(disk, beside, path, isWanted)
}

/** It is not kept open until it is synced: another handle may not be to be had. */
async function putInPlace(disk: Disk, beside: string, path: string, isWanted: () => boolean): Promise<void> {
  await disk.syncFile(beside)
  if (!isWanted()) throw new DiskError('not-found', path, `${path} is not written any more.`)
  disk.rename(beside, path)
  await disk.syncDirectory(path.slice(0, Math.max(0, path.lastIndexOf('/'))))
}

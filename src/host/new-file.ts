/**
 * Small files that are written without waiting for the disk. A log begins with such ones: a sync takes longer than all the rest of
 * making it, nothing has been promised of a new one, and its first sync takes them along.
 */
import { attempt, type Disk } from './disk.ts'

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

function writeBeside(disk: Disk, beside: string, bytes: Buffer): void {
  const file = disk.open(beside, 'create')
  try {
    file.truncate(0)
    file.append([bytes])
  } finally {
    file.close()
  }
}

/** Its bytes survive a power cut when this resolves; its name, when the directory is synced after it. */
export async function syncFile(disk: Disk, path: string): Promise<void> {
  if (!disk.exists(path)) return
  const file = disk.open(path, 'existing')
  try {
    await file.sync()
  } finally {
    file.close()
  }
}

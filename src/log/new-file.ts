/**
 * The small files that a log begins with. They are written without waiting for the disk, which takes longer than all the
 * rest of making a log: nothing has been promised of a new one, and its first sync takes them along.
 */
import type { Disk } from '../host/disk.ts'

/** The file is there, whole, if the process is killed; a power cut may leave anything of it until it is synced. */
export function writeNewFile(disk: Disk, path: string, bytes: Buffer): void {
  const beside = `${path}.tmp`
  const file = disk.open(beside, 'create')
  try {
    file.truncate(0)
    file.append([bytes])
  } finally {
    file.close()
  }
  disk.rename(beside, path)
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

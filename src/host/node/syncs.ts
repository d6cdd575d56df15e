/** Syncs of files and directories that are opened for it: also where handles have run out. */
import { closeSync, constants, fdatasync, fsync, fsyncSync, openSync } from 'node:fs'
import { diskError } from './disk-errors.ts'
import { spareHandles } from './spare-handles.ts'

/** Rejects with what the system says. */
export function syncFileAt(full: string): Promise<void> {
  return spareHandles.sync(() => syncOpened(full, constants.O_RDWR, fdatasync))
}

/** Rejects with DiskError. */
export function syncDirectory(full: string): Promise<void> {
  const synced = spareHandles.sync(() => syncOpened(full, constants.O_RDONLY, fsync))
  return synced.catch((error: unknown) => Promise.reject(diskError(error, full)))
}

/** The same before it returns: throws what the system says. */
export function syncDirectoryNow(full: string): void {
  if (process.platform === 'win32') return
  spareHandles.within(() => {
    const handle = openSync(full, 'r')
    try {
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
  })
}

function syncOpened(full: string, flags: number, sync: typeof fdatasync): Promise<void> {
  return new Promise((done, failed) => {
    const handle = openSync(full, flags)
    sync(handle, (error) => {
      const closing = closingError(handle)
      const reason = error ?? closing
      if (reason === null) done()
      else failed(reason)
    })
  })
}

/** What is thrown in a callback of Node ends the process. */
function closingError(handle: number): unknown {
  try {
    closeSync(handle)
    return null
  } catch (error) {
    return error
  }
}

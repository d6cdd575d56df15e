/** What a look at a path may say of what was there when it was opened. */
import { statfsSync } from 'node:fs'
import { codeOf } from '../system-error.ts'

/** Whether a look at a path failed because nothing is there; nobody knows of one that cannot be looked at now. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'
}

/** FUSE numbers its files and directories anew now and then: another number says nothing there. Throws what the system says. */
export function isOnFuse(path: string): boolean {
  // Of linux/magic.h.
  const fuseSuperMagic = 0x65735546
  return statfsSync(path).type === fuseSuperMagic
}

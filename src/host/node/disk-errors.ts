/** Turns what the operating system says into what a person can act on. */
import { type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DiskError, type DiskProblem } from '../disk.ts'
import { codeOf, messageOf } from '../system-error.ts'

const directoryInPlace = 'It is a directory, where a file belongs. Move it away, then start again.'

const problems: Readonly<Record<string, readonly [DiskProblem, string]>> = {
  ENOSPC: ['full', 'The disk is full. Free some space, then try again; nothing that was acknowledged is lost.'],
  EDQUOT: [
    'full',
    "This user's disk quota is used up. Free some space, then try again; nothing that was acknowledged is lost."
  ],
  EACCES: ['not-permitted', 'This user may not use it. Change its permissions, or choose another directory.'],
  EPERM: ['not-permitted', 'This user may not use it. Change its permissions, or choose another directory.'],
  EROFS: ['not-permitted', 'The disk can only be read. Choose a directory on another disk.'],
  ENOENT: ['not-found', 'It is not there.'],
  EISDIR: ['failed', directoryInPlace],
  EMFILE: [
    'too-many-files',
    'This process has as many files open as it may (ulimit -n). Raise the limit, or use fewer partitions.'
  ],
  ENFILE: ['too-many-files', 'The machine has as many files open as it can. Close some programs, then try again.']
}

/** For a directory that was to be made: what is not there is its parent, on a file system where nobody can make one (/proc). */
export function directoryError(error: unknown, path: string): DiskError {
  if (codeOf(error) !== 'ENOENT') return diskError(error, path)
  const what = 'No directory can be made there. Choose another place for it.'
  return new DiskError('not-permitted', path, `${path}: ${what} (${messageOf(error)})`, error)
}

export function diskError(error: unknown, path: string): DiskError {
  const reason = messageOf(error) ?? String(error)
  if (codeOf(error) === 'ENOTDIR' || codeOf(error) === 'EEXIST') return fileInPlaceOf(path, reason, error)
  const [problem, advice] = problems[codeOf(error)] ?? [
    'failed',
    'The disk or its driver refused it; see the system log.'
  ]
  return new DiskError(problem, path, `${path}: ${advice} (${reason})`, error)
}

/** A directory has an error of its own. Throws DiskError. */
export function assertFile(found: Stats, path: string): void {
  if (found.isFile() || found.isDirectory()) return
  const what = found.isFIFO() ? 'a pipe (FIFO)' : found.isSocket() ? 'a socket' : 'a device'
  throw new DiskError('failed', path, `${path}: It is ${what}, where a file belongs. Move it away, then start again.`)
}

/** Of a file and a directory, one of which is to have the other's name, the directory is out of place. */
export function renamingError(error: unknown, from: string, to: string): DiskError {
  if (codeOf(error) === 'EISDIR') return diskError(error, to)
  if (codeOf(error) !== 'ENOTDIR' || !isFile(to)) return diskError(error, from)
  return new DiskError('failed', from, `${from}: ${directoryInPlace} (${messageOf(error)})`, error)
}

/** A directory cannot be there, or be made, where a file is: the file may be the directory's own name, or one on the way to it. */
function fileInPlaceOf(path: string, reason: string, error: unknown): DiskError {
  let file = path
  while (!isFile(file) && dirname(file) !== file) file = dirname(file)
  const what = `${isFile(file) ? file : path} is a file, where a directory belongs.`
  return new DiskError('not-a-directory', path, `${what} Move it away, or choose another directory. (${reason})`, error)
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

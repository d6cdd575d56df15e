/** Turns what the operating system says into what a person can act on. */
import { DiskError, type DiskProblem } from '../disk.ts'
import { codeOf, messageOf } from '../system-error.ts'

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
  ENOTDIR: ['not-a-directory', 'A part of the path is a file, not a directory. Choose another directory.'],
  EEXIST: ['not-a-directory', 'A file has this name, not a directory. Choose another directory.'],
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
  const [problem, advice] = problems[codeOf(error)] ?? [
    'failed',
    'The disk or its driver refused it; see the system log.'
  ]
  return new DiskError(problem, path, `${path}: ${advice} (${reason})`, error)
}

/** Turns what the operating system says into what a person can act on. */
import { DiskError, type DiskProblem } from '../disk.ts'

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
  ENOTDIR: ['failed', 'A part of the path is a file, not a directory. Choose another directory.'],
  EEXIST: ['failed', 'A file has this name, not a directory. Choose another directory.'],
  EMFILE: [
    'failed',
    'This process has as many files open as it may (ulimit -n). Raise the limit, or use fewer partitions.'
  ],
  ENFILE: ['failed', 'The machine has as many files open as it can. Close some programs, then try again.']
}

export function diskError(error: unknown, path: string): DiskError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = error instanceof Error ? error.message : String(error)
  const [problem, advice] = problems[code] ?? ['failed', 'The disk or its driver refused it; see the system log.']
  return new DiskError(problem, path, `${path}: ${advice} (${reason})`, error)
}

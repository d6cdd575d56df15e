/** A sync that could not begin: nothing that was written is in doubt, and a later one does it. */
import { DiskError } from '../host/disk.ts'

export class RefusedSync extends DiskError {
  static of({ problem, path, message, cause }: DiskError): RefusedSync {
    return new RefusedSync(problem, path, message, cause)
  }
}

/** Whether what was written is as it was, and only not safe yet: without a free file handle no sync begins at all. */
export function leavesNoDoubt(error: unknown): error is DiskError {
  return error instanceof RefusedSync || (error instanceof DiskError && error.problem === 'too-many-files')
}

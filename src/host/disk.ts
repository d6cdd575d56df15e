/**
 * The disk, as the broker sees it: a tree of files under one root, with the promises that durability rests on.
 *
 * Promises
 * - `append` puts all the bytes at the end of the file or none of them: a write that failed half way (a full disk) is cut
 *   off again before the error leaves. Appended bytes survive the process at once (they are in the operating system's
 *   cache), but a power cut only after `sync`.
 * - `sync` resolves when every byte appended before the call survives a power cut. A name (a new or renamed file) survives
 *   one after `syncDirectory` of its directory.
 * - `rename` replaces its target in one step: after a crash there is the old file or the new one.
 *
 * Writing and reading are synchronous: both go to the operating system's cache and cost microseconds, and an append that
 * has happened when the call returns is what makes order and idempotence simple. Syncing takes hundreds of microseconds
 * (measured: 150 to 430) and is asynchronous.
 *
 * Paths use '/', are relative to the root, and never leave it.
 */
export interface Disk {
  /** Where this is, for people: a directory's absolute path, or 'memory'. */
  readonly location: string
  /** True when this path, which another process gave for its own disk, leads to the same place. */
  isAt(location: string): boolean
  /** True when appended bytes survive the process (a real disk). */
  readonly isPersistent: boolean
  /**
   * What was written or read is given back as it was for so long: it comes from memory. Later it may have to be read from the medium, and
   * a bit may have flipped there.
   */
  readonly remembersMs: number
  /** Names in a directory, sorted; empty when the directory does not exist. */
  list(directory: string): string[]
  exists(path: string): boolean
  /** Bytes of a file; null when it is not there. */
  sizeOf(path: string): number | null
  /** Creates the directory and its parents; does nothing when it is there. */
  createDirectory(path: string): void
  /** Removes a file, or a directory with all that is in it; does nothing when it is not there. */
  remove(path: string): void
  rename(from: string, to: string): void
  /**
   * Opens for reading and appending; `create` makes the file when it is not there. One that is closed within this turn is opened also
   * where handles have run out, as long as the disk is locked.
   */
  open(path: string, mode: 'existing' | 'create', use?: FileUse): DiskFile
  readFile(path: string): Buffer
  /** Replaces a small file in one step (written beside, synced, renamed), so that a crash leaves the old or the new one. */
  replaceFile(path: string, bytes: Uint8Array): void
  /** The bytes of a file that is there survive a power cut when this resolves; also where handles have run out. */
  syncFile(path: string): Promise<void>
  syncDirectory(path: string): Promise<void>
  /** The same before it returns: for a start that must not go on without it. */
  syncDirectoryNow(path: string): void
  /** Bytes the disk has in all and free; null when there is no such thing (memory). */
  space(): { totalBytes: number; freeBytes: number } | null
  /**
   * Takes the root for this process; throws DiskError 'in-use' when another process (or broker) has it. Returns
   * the release, which does no harm when it is called again.
   */
  lock(): () => void
  /**
   * Throws DiskError 'gone' when the root is not the one any more that was locked: it was removed or renamed, or another is in its place.
   * Nothing makes a root anew that is locked, and what cannot be made because it is gone says so.
   */
  assertInPlace(): void
}

/** For how long a file is open. */
export type FileUse = 'kept' | 'within this turn'

/** Memory to read into. Whoever lends it knows when it is free again. */
export interface ReadMemory {
  take(sizeBytes: number): Buffer
}

export interface DiskFile {
  readonly path: string
  readonly sizeBytes: number
  /** When it was last written before it was opened; null where files have no times (memory). */
  readonly modifiedMs: number | null
  /** Appends the chunks, one after the other; all or nothing. Throws DiskError. */
  append(chunks: readonly Uint8Array[]): void
  /** Overwrites bytes that are there already (index preallocation, patches). */
  writeAt(position: number, bytes: Uint8Array): void
  /**
   * The bytes from position on, fewer at the end of the file. The buffer is the caller's own, or lent by `memory` where the
   * disk has to copy.
   */
  read(position: number, lengthBytes: number, memory?: ReadMemory): Buffer
  truncate(sizeBytes: number): void
  sync(): Promise<void>
  /**
   * False when this path leads to nothing by now: somebody has removed or renamed the file, and what is appended goes with it. This costs
   * no memory, and takes any file of the name for this one.
   */
  isAt(path: string): boolean
  /** What the path leads to by now, where that can be told. */
  look(path: string): FoundFile
  close(): void
}

/** 'elsewhere': nothing is there, or another file. 'shorter': it has fewer bytes than were written to it, for somebody has cut it. */
export type FoundFile = 'as written' | 'elsewhere' | 'shorter'

/**
 * 'too-many-files': no file could be opened; nothing was touched, and nothing that was written is in doubt. 'foreign-lock' is
 * 'in-use' by a program that locks the directory by other means than we do. 'unsupported' is a directory that is as its
 * program left it, and says what cannot be served here. 'damaged': the disk gave back something else than what was written.
 * 'gone': the root itself is not there any more, or is another.
 */
export type DiskProblem =
  | 'full'
  | 'too-many-files'
  | 'in-use'
  | 'foreign-lock'
  | 'not-permitted'
  | 'not-found'
  | 'not-a-directory'
  | 'unsupported'
  | 'damaged'
  | 'gone'
  | 'failed'

/** What went wrong with the disk, in a form that upper floors decide on and people can read. */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly problem: DiskProblem
  readonly path: string

  constructor(problem: DiskProblem, path: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.problem = problem
    this.path = path
  }
}

/** The directory of a broker is another, or none, although nobody but the broker may move it. */
export function goneError(location: string): DiskError {
  const what = `The data directory ${location} is gone: it was removed, renamed or replaced while a broker used it.`
  const advice = 'Put it back where it was, or take the backup, then start the broker again.'
  return new DiskError('gone', location, `${what} ${advice}`)
}

/** What another moment may mend, of itself: there was no file handle, or no room. */
export function mayPass({ problem }: DiskError): boolean {
  return problem === 'too-many-files' || problem === 'full'
}

/** Does what nothing rests on: true when it is done, false when the disk refused. Anything else is thrown. */
export function attempt(work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    if (error instanceof DiskError) return false
    throw error
  }
}

/** The same of what takes its time. */
export async function attemptSoon(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (error instanceof DiskError) return false
    throw error
  }
}

/** For disks that never want for handles. */
export async function syncByOpening(disk: Pick<Disk, 'open'>, path: string): Promise<void> {
  const file = disk.open(path, 'existing')
  try {
    await file.sync()
  } finally {
    file.close()
  }
}

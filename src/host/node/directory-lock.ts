/**
 * One broker for a directory. Node has no file locks, so the lock file `.lock` (Kafka's name) says which process holds it:
 * its id, when it began, since ids are used again, and the directory's own number, since a directory may be copied with its
 * lock. A lock whose process is gone, by kill -9 too, holds nobody back. Apache Kafka locks the same file by the operating
 * system (FileLock); on Linux that is seen too.
 *
 * The lock of a dead process is inherited, never removed: of many who find it only one can make the file
 * `.lock.after-HOLDER`, and it is the heir. Should the heir die before it put its own lock in place, it is inherited from in
 * the same way; so the holder is who stands at the end of that line. Whoever comes late, and makes such a file when the line
 * is over, sees that the lock is not the one any more.
 */
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DiskError } from '../disk.ts'
import { codeOf } from '../system-error.ts'
import { diskError } from './disk-errors.ts'
import { isMissing, isOnFuse } from './missing.ts'
import { isRunning, startOf } from './processes.ts'

/** What this copy of the module holds; another copy (a bundle's, a worker thread's) is known by the file's content. */
const held = new Set<string>()

/** Locks of this process in directories that were moved while it had them: it has let go of them, and they may be put back. */
const left = new Set<string>()

/** Names what this copy of the module writes, among the threads of its process. (The thread's own number costs 2 ms of a start to ask for.) */
const copyId = randomUUID()

/** Each attempt fails only when another process got further in that moment. */
const attemptsMax = 10

export interface DirectoryLock {
  /** Does no harm when it is called again. */
  release(): void
  /** False when another directory, or none, is found by now where this one was. */
  isInPlace(): boolean
}

export function lockDirectory(directory: string): DirectoryLock {
  const real = realDirectory(directory)
  const file = join(real, '.lock')
  if (held.has(real)) throw inUse(directory, process.pid)
  const own = `${process.pid} ${startOf(process.pid)} ${numberOf(real)}\n`
  for (let attempt = 0; !takeOnce(directory, file, own); attempt++) {
    if (attempt >= attemptsMax) throw inUse(directory, null)
  }
  const handle = handleOf(real, () => removeFile(file))
  held.add(real)
  left.delete(own)
  let isHeld = true
  return {
    release() {
      if (!isHeld) return
      isHeld = false
      if (isStill(file, own)) removeFile(file)
      else left.add(own)
      held.delete(real)
      if (handle !== null) closeSync(handle)
    },
    isInPlace: () => handle === null || isAt(directory, handle, own)
  }
}

/** The directory itself, open: so long its number is given to no other. Null on Windows, which moves no directory that is in use. */
function handleOf(directory: string, undo: () => void): number | null {
  if (process.platform === 'win32') return null
  try {
    return openSync(directory, 'r')
  } catch (error) {
    undo()
    throw diskError(error, directory)
  }
}

/**
 * Whether the path leads to what is open. On FUSE the lock says that it is the same. Elsewhere a lock would be believed that was copied
 * with the rest.
 */
function isAt(directory: string, handle: number, own: string): boolean {
  try {
    const [there, here] = [statSync(directory, { bigint: true }), fstatSync(handle, { bigint: true })]
    if (there.dev === here.dev && there.ino === here.ino) return true
    return isOnFuse(directory) && isStill(join(directory, '.lock'), own)
  } catch (error) {
    return !isMissing(error)
  }
}

/**
 * The process that has a directory, here or by the operating system's lock; null when none is known to. Takes nothing and makes no
 * file: for who only looks. Throws DiskError.
 */
export function holderOf(directory: string): number | null {
  const real = realDirectory(directory)
  const file = join(real, '.lock')
  const last = lineOf(file).at(-1)
  return (last === undefined ? null : livingHolder(last, numberOf(real))) ?? holderBySystem(file)
}

/** Looks before it writes: many wait for a lock, and look often. False when it changed meanwhile. */
function takeOnce(directory: string, file: string, own: string): boolean {
  const content = contentOf(file)
  if (content !== null) {
    if (!left.has(content)) return inherit(directory, file, own)
    // Nobody else takes it from a process that lives.
    removeFile(file)
  }
  return create(file, own)
}

/** False when the lock changed meanwhile. Throws DiskError when a living process has it. */
function inherit(directory: string, file: string, own: string): boolean {
  const line = lineOf(file)
  const last = line.at(-1)
  if (last === undefined) return false
  const holder = livingHolder(last, numberOf(directory))
  if (holder !== null) throw inUse(directory, holder)
  const claim = `${file}.after-${nameOf(last)}`
  if (!create(claim, own)) return false
  try {
    const now = lineOf(file)
    if (now.length !== line.length + 1 || line.some((content, index) => content !== now[index])) return false
    const stranger = holderBySystem(file)
    if (stranger !== null) throw inUse(directory, stranger, 'foreign-lock')
    replace(file, own)
    removeClaims(file)
    return true
  } finally {
    if (contentOf(claim) === own) removeFile(claim)
  }
}

/** What the lock says, then what its heirs say, the last one last; empty when there is no lock. */
function lineOf(file: string): string[] {
  const line: string[] = []
  for (let next: string | null = contentOf(file); next !== null; ) {
    line.push(next)
    next = contentOf(`${file}.after-${nameOf(next)}`)
    // One that inherits from itself: a process of before a restart of the machine had the same id and start.
    if (next !== null && line.includes(next)) break
  }
  return line
}

/** A name for a content, which may be empty (Apache Kafka's) or anything. */
function nameOf(content: string): string {
  return (
    content
      .trim()
      .replace(/[^0-9A-Za-z]+/g, '-')
      .slice(0, 100) || 'nobody'
  )
}

/**
 * False when the file is there already. The file gets its content before it gets its name, in one step (a hard link), so
 * that nobody sees it empty and of two processes only one succeeds.
 */
function create(file: string, content: string): boolean {
  const beside = besideOf(file)
  try {
    writeFileSync(beside, content)
    try {
      linkSync(beside, file)
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw error
      // Some file systems have no links; there the file is seen empty for a moment.
      writeFileSync(file, content, { flag: 'wx' })
    }
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw diskError(error, file)
  } finally {
    removeFile(beside)
  }
}

function replace(file: string, content: string): void {
  const beside = besideOf(file)
  try {
    writeFileSync(beside, content)
    renameSync(beside, file)
  } catch (error) {
    removeFile(beside)
    throw diskError(error, file)
  }
}

function removeFile(path: string): void {
  rmSync(path, { force: true })
}

/** While a living process has the lock nobody inherits: what is left of earlier lines means nothing any more. */
function removeClaims(file: string): void {
  const prefix = `${basename(file)}.after-`
  const directory = dirname(file)
  for (const name of readdirSync(directory)) if (name.startsWith(prefix)) removeFile(join(directory, name))
}

function besideOf(file: string): string {
  return `${file}.${process.pid}-${copyId}`
}

/** Null when there is no file, or it cannot be read. Throws DiskError where it never can. */
function contentOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'EISDIR') throw diskError(error, file)
    return null
  }
}

/** Where there is no file handle left to look, a lock counts as the one that it was: nobody takes it from a living process. */
function isStill(file: string, own: string): boolean {
  try {
    return readFileSync(file, 'utf8') === own
  } catch (error) {
    return !isMissing(error)
  }
}

/** The id of the living process that a lock names, when it is a lock of this directory and not a copy from another. */
function livingHolder(content: string, directoryNumber: string): number | null {
  const [, pid = '', start = '', number] = /^(\d+) (\S+)(?: (\d+))?/.exec(content) ?? []
  if (pid === '' || (number !== undefined && number !== directoryNumber)) return null
  return isRunning(Number(pid), start) ? Number(pid) : null
}

/** The id of a process that has the file locked by the operating system, as Apache Kafka does; null when that is not told. */
function holderBySystem(file: string): number | null {
  try {
    const { ino } = statSync(file)
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      const [, , , , pid, place] = line.trim().split(/\s+/)
      if (place?.endsWith(`:${ino}`)) return Number(pid)
    }
  } catch {
    // Not Linux, or gone in between.
  }
  return null
}

function realDirectory(directory: string): string {
  try {
    return realpathSync(directory)
  } catch (error) {
    throw diskError(error, directory)
  }
}

/** What tells a directory from its copy, on one machine. */
function numberOf(directory: string): string {
  return String(statSync(directory, { bigint: true }).ino)
}

function inUse(directory: string, pid: number | null, problem: 'in-use' | 'foreign-lock' = 'in-use'): DiskError {
  const known = pid === process.pid ? 'another broker in this process' : `process ${pid}`
  const who = pid === null ? 'another process' : known
  const advice = 'Stop it first, or choose another directory.'
  return new DiskError(problem, directory, `The directory ${directory} is in use by ${who}. ${advice}`)
}

/**
 * One broker for a directory. Node has no file locks, so the lock file `.lock` (Kafka's name) says which process holds it:
 * its id, and when it began, since ids are used again. A lock whose process is gone, by kill -9 too, holds nobody back.
 * Apache Kafka locks the same file by the operating system (FileLock); on Linux that is seen too.
 */
import { linkSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DiskError } from '../disk.ts'
import { diskError } from './disk-errors.ts'

/** What this copy of the module holds; another copy (a bundle's, a worker thread's) is known by the file's content. */
const held = new Set<string>()

const attemptsMax = 3

export function lockDirectory(directory: string): () => void {
  const real = realpathSync(directory)
  const file = join(real, '.lock')
  if (held.has(real)) throw inUse(directory, process.pid)
  for (let attempt = 0; !create(file, `${process.pid} ${startOf(process.pid)}\n`); attempt++) {
    const content = contentOf(file)
    const holder = holderBy(content) ?? holderBySystem(file)
    if (holder !== null || attempt >= attemptsMax) throw inUse(directory, holder ?? 0)
    removeStale(file, content)
  }
  held.add(real)
  return () => {
    if (held.delete(real)) rmSync(file, { force: true })
  }
}

/**
 * False when the file is there already. The file gets its content before it gets its name, in one step (a hard link), so
 * that nobody sees it empty and of two processes only one succeeds.
 */
function create(file: string, content: string): boolean {
  const beside = `${file}.${process.pid}`
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
    rmSync(beside, { force: true })
  }
}

/** Removes the lock of a dead process, unless another process has just put its own in that place. */
function removeStale(file: string, content: string): void {
  const aside = `${file}.${process.pid}.stale`
  try {
    renameSync(file, aside)
    if (contentOf(aside) !== content) linkSync(aside, file)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw diskError(error, file)
  } finally {
    rmSync(aside, { force: true })
  }
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** The id of the living process that the lock names; null when there is none. */
function holderBy(content: string): number | null {
  const [, id = '', start = ''] = /^(\d+) (\S*)/.exec(content) ?? []
  const pid = Number(id)
  return id !== '' && isAlive(pid) && start === startOf(pid) ? pid : null
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** When a process began, in ticks since the machine started (Linux: field 22 of /proc/PID/stat); '-' where that is not told. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-'
  } catch {
    return '-'
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function inUse(directory: string, pid: number): DiskError {
  const who = pid === process.pid ? 'another broker in this process' : `process ${pid}`
  const advice = 'Stop it first, or choose another directory.'
  return new DiskError('in-use', directory, `The directory ${directory} is in use by ${who}. ${advice}`)
}

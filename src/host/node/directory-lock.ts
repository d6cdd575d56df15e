/**
 * One broker for a directory. Node has no file locks, so the lock file `.lock` (Kafka's name) says which process holds it:
 * its id, and when it began, since ids are used again. A lock whose process is gone, by kill -9 too, holds nobody back.
 */
import { linkSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DiskError } from '../disk.ts'
import { diskError } from './disk-errors.ts'

/** What this process holds itself: its own id in a lock file would look like a stale lock of an earlier life. */
const held = new Set<string>()

export function lockDirectory(directory: string): () => void {
  const real = realpathSync(directory)
  const file = join(real, '.lock')
  if (held.has(real)) throw inUse(directory, process.pid)
  const owner = `${process.pid} ${startOf(process.pid)}\n`
  for (let attempt = 0; ; attempt++) {
    if (create(file, owner)) break
    const holder = liveHolder(file)
    if (holder !== null || attempt > 2) throw inUse(directory, holder ?? 0)
    rmSync(file, { force: true })
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
    linkSync(beside, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw diskError(error, file)
  } finally {
    rmSync(beside, { force: true })
  }
}

/** The id of the process that holds the lock, or null when it is gone. */
function liveHolder(file: string): number | null {
  let content = ''
  try {
    content = readFileSync(file, 'utf8')
  } catch {
    return null
  }
  const [, id = '', start = ''] = /^(\d+) (\S*)/.exec(content) ?? []
  const pid = Number(id)
  if (id === '' || pid === process.pid || !isAlive(pid)) return null
  return start === startOf(pid) ? pid : null
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
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

function inUse(directory: string, pid: number): DiskError {
  const who = pid === process.pid ? 'another broker in this process' : `process ${pid}`
  const advice = 'Stop it first, or choose another directory.'
  return new DiskError('in-use', directory, `The directory ${directory} is in use by ${who}. ${advice}`)
}

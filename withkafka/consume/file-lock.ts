/**
 * One process at a time: a lock file that names the process that holds it, and when that began, since process ids are used
 * again. The lock of a process that is gone, by kill -9 too, holds nobody back.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/** Returns what frees the lock, or undefined when a living process holds it, this one included. */
export function lockFile(path: string): (() => void) | undefined {
  const found = read(path)
  if (found !== undefined) {
    if (isHeld(found)) return undefined
    removeStale(path, found)
  }
  return create(path) ? () => rmSync(path, { force: true }) : undefined
}

/** The id of the process that the lock names. */
export function holderOf(path: string): string {
  return read(path)?.split(' ')[0] ?? 'unknown'
}

/** The file has its content before it has its name, so nobody reads half of it, and of two processes only one succeeds. */
function create(path: string): boolean {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${process.pid} ${startOf(process.pid)}`)
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Takes it aside in one step, and puts it back if it is not the one that was read: somebody was faster. */
function removeStale(path: string, content: string): void {
  const aside = `${path}.${process.pid}.stale`
  try {
    renameSync(path, aside)
    if (read(aside) !== content) linkSync(aside, path)
  } catch (error) {
    if (!isCode(error, 'ENOENT') && !isCode(error, 'EEXIST')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function isHeld(content: string): boolean {
  const [id, start] = content.split(' ')
  const pid = Number(id)
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!isCode(error, 'EPERM')) return false
  }
  return start === startOf(pid)
}

/** When a process began, in ticks since the machine started (Linux: field 22 of /proc/PID/stat); '-' where nobody tells. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-'
  } catch {
    return '-'
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

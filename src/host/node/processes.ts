/** Which processes of this machine are alive. A process is known by its id and by when it began, since ids are used again. */
import { readdirSync, readFileSync } from 'node:fs'
import { codeOf } from '../system-error.ts'

const untold = '-'

/** When a process began, in ticks since the machine started (Linux: field 22 of /proc/PID/stat); '-' where that is not told. */
export function startOf(pid: number): string {
  return fieldsOf(pid)?.[19] ?? untold
}

/** True when the process with this id and this beginning can still do something. */
export function isRunning(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false
  }
  const found = startOf(pid)
  // What cannot be read (another user's process, with hidepid) may well be it.
  return (found === start || found === untold || start === untold) && !isDead(pid)
}

/**
 * A dead process keeps its id until its parent asks how it ended, which may be never. Its files and ports are closed when no
 * other of its threads is left: one may still wait for the disk.
 */
function isDead(pid: number): boolean {
  const state = fieldsOf(pid)?.[0]
  if (state !== 'Z' && state !== 'X') return false
  try {
    return readdirSync(`/proc/${pid}/task`).length <= 1
  } catch {
    return true
  }
}

/** The fields of /proc/PID/stat after the program's name, which may hold anything; null where there is no such file. */
function fieldsOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

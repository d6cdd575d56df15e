/**
 * The CPU seconds that a load costs: the broker's and the client's, from the kernel's own count (/proc/PID/stat). What the
 * kernel does later by itself, such as writing dirty pages to the disk, is in nobody's count.
 */
import { readFileSync } from 'node:fs'

/** Ticks per second of /proc; Linux has fixed it at 100 for programs. */
const TICKS_PER_SECOND = 100
/** Places in /proc/PID/stat after the command's name: user, system; of children that have ended: user, system. */
const [USER, CHILDREN] = [11, 13]

function seconds(pid: number | 'self', place: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[place]) + Number(fields[place + 1])) / TICKS_PER_SECOND
}

export interface Spent {
  readonly brokerSeconds: number
  readonly clientSeconds: number
}

/** Runs a load whose client is a child process that ends with it. */
export async function spentBy<T>(brokerPid: number, load: () => Promise<T>): Promise<{ result: T } & Spent> {
  const before = { broker: seconds(brokerPid, USER), children: seconds('self', CHILDREN) }
  const result = await load()
  return {
    result,
    brokerSeconds: seconds(brokerPid, USER) - before.broker,
    clientSeconds: seconds('self', CHILDREN) - before.children
  }
}

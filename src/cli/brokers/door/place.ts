/**
 * Where the door is of the process that serves a port: a Unix socket in a directory that only this user can enter, on Windows a named
 * pipe. Not Kafka's own port: whoever reaches that could kill brokers; not another port: every user of the machine reaches it, and
 * pages in a browser do. The port names it, so that it is found with nothing but an address, while no broker lives, and where the data
 * is in memory.
 */
import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

export function doorOf(port: number): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\odradek-${port}` : join(doorDirectory(), `${port}.sock`)
}

function doorDirectory(): string {
  return join(tmpdir(), `odradek-${userInfo().uid}`)
}

/** Throws when somebody else could enter. */
export function makeDoorDirectory(): void {
  if (process.platform === 'win32') return
  const directory = doorDirectory()
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const { uid, mode } = lstatSync(directory)
  const isOwn = lstatSync(directory).isDirectory() && uid === userInfo().uid && (mode & 0o077) === 0
  if (!isOwn) throw new Error(`others may enter ${directory}; remove it`)
}

/**
 * Ports for services that come back at the same place. They lie below the range that systems lend to outgoing connections: a port
 * from there could be lent out while its service is dead, and a call to it could even reach itself.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'

const lowest = 20_000
const highest = 31_999
const attemptsMax = 200

export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  for (let attempt = 0; found.size < count && attempt < attemptsMax; attempt++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1))
    if (await isFree(port)) found.add(port)
  }
  if (found.size < count) throw new Error(`no free ports between ${lowest} and ${highest}`)
  return [...found]
}

/** Whether nobody listens there, on the loopback interface. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

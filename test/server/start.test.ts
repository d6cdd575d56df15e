/** Starting: whatever fails, nothing is left running or locked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { ListenError, type Network } from '../../src/host/network.ts'
import { rememberedAddress } from '../../src/server/remembered-address.ts'
import { startServer } from '../../src/server/start.ts'
import { StartError } from '../../src/server/start-error.ts'

function newHost() {
  const listening = new Set<number>()
  const network: Network = {
    async listen(host, wantedPort) {
      const port = wantedPort === 0 ? 9092 : wantedPort
      if (listening.has(port)) throw new ListenError('in-use', `Port ${port} is in use.`)
      listening.add(port)
      return { host, port, close: async () => void listening.delete(port) }
    }
  }
  const host = { disk: new MemoryDisk(), clock: new ManualClock(), chance: new SeededChance(1), network }
  const start = (more: Partial<Parameters<typeof startServer>[0]> = {}) => {
    const rest = { advertised: null, durability: 'disk' as const, config: {}, topics: [], log: () => {} }
    return startServer({ host, listenHost: '127.0.0.1', port: 0, ...rest, ...more })
  }
  return { ...host, listening, start }
}

async function problemOf(starting: Promise<unknown>): Promise<string> {
  const error = await starting.then(
    () => null,
    (reason: unknown) => reason
  )
  assert.ok(error instanceof StartError)
  return error.problem
}

const topic = (name: string) => ({ name, partitions: 1, replicationFactor: 1, assignments: [], config: new Map() })

test('a topic that cannot be made leaves no port, no lock and no timer behind', async () => {
  const { clock, disk, listening, start } = newHost()
  assert.equal(await problemOf(start({ topics: [topic('good'), topic('not/good')] })), 'bad-option')
  assert.deepEqual([listening.size, clock.waiting], [0, 0])
  disk.lock()()
  const server = await start({ topics: [topic('good')] })
  await server.stop()
})

test('a wrong setting leaves no port and no lock behind', async () => {
  const { clock, disk, listening, start } = newHost()
  assert.equal(await problemOf(start({ config: { 'num.partitions': 'many' } })), 'bad-option')
  assert.deepEqual([listening.size, clock.waiting], [0, 0])
  disk.lock()()
})

test('a disk in use leaves no port behind', async () => {
  const { disk, listening, start } = newHost()
  disk.lock()
  assert.equal(await problemOf(start()), 'directory-in-use')
  assert.equal(listening.size, 0)
})

test('a port in use leaves the disk as it is', async () => {
  const { disk, listening, start } = newHost()
  listening.add(9092)
  assert.equal(await problemOf(start({ port: 9092 })), 'port-in-use')
  assert.deepEqual(disk.list(''), [])
  disk.lock()()
})

test('a directory that is refused stays as it is', async () => {
  const identity = 'version=1\nnode.id=1\n'
  for (const files of [{ 'orders-0/00000000000000000000.log': 'records' }, { 'meta.properties': identity }]) {
    const { disk, start } = newHost()
    for (const [path, content] of Object.entries(files)) {
      if (path.includes('/')) disk.createDirectory(path.slice(0, path.indexOf('/')))
      disk.replaceFile(path, Buffer.from(content))
    }
    const before = disk.list('')
    assert.equal(await problemOf(start()), 'damaged')
    assert.deepEqual(disk.list(''), before)
  }
})

test('a directory that is served remembers where', async () => {
  const { disk, start } = newHost()
  const server = await start()
  assert.deepEqual(rememberedAddress(disk), { host: '127.0.0.1', port: 9092 })
  await server.stop()
})

test('a stop gives back the port, the disk and every timer, and may be asked for twice', async () => {
  const { clock, disk, listening, start } = newHost()
  const server = await start()
  await Promise.all([server.stop(), server.stop()])
  assert.deepEqual([listening.size, clock.waiting], [0, 0])
  disk.lock()()
})

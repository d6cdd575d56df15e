/** The options of `serve`, as the broker gets them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { Flags } from '../../src/cli/command.ts'
import { readServeOptions } from '../../src/cli/serve/run.ts'
import { stopFailure, stoppedItself } from '../../src/cli/serve/stop-failure.ts'
import { freePortsAfter, isKafkaAt } from '../../src/cli/serve/who-answers.ts'
import { DiskError, goneError } from '../../src/host/disk.ts'
import { startKafka } from '../../src/index.ts'
import { DamageError } from '../../src/log/damage.ts'
import { run } from '../harness/child-process.ts'
import { freePort } from '../harness/free-port.ts'
import { odradek, startOdradek } from '../harness/odradek-process.ts'

const read = (values: Record<string, unknown>) => readServeOptions(new Flags(values))

test('without options: localhost:9092, data in ./odradek-data, synced to disk', () => {
  assert.deepEqual(read({}), {
    directory: resolve('odradek-data'),
    host: 'localhost',
    port: 9092,
    durability: 'disk',
    topics: {},
    config: {}
  })
})

test('memory means no directory; topics and settings are repeatable', () => {
  const options = read({
    memory: true,
    port: '0',
    advertise: 'kafka:29092',
    durability: 'os',
    topic: ['orders:3', 'payments'],
    config: ['log.retention.ms=7d'],
    autoCreate: true
  })
  assert.deepEqual(options, {
    host: 'localhost',
    port: 0,
    advertise: 'kafka:29092',
    durability: 'os',
    topics: { orders: { partitions: 3 }, payments: {} },
    config: { 'auto.create.topics.enable': 'true', 'log.retention.ms': '604800000' }
  })
})

test('several brokers, each in its rack', () => {
  const { brokers, racks } = read({ brokers: '3', racks: 'a,b,c' })
  assert.deepEqual([brokers, racks], [3, ['a', 'b', 'c']])
  assert.equal(read({ brokers: '1' }).brokers, undefined)
})

test('what cannot be meant is wrong usage', () => {
  const wrong = [
    { brokers: '0' },
    { brokers: 'three' },
    { memory: true, data: 'x' },
    { port: '70000' },
    { port: 'x' },
    { topic: ['a b'] },
    { advertise: 'x:y:z' }
  ]
  for (const values of wrong) assert.throws(() => read(values), { exitCode: 2 }, JSON.stringify(values))
})

test('a stop that fails says what happened, why, and what to do, by what the disk said', () => {
  const told = (problem: 'full' | 'failed') => {
    const { message, why, next, exitCode } = stopFailure(new DiskError(problem, 'checkpoint', 'What the disk says.'))
    return { message, why, next, exitCode }
  }
  const common = { message: 'the broker has stopped, but not cleanly', why: 'What the disk says.', exitCode: 1 }
  assert.deepEqual(told('full'), {
    ...common,
    next: 'free some space and start it again: it recovers its logs, and all that was acknowledged is there'
  })
  assert.deepEqual(told('failed'), {
    ...common,
    next: 'put right what stands there, then start it again: it recovers its logs, and says what it cannot read'
  })
})

test('a broker that stopped itself as its metadata log was removed or cut says so; its directory is there', () => {
  const damage = { path: '__cluster_metadata-0/0.log', position: null, what: 'It is cut.', advice: 'Restore it.' }
  const cause = new DamageError({ location: '/data' }, damage)
  const { message, next } = stoppedItself(new DiskError('gone', damage.path, cause.message, cause))
  assert.match(message, /stopped itself: what the cluster knows is damaged, as stands above/)
  assert.equal(next, 'do what stands above, then start it again')
  assert.match(stoppedItself(goneError('/data')).message, /stopped itself: its data directory is gone/)
})

const main = odradek()

test(
  'a port where a Kafka broker answers is told as such',
  { skip: 'missing' in main ? main.missing : false },
  async () => {
    assert.ok('found' in main)
    const broker = await startOdradek({ storage: 'memory' })
    try {
      const port = broker.bootstrap.split(':').at(-1) ?? ''
      const second = await run(process.execPath, [main.found, 'serve', '--memory', '--port', port])
      assert.equal(second.code, 1)
      assert.match(second.stderr, new RegExp(`a Kafka broker answers at localhost:${port} already`))
      assert.match(
        second.stderr,
        new RegExp(`try: (npx )?odradek topics list -b localhost:${port} .*or choose another port`)
      )
    } finally {
      await broker.stop()
    }
  }
)

test(
  "where a cluster's brokers have the ports, the one that is suggested is free",
  { skip: 'missing' in main ? main.missing : false },
  async () => {
    assert.ok('found' in main)
    await using cluster = await startOnThreePorts()
    const told = async (...args: string[]) =>
      (await run(process.execPath, [main.found, 'serve', '--memory', ...args])).stderr
    assert.match(
      await told('--port', String(cluster.port)),
      new RegExp(`--port ${await freePortsAfter('127.0.0.1', cluster.port, 1)} --memory`)
    )
    assert.ok((await freePortsAfter('127.0.0.1', cluster.port, 1)) >= cluster.port + 3)
    const several = await told('--port', String(cluster.port - 1), '--brokers', '2')
    assert.match(several, new RegExp(`a Kafka broker answers at localhost:${cluster.port} already`))
    assert.match(several, /odradek serve --brokers 2 --port \d+ --memory/)
  }
)

/** With the port before them free. */
async function startOnThreePorts() {
  for (;;) {
    const port = (await freePort()) + 1
    const cluster = await startKafka({ brokers: 3, port }).catch(() => undefined)
    if (cluster !== undefined) return cluster
  }
}

test('what listens and says nothing, or something else, is no Kafka broker', async () => {
  const answers: ReadonlyArray<(socket: Socket) => void> = [
    () => {},
    (socket) => socket.end('HTTP/1.1 400 Bad Request'),
    (socket) => socket.destroy()
  ]
  for (const answer of answers) {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket)
      answer(socket.on('error', () => {}))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    assert.equal(await isKafkaAt('127.0.0.1', (server.address() as AddressInfo).port), false)
    for (const socket of sockets) socket.destroy()
    server.close()
  }
})

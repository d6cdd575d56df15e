import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { limits } from '../../src/limits.ts'
import { Server } from '../../src/server/server.ts'
import { FakeEngine, FakeNetwork, frame, turn } from './fakes.ts'

async function serving(host = '127.0.0.1') {
  const network = new FakeNetwork()
  const engine = new FakeEngine()
  const clock = new ManualClock()
  const lines: string[] = []
  const server = await Server.listen({ network, clock, host, port: 9092, log: (line) => lines.push(line) })
  server.serve(engine)
  return { network, engine, clock, server, lines }
}

test('answers leave in the order of the requests, however they settle', async () => {
  const { network, engine } = await serving()
  const connection = network.connect()
  connection.receive(frame('a'), frame('b'), frame('c'))
  assert.deepEqual(engine.texts, ['a', 'b', 'c'], 'all are taken before the first is answered')
  engine.settle(2)
  engine.settle(1)
  await turn()
  assert.equal(connection.text, '')
  engine.settle(0)
  await turn()
  assert.equal(connection.text, 'a;b;c;')
  assert.equal(connection.written.length, 1, 'what is due together leaves in one write')
})

test('a request that comes byte by byte is taken when it is whole', async () => {
  const { network, engine } = await serving()
  const connection = network.connect()
  for (const byte of frame('hello')) connection.receive(Buffer.of(byte))
  assert.deepEqual(engine.texts, ['hello'])
})

test('a request without an answer holds up nobody', async () => {
  const { network, engine } = await serving()
  const connection = network.connect()
  connection.receive(frame('silent'), frame('b'))
  engine.settle(1)
  engine.settle(0, { kind: 'none' })
  await turn()
  assert.equal(connection.text, 'b;')
})

test('an answer that closes comes after those before it, and ends its own connection only', async () => {
  const { network, engine, lines } = await serving()
  const [connection, other] = [network.connect(), network.connect()]
  connection.receive(frame('a'), frame('bad'), frame('c'))
  engine.settle(2)
  engine.settle(1, { kind: 'close', reason: 'it makes no sense' })
  engine.settle(0)
  await turn()
  assert.equal(connection.text, 'a;')
  assert.equal(connection.state, 'destroyed')
  assert.equal(other.state, 'open')
  assert.match(lines.join(), /127\.0\.0\.1:4242 closed: it makes no sense/)
})

test('a peer that does not read its answers is not listened to until it does', async () => {
  const { network, engine } = await serving()
  const connection = network.connect()
  connection.receive(frame('a'))
  connection.unsentBytes = limits.unsentBytes + 1
  connection.receive(frame('b'))
  assert.ok(connection.isPaused)
  assert.deepEqual(engine.texts, ['a'])
  connection.drain()
  assert.deepEqual(engine.texts, ['a', 'b'])
  assert.ok(!connection.isPaused)
})

test('no more requests are taken than may be on the way', async () => {
  const { network, engine } = await serving()
  const connection = network.connect()
  for (let index = 0; index <= limits.requestsInFlight; index++) connection.receive(frame(`${index}`))
  assert.equal(engine.taken.length, limits.requestsInFlight)
  assert.ok(connection.isPaused)
  engine.settle(0)
  await turn()
  assert.equal(engine.taken.length, limits.requestsInFlight + 1)
})

test('a size that cannot be ends the connection, with a line that says what it looks like', async () => {
  const cases: [first: Buffer, line: RegExp][] = [
    [Buffer.from([0x7f, 0xff, 0xff, 0xff]), /2147483647 bytes; the limit is 104857600/],
    [Buffer.from([0xff, 0xff, 0xff, 0xff]), /a request of -1 bytes/],
    [Buffer.from('so it is'), /either it is no Kafka client, or its max\.request\.size is too high/],
    [Buffer.from('DELETE / HTTP/1.1\r\n'), /spoke HTTP/],
    [Buffer.from('GET / HTTP/1.1\r\n'), /spoke HTTP.*a Kafka client is needed/],
    [Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]), /TLS handshake.*PLAINTEXT/]
  ]
  const { network, lines } = await serving()
  for (const [first, line] of cases) {
    const connection = network.connect()
    connection.receive(first)
    assert.equal(connection.state, 'destroyed')
    assert.match(lines.at(-1) ?? '', line)
  }
})

test('half requests of all connections together hold no more than the bound', async () => {
  const { network, lines } = await serving()
  const size = Buffer.alloc(4)
  size.writeInt32BE(limits.requestBytes)
  const piece = Buffer.alloc(limits.bufferedRequestBytes / 8)
  const connections = Array.from({ length: 12 }, () => network.connect())
  for (const connection of connections) connection.receive(size, piece)
  const open = connections.filter(({ state }) => state === 'open')
  assert.equal(open.length, 8, 'those who burst the bound are ended, the others stay')
  assert.match(lines.at(-1) ?? '', /all connections together hold more than/)
  for (const connection of open) connection.destroy()
  const next = network.connect()
  next.receive(size, piece)
  assert.equal(next.state, 'open', 'what was held is given back')
})

test('a silent connection ends after its time, unless it is owed an answer', async () => {
  const { network, engine, clock } = await serving()
  const [silent, waiting] = [network.connect(), network.connect()]
  waiting.receive(frame('long poll'))
  clock.advance(limits.connectionIdleMs - 1000)
  assert.equal(silent.state, 'open')
  clock.advance(1000 + 2 * limits.idleCheckMs)
  assert.equal(silent.state, 'destroyed')
  assert.equal(waiting.state, 'open')
  engine.settle(0)
  await turn()
  assert.equal(waiting.text, 'long poll;')
})

test('a stop answers what was taken, takes nothing more, and ends', async () => {
  const { network, engine, server } = await serving()
  const [busy, idle] = [network.connect(), network.connect()]
  busy.receive(frame('a'))
  const stopped = server.stop()
  busy.receive(frame('too late'))
  assert.equal(idle.state, 'ended')
  assert.equal(busy.state, 'open')
  engine.settle(0)
  await stopped
  assert.equal(busy.text, 'a;')
  assert.equal(busy.state, 'ended')
  assert.deepEqual(engine.texts, ['a'])
})

test('a stop does not wait for ever', async () => {
  const { network, clock, server } = await serving()
  const busy = network.connect()
  busy.receive(frame('never answered'))
  const stopped = server.stop()
  await turn()
  clock.advance(limits.stopWaitMs)
  await stopped
  assert.equal(busy.state, 'destroyed')
})

test('who connects before the broker is up is served when it is', async () => {
  const network = new FakeNetwork()
  const engine = new FakeEngine()
  const options = { network, clock: new ManualClock(), host: 'localhost', port: 0, log: () => {} }
  const server = await Server.listen(options)
  const early = network.connect()
  server.serve(engine)
  early.receive(frame('a'))
  assert.deepEqual(engine.texts, ['a'])
})

test('a client is told to come back to where it came in', async () => {
  for (const [host, told] of [
    ['localhost', 'localhost'],
    ['0.0.0.0', '127.0.0.1'],
    ['kafka.local', 'kafka.local']
  ] as const) {
    const { network, engine } = await serving(host)
    network.connect().receive(frame('a'))
    assert.deepEqual(engine.taken[0]?.session.listener, { host: told, port: 9092 })
    assert.equal(engine.taken[0]?.session.clientHost, '/127.0.0.1')
  }
})

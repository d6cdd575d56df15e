/** Many connections under one server: what they may hold together, those that come early, the stop; and real sockets. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { limits } from '../../src/limits.ts'
import { Connections } from '../../src/server/connections.ts'
import { frame, turn } from './fakes.ts'
import { announced, answerOf, fakeServer, Peer, realServer, ScriptedEngine } from './setup.ts'

const mebibyte = Buffer.alloc(1024 * 1024)

test('connections that come before the engine wait for it', async () => {
  const { connection, engine, serve, server } = await fakeServer()
  const [early, gone] = [connection(), connection()]
  gone.destroy()
  serve()
  assert.equal(server.connectionCount, 1)
  early.receive(frame('now a'))
  await turn()
  assert.deepEqual([engine.asked, early.writes], [['now a'], ['now a']])
})

test('one connection too many is closed with a line; the others stay, and a place that is left is taken again', async () => {
  const { connection, lines, serve, server } = await fakeServer()
  serve()
  const all = Array.from({ length: limits.connections }, connection)
  const refused = connection()
  assert.ok(refused.isDestroyed)
  assert.deepEqual(lines, [`connection of 127.0.0.1 closed: there are ${limits.connections} already`])
  all[0]?.destroy()
  assert.ok(!connection().isDestroyed)
  assert.equal(server.connectionCount, limits.connections)
})

test('of many that dribble large requests the largest is closed; whoever else sends is served', async () => {
  const { connection, engine, lines, serve } = await fakeServer()
  serve()
  const dribblers = Array.from({ length: 20 }, connection)
  const bystander = connection()
  const largest = dribblers[7]
  assert.ok(largest !== undefined)
  for (const dribbler of dribblers) dribbler.receive(announced(limits.requestBytes))
  for (let round = 0; round < 12; round++) {
    for (const dribbler of dribblers) dribbler.receive(mebibyte)
    if (round < 3) largest.receive(mebibyte)
    bystander.receive(frame(`now ${round}`))
  }
  await turn()
  assert.ok(largest.isDestroyed)
  assert.match(lines[0] ?? '', /all connections together hold more than \d+ bytes of requests/)
  assert.ok(!bystander.isDestroyed)
  assert.equal(engine.asked.length, 12)
  assert.equal(bystander.writes.length, 1)
  const left = dribblers.filter((dribbler) => !dribbler.isDestroyed).length
  assert.ok(left * 12 * mebibyte.length <= limits.bufferedRequestBytes + 12 * mebibyte.length)
})

test('while the engine has too many bytes nobody is read, and all go on when it has answered', async () => {
  const { connection, engine, serve } = await fakeServer()
  serve()
  const large = Buffer.alloc(limits.bufferedRequestBytes / 2)
  const [first, second, third] = [connection(), connection(), connection()]
  first.receive(announced(large.length), large)
  second.receive(announced(large.length + 1), large, Buffer.alloc(1))
  third.receive(frame('now small'))
  await turn()
  assert.ok(third.isPaused && !third.isDestroyed)
  assert.deepEqual(third.writes, ['now small'], 'what has come whole is answered, for that makes room')
  engine.settle(`${large.length} bytes`)
  await turn()
  for (const one of [first, second, third]) assert.ok(!one.isPaused && !one.isDestroyed)
})

test('a connection that leaves its requests behind holds their bytes until the engine is done with them', async () => {
  const { connection, engine, serve } = await fakeServer()
  serve()
  const large = Buffer.alloc(limits.bufferedRequestBytes / 2)
  const [first, second, third] = [connection(), connection(), connection()]
  first.receive(announced(large.length), large)
  first.destroy()
  second.receive(announced(large.length + 1), large, Buffer.alloc(1))
  third.receive(frame('now small'))
  assert.ok(third.isPaused)
  engine.settle(`${large.length} bytes`)
  await turn()
  assert.ok(!third.isPaused)
})

test('of many that do not read their answers the slowest is closed', async () => {
  const { clock, connection, engine, lines, serve } = await fakeServer()
  serve()
  const answer = answerOf(Buffer.alloc(limits.fetchBytes))
  const readers = Array.from({ length: 10 }, connection)
  for (const [index, reader] of readers.entries()) {
    reader.readsNothing = true
    reader.receive(frame(`fetch ${index}`))
    engine.settle(`fetch ${index}`, answer)
    await turn()
    clock.advance(limits.answerPauseMs)
    await turn()
  }
  assert.equal(readers.filter((reader) => reader.isDestroyed).length, 1)
  assert.match(lines[0] ?? '', /bytes of answers that were not read/)
})

test('while many do not read, others wait for a moment before they are answered', async () => {
  const { clock, connection, engine, serve } = await fakeServer()
  serve()
  for (const name of ['one', 'two']) {
    const reader = connection()
    reader.readsNothing = true
    reader.receive(frame(name))
    engine.settle(name, answerOf(Buffer.alloc(limits.fetchBytes)))
    await turn()
  }
  const other = connection()
  other.receive(frame('now me'))
  assert.deepEqual(engine.asked, ['one', 'two'])
  clock.advance(limits.answerPauseMs)
  await turn()
  assert.deepEqual(engine.asked, ['one', 'two', 'now me'])
  assert.deepEqual(other.writes, ['now me'])
})

test('a stop takes nothing new, answers what is under way, then ends; who lingers is cut', async () => {
  const { clock, connection, engine, serve, server } = await fakeServer()
  serve()
  const [busy, idle] = [connection(), connection()]
  busy.receive(frame('a'), frame('b'))
  let hasStopped = false
  const stopped = server.stop().then(() => {
    hasStopped = true
  })
  assert.ok(idle.isEnded && busy.isOpen)
  idle.destroy()
  busy.receive(frame('too late'))
  assert.ok(connection().isDestroyed)
  engine.settle('a')
  await turn()
  assert.ok(busy.isOpen)
  engine.settle('b')
  await turn()
  assert.deepEqual([engine.asked, busy.writes, busy.state, hasStopped], [['a', 'b'], ['a', 'b'], 'ended', false])
  clock.advance(limits.farewellMs)
  await stopped
  assert.ok(busy.isDestroyed)
  assert.equal(server.connectionCount, 0)
  assert.equal(clock.waiting, 0)
})

test('a stop does not cut a peer that has not read its answers before its time is over', async () => {
  const { clock, connection, serve, server } = await fakeServer()
  serve()
  const [slow, deaf] = [connection(), connection()]
  for (const peer of [slow, deaf]) {
    peer.readsNothing = true
    peer.receive(frame('now a'))
  }
  await turn()
  const stopped = server.stop()
  clock.advance(limits.farewellMs)
  assert.ok(slow.isEnded && deaf.isEnded)
  slow.drain()
  clock.advance(limits.farewellMs)
  assert.ok(slow.isDestroyed && deaf.isEnded)
  clock.advance(limits.stopWaitMs)
  await stopped
  assert.ok(deaf.isDestroyed)
  assert.equal(clock.waiting, 0)
})

test('over a socket: a client that takes no notice of the end has its answer, and does not keep the stop waiting', async () => {
  const engine = new ScriptedEngine()
  const { server } = await realServer(engine)
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
  await once(socket, 'connect')
  socket.write(frame('a'))
  while (engine.asked.length < 1) await turn()
  const begunMs = performance.now()
  const stopped = server.stop()
  engine.settle('a')
  const [answer] = await once(socket, 'data')
  await stopped
  assert.deepEqual(answer, frame('a'))
  assert.ok(performance.now() - begunMs < limits.stopWaitMs / 2)
  socket.destroy()
})

test('over a socket: pipelined requests are answered in order, whatever the engine finishes first', async () => {
  const engine = new ScriptedEngine()
  const { server } = await realServer(engine)
  const peer = await Peer.connect(server.port)
  peer.send(frame('a'), frame('now b'), frame('c'))
  while (engine.asked.length < 3) await turn()
  engine.settle('c')
  await turn()
  engine.settle('a')
  assert.deepEqual(await peer.answers(3), ['a', 'now b', 'c'])
  await server.stop()
  await peer.closed
})

test('over a socket: garbage is answered with the end of the connection', async () => {
  const { server, lines } = await realServer(new ScriptedEngine())
  const peer = await Peer.connect(server.port)
  peer.send(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'))
  await peer.closed
  assert.match(lines[0] ?? '', /spoke HTTP/)
  await server.stop()
})

test('over a socket: a large answer before the end of the connection arrives whole', async () => {
  const engine = new ScriptedEngine()
  const { server } = await realServer(engine)
  const peer = await Peer.connect(server.port)
  peer.send(frame('large'), frame('close'))
  while (engine.asked.length < 2) await turn()
  engine.settle('large', answerOf('x'.repeat(20_000_000)))
  const [answer] = await peer.answers(2)
  assert.equal(answer?.length, 20_000_000)
  await peer.closed
  await server.stop()
})

test('over a socket: a stop ends connections that are paused, full of bytes, or idle, without waiting its time out', async () => {
  const engine = new ScriptedEngine()
  const { server } = await realServer(engine)
  const [flooding, idle] = [await Peer.connect(server.port), await Peer.connect(server.port)]
  for (let index = 0; index < limits.requestsInFlight; index++) flooding.send(frame(`${index}`))
  for (let more = 0; more < 20; more++) flooding.send(announced(mebibyte.length, mebibyte))
  while (engine.asked.length < limits.requestsInFlight) await turn()
  const stopped = server.stop()
  for (const asked of [...engine.asked]) engine.settle(asked)
  await Promise.all([stopped, flooding.closed, idle.closed])
  assert.equal(server.connectionCount, 0)
})

test('servers of one process have their connections and memory together, and one that is killed gives all of its back', async () => {
  const connections = new Connections(new ManualClock())
  const [one, other] = [await fakeServer(connections), await fakeServer(connections)]
  one.connection()
  one.serve()
  other.serve()
  const [asking, leaving] = [one.connection(), one.connection()]
  asking.receive(frame('wait for ever'))
  leaving.receive(frame('wait as well'))
  leaving.destroy()
  const half = other.connection()
  half.receive(announced(1000, Buffer.alloc(500)))
  assert.deepEqual([connections.clients.size, connections.early.size], [3, 0])
  assert.ok(connections.memory.requestBytes > 500)
  await one.server.kill()
  assert.deepEqual([asking.state, half.state], ['destroyed', 'open'])
  const left = connections.memory.requestBytes
  one.engine.settle('wait for ever')
  await turn()
  assert.equal(connections.memory.requestBytes, left, "what its engine answers later is nobody's")
  half.destroy()
  assert.deepEqual([connections.clients.size, connections.memory.requestBytes], [0, 0])
})

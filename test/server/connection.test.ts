/** One connection under a scripted engine: order, holding back, limits, garbage, idling, the end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../src/limits.ts'
import { announced, answerOf, fakeServer, frame, settled } from './setup.ts'

async function served() {
  const made = await fakeServer()
  made.serve()
  return { ...made, peer: made.connection() }
}

test('requests reach the engine as they arrive; answers leave in the order of the requests, in one write', async () => {
  const { engine, peer } = await served()
  peer.receive(Buffer.concat([frame('a'), frame('now b'), frame('c')]))
  assert.deepEqual(engine.asked, ['a', 'now b', 'c'])
  engine.settle('c')
  await settled()
  assert.deepEqual(peer.writes, [])
  engine.settle('a')
  await settled()
  assert.deepEqual(peer.writes, ['a|now b|c'])
})

test('a request without an answer leaves no gap', async () => {
  const { peer } = await served()
  peer.receive(frame('now a'), frame('quiet'), frame('now b'))
  await settled()
  assert.deepEqual(peer.writes, ['now a|now b'])
})

test('whatever the order of settling and the cuts of the bytes, answers come in the order of the requests', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 30 }).chain((count) =>
        fc.record({
          count: fc.constant(count),
          order: fc.shuffledSubarray(
            Array.from({ length: count }, (_, index) => index),
            { minLength: count }
          ),
          cuts: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 }),
          pauses: fc.array(fc.boolean(), { minLength: count, maxLength: count })
        })
      ),
      async ({ count, order, cuts, pauses }) => {
        const { engine, peer } = await served()
        let bytes = Buffer.concat(Array.from({ length: count }, (_, index) => frame(`request ${index}`)))
        for (const cut of cuts) {
          peer.receive(bytes.subarray(0, cut))
          bytes = bytes.subarray(cut)
        }
        peer.receive(bytes)
        for (const [turn, index] of order.entries()) {
          engine.settle(`request ${index}`)
          if (pauses[turn]) await settled()
        }
        await settled()
        const expected = Array.from({ length: count }, (_, index) => `request ${index}`)
        assert.deepEqual(peer.writes.join('|').split('|'), expected)
      }
    ),
    { numRuns: 50 }
  )
})

test('beyond the requests that may be in flight nothing is taken, and the socket is not read', async () => {
  const { engine, peer } = await served()
  const count = limits.requestsInFlight + 5
  peer.receive(Buffer.concat(Array.from({ length: count }, (_, index) => frame(`${index}`))))
  assert.equal(engine.asked.length, limits.requestsInFlight)
  assert.ok(peer.isPaused)
  engine.settle('0')
  await settled()
  assert.equal(engine.asked.length, limits.requestsInFlight + 1)
  assert.ok(peer.isPaused)
  for (let index = 1; index < count; index++) {
    engine.settle(`${index}`)
    await settled()
  }
  assert.equal(engine.asked.length, count)
  assert.ok(!peer.isPaused)
})

test('of a peer that does not read its answers no more requests are taken until it does', async () => {
  const { engine, peer } = await served()
  peer.readsNothing = true
  peer.receive(frame('big'))
  engine.settle('big', answerOf(Buffer.alloc(limits.unsentBytes)))
  await settled()
  peer.receive(frame('next'))
  assert.deepEqual(engine.asked, ['big'])
  assert.ok(peer.isPaused)
  peer.drain()
  assert.deepEqual(engine.asked, ['big', 'next'])
  assert.ok(!peer.isPaused)
})

test('answers that are ready behind one that is not count as unread', async () => {
  const { engine, peer } = await served()
  peer.receive(frame('slow'), frame('big'))
  engine.settle('big', answerOf(Buffer.alloc(limits.unsentBytes)))
  await settled()
  peer.receive(frame('next'))
  assert.deepEqual(engine.asked, ['slow', 'big'])
  engine.settle('slow')
  await settled()
  assert.deepEqual(engine.asked, ['slow', 'big', 'next'])
})

test('an engine that throws, at once or later, costs that connection only', async () => {
  const { engine, lines, peer, connection } = await served()
  const other = connection()
  peer.receive(frame('throw'))
  const later = connection()
  later.receive(frame('fails'))
  engine.fail('fails')
  await settled()
  assert.ok(peer.isDestroyed && later.isDestroyed)
  assert.match(lines[0] ?? '', /^connection of 127\.0\.0\.1:50000 closed: Error: broken\n/)
  assert.match(lines[1] ?? '', /Error: broken later/)
  other.receive(frame('now fine'))
  await settled()
  assert.deepEqual(other.writes, ['now fine'])
})

test('what was asked before the request that ends the connection is answered first, what comes after is not asked', async () => {
  const { engine, lines, peer } = await served()
  peer.receive(frame('a'), frame('close'), frame('now never seen'))
  await settled()
  assert.ok(!peer.isDestroyed)
  assert.deepEqual(engine.asked, ['a', 'close'])
  engine.settle('a')
  await settled()
  assert.deepEqual(peer.writes, ['a'])
  assert.ok(peer.isDestroyed)
  assert.deepEqual(lines, ['connection of 127.0.0.1:50000 closed: it was asked to'])
})

test('answers before the end have time to leave, but not for ever', async () => {
  const { clock, peer } = await served()
  peer.readsNothing = true
  peer.receive(frame('now a'), frame('close'))
  await settled()
  assert.ok(peer.isEnded && !peer.isDestroyed)
  clock.advance(limits.lingerMs)
  assert.ok(peer.isDestroyed)
})

const greetings: readonly [string, Buffer, RegExp][] = [
  [
    'an HTTP request',
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    /spoke HTTP, not Kafka's protocol; a Kafka client is needed/
  ],
  ['a TLS hello', Buffer.from([22, 3, 1, 2, 0, 1]), /began a TLS handshake.*set security\.protocol=PLAINTEXT/],
  ['an SSH greeting', Buffer.from('SSH-2.0-OpenSSH\r\n'), /spoke SSH/],
  ['a negative size', announced(-2), /announced a request of -2 bytes/],
  ['a size beyond the limit', announced(limits.requestBytes + 1), /the limit is 104857600/]
]
for (const [what, bytes, expected] of greetings) {
  test(`${what} ends the connection with one line that says so`, async () => {
    const { engine, lines, peer } = await served()
    peer.receive(bytes)
    await settled()
    assert.ok(peer.isDestroyed)
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', expected)
    assert.deepEqual(engine.asked, [])
  })
}

test('garbage after requests ends the connection when those are answered', async () => {
  const { engine, peer } = await served()
  peer.receive(frame('a'), Buffer.from('GET / HTTP/1.1\r\n'), frame('b'))
  await settled()
  assert.ok(!peer.isDestroyed)
  engine.settle('a')
  await settled()
  assert.deepEqual([engine.asked, peer.writes, peer.isDestroyed], [['a'], ['a'], true])
})

test('a connection that says nothing is closed after the idle time; one that is owed an answer is not', async () => {
  const { clock, engine, peer, connection } = await served()
  const waiting = connection()
  waiting.receive(frame('wait'))
  clock.advance(limits.connectionIdleMs)
  assert.ok(!peer.isDestroyed)
  clock.advance(limits.idleCheckMs)
  assert.ok(peer.isDestroyed)
  assert.ok(!waiting.isDestroyed)
  engine.settle('wait')
  await settled()
  clock.advance(limits.connectionIdleMs)
  assert.ok(!waiting.isDestroyed, 'the idle time begins with the answer')
  clock.advance(limits.idleCheckMs)
  assert.ok(waiting.isDestroyed)
})

test('an answer that comes when the peer has left is dropped', async () => {
  const { server, engine, peer } = await served()
  peer.receive(frame('a'))
  peer.destroy()
  engine.settle('a')
  await settled()
  assert.deepEqual(peer.writes, [])
  assert.equal(server.connectionCount, 0)
})

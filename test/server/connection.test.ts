/** One connection under a scripted engine, in the cases that are less simple: holding back and going on, errors, the end. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../src/limits.ts'
import * as fc from '../harness/properties.ts'
import { frame, turn } from './fakes.ts'
import { answerOf, fakeServer } from './setup.ts'

async function served() {
  const made = await fakeServer()
  made.serve()
  return { ...made, peer: made.connection() }
}

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
        for (const [at, index] of order.entries()) {
          engine.settle(`request ${index}`)
          if (pauses[at]) await turn()
        }
        await turn()
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
  await turn()
  assert.equal(engine.asked.length, limits.requestsInFlight + 1)
  assert.ok(peer.isPaused)
  for (let index = 1; index < count; index++) {
    engine.settle(`${index}`)
    await turn()
  }
  assert.equal(engine.asked.length, count)
  assert.ok(!peer.isPaused)
})

test('answers that are ready behind one that is not count as unread', async () => {
  const { engine, peer } = await served()
  peer.receive(frame('slow'), frame('big'))
  engine.settle('big', answerOf(Buffer.alloc(limits.unsentBytes)))
  await turn()
  peer.receive(frame('next'))
  assert.deepEqual(engine.asked, ['slow', 'big'])
  engine.settle('slow')
  await turn()
  assert.deepEqual(engine.asked, ['slow', 'big', 'next'])
})

test('an engine that throws, at once or later, costs that connection only', async () => {
  const { engine, lines, peer, connection } = await served()
  const other = connection()
  peer.receive(frame('throw'))
  const later = connection()
  later.receive(frame('fails'))
  engine.fail('fails')
  await turn()
  assert.ok(peer.isDestroyed && later.isDestroyed)
  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', /^connection of 127\.0\.0\.1:4242 closed: Error: broken\n/)
  assert.match(lines[1] ?? '', /Error: broken later/)
  other.receive(frame('now fine'))
  await turn()
  assert.deepEqual(other.writes, ['now fine'])
})

test('what was asked before the request that ends the connection is answered first, what comes after is not asked', async () => {
  const { engine, lines, peer } = await served()
  peer.receive(frame('a'), frame('close'), frame('now never seen'))
  await turn()
  assert.ok(!peer.isDestroyed)
  assert.deepEqual(engine.asked, ['a', 'close'])
  engine.settle('a')
  await turn()
  assert.deepEqual(peer.writes, ['a'])
  assert.ok(peer.isDestroyed)
  assert.deepEqual(lines, ['connection of 127.0.0.1:4242 closed: it was asked to'])
})

test('answers before the end have time to leave, but not for ever', async () => {
  const { clock, peer } = await served()
  peer.readsNothing = true
  peer.receive(frame('now a'), frame('close'))
  await turn()
  assert.ok(peer.isEnded)
  clock.advance(limits.lingerMs)
  assert.ok(peer.isDestroyed)
})

test('garbage after requests ends the connection when those are answered', async () => {
  const { engine, peer } = await served()
  peer.receive(frame('a'), Buffer.from('GET / HTTP/1.1\r\n'), frame('b'))
  await turn()
  assert.ok(!peer.isDestroyed)
  engine.settle('a')
  await turn()
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
  await turn()
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
  await turn()
  assert.deepEqual(peer.writes, [])
  assert.equal(server.connectionCount, 0)
})

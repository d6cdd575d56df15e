/** Many requests of very many partitions at once: they take turns, each connection's in their order, and nobody else ever waits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock, Timer } from '../../src/host/clock.ts'
import { limits } from '../../src/limits.ts'
import { Server } from '../../src/server/server.ts'
import { type FakeConnection, FakeEngine, FakeNetwork, frame } from './fakes.ts'

const perTurn = 4
const largeBytes = Math.ceil((limits.requestBytesAtOnce + 1) / perTurn)

/** What is due comes with the next turn. */
class TurningClock implements Clock {
  #due: (() => void)[] = []

  nowMs(): number {
    return 0
  }

  monotonicMs(): number {
    return 0
  }

  after(delayMs: number, callback: () => void): Timer {
    if (delayMs === 0) this.#due.push(callback)
    return { cancel() {} }
  }

  nextTurn(): void {
    const due = this.#due
    this.#due = []
    for (const callback of due) callback()
  }
}

async function scene(connections: number) {
  const [network, clock, engine] = [new FakeNetwork(), new TurningClock(), new FakeEngine()]
  const server = await Server.listen({ network, clock, host: '127.0.0.1', port: 9092, log: () => {} })
  server.serve(engine)
  const asked = (): string[] => engine.texts.map((text) => text.trimEnd())
  return { clock, engine, asked, peers: Array.from({ length: connections }, () => network.connect()) }
}

function large(name: string): Buffer {
  return frame(name.padEnd(largeBytes))
}

test('beside requests that are done in slices, a share of what has come is taken in each turn, whoever came first', async () => {
  const { clock, engine, asked, peers } = await scene(10)
  engine.isInSlices = true
  for (const [index, peer] of peers.entries()) peer.receive(large(`${index}`))
  const taken = [asked().length]
  for (let turn = 1; turn <= 2; turn += 1) {
    clock.nextTurn()
    taken.push(asked().length)
  }
  assert.deepEqual(taken, [perTurn, 2 * perTurn, peers.length])
  assert.deepEqual(
    asked(),
    peers.map((_, index) => `${index}`)
  )
})

test("a connection's requests keep their order, and its socket is not read while it waits for its turn", async () => {
  const { clock, engine, asked, peers } = await scene(2)
  const [first, second] = peers as [FakeConnection, FakeConnection]
  engine.isInSlices = true
  first.receive(Buffer.concat([...['a', 'b', 'c', 'd', 'e'].map(large), frame('small')]))
  assert.deepEqual([asked(), first.isPaused], [['a', 'b', 'c', 'd'], true])
  second.receive(frame('other'))
  assert.deepEqual([asked().length, second.isPaused], [perTurn, true], 'whoever comes in this turn waits as well')
  clock.nextTurn()
  assert.deepEqual(asked().slice(perTurn), ['e', 'small', 'other'])
  assert.deepEqual([first.isPaused, second.isPaused], [false, false])
})

test('who leaves while it waits for its turn is not waited for', async () => {
  const { clock, engine, asked, peers } = await scene(perTurn + 2)
  engine.isInSlices = true
  for (const [index, peer] of peers.entries()) peer.receive(large(`${index}`))
  peers[perTurn]?.destroy()
  clock.nextTurn()
  assert.deepEqual(asked(), ['0', '1', '2', '3', '5'])
})

test('the broker hears of each connection that ends, once', async () => {
  const { engine, peers } = await scene(3)
  peers[1]?.receive(large('a'))
  const [taken] = engine.taken
  peers[1]?.destroy()
  peers[1]?.destroy()
  assert.deepEqual(engine.left, [taken?.session])
})

test('what is taken in many turns adds up to nothing, and where nothing is done in slices nobody waits', async () => {
  const { clock, engine, asked, peers } = await scene(20)
  for (const peer of peers.slice(0, 10)) peer.receive(large('at once'))
  assert.equal(asked().length, 10)
  engine.isInSlices = true
  for (const peer of peers.slice(10)) {
    peer.receive(large('one by one'))
    clock.nextTurn()
  }
  assert.equal(asked().length, 20)
})

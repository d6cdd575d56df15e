/** A mistake of ours within the server: wherever it comes to light, the broker hears of it, and the process goes on. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { InvariantError } from '../../src/invariant.ts'
import { limits } from '../../src/limits.ts'
import { FrameSplitter } from '../../src/protocol/frame-splitter.ts'
import { Client } from '../../src/server/connection.ts'
import { ServerMemory } from '../../src/server/memory.ts'
import { Server } from '../../src/server/server.ts'
import { type FakeConnection, FakeEngine, FakeNetwork, frame, turn } from './fakes.ts'

interface Scene {
  readonly connection: FakeConnection
  readonly engine: FakeEngine
  readonly clock: ManualClock
}

const mistake = new Error('a mistake')
const throwing = (): never => {
  throw mistake
}

/** Where it is planted, and what brings it to light. */
const places: Readonly<Record<string, (scene: Scene, context: TestContext) => void>> = {
  'what a socket brings': ({ connection }, { mock }) => {
    mock.method(FrameSplitter.prototype, 'push', throwing)
    connection.receive(frame('a'))
  },
  'a socket that takes more again': ({ connection }, { mock }) => {
    mock.method(Client.prototype, 'countUnsentBytes', throwing)
    connection.drain()
  },
  'the end of a socket': ({ connection }, { mock }) => {
    mock.method(ServerMemory.prototype, 'forget', throwing)
    connection.destroy()
  },
  'an answer that comes due': ({ connection, engine }, { mock }) => {
    connection.receive(frame('a'))
    mock.method(ServerMemory.prototype, 'answered', throwing)
    engine.settle(0)
  },
  'the writing of answers': ({ connection, engine }, { mock }) => {
    connection.receive(frame('a'))
    mock.method(connection, 'write', throwing)
    engine.settle(0)
  },
  'the look at idle connections': ({ clock }, { mock }) => {
    mock.method(Client.prototype, 'silentMs', throwing)
    clock.advance(limits.idleCheckMs)
  },
  'the end of a connection that lingers': ({ connection, engine, clock }, { mock }) => {
    connection.unsentBytes = 1
    connection.receive(frame('a'))
    connection.end = () => {}
    engine.settle(0, { kind: 'close', reason: 'it makes no sense' })
    setImmediate(() => {
      mock.method(connection, 'destroy', throwing)
      clock.advance(limits.lingerMs)
    })
  }
}

for (const [where, meet] of Object.entries(places)) {
  test(`a mistake in ${where} is told to the broker, which stops, and to nobody else`, async (context) => {
    const network = new FakeNetwork()
    const engine = new FakeEngine()
    const clock = new ManualClock()
    const server = await Server.listen({ network, clock, host: '127.0.0.1', port: 9092, log: () => {} })
    server.serve(engine)
    meet({ connection: network.connect(), engine, clock }, context)
    await turn()
    await turn()
    assert.equal(engine.mistakes.length, 1, String(engine.mistakes))
    const [told] = engine.mistakes
    assert.ok(told instanceof InvariantError && told.stops === 'broker' && told.cause === mistake, String(told))
  })
}

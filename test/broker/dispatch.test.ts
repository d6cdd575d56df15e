/** What becomes of a request that cannot be answered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { encodeRequest } from '../../src/protocol/frame.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { MetadataRequest } from '../../src/protocol/generated/api/metadata-request.ts'
import type { Message } from '../../src/protocol/message.ts'
import { session, startBroker } from './apis/setup.ts'

function send<Request>(broker: Broker, message: Message<Request>, version: number, body: Request) {
  const frame = Buffer.concat(encodeRequest(7, 'a client', message, version, body)).subarray(4)
  return broker.answer(session, frame)
}

test('a mistake of ours is told with what was asked and where it is, whether it comes at once or later', async () => {
  const broker = await startBroker()
  broker.fetchSessions.enter = () => {
    throw new Error('broken at once')
  }
  const atOnce = await send(broker, FetchRequest, 4, { replicaId: -1, maxWaitMs: 1, minBytes: 1, topics: [] })
  assert.ok(atOnce.kind === 'close')
  assert.match(
    atOnce.reason,
    /^Fetch version 4 of the client "a client" met a mistake of the broker.*: Error: broken at once\n +at /
  )
  broker.metadata.ready = () => Promise.reject(new Error('broken later'))
  const later = await send(broker, MetadataRequest, 1, { topics: [] })
  assert.ok(later.kind === 'close')
  assert.match(later.reason, /^Metadata version 1 .*: Error: broken later\n +at /)
})

test('a body that cannot be read is told by what is wrong with it', async () => {
  const broker = await startBroker()
  const frame = Buffer.concat(encodeRequest(7, 'a client', MetadataRequest, 1, { topics: null })).subarray(4, -1)
  const answer = await broker.answer(session, frame)
  assert.ok(answer.kind === 'close')
  assert.match(answer.reason, /^MetadataRequest, byte \d+: needs 4 bytes, 3 are left$/)
  await broker.stop()
})

/** The brokers that make the logs of new partitions: one that goes holds nobody up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LogMaker, LogMakers } from '../../src/controller/log-makers.ts'

const partitions = {
  topic: 'orders',
  topicId: 'id',
  config: new Map(),
  placed: [{ partitionId: 0, replicas: [1, 2] }]
}

function makerWith(namesSafe: () => Promise<void>): LogMaker {
  const letGo = () => Promise.resolve()
  return { isLettingGo: () => false, letGo, prepare() {}, discard() {}, leave() {}, namesSafe }
}

test('a broker that is killed while its names are made safe is passed over', async () => {
  const makers = new LogMakers()
  makers.attach(
    1,
    makerWith(() => Promise.resolve())
  )
  makers.attach(
    2,
    makerWith(() => new Promise(() => {}))
  )
  let isSafe = false
  const safe = makers.namesSafe([partitions]).then(() => {
    isSafe = true
  })
  await new Promise(setImmediate)
  assert.equal(isSafe, false, 'the other is waited for while it is there')
  makers.detach(2)
  await safe
})

test('what a living broker cannot make safe is refused', async () => {
  const makers = new LogMakers()
  makers.attach(
    1,
    makerWith(() => Promise.reject(new Error('no room')))
  )
  await assert.rejects(makers.namesSafe([partitions]), /no room/)
  await assert.rejects(makers.allSafe(), /no room/)
})

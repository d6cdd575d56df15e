/** Dead letters of share groups (KIP-1191) on a whole broker in memory: which records come to which topic, and what they say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Broker } from '../../../src/broker/broker.ts'
import { FetchRequest } from '../../../src/protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../../src/protocol/generated/api/fetch-response.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'
import { batchOf, clockOf, createTopic, produce } from './records-setup.ts'
import { ask } from './setup.ts'
import { acknowledge, fetch, given, initialize, start } from './share-setup.ts'

const allowed = { 'errors.deadletterqueue.group.enable': 'true' }
const named = { 'errors.deadletterqueue.topic.name': 'dlq.t' }
const copied = { 'errors.deadletterqueue.copy.record.enable': 'true' }

/** What is in partition 0 of the topic: key, value, and what the headers say. */
async function lettersIn(broker: Broker, topic: string): Promise<string[]> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 }]
  const limits = { maxWaitMs: 0, minBytes: 0, maxBytes: 1_000_000, sessionEpoch: -1 }
  const answer = await ask(broker, FetchRequest, FetchResponse, 12, { ...limits, topics: [{ topic, partitions }] })
  const bytes = answer.responses[0]?.partitions[0]?.records ?? Buffer.alloc(0)
  const told: string[] = []
  for (let rest = bytes; rest.length > 0; rest = rest.subarray(12 + rest.readInt32BE(8)))
    for (const { value, headers } of readRecords(rest))
      told.push(`${value} ${headers.map((one) => `${one.key.replace('__dlq.errors.', '')}=${one.value}`).join(' ')}`)
  return told
}

const letter = (value: string, offset: number, count: number, message: string) =>
  `${value} topic=t1 partition=0 offset=${offset} group=g delivery.count=${count} message=${message}`
const rejected = 'Offset rejected by client.'
const exhausted = 'Offset delivery count exceeded the threshold.'

test('what is rejected, and what was delivered too often, comes to the topic, as the group wants it', async () => {
  const broker = await start({ ...named, ...copied, 'share.delivery.count.limit': '2' })
  await createTopic(broker, 'dlq.t', allowed)
  await produce(broker, { records: batchOf(['a', 'b', 'c', 'd']) })
  await given(broker, 0)
  const said = [
    { first: 0, last: 0, type: 3 },
    { first: 1, last: 1, type: 0 },
    { first: 2, last: 2, type: 2 },
    { first: 3, last: 3, type: 1 }
  ]
  assert.equal(await acknowledge(broker, 1, said), 0)
  assert.deepEqual(await lettersIn(broker, 'dlq.t'), [letter('a', 0, 1, rejected)])
  assert.equal((await given(broker, 2)).slice(0, 5), '2-2x2')
  clockOf(broker).advance(31_000)
  assert.deepEqual(await lettersIn(broker, 'dlq.t'), [letter('a', 0, 1, rejected), letter('c', 2, 2, exhausted)])
  const { topicId = '' } =
    broker.image.topicByName('t1') === undefined ? {} : { topicId: broker.image.topicByName('t1')?.id }
  const summary = await broker.shares.persister.summarize({ groupId: 'g', topicId, partition: 0 })
  assert.deepEqual([summary.startOffset, summary.deliveryCompleteCount], [2, 2])
  await broker.stop()
})

test('without copies a letter says only where it comes from', async () => {
  const broker = await start(named)
  await createTopic(broker, 'dlq.t', allowed)
  await produce(broker, { records: batchOf(['a', 'b']) })
  await given(broker, 0)
  await fetch(broker, -1, { said: [{ first: 0, last: 1, type: 3 }] })
  assert.deepEqual(await lettersIn(broker, 'dlq.t'), [letter('null', 0, 1, rejected), letter('null', 1, 1, rejected)])
  await broker.stop()
})

test('a topic that is not there, does not allow it, or is named otherwise gets none, and the group goes on', async () => {
  for (const [name, config] of [
    ['dlq.missing', null],
    ['dlq.other', {}],
    ['letters', allowed]
  ] as const) {
    const lines: string[] = []
    const broker = await start({ 'errors.deadletterqueue.topic.name': name }, { log: (line) => lines.push(line) })
    if (config !== null) await createTopic(broker, name, config)
    for (const value of ['a', 'b']) await produce(broker, { records: batchOf([value]) })
    await given(broker, 0)
    for (const offset of [0, 1])
      assert.equal(await acknowledge(broker, 1 + offset, [{ first: offset, last: offset, type: 3 }]), 0)
    if (config !== null) assert.deepEqual(await lettersIn(broker, name), [])
    assert.equal(lines.filter((line) => line.includes(name)).length, 1, 'it is told once')
    await produce(broker, { records: batchOf(['c']) })
    assert.equal(await given(broker, 3), '2-2x1 c')
    await broker.stop()
  }
})

test('a topic that is missing is made where that is configured', async () => {
  const broker = await start(named, { config: { 'errors.deadletterqueue.auto.create.topics.enable': 'true' } })
  await produce(broker, { records: batchOf(['a']) })
  await given(broker, 0)
  await acknowledge(broker, 1, [{ first: 0, last: 0, type: 3 }])
  assert.deepEqual(await lettersIn(broker, 'dlq.t'), [letter('null', 0, 1, rejected)])
  await broker.stop()
})

test('what a leader had given up and not sent is sent by the next', async () => {
  const broker = await start({ ...named, ...copied })
  await createTopic(broker, 'dlq.t', allowed)
  await produce(broker, { records: batchOf(['a', 'b']) })
  const topicId = broker.image.topicByName('t1')?.id ?? ''
  const key = { groupId: 'g', topicId, partition: 0 }
  const stateBatches = [{ firstOffset: 0, lastOffset: 0, deliveryState: 3, deliveryCount: 5 }]
  const write = { key, stateEpoch: 1, leaderEpoch: 0, startOffset: 0, deliveryCompleteCount: 0, stateBatches }
  assert.equal((await broker.shares.persister.write(write)).errorCode, 0)
  assert.equal((await given(broker, 0)).slice(0, 5), '1-1x1')
  assert.deepEqual(await lettersIn(broker, 'dlq.t'), [letter('a', 0, 5, exhausted)])
  await initialize(broker, 2)
  await broker.stop()
})

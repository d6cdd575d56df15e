/** ShareFetch (78) and ShareAcknowledge (79) on a whole broker in memory: what is given, when the answer comes, and who is told what. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { limits } from '../../../src/limits.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { batchOf, clockOf, idOf, produce } from './records-setup.ts'
import { acknowledge, configure, connectionOf, fetch, fetching, given, initialize, start } from './share-setup.ts'

const { INVALID_REQUEST, INVALID_RECORD_STATE, NOT_LEADER_OR_FOLLOWER, OFFSET_NOT_AVAILABLE } = ErrorCode

test('records go to one member at a time, in whole batches of which others have theirs', async () => {
  const broker = await start()
  for (const values of ['abc', 'de', 'f']) await produce(broker, { records: batchOf([...values]) })
  assert.equal(await given(broker, 0, { maxRecords: 2 }), '0-2x1 abc')
  assert.equal(await given(broker, 0, { memberId: 'b' }), '3-5x1 def')
  assert.equal(await given(broker, 1, { maxWaitMs: 0 }), '')
  assert.equal(await acknowledge(broker, 2, [{ first: 0, last: 2, type: 1 }]), 0)
  assert.equal(await acknowledge(broker, 3, [{ first: 3, last: 3, type: 1 }]), INVALID_RECORD_STATE)
  await broker.stop()
})

test('a fetch that waits is answered by records, by what others give back, and by time', async () => {
  const broker = await start()
  assert.equal(await given(broker, 0, { memberId: 'b', maxWaitMs: 0 }), '')
  await given(broker, 0, { maxWaitMs: 0 })
  const waiting = fetching(broker, 1)
  await setImmediate()
  await produce(broker, { records: batchOf(['a']) })
  assert.ok((await waiting).kind === 'answer')
  const next = given(broker, 1, { memberId: 'b', maxWaitMs: 600_000 })
  assert.equal(await acknowledge(broker, 2, [{ first: 0, last: 0, type: 2 }]), 0)
  assert.equal(await next, '0-0x2 a')
  const last = given(broker, 3, { maxWaitMs: 600_000 })
  clockOf(broker).advance(30_100)
  assert.equal(await last, '0-0x3 a', 'the lock has run out')
  await broker.stop()
})

test('who goes gives back what it holds, said or with its connection', async () => {
  const broker = await start()
  await produce(broker, { records: batchOf(['a', 'b']) })
  const connection = connectionOf(77)
  await given(broker, 0, { memberId: 'b', maxWaitMs: 0, maxRecords: 0 })
  assert.equal(await given(broker, 0, { connection }), '0-1x1 ab')
  broker.disconnected(connection)
  assert.equal(await given(broker, 1, { memberId: 'b' }), '0-1x2 ab')
  assert.equal(await acknowledge(broker, 2, [], 'a'), ErrorCode.SHARE_SESSION_NOT_FOUND)
  await fetch(broker, -1, { memberId: 'b', said: [{ first: 0, last: 0, type: 1 }] })
  assert.equal(await given(broker, 0), '1-1x3 ab')
  await broker.stop()
})

test('a fetch whose connection has ended takes nothing that comes later', async () => {
  const broker = await start()
  await given(broker, 0, { memberId: 'b', maxWaitMs: 0 })
  const connection = connectionOf(77)
  const waiting = fetching(broker, 0, { connection, maxWaitMs: 600_000 })
  await setImmediate()
  broker.disconnected(connection)
  await produce(broker, { records: batchOf(['a']) })
  await waiting
  assert.equal(await given(broker, 1, { memberId: 'b' }), '0-0x1 a')
  await broker.stop()
})

test('a group that nobody reads for any more is forgotten, and read again where it was', async () => {
  const broker = await start()
  await produce(broker, { records: batchOf(['a', 'b']) })
  await given(broker, 0)
  await fetch(broker, -1, { said: [{ first: 0, last: 0, type: 1 }] })
  // Not only once its locks would have run out: its group may be reset meanwhile.
  for (let turns = 0; turns < 100 && broker.sharePartitions.size > 0; turns += 1) await setImmediate()
  assert.equal(broker.sharePartitions.size, 0)
  assert.equal(await given(broker, 0), '1-1x2 ab')
  await broker.stop()
})

test('what was initialized anew ends what is known of it, and the member looks for the leader', async () => {
  const broker = await start()
  await produce(broker, { records: batchOf(['a']) })
  await given(broker, 0)
  await initialize(broker, 2)
  assert.equal(await acknowledge(broker, 1, [{ first: 0, last: 0, type: 1 }]), NOT_LEADER_OR_FOLLOWER)
  assert.equal(await acknowledge(broker, 2, [{ first: 0, last: 0, type: 1 }]), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await given(broker, 3), '0-0x1 a')
  await broker.stop()
})

test('settings that change while members wait hold at once', async () => {
  const broker = await start({ 'share.partition.max.record.locks': '100' })
  await produce(broker, { records: batchOf(Array.from({ length: 100 }, () => 'a')) })
  await produce(broker, { records: batchOf(['b']) })
  await given(broker, 0)
  const waiting = given(broker, 1, { maxWaitMs: 600_000 })
  await setImmediate()
  await configure(broker, { 'share.partition.max.record.locks': '200' })
  assert.equal(await waiting, '100-100x1 b')
  await broker.stop()
})

test('where a group begins: at the end, at the beginning, or with what is as young as it says', async () => {
  const broker = await start({ 'share.auto.offset.reset': 'latest' })
  await produce(broker, { records: batchOf(['a']) })
  assert.equal(await given(broker, 0, { maxWaitMs: 0 }), '')
  await produce(broker, { records: batchOf(['b']) })
  assert.equal(await given(broker, 1), '1-1x1 b')
  await configure(broker, { 'share.auto.offset.reset': 'by_duration:PT1H' })
  await initialize(broker, 2)
  assert.equal(await acknowledge(broker, 2, [{ first: 1, last: 1, type: 1 }]), NOT_LEADER_OR_FOLLOWER)
  assert.equal(await given(broker, 3), '0-1x1 ab')
  await initialize(broker, 3)
  // What runs out cannot be written any more.
  clockOf(broker).advance(2 * 3_600_000)
  await setImmediate()
  assert.equal(await given(broker, 4), `error ${OFFSET_NOT_AVAILABLE} of the partition`)
  await broker.stop()
})

test('renewing asks for nothing else, and keeps what is held', async () => {
  const broker = await start()
  await produce(broker, { records: batchOf(['a']) })
  await given(broker, 0)
  const renewing = { isRenewAck: true, said: [{ first: 0, last: 0, type: 4 }] }
  assert.equal(await given(broker, 1, renewing), `error ${INVALID_REQUEST}`)
  clockOf(broker).advance(20_000)
  const nothing = { maxWaitMs: 0, minBytes: 0, maxBytes: 0, maxRecords: 0 }
  assert.equal(await given(broker, 1, { ...renewing, ...nothing }), '')
  clockOf(broker).advance(20_000)
  assert.equal(await acknowledge(broker, 2, [{ first: 0, last: 0, type: 1 }]), 0)
  await broker.stop()
})

test('a broker that stops lets those go who wait', async () => {
  const broker = await start()
  await given(broker, 0, { maxWaitMs: 0 })
  const waiting = fetching(broker, 1, { maxWaitMs: 600_000 })
  await setImmediate()
  await broker.stop()
  assert.equal((await waiting).kind, 'answer')
})

test('a session that is opened behind a connection that was held ends with it, which has gone meanwhile', async () => {
  const broker = await start()
  await produce(broker, { records: batchOf(['a']) })
  const connection = connectionOf(77)
  let release = (): void => {}
  const until = new Promise<void>((resolve) => {
    release = resolve
  })
  broker.heldSessions.hold(connection, until)
  const opening = fetching(broker, 0, { connection })
  broker.disconnected(connection)
  release()
  await opening
  await setImmediate()
  assert.equal(broker.sharePartitions.sessions.size, 0)
  assert.match(await given(broker, 0, { memberId: 'b' }), /^0-0x\d a$/)
  await broker.stop()
})

test('a group whose last session goes while its partition is opened is forgotten all the same', async () => {
  const broker = await start()
  const connection = connectionOf(77)
  const opening = fetching(broker, 0, { connection, maxWaitMs: 0 })
  broker.disconnected(connection)
  await opening
  for (let turns = 0; turns < 100 && broker.sharePartitions.size > 0; turns += 1) await setImmediate()
  assert.equal(broker.sharePartitions.size, 0)
  await broker.stop()
})

test('a group whose last session is ended by a refusal is forgotten, once what its member holds is free', async () => {
  const broker = await start()
  await produce(broker, { records: batchOf(['a']) })
  assert.equal(await given(broker, 0), '0-0x1 a')
  const tooMany = Array.from({ length: limits.shareSessionPartitions + 1 }, (_, partitionIndex) => ({
    ...{ partitionIndex, acknowledgementBatches: [] }
  }))
  const topics = [{ topicId: idOf(broker, 't1'), partitions: tooMany }]
  const refused = `error ${ErrorCode.SHARE_SESSION_LIMIT_REACHED}`
  assert.equal(await given(broker, 0, { topics }), refused)
  assert.equal(await given(broker, 0, { memberId: 'b', maxWaitMs: 0 }), '', 'it may come again')
  assert.equal(await given(broker, 0), '', 'and holds it still')
  assert.equal(await acknowledge(broker, 1, [{ first: 0, last: 0, type: 1 }]), 0)
  await fetch(broker, -1, { memberId: 'b' })
  assert.equal(await given(broker, 0, { topics }), refused)
  for (let turns = 0; turns < 100 && broker.sharePartitions.size > 0; turns += 1) await setImmediate()
  assert.equal(broker.sharePartitions.size, 0)
  await broker.stop()
})

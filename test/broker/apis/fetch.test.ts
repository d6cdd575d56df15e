/** Fetch (1) on a whole broker in memory: what is read, what is told instead, and when the answer comes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../../src/broker/broker.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { DeleteRecordsRequest } from '../../../src/protocol/generated/api/delete-records-request.ts'
import { DeleteRecordsResponse } from '../../../src/protocol/generated/api/delete-records-response.ts'
import { DeleteTopicsRequest } from '../../../src/protocol/generated/api/delete-topics-request.ts'
import { DeleteTopicsResponse } from '../../../src/protocol/generated/api/delete-topics-response.ts'
import { FetchRequest } from '../../../src/protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../../src/protocol/generated/api/fetch-response.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { Compression } from '../../../src/protocol/records/compression/codec.ts'
import { ControlRecordType, controlKey, endTransactionMarker } from '../../../src/protocol/records/control-records.ts'
import { batchOf, clockOf, createTopic, idOf, produce, startOfTimeMs, valuesIn } from './records-setup.ts'
import { ask, startBroker } from './setup.ts'

interface Asked {
  readonly topic?: string
  readonly topicId?: string
  readonly partition?: number
  readonly offset?: number
  readonly maxBytes?: number
  readonly leaderEpoch?: number
  readonly lastFetchedEpoch?: number
}

interface How extends Omit<Partial<FetchRequest>, 'topics'> {
  readonly version?: number
}

async function start(): Promise<Broker> {
  const broker = await startBroker()
  await createTopic(broker, 't1')
  return broker
}

function fetch(broker: Broker, asked: readonly Asked[], { version = 12, ...how }: How = {}) {
  const topics = asked.map(({ topic = 't1', topicId, ...of }) => {
    const named = version >= 13 ? { topicId: topicId ?? idOf(broker, topic) } : { topic }
    const epochs = { currentLeaderEpoch: of.leaderEpoch ?? -1, lastFetchedEpoch: of.lastFetchedEpoch ?? -1 }
    const { partition = 0, offset = 0, maxBytes = 1_000_000 } = of
    return { ...named, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: maxBytes, ...epochs }] }
  })
  const waiting = { maxWaitMs: 0, minBytes: 1, maxBytes: 1_000_000, sessionEpoch: -1 }
  return ask(broker, FetchRequest, FetchResponse, version, { ...waiting, ...how, topics })
}

/** The answer for the only partition that was asked for. */
async function fetchOne(broker: Broker, asked: Asked, how: How = {}) {
  const { responses } = await fetch(broker, [asked], how)
  const [answer] = responses[0]?.partitions ?? []
  assert.ok(answer !== undefined)
  return { ...answer, values: valuesIn(answer.records ?? Buffer.alloc(0)) }
}

/** True when the promise has settled once everything that is ready has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  promise.then(() => {
    settled = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

for (let version = 4; version <= 18; version++) {
  test(`Fetch ${version} gives the records from the batch that holds the offset, and where the log stands`, async () => {
    const broker = await start()
    await produce(broker, { records: batchOf(['a']) })
    await produce(broker, { records: batchOf(['b', 'c']) })
    await produce(broker, { records: batchOf(['d']) })
    const answer = await fetchOne(broker, { offset: 2 }, { version })
    assert.deepEqual(answer.values, ['b', 'c', 'd'])
    assert.deepEqual([answer.errorCode, answer.highWatermark, answer.lastStableOffset], [0, 4, 4])
    assert.equal(answer.logStartOffset, version >= 5 ? 0 : -1)
    await broker.stop()
  })

  test(`Fetch ${version} says that there is no such topic, by ${version >= 13 ? 'its id' : 'its name'}`, async () => {
    const broker = await start()
    const absent = await fetchOne(broker, { topic: 'none', topicId: 'absentTopicIdAAAAAAAAA' }, { version })
    const unknown = version >= 13 ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert.deepEqual([absent.errorCode, absent.highWatermark], [unknown, -1])
    const noPartition = await fetchOne(broker, { partition: 9 }, { version })
    assert.equal(noPartition.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    await broker.stop()
  })
}

test('an offset before the start of the log or after its end is out of range; at the end there is nothing yet', async () => {
  const broker = await start()
  await produce(broker, { records: batchOf(['a']) })
  await produce(broker, { records: batchOf(['b']) })
  const trim = { topics: [{ name: 't1', partitions: [{ partitionIndex: 0, offset: 1 }] }], timeoutMs: 1 }
  await ask(broker, DeleteRecordsRequest, DeleteRecordsResponse, 2, trim)
  for (const offset of [-1, 0, 3]) {
    const { errorCode, highWatermark } = await fetchOne(broker, { offset }, { maxWaitMs: 1000 })
    assert.deepEqual([errorCode, highWatermark], [ErrorCode.OFFSET_OUT_OF_RANGE, -1])
  }
  assert.deepEqual((await fetchOne(broker, { offset: 1 })).values, ['b'])
  const end = await fetchOne(broker, { offset: 2 })
  assert.deepEqual([end.errorCode, end.values, end.highWatermark, end.logStartOffset], [0, [], 2, 1])
  await broker.stop()
})

test('a client that knows another leader epoch is told which of the two is behind', async () => {
  const broker = await start()
  const ahead = await fetchOne(broker, { leaderEpoch: 1 })
  assert.equal(ahead.errorCode, ErrorCode.UNKNOWN_LEADER_EPOCH)
  assert.equal((await fetchOne(broker, { leaderEpoch: 0 })).errorCode, ErrorCode.NONE)
  await broker.stop()
})

test('a first batch is given whole whatever the limits are, once in an answer (KIP-74)', async () => {
  const broker = await start()
  const big = batchOf(['x'.repeat(5000)])
  for (const partition of [0, 0, 1]) await produce(broker, { records: big, partition })
  const small = await fetch(
    broker,
    [
      { partition: 0, maxBytes: 10 },
      { partition: 1, maxBytes: 10 }
    ],
    { maxBytes: 10 }
  )
  const sizes = small.responses.flatMap(({ partitions }) => partitions.map(({ records }) => records?.length))
  assert.deepEqual(sizes, [big.length, 0])
  await broker.stop()
})

test('an answer holds no more than the limits of the request and of each partition, in whole batches', async () => {
  const broker = await start()
  const records = batchOf(['x'.repeat(1000)])
  for (const partition of [0, 0, 0, 1, 1]) await produce(broker, { records, partition })
  const maxBytes = records.length * 2 + 5
  const asked = [{ partition: 0, maxBytes }, { partition: 1 }]
  const sizesOf = async (totalBytes: number) =>
    (await fetch(broker, asked, { maxBytes: totalBytes })).responses.flatMap(({ partitions }) =>
      partitions.map(({ records: given }) => (given?.length ?? 0) / records.length)
    )
  assert.deepEqual(await sizesOf(1_000_000), [2, 2])
  assert.deepEqual(await sizesOf(records.length * 3 + 5), [2, 1])
  await broker.stop()
})

test('a fetch waits for its bytes and wakes when they come, in whichever partition', async () => {
  const broker = await start()
  const records = batchOf(['a'])
  const asked = [{ partition: 0 }, { partition: 1 }]
  const waiting = fetch(broker, asked, { maxWaitMs: 1000, minBytes: records.length + 1 })
  assert.equal(await isSettled(waiting), false)
  await produce(broker, { records, partition: 1 })
  assert.equal(await isSettled(waiting), false)
  await produce(broker, { records, partition: 0 })
  const { responses } = await waiting
  const values = responses.flatMap(({ partitions }) =>
    partitions.map((given) => valuesIn(given.records ?? Buffer.alloc(0)))
  )
  assert.deepEqual(values, [['a'], ['a']])
  await broker.stop()
})

test('what is there already counts towards the least that is wanted', async () => {
  const broker = await start()
  const records = batchOf(['a'])
  await produce(broker, { records })
  const waiting = fetchOne(broker, {}, { maxWaitMs: 1000, minBytes: records.length + 1 })
  assert.equal(await isSettled(waiting), false)
  await produce(broker, { records })
  assert.deepEqual((await waiting).values, ['a', 'a'])
  await broker.stop()
})

test('a fetch that waits in vain is answered with nothing when its time is over', async () => {
  const broker = await start()
  const waiting = fetchOne(broker, {}, { maxWaitMs: 500 })
  clockOf(broker).advance(499)
  assert.equal(await isSettled(waiting), false)
  clockOf(broker).advance(1)
  const answer = await waiting
  assert.deepEqual([answer.errorCode, answer.values], [0, []])
  await broker.stop()
})

test('an error in one partition is told at once, with the records of the others', async () => {
  const broker = await start()
  await produce(broker, { records: batchOf(['a']) })
  const asked = [{ partition: 0 }, { partition: 7 }]
  const { responses } = await fetch(broker, asked, { maxWaitMs: 1000, minBytes: 100_000 })
  const partitions = responses.flatMap((topic) => topic.partitions)
  assert.deepEqual(
    partitions.map(({ errorCode, records }) => [errorCode, valuesIn(records ?? Buffer.alloc(0))]),
    [
      [0, ['a']],
      [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, []]
    ]
  )
  await broker.stop()
})

test('a fetch that waits on a topic is told when the topic is deleted', async () => {
  const broker = await start()
  const waiting = fetchOne(broker, {}, { maxWaitMs: 60_000 })
  await deleteTopic(broker)
  assert.equal((await waiting).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  await broker.stop()
})

async function deleteTopic(broker: Broker): Promise<void> {
  const deletion = { topicNames: ['t1'], topics: [], timeoutMs: 1000 }
  const { responses } = await ask(broker, DeleteTopicsRequest, DeleteTopicsResponse, 5, deletion)
  assert.equal(responses[0]?.errorCode, ErrorCode.NONE)
}

test('a replica that is no consumer is told that nobody follows here', async () => {
  const broker = await start()
  const asPeer = await fetchOne(broker, {}, { version: 12, replicaId: 3 })
  const asNewPeer = await fetchOne(broker, {}, { version: 16, replicaState: { replicaId: 3 } })
  const { NOT_LEADER_OR_FOLLOWER } = ErrorCode
  assert.deepEqual([asPeer.errorCode, asNewPeer.errorCode], [NOT_LEADER_OR_FOLLOWER, NOT_LEADER_OR_FOLLOWER])
  await broker.stop()
})

test('read_committed stops before an open transaction, and is told of those that were aborted', async () => {
  const broker = await start()
  const inTransaction = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true }
  await produce(broker, { records: batchOf(['plain']) })
  const replica = broker.replica('t1', 0)
  // As a Kafka with transactions may have left it.
  assert.ok(replica?.append(batchOf(['open'], inTransaction), 'client').ok)
  await produce(broker, { records: batchOf(['after']) })
  const committed = { isolationLevel: 1 }
  const during = await fetchOne(broker, {}, committed)
  assert.deepEqual([during.values, during.highWatermark, during.lastStableOffset], [['plain'], 3, 1])
  assert.deepEqual(during.abortedTransactions, [])
  const uncommitted = await fetchOne(broker, {})
  assert.deepEqual([uncommitted.values, uncommitted.abortedTransactions], [['plain', 'open', 'after'], null])

  const marker = {
    timestamp: startOfTimeMs,
    key: controlKey(ControlRecordType.abort),
    value: Buffer.alloc(6),
    headers: []
  }
  const ending = buildBatch({
    producerId: 7,
    producerEpoch: 0,
    isTransactional: true,
    isControl: true,
    records: [marker]
  })
  const appended = replica?.append(ending, 'coordinator')
  assert.ok(appended?.ok)
  await replica?.log.durable(appended.lastOffset + 1)
  const after = await fetchOne(broker, {}, committed)
  assert.deepEqual([after.lastStableOffset, after.abortedTransactions], [4, [{ producerId: 7, firstOffset: 1 }]])
  await broker.stop()
})

test('a fetch of what is stable does not wake for what an open transaction holds back, and does for its end', async () => {
  const broker = await start()
  const producer = { producerId: 7, producerEpoch: 0 }
  const inTransaction = { ...producer, baseSequence: 0, isTransactional: true }
  const replica = broker.replica('t1', 0)
  assert.ok(replica?.append(batchOf(['open'], inTransaction), 'client').ok)
  const waiting = fetchOne(broker, {}, { isolationLevel: 1, maxWaitMs: 1000, minBytes: 1 })
  await produce(broker, { records: batchOf(['after']) })
  assert.equal(await isSettled(waiting), false)
  const marker = { ...producer, coordinatorEpoch: 0, outcome: 'commit', timestampMs: startOfTimeMs } as const
  assert.ok(replica.append(endTransactionMarker(marker), 'coordinator').ok)
  assert.deepEqual((await waiting).values.slice(0, 2), ['open', 'after'])
  const next = fetchOne(broker, { offset: 3 }, { isolationLevel: 1, maxWaitMs: 1000, minBytes: 1 })
  assert.equal(await isSettled(next), false)
  await produce(broker, { records: batchOf(['more']) })
  assert.deepEqual((await next).values, ['more'])
  await broker.stop()
})

test('in a session only what has changed is answered, and a fetch with no news waits', async () => {
  const broker = await start()
  await produce(broker, { records: batchOf(['a']) })
  const full = await fetch(broker, [{ partition: 0 }, { partition: 1 }], { sessionEpoch: 0 })
  assert.notEqual(full.sessionId, 0)
  assert.equal(full.responses.flatMap(({ partitions }) => partitions).length, 2)
  const { sessionId } = full
  const quiet = await fetch(broker, [{ partition: 0, offset: 1 }], { sessionId, sessionEpoch: 1 })
  assert.deepEqual([quiet.errorCode, quiet.sessionId, quiet.responses], [0, sessionId, []])

  const waiting = fetch(broker, [], { sessionId, sessionEpoch: 2, maxWaitMs: 1000 })
  assert.equal(await isSettled(waiting), false, 'there is nothing new, so it waits')
  await produce(broker, { records: batchOf(['b']), partition: 1 })
  const news = (await waiting).responses.flatMap(({ partitions }) => partitions)
  assert.deepEqual(
    news.map(({ partitionIndex, records }) => [partitionIndex, valuesIn(records ?? Buffer.alloc(0))]),
    [[1, ['b']]]
  )
  await broker.stop()
})

test('a session is told of a new log start offset even when there are no records, and of an error each time', async () => {
  const broker = await start()
  await produce(broker, { records: batchOf(['a']) })
  const { sessionId } = await fetch(broker, [{ offset: 1 }], { sessionEpoch: 0 })
  const trim = { topics: [{ name: 't1', partitions: [{ partitionIndex: 0, offset: 1 }] }], timeoutMs: 1 }
  await ask(broker, DeleteRecordsRequest, DeleteRecordsResponse, 2, trim)
  const trimmed = await fetch(broker, [], { sessionId, sessionEpoch: 1 })
  assert.equal(trimmed.responses[0]?.partitions[0]?.logStartOffset, 1)
  for (const sessionEpoch of [2, 3]) {
    const failed = await fetch(broker, [{ offset: 9 }], { sessionId, sessionEpoch })
    assert.equal(failed.responses[0]?.partitions[0]?.errorCode, ErrorCode.OFFSET_OUT_OF_RANGE)
  }
  const healed = await fetch(broker, [{ offset: 1 }], { sessionId, sessionEpoch: 4 })
  assert.equal(healed.responses[0]?.partitions[0]?.errorCode, ErrorCode.NONE)
  await broker.stop()
})

test('a session that is not known, or not at this epoch, is refused as a whole', async () => {
  const broker = await start()
  const unknown = await fetch(broker, [], { sessionId: 5, sessionEpoch: 1 })
  assert.deepEqual([unknown.errorCode, unknown.responses], [ErrorCode.FETCH_SESSION_ID_NOT_FOUND, []])
  const { sessionId } = await fetch(broker, [{}], { sessionEpoch: 0 })
  const early = await fetch(broker, [], { sessionId, sessionEpoch: 2 })
  assert.equal(early.errorCode, ErrorCode.INVALID_FETCH_SESSION_EPOCH)
  const named = await fetch(broker, [], { sessionId, sessionEpoch: 1, version: 13 })
  assert.equal(named.errorCode, ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)
  await broker.stop()
})

test('a session by ids does not read from another topic that has taken the name', async () => {
  const broker = await start()
  const older = idOf(broker, 't1')
  const { sessionId } = await fetch(broker, [{}], { sessionEpoch: 0, version: 13 })
  await deleteTopic(broker)
  await createTopic(broker, 't1')
  await produce(broker, { records: batchOf(['new']) })
  const both = await fetch(broker, [{}], { sessionId, sessionEpoch: 1, version: 13 })
  const answers = both.responses.map(({ topicId, partitions }) => [
    ...[topicId, partitions[0]?.errorCode, valuesIn(partitions[0]?.records ?? Buffer.alloc(0))]
  ])
  assert.deepEqual(answers, [
    [older, ErrorCode.INCONSISTENT_TOPIC_ID, []],
    [idOf(broker, 't1'), 0, ['new']]
  ])
  await broker.stop()
})

test('a batch that its producer has packed in zstd is given to any client', async () => {
  const broker = await start()
  await produce(broker, { records: batchOf(['a'], { compression: Compression.zstd }) })
  assert.deepEqual((await fetchOne(broker, {}, { version: 4 })).values, ['a'])
  await broker.stop()
})

/** Produce (0) on a whole broker in memory: what each number of acks means, and what is refused in which order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../../src/broker/broker.ts'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { encodeRequest } from '../../../src/protocol/frame.ts'
import { ProduceRequest } from '../../../src/protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../../src/protocol/generated/api/produce-response.ts'
import { sealCrc } from '../../../src/protocol/records/batch.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { Compression } from '../../../src/protocol/records/compression/codec.ts'
import { batchOf, createTopic, idOf, type Produced, produce, producing, startOfTimeMs } from './records-setup.ts'
import { ask, startBroker } from './setup.ts'

/** Behind the CRC, as Kafka's record batches have it. */
const attributesPosition = 21

const session = { id: 1, clientHost: '/127.0.0.1', listener: { host: 'localhost', port: 9092 } }

async function start(config: Readonly<Record<string, string>> = {}): Promise<Broker> {
  const broker = await startBroker()
  await createTopic(broker, 't1', config)
  return broker
}

/** What the broker does with a request, before it is bytes. */
function send(broker: Broker, produced: Produced, clientId = 'client') {
  const frame = Buffer.concat(encodeRequest(7, clientId, ProduceRequest, 12, producing(12, produced))).subarray(4)
  return broker.answer(session, frame)
}

const endOf = (broker: Broker, topic = 't1') => broker.replica(topic, 0)?.log.logEndOffset

for (let version = 3; version <= 13; version++) {
  test(`Produce ${version} tells the first offset of the batch, and that a topic is unknown`, async () => {
    const broker = await start()
    await produce(broker, { records: batchOf(['a', 'b']) }, version)
    const answer = await produce(broker, { records: batchOf(['c']) }, version)
    assert.deepEqual([answer.errorCode, answer.baseOffset, answer.logAppendTimeMs], [0, 2, -1])
    assert.equal(answer.logStartOffset, version >= 5 ? 0 : -1)
    const absent = { records: batchOf(['a']), topic: 'none', topicId: 'absentTopicIdAAAAAAAAA' }
    const unknown = version >= 13 ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert.equal((await produce(broker, absent, version)).errorCode, unknown)
    const noPartition = await produce(broker, { records: batchOf(['a']), partition: 9 }, version)
    assert.equal(noPartition.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    await broker.stop()
  })
}

test('a topic that keeps its own times tells the time of the append', async () => {
  const broker = await start({ 'message.timestamp.type': 'LogAppendTime' })
  const { logAppendTimeMs } = await produce(broker, { records: batchOf(['a']) })
  assert.equal(logAppendTimeMs, startOfTimeMs)
  await broker.stop()
})

test('acks=0 is not answered; when it fails the connection ends, the only way to tell', async () => {
  const broker = await start()
  assert.deepEqual(await send(broker, { records: batchOf(['a']), acks: 0 }), { kind: 'none' })
  assert.equal(endOf(broker), 1)
  const failed = await send(broker, { records: batchOf(['a']), acks: 0, topic: 'none' })
  assert.equal(failed.kind, 'close')
  await broker.stop()
})

test('acks=1 is answered when the batch is written, acks=all when it is durable; their order is that of the requests', async () => {
  const broker = await start()
  const written = send(broker, { records: batchOf(['a']), acks: 1 })
  const durable = send(broker, { records: batchOf(['b']), acks: -1 })
  assert.equal(endOf(broker), 2)
  assert.equal((await written).kind, 'answer')
  assert.equal((await durable).kind, 'answer')
  assert.equal(broker.replica('t1', 0)?.highWatermark, 2)
  await broker.stop()
})

test('what comes in one turn and does not fit on the disk is refused as one, whatever the acks, and the next is taken', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker({}, disk)
  await createTopic(broker, 't1')
  assert.equal((await produce(broker, { records: batchOf(['before']) })).baseOffset, 0)
  disk.freeBytes = 100
  const refused = [1, -1, 0, 1].map((acks) => send(broker, { records: batchOf(['lost']), acks }))
  const kinds = (await Promise.all(refused)).map(({ kind }) => kind)
  assert.deepEqual(kinds, ['answer', 'answer', 'close', 'answer'])
  assert.equal(endOf(broker), 1)
  disk.freeBytes = 0
  assert.equal(
    (await produce(broker, { records: batchOf(['lost']), acks: 1 })).errorCode,
    ErrorCode.KAFKA_STORAGE_ERROR
  )
  disk.freeBytes = Infinity
  assert.equal((await produce(broker, { records: batchOf(['after']) })).baseOffset, 1)
  assert.equal(broker.replica('t1', 0)?.highWatermark, 2)
  await broker.stop()
})

test('one partition that is refused does not hold back the others of the request', async () => {
  const broker = await start()
  const [topic] = producing(12, { records: batchOf(['a']) }).topicData
  assert.ok(topic !== undefined)
  const partitionData = [9, 0].map((index) => ({ index, records: batchOf(['a']) }))
  const request = { acks: -1, timeoutMs: 1, topicData: [{ ...topic, partitionData }] }
  const { responses } = await ask(broker, ProduceRequest, ProduceResponse, 12, request)
  const answers = responses[0]?.partitionResponses.map(({ index, errorCode }) => [index, errorCode])
  assert.deepEqual(answers, [
    [9, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    [0, ErrorCode.NONE]
  ])
  await broker.stop()
})

test('no records, none that are whole, and none with a right checksum: each is refused, and nothing is written', async () => {
  const broker = await start()
  const broken = batchOf(['a'])
  broken.writeUInt8(broken.readUInt8(65) ^ 1, 65)
  const errors: number[] = []
  for (const records of [null, Buffer.alloc(0), batchOf(['a']).subarray(0, 50), broken])
    errors.push((await produce(broker, { records })).errorCode)
  const { INVALID_RECORD, CORRUPT_MESSAGE } = ErrorCode
  assert.deepEqual(errors, [INVALID_RECORD, INVALID_RECORD, INVALID_RECORD, CORRUPT_MESSAGE])
  assert.equal(endOf(broker), 0)
  await broker.stop()
})

test('a partition of one replica is not asked for more in-sync replicas than that', async () => {
  const broker = await start({ 'min.insync.replicas': '2' })
  assert.equal((await produce(broker, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  assert.equal(endOf(broker), 1)
  await broker.stop()
})

test('a batch of a transaction that nobody began is refused: nobody would end it', async () => {
  const broker = await start()
  const records = batchOf(['open'], { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true })
  const { errorCode } = await produce(broker, { records })
  assert.equal(errorCode, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
  assert.equal(endOf(broker), 0)
  await broker.stop()
})

test('a refused batch says which of its records are at fault, from version 8 on', async () => {
  const broker = await start({ 'cleanup.policy': 'compact' })
  const record = (key: string | null) => ({
    timestamp: startOfTimeMs,
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from('v'),
    headers: []
  })
  const records = () => buildBatch({ records: [record('a'), record(null), record('c'), record(null)] })
  const message = 'Compacted topic cannot accept message without key in topic partition t1-0'
  const answer = await produce(broker, { records: records() }, 8)
  assert.equal(answer.errorCode, ErrorCode.INVALID_RECORD)
  assert.deepEqual(
    answer.recordErrors,
    [1, 3].map((batchIndex) => ({ batchIndex, batchIndexErrorMessage: message }))
  )
  const shown = [1, 3].map((index) => `RecordError(batchIndex=${index}, message='${message}')`).join(', ')
  assert.equal(
    answer.errorMessage,
    `One or more records have been rejected due to 2 record errors in total, and only showing the first three errors at most: [${shown}]`
  )
  const older = await produce(broker, { records: records() }, 7)
  assert.deepEqual([older.errorCode, older.recordErrors], [ErrorCode.INVALID_RECORD, []])
  assert.equal(endOf(broker), 0)
  await broker.stop()
})

test('a batch that cannot be read is refused with what is wrong with it, from version 8 on', async () => {
  const broker = await start()
  const changed = (position: number, change: (byte: number) => number) => {
    const records = batchOf(['a'])
    records.writeUInt8(change(records.readUInt8(position)), position)
    return records
  }
  const noSuchCompression = batchOf(['a'])
  noSuchCompression.writeInt16BE(5, attributesPosition)
  sealCrc(noSuchCompression, 0, noSuchCompression.length)
  const unreadable: readonly (readonly [Buffer, ErrorCode, string])[] = [
    [changed(65, (byte) => byte ^ 1), ErrorCode.CORRUPT_MESSAGE, 'The record batch does not match its CRC.'],
    [changed(16, () => 9), ErrorCode.CORRUPT_MESSAGE, 'There is no record batch of magic 9.'],
    [noSuchCompression, ErrorCode.UNKNOWN_SERVER_ERROR, 'There is no compression type 5.']
  ]
  for (const [records, error, message] of unreadable) {
    const { errorCode, errorMessage } = await produce(broker, { records }, 8)
    assert.deepEqual([errorCode, errorMessage], [error, message])
  }
  assert.equal(endOf(broker), 0)
  await broker.stop()
})

test('of a partition that is named more than once the last batch counts, and it is answered once', async () => {
  const broker = await start()
  const partition = (index: number, value: string) => ({ index, records: batchOf([value, value]) })
  const topicData = [
    { name: 't1', partitionData: [partition(0, 'first'), partition(1, 'other'), partition(0, 'second')] },
    { name: 't1', partitionData: [partition(0, 'last')] }
  ]
  const body = { acks: -1, timeoutMs: 1000, topicData }
  const { responses } = await ask(broker, ProduceRequest, ProduceResponse, 9, body)
  assert.deepEqual(
    responses.map(({ partitionResponses }) =>
      partitionResponses.map(({ index, baseOffset, errorCode }) => [index, baseOffset, errorCode])
    ),
    [
      [
        [0, 0, 0],
        [1, 0, 0]
      ]
    ]
  )
  assert.equal(endOf(broker), 2)
  const read = broker.replica('t1', 0)?.log.read(0, { maxBytes: 1000, upTo: 2, atLeastOneBatch: 'yes' })
  assert.ok(read !== undefined && 'chunks' in read && Buffer.concat(read.chunks).includes('last'))
  await broker.stop()
})

test('what is not there is told before anything else is looked at', async () => {
  const broker = await start()
  const absent = { records: batchOf(['a']), topic: 'none', acks: 5 }
  assert.equal((await produce(broker, absent)).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  const wrongAcks = await produce(broker, { records: batchOf(['a']), acks: 5 })
  assert.equal(wrongAcks.errorCode, ErrorCode.INVALID_REQUIRED_ACKS)
  await broker.stop()
})

test('the topics of the broker itself are closed to all but its own admin client', async () => {
  const broker = await start()
  assert.ok(await broker.ensureGroupCoordinators())
  const topic = '__consumer_offsets'
  const before = endOf(broker, topic)
  const record = { timestamp: startOfTimeMs, key: Buffer.from('k'), value: null, headers: [] }
  const records = buildBatch({ records: [record] })
  const refused = await produce(broker, { records, topic })
  assert.equal(refused.errorCode, ErrorCode.INVALID_TOPIC_EXCEPTION)
  assert.equal(endOf(broker, topic), before)
  await send(broker, { records, topic }, '__admin_client')
  assert.equal(endOf(broker, topic), (before ?? 0) + 1)
  await broker.stop()
})

test("an idempotent producer's retry is answered with its first offset, also when it is sent beside the original", async () => {
  const broker = await start()
  const from = (baseSequence: number) =>
    batchOf(['x', 'y'], { producerId: 3, producerEpoch: 0, baseSequence: baseSequence * 2 })
  const twice = [0, 0, 1, 0].map((sequence) => produce(broker, { records: from(sequence) }))
  const answers = (await Promise.all(twice)).map(({ errorCode, baseOffset }) => [errorCode, baseOffset])
  assert.deepEqual(answers, [
    [0, 0],
    [0, 0],
    [0, 2],
    [0, 0]
  ])
  const gap = await produce(broker, { records: from(3) })
  assert.equal(gap.errorCode, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
  assert.equal(endOf(broker), 4)
  await broker.stop()
})

test('ids and names go together: version 13 finds the topic by its id alone', async () => {
  const broker = await start()
  const answer = await produce(broker, { records: batchOf(['a']), topicId: idOf(broker, 't1') }, 13)
  assert.equal(answer.errorCode, ErrorCode.NONE)
  await broker.stop()
})

test('a batch that could not be synced is not acknowledged and never readable, and no other is taken after it', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker({}, disk)
  await createTopic(broker, 't1')
  assert.equal((await produce(broker, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  disk.failSyncs()
  const unsafe = await produce(broker, { records: batchOf(['b']) })
  assert.deepEqual([unsafe.errorCode, unsafe.baseOffset], [ErrorCode.KAFKA_STORAGE_ERROR, -1])
  assert.equal(broker.replica('t1', 0)?.highWatermark, 1)
  assert.equal((await produce(broker, { records: batchOf(['c']) })).errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
  assert.equal(broker.replica('t1', 0)?.highWatermark, 1)
})

test('a client of before version 7 may not send zstd, whatever else is wrong with the request', async () => {
  const broker = await start()
  const records = batchOf(['a'], { compression: Compression.zstd })
  const { UNSUPPORTED_COMPRESSION_TYPE, NONE } = ErrorCode
  for (const acks of [-1, 5]) {
    assert.equal((await produce(broker, { records, acks }, 6)).errorCode, UNSUPPORTED_COMPRESSION_TYPE)
  }
  const twoBatches = Buffer.concat([records, records])
  assert.equal((await produce(broker, { records: twoBatches }, 3)).errorCode, UNSUPPORTED_COMPRESSION_TYPE)
  const cutShort = records.subarray(0, -1)
  assert.equal((await produce(broker, { records: cutShort }, 6)).errorCode, ErrorCode.INVALID_RECORD)
  const gzip = batchOf(['a'], { compression: Compression.gzip })
  assert.equal((await produce(broker, { records: gzip }, 6)).errorCode, NONE)
  assert.equal((await produce(broker, { records }, 7)).errorCode, NONE)
  assert.equal(endOf(broker), 2)
  await broker.stop()
})

/** Produce and Fetch on a whole broker in memory. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../../src/broker/broker.ts'
import { DiskError, type DiskFile } from '../../../src/host/disk.ts'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { FetchRequest } from '../../../src/protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../../src/protocol/generated/api/fetch-response.ts'
import { ProduceRequest } from '../../../src/protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../../src/protocol/generated/api/produce-response.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'
import { ask, startBroker } from './setup.ts'

function batch(values: readonly string[], more: Partial<Parameters<typeof buildBatch>[0]> = {}): Buffer {
  const records = values.map((value) => ({
    timestamp: 1_700_000_000_000,
    key: null,
    value: Buffer.from(value),
    headers: []
  }))
  return buildBatch({ records, ...more })
}

async function brokerWith(
  topic: string,
  config: Readonly<Record<string, string>> = {},
  disk = new MemoryDisk(),
  log: (line: string) => void = () => {}
): Promise<Broker> {
  const broker = await startBroker({}, disk, { log })
  const wanted = {
    name: topic,
    partitions: 1,
    replicationFactor: 1,
    assignments: [],
    config: new Map(Object.entries(config))
  }
  await broker.controller.ask((controller) => controller.createTopics([wanted]))
  return broker
}

async function produce(
  broker: Broker,
  records: Buffer,
  more: { topic?: string; acks?: number; version?: number } = {}
) {
  const { topic = 'orders', acks = -1, version = 9 } = more
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
  const body = { transactionalId: null, acks, timeoutMs: 1000, topicData }
  const { responses } = await ask(broker, ProduceRequest, ProduceResponse, version, body)
  const [answer] = responses[0]?.partitionResponses ?? []
  assert.ok(answer)
  return answer
}

interface Asked {
  readonly offset?: number
  readonly minBytes?: number
  readonly maxWaitMs?: number
  readonly maxBytes?: number
  readonly sessionId?: number
  readonly sessionEpoch?: number
  readonly currentLeaderEpoch?: number
  readonly topic?: string
}

function fetchRecords(broker: Broker, asked: Asked = {}) {
  const { offset = 0, minBytes = 1, maxWaitMs = 0, maxBytes = 1_000_000, sessionId = 0, sessionEpoch = -1 } = asked
  const partition = {
    partition: 0,
    fetchOffset: offset,
    partitionMaxBytes: maxBytes,
    currentLeaderEpoch: asked.currentLeaderEpoch ?? -1
  }
  const topics = sessionEpoch > 0 ? [] : [{ topic: asked.topic ?? 'orders', partitions: [partition] }]
  const body = {
    replicaId: -1,
    maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel: 0,
    sessionId,
    sessionEpoch,
    topics,
    forgottenTopicsData: []
  }
  return ask(broker, FetchRequest, FetchResponse, 12, body)
}

type Fetched = Awaited<ReturnType<typeof fetchRecords>>

function values(answer: Fetched): string[] {
  const records = answer.responses[0]?.partitions[0]?.records
  return records && records.length > 0 ? Array.from(readRecords(records), ({ value }) => String(value)) : []
}

const errorOf = (answer: Fetched): number | undefined => answer.responses[0]?.partitions[0]?.errorCode

test('what was produced is fetched, with its offsets', async () => {
  const broker = await brokerWith('orders')
  assert.equal((await produce(broker, batch(['a', 'b']))).baseOffset, 0)
  assert.equal((await produce(broker, batch(['c']), { acks: 1 })).baseOffset, 2)
  assert.deepEqual(values(await fetchRecords(broker, { offset: 2 })), ['c'])
  const [partition] = (await fetchRecords(broker)).responses[0]?.partitions ?? []
  assert.deepEqual([partition?.highWatermark, partition?.lastStableOffset, partition?.logStartOffset], [3, 3, 0])
})

test('a fetch waits for records and is answered as soon as they are there', async () => {
  const broker = await brokerWith('orders')
  let isAnswered = false
  const waiting = fetchRecords(broker, { maxWaitMs: 10_000 }).then((answer) => {
    isAnswered = true
    return answer
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isAnswered, false)
  await produce(broker, batch(['at last']))
  assert.deepEqual(values(await waiting), ['at last'])
})

test('a fetch that wants many bytes waits until there are as many', async () => {
  const broker = await brokerWith('orders')
  const sizeBytes = batch(['0']).length
  const waiting = fetchRecords(broker, { maxWaitMs: 10_000, minBytes: sizeBytes * 3 })
  for (const value of ['0', '1', '2']) await produce(broker, batch([value]))
  const records = (await waiting).responses[0]?.partitions[0]?.records
  assert.equal(records?.length, sizeBytes * 3)
})

test('a stop answers those who wait', async () => {
  const broker = await brokerWith('orders')
  const waiting = fetchRecords(broker, { maxWaitMs: 10_000 })
  await broker.stop()
  assert.deepEqual(values(await waiting), [])
})

test('one batch is given even when it is larger than every limit', async () => {
  const broker = await brokerWith('orders')
  await produce(broker, batch(['x'.repeat(5000)]))
  assert.equal(values(await fetchRecords(broker, { maxBytes: 10 })).length, 1)
})

test('what cannot be read is told with the error that Kafka gives', async () => {
  const broker = await brokerWith('orders')
  await produce(broker, batch(['a']))
  assert.equal(errorOf(await fetchRecords(broker, { offset: 2 })), ErrorCode.OFFSET_OUT_OF_RANGE)
  assert.equal(errorOf(await fetchRecords(broker, { topic: 'absent' })), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(errorOf(await fetchRecords(broker, { currentLeaderEpoch: 5 })), ErrorCode.UNKNOWN_LEADER_EPOCH)
})

test('in a session only news are told', async () => {
  const broker = await brokerWith('orders')
  const first = await fetchRecords(broker, { sessionEpoch: 0 })
  assert.equal(first.responses.length, 1)
  const quiet = await fetchRecords(broker, { sessionId: first.sessionId, sessionEpoch: 1 })
  assert.deepEqual([quiet.errorCode, quiet.sessionId, quiet.responses.length], [0, first.sessionId, 0])
  await produce(broker, batch(['news']))
  assert.deepEqual(values(await fetchRecords(broker, { sessionId: first.sessionId, sessionEpoch: 2 })), ['news'])
})

test('what cannot be produced is refused, and nothing is written', async () => {
  const broker = await brokerWith('orders')
  await broker.ensureGroupCoordinators()
  const errorFor = async (more: Parameters<typeof produce>[2], records = batch(['a'])) =>
    (await produce(broker, records, more)).errorCode
  assert.equal(await errorFor({ acks: 2 }), ErrorCode.INVALID_REQUIRED_ACKS)
  assert.equal(await errorFor({ topic: 'absent' }), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await errorFor({ topic: '__consumer_offsets' }), ErrorCode.INVALID_TOPIC_EXCEPTION)
  const broken = batch(['a'])
  broken.writeUInt8(broken.readUInt8(65) ^ 1, 65)
  assert.equal(await errorFor({ acks: 1 }, broken), ErrorCode.CORRUPT_MESSAGE)
  assert.equal(broker.replica('orders', 0)?.log.logEndOffset, 0)
})

test('a batch that a producer sends again is written once', async () => {
  const broker = await brokerWith('orders')
  const from = (baseSequence: number): Buffer => batch(['v'], { producerId: 3, producerEpoch: 0, baseSequence })
  assert.equal((await produce(broker, from(0))).baseOffset, 0)
  assert.equal((await produce(broker, from(1))).baseOffset, 1)
  const again = await produce(broker, from(0))
  assert.deepEqual([again.errorCode, again.baseOffset], [0, 0])
  assert.equal((await produce(broker, from(3))).errorCode, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
  assert.equal(broker.replica('orders', 0)?.log.logEndOffset, 2)
})

/** A disk that takes no more bytes once it is told so. */
class FillingDisk extends MemoryDisk {
  isFull = false

  override open(path: string, mode: 'existing' | 'create'): DiskFile {
    const file = super.open(path, mode)
    const append = (chunks: readonly Uint8Array[]): void => {
      if (this.isFull) throw new DiskError('full', path, `${path}: The disk is full.`)
      file.append(chunks)
    }
    return new Proxy(file, { get: (target, name) => (name === 'append' ? append : Reflect.get(target, name)) })
  }
}

test('a full disk refuses the batch, loses nothing, and takes the next when there is room', async () => {
  const disk = new FillingDisk()
  const told: string[] = []
  const broker = await brokerWith('orders', {}, disk, (line) => told.push(line))
  await produce(broker, batch(['a']))
  disk.isFull = true
  const refused = await produce(broker, batch(['b']))
  assert.equal(refused.errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
  assert.match(refused.errorMessage ?? '', /The disk is full/)
  assert.match(told.join(), /^records are refused: orders-0\/.*The disk is full\.$/)
  disk.isFull = false
  assert.equal((await produce(broker, batch(['c']))).baseOffset, 1)
  assert.match(told[1] ?? '', /^there is room on the disk again/)
  assert.deepEqual(values(await fetchRecords(broker, { offset: 1 })), ['c'])
})

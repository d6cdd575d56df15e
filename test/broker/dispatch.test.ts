/** What becomes of a request that cannot be answered, and of a mistake of ours on its way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerAnswer } from '../../src/broker/answer.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { InvariantError } from '../../src/invariant.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { decodeResponse, encodeRequest } from '../../src/protocol/frame.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../src/protocol/generated/api/fetch-response.ts'
import { MetadataRequest } from '../../src/protocol/generated/api/metadata-request.ts'
import { MetadataResponse } from '../../src/protocol/generated/api/metadata-response.ts'
import { ProduceRequest } from '../../src/protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../src/protocol/generated/api/produce-response.ts'
import type { Message } from '../../src/protocol/message.ts'
import { Reader } from '../../src/protocol/primitives.ts'
import { recordBatch } from '../harness/record-batch.ts'
import { ask, session, startBroker } from './apis/setup.ts'

function send<Request>(broker: Broker, message: Message<Request>, version: number, body: Request) {
  const frame = Buffer.concat(encodeRequest(7, 'a client', message, version, body)).subarray(4)
  return broker.answer(session, frame)
}

function bodyOf<Response>(answer: BrokerAnswer, message: Message<Response>, version: number) {
  assert.ok(answer.kind === 'answer')
  return decodeResponse(new Reader(Buffer.concat(answer.chunks), 4), 7, message, version)
}

async function brokerThatTells(config: Readonly<Record<string, string>> = {}, disk = new MemoryDisk()) {
  const told: string[] = []
  const broker = await startBroker({ 'auto.create.topics.enable': 'true', ...config }, disk, {
    log: (line) => told.push(line)
  })
  return { broker, told }
}

const produceTo = (name: string) => ({
  acks: -1,
  timeoutMs: 1000,
  topicData: [
    {
      name,
      partitionData: [{ index: 0, records: recordBatch(['a record'], { timestampMs: new ManualClock().nowMs() }) }]
    }
  ]
})

async function errorOfProduce(broker: Broker, name: string): Promise<number | undefined> {
  const { responses } = await ask(broker, ProduceRequest, ProduceResponse, 9, produceTo(name))
  return responses[0]?.partitionResponses[0]?.errorCode
}

test('a mistake of ours at once is told whole to who runs the broker, and as an unexpected error to the client', async () => {
  const { broker, told } = await brokerThatTells()
  broker.fetchSessions.enter = () => {
    throw new Error('broken at once')
  }
  const asked = { replicaId: -1, maxWaitMs: 1, minBytes: 1, topics: [{ topic: 'orders', partitions: [place(3)] }] }
  const answer = await send(broker, FetchRequest, 4, asked)
  const [topic] = bodyOf(answer, FetchResponse, 4).responses
  assert.equal(topic?.topic, 'orders')
  assert.equal(topic?.partitions[0]?.partitionIndex, 3)
  assert.equal(topic?.partitions[0]?.errorCode, ErrorCode.UNKNOWN_SERVER_ERROR)
  assert.equal(told.length, 1)
  assert.match(
    told[0] ?? '',
    /^FetchRequest version 4 of the client "a client" met a mistake of the broker.*: Error: broken at once\n +at /
  )
})

test('a mistake of ours later is told the same way, and the connection closes where the answer has no place for it', async () => {
  const { broker, told } = await brokerThatTells()
  broker.endpoint = () => {
    throw new Error('broken later')
  }
  const named = bodyOf(await send(broker, MetadataRequest, 1, { topics: [{ name: 'a' }] }), MetadataResponse, 1)
  assert.deepEqual(
    named.topics.map(({ name, errorCode }) => ({ name, errorCode })),
    [{ name: 'a', errorCode: ErrorCode.UNKNOWN_SERVER_ERROR }]
  )
  const all = bodyOf(await send(broker, MetadataRequest, 13, { topics: null }), MetadataResponse, 13)
  assert.equal(all.errorCode, ErrorCode.UNKNOWN_SERVER_ERROR)
  const closed = await send(broker, MetadataRequest, 1, { topics: null })
  assert.ok(closed.kind === 'close')
  assert.match(
    closed.reason,
    /^MetadataRequest version 1 of the client "a client" failed, and its answer has no place to say so/
  )
  assert.equal(told.length, 3)
  for (const line of told) assert.match(line, /^MetadataRequest version \d+ .*: Error: broken later\n +at /)
})

test('a broken invariant takes the partition that it names offline, and no other', async () => {
  const { broker, told } = await brokerThatTells()
  for (const name of ['sound', 'broken'])
    await ask(broker, MetadataRequest, MetadataResponse, 1, { topics: [{ name }] })
  const replica = broker.replica('broken', 0)
  assert.ok(replica !== undefined)
  replica.append = () => {
    throw new InvariantError('offsets run backwards', { partition: 'broken-0' }, new Error('what came before'))
  }
  assert.equal(await errorOfProduce(broker, 'broken'), ErrorCode.UNKNOWN_SERVER_ERROR)
  assert.match(told.join('\n'), /InvariantError: offsets run backwards(.|\n)*what came before/)
  assert.equal(await errorOfProduce(broker, 'broken'), ErrorCode.KAFKA_STORAGE_ERROR)
  assert.equal(await errorOfProduce(broker, 'sound'), ErrorCode.NONE)
  broker.failed('Something that began before', new InvariantError('again', { partition: 'broken-0' }))
  assert.equal(await errorOfProduce(broker, 'sound'), ErrorCode.NONE)
  await broker.stop()
})

test('a broken invariant of what the cluster knows stops the broker; the next one finds what was acknowledged', async () => {
  const disk = new MemoryDisk()
  const { broker } = await brokerThatTells({}, disk)
  await ask(broker, MetadataRequest, MetadataResponse, 1, { topics: [{ name: 'kept' }] })
  assert.equal(await errorOfProduce(broker, 'kept'), ErrorCode.NONE)
  broker.failed('A test', new InvariantError('the image is wrong', { partition: '__cluster_metadata-0' }))
  const answer = await send(broker, MetadataRequest, 1, { topics: null })
  assert.ok(answer.kind === 'close')
  assert.match(answer.reason, /has stopped itself/)
  await broker.stop()
  const next = await startBroker({}, disk)
  assert.equal(next.replica('kept', 0)?.highWatermark, 1)
  await next.stop()
})

test('a body that cannot be read is told by what is wrong with it', async () => {
  const { broker, told } = await brokerThatTells()
  const frame = Buffer.concat(encodeRequest(7, 'a client', MetadataRequest, 1, { topics: null })).subarray(4, -1)
  const answer = await broker.answer(session, frame)
  assert.ok(answer.kind === 'close')
  assert.match(answer.reason, /^MetadataRequest, byte \d+: needs 4 bytes, 3 are left$/)
  assert.deepEqual(told, [])
  await broker.stop()
})

test('a decoder that breaks is a mistake of ours, and is told as one', async () => {
  const { broker, told } = await brokerThatTells()
  const { decode } = MetadataRequest
  MetadataRequest.decode = () => {
    throw new RangeError('beyond the buffer')
  }
  const answer = await send(broker, MetadataRequest, 1, { topics: null })
  MetadataRequest.decode = decode
  assert.ok(answer.kind === 'close')
  assert.match(told[0] ?? '', /^Reading a request met a mistake of the broker.*RangeError: beyond the buffer/)
})

function place(partition: number) {
  return { partition, fetchOffset: 0, partitionMaxBytes: 1000 }
}

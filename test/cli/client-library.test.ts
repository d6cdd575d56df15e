/**
 * Faults of the client library that the commands work around (src/cli/client-library.ts names where). Each test sees the fault
 * itself: when one fails after an update of the library, its work-around can go.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import * as zlib from 'node:zlib'
import * as kafka from '@platformatic/kafka'
import { headersMap, passTaggedFieldsOver } from '../../src/cli/client-library.ts'
import { kafkaFailure } from '../../src/cli/kafka-failure.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { ListTransactionsResponse } from '../../src/protocol/generated/api/list-transactions-response.ts'
import { Writer } from '../../src/protocol/primitives.ts'
import { Compression, compress } from '../../src/protocol/records/compression/codec.ts'
import { freePort } from '../harness/free-port.ts'
import { projectDirectory, temporaryDirectory } from '../harness/paths.ts'
import { startTarget } from '../harness/target.ts'
import { unavailable } from './command-line.ts'
import { movedLeader } from './moved-leader.ts'

/** What is said of a fault that is there no more. */
function canGo(workAround: string): string {
  return `the client library has mended this: its work-around can go (${workAround})`
}

test('timestamps that lie 2^31 ms apart are written wrongly', () => {
  const message = (timestamp: bigint) => ({ topic: 't', partition: 0, value: Buffer.from('v'), timestamp })
  const written = (delta: bigint) => {
    const batch = kafka.createRecordsBatch([message(0n), message(delta)], { compression: 'none' })
    return kafka.readRecordsBatch(kafka.Reader.from(batch.buffer)).records[1]?.timestampDelta
  }
  assert.equal(written(2n ** 30n - 1n), 2n ** 30n - 1n)
  assert.notEqual(written(2n ** 31n), 2n ** 31n, canGo('timestampDeltaMaxMs'))
})

suite('headers of which two have one name', () => {
  const pairs = [
    ['trace', 'first'],
    ['trace', 'second']
  ] as const
  const bytes = pairs.map(([name, content]) => [Buffer.from(name), Buffer.from(content)] as const)

  function written(headers: unknown): unknown {
    const message = Object.assign({ topic: 't', partition: 0, value: Buffer.from('v') }, { headers })
    const batch = kafka.createRecordsBatch([message as kafka.MessageRecord], { compression: 'none' })
    const [record] = kafka.readRecordsBatch(kafka.Reader.from(batch.buffer)).records
    return record?.headers.map((header) => header.map(String))
  }

  test('cannot be given as what they are, a list', () => {
    let read: unknown
    try {
      read = written(bytes)
    } catch {
      // That it throws is the fault as well.
    }
    assert.notDeepEqual(read, pairs, canGo('headersMap'))
  })

  test('are both written by a map whose names are buffers', () => {
    assert.deepEqual(written(headersMap(bytes)), pairs)
  })
})

suite('an answer with tagged fields', () => {
  const read = () => kafka.produceV11.parseResponse(0, 0, 11, movedLeader())

  test('cannot be read', () => {
    const isFault = (error: unknown) => kafkaFailure(error)?.code !== ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert.throws(read, isFault, canGo('passTaggedFieldsOver'))
  })

  test('says what it says once the fields are passed over', () => {
    passTaggedFieldsOver(kafka)
    assert.throws(read, (error) => kafkaFailure(error)?.code === ErrorCode.NOT_LEADER_OR_FOLLOWER)
  })
})

test("snappy of more than one block, as Java's client writes it, cannot be read", () => {
  const bytes = Buffer.from('the same words again and again '.repeat(5000))
  const packed = compress(Compression.snappy, bytes)
  const unpack = () => kafka.compressionsAlgorithms.snappy.decompressSync(packed)
  let unpacked: Buffer | undefined
  try {
    unpacked = unpack()
  } catch {
    // That it throws is the fault as well.
  }
  assert.ok(unpacked === undefined || !unpacked.equals(bytes), canGo('snappy in completeCodecs'))
})

test('zstd is there only where Node has it, and the package runs on Nodes that have not', () => {
  const { engines } = JSON.parse(readFileSync(join(projectDirectory, 'package.json'), 'utf8'))
  const [, major = '', minor = ''] = /^>=(\d+)\.(\d+)/.exec(engines.node) ?? []
  const hasEach = Number(major) > 22 || (Number(major) === 22 && Number(minor) >= 15)
  assert.ok(!hasEach, canGo('zstd in completeCodecs'))
  const { available } = kafka.compressionsAlgorithms.zstd
  assert.equal(available, 'zstdCompressSync' in zlib, canGo('zstd in completeCodecs'))
})

test('of an answer that lists transactions a field is read that Kafka does not send, and states are asked for by other names', () => {
  const writer = new Writer()
  const transactionStates = [{ transactionalId: 'payments', producerId: 7, transactionState: 'Ongoing' }]
  const answer = { throttleTimeMs: 0, errorCode: 0, unknownStateFilters: [], transactionStates }
  ListTransactionsResponse.encode(writer, answer, 2)
  let read: unknown
  try {
    read = kafka.listTransactionsV2.parseResponse(0, 66, 2, kafka.Reader.from(writer.toBuffer()))
  } catch {
    // That it throws is the fault as well.
  }
  assert.ok(!JSON.stringify(read, (_, value) => String(value))?.includes('payments'), canGo('listTransactionsRequest'))
  assert.ok(!kafka.TransactionStates.some((state) => String(state) === 'Ongoing'), canGo('listTransactionsRequest'))
})

test('what is sent without an answer counts as sent while the broker takes nothing of it', async () => {
  const server = createServer((socket) => socket.pause())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const connection = new kafka.Connection('hasty')
  await connection.connect('127.0.0.1', port)
  try {
    // More than the buffers of two sockets.
    const message = { topic: 't', partition: 0, value: Buffer.alloc(64 * 1024 ** 2) }
    await kafka.produceV11.api.async(connection, 0, 1000, [message], { compression: 'none' })
    assert.ok(connection.socket.writableLength > 0, canGo('handedOver'))
  } finally {
    connection.socket.destroy()
    server.close()
  }
})

test('an answer that comes after its request was given up stays in the way of the next', async () => {
  const frames: Buffer[] = []
  const server = createServer((socket) =>
    socket.on('data', (frame: Buffer) => {
      frames.push(frame)
      if (frames.length === 2) for (const one of frames) socket.write(handshakeAnswer(one.readInt32BE(8)))
    })
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const connection = new kafka.Connection('late', { requestTimeout: 300 })
  await connection.connect('127.0.0.1', port)
  const ask = () => kafka.saslHandshakeV1.api.async(connection, 'PLAIN')
  try {
    await assert.rejects(ask(), kafka.TimeoutError)
    await assert.rejects(ask(), kafka.TimeoutError, canGo('giveUpLateConnection'))
    assert.equal(frames.length, 2)
  } finally {
    connection.socket.destroy()
    server.close()
  }
})

test('of several brokers the first is asked again and again, although it answers nothing', async () => {
  const servers = [createServer(() => {}), createServer((socket) => socket.destroy())]
  let askedSecond = 0
  servers[1]?.on('connection', () => askedSecond++)
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening')
  const bootstrapBrokers = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`)
  const options = { clientId: 'test', bootstrapBrokers, requestTimeout: 200, retries: 2, retryDelay: 10 }
  const base = new kafka.Base(options)
  try {
    await assert.rejects(base.metadata({ topics: [] }))
    assert.equal(askedSecond, 0, canGo('enterBy'))
  } finally {
    for (const [, { socket }] of base.connections) socket.destroy()
    for (const server of servers) server.close()
  }
})

/** No error, and no mechanisms. */
function handshakeAnswer(correlationId: number): Buffer {
  const frame = Buffer.alloc(14)
  frame.writeInt32BE(10)
  frame.writeInt32BE(correlationId, 4)
  return frame
}

test('the topics that a member of a group of the new protocol subscribed to are taken for one string', () => {
  const { Reader, Writer, consumerGroupDescribeV0 } = kafka
  const bytes = Writer.create()
    .appendInt32(0)
    .appendArray(['group'], (group, id) => {
      group.appendInt16(0).appendString(null).appendString(id).appendString('Stable').appendInt32(1).appendInt32(1)
      group.appendString('uniform').appendArray(['member'], appendMember).appendInt32(0)
    })
    .appendTaggedFields().buffer
  let topics: unknown
  try {
    const { groups } = consumerGroupDescribeV0.parseResponse(0, 69, 0, Reader.from(bytes))
    topics = groups[0]?.members[0]?.subscribedTopicNames
  } catch {
    // That it throws is the fault as well.
  }
  assert.notDeepEqual(topics, ['orders'], canGo('groups/modern-group-describe.ts'))
})

/** As KIP-848 has it, with one topic subscribed and nothing assigned. */
function appendMember(member: kafka.Writer, id: string): void {
  member
    .appendString(id)
    .appendString(null)
    .appendString(null)
    .appendInt32(1)
    .appendString('client')
    .appendString('/host')
  member.appendArray(['orders'], (inner, topic) => void inner.appendString(topic), true, false).appendString(null)
  for (const _ of ['assignment', 'target']) member.appendArray([], () => {}).appendTaggedFields()
}

suite('a member of a group', { skip: unavailable() }, () => {
  test('sends no heartbeat after one that failed', async () => {
    const directory = temporaryDirectory('heartbeat')
    const options = { port: await freePort(), dataDirectory: directory.path }
    let broker = await startTarget(options)
    const consumer = new kafka.Consumer({
      clientId: 'test',
      groupId: 'group',
      bootstrapBrokers: [broker.bootstrap],
      heartbeatInterval: 100,
      retries: 0
    })
    try {
      consumer.topics.trackAll('topic')
      const admin = new kafka.Admin({ clientId: 'test', bootstrapBrokers: [broker.bootstrap] })
      await admin.createTopics({ topics: ['topic'], partitions: 1, replicas: 1 })
      await admin.close()
      await consumer.joinGroup({})
      let heartbeats = 0
      consumer.on('consumer:heartbeat:end', () => heartbeats++)
      const failed = new Promise((resolve) => consumer.once('consumer:heartbeat:error', resolve))
      while (heartbeats === 0) await pause(50)
      await broker.kill()
      await failed
      broker = await startTarget(options)
      heartbeats = 0
      await pause(2000)
      assert.equal(heartbeats, 0, canGo('consume/membership.ts'))
    } finally {
      await Promise.resolve(consumer.close(true)).catch(() => {})
      await broker.stop()
      directory.remove()
    }
  })
})

/**
 * Faults of the client library that the commands work around (src/cli/client-library.ts names where). Each test sees the fault
 * itself: when one fails after an update of the library, its work-around can go.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import * as kafka from '@platformatic/kafka'
import { passTaggedFieldsOver } from '../../src/cli/client-library.ts'
import { kafkaFailure } from '../../src/cli/kafka-failure.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { Compression, compress } from '../../src/protocol/records/compression/codec.ts'
import { freePort } from '../harness/free-port.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { startTarget } from '../harness/target.ts'
import { unavailable } from './command-line.ts'
import { movedLeader } from './moved-leader.ts'

test('timestamps that lie 2^31 ms apart are written wrongly', () => {
  const message = (timestamp: bigint) => ({ topic: 't', partition: 0, value: Buffer.from('v'), timestamp })
  const written = (delta: bigint) => {
    const batch = kafka.createRecordsBatch([message(0n), message(delta)], { compression: 'none' })
    return kafka.readRecordsBatch(kafka.Reader.from(batch.buffer)).records[1]?.timestampDelta
  }
  assert.equal(written(2n ** 30n - 1n), 2n ** 30n - 1n)
  assert.notEqual(written(2n ** 31n), 2n ** 31n)
})

suite('an answer with tagged fields', () => {
  const read = () => kafka.produceV11.parseResponse(0, 0, 11, movedLeader())

  test('cannot be read', () => {
    assert.throws(read, (error) => kafkaFailure(error)?.code !== ErrorCode.NOT_LEADER_OR_FOLLOWER)
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
  assert.ok(unpacked === undefined || !unpacked.equals(bytes))
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
    await assert.rejects(ask(), kafka.TimeoutError)
    assert.equal(frames.length, 2)
  } finally {
    connection.socket.destroy()
    server.close()
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
  assert.notDeepEqual(topics, ['orders'])
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
      assert.equal(heartbeats, 0)
    } finally {
      await Promise.resolve(consumer.close(true)).catch(() => {})
      await broker.stop()
      directory.remove()
    }
  })
})

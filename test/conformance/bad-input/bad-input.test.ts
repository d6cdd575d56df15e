/**
 * What a broker does with what no client should send: Kafka's error or a closed socket, while its memory stays bounded and
 * other clients notice nothing.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { peakResidentBytes } from '../../harness/memory.ts'
import { createByAsking, fetchBody, produce } from '../../harness/raw-requests.ts'
import { oldMessage, recordBatch } from '../../harness/record-batch.ts'
import { startTarget, target, targetName } from '../../harness/target.ts'
import { skipUnless } from '../../harness/tools.ts'
import { int16, int32, list, RawConnection, requestFrame, sized, text } from '../../harness/wire.ts'
import { Bystander } from './bystander.ts'

const CORRUPT_MESSAGE = 2
const UNSUPPORTED_VERSION = 35
const INVALID_RECORD = 87
const MEMORY_GROWTH_LIMIT = 400 * 1024 * 1024
const TOPIC = 'bystanders'
/** The header's empty tags, then a client name and version, then empty tags: what any client sends with ApiVersions. */
const FLEXIBLE_BODY = Buffer.from([0, 2, 0x61, 2, 0x31, 0])
/** Apache Kafka sets the whole frame aside when it has read its size, and dies of a hundred large ones. */
const HALF_FRAME_BYTES = targetName === 'kafka' ? 100_000 : 50_000_000

describe('bad input', { skip: skipUnless(target()) }, () => {
  let broker: BrokerProcess
  let bystander: Bystander
  let peakBefore = 0

  before(async () => {
    broker = await startTarget()
    await using connection = await open()
    await createByAsking(connection.raw, TOPIC)
    assert.deepEqual(await produce(connection.raw, TOPIC, recordBatch(['first'])), { errorCode: 0, baseOffset: 0 })
    peakBefore = peakResidentBytes(broker.pid)
    bystander = await Bystander.watch(broker.bootstrap)
  })

  beforeEach(() => {
    assert.ok(broker.isAlive, 'the broker lives')
  })

  after(async () => {
    await bystander?.leave()
    await broker?.stop()
  })

  async function open(): Promise<{ raw: RawConnection } & AsyncDisposable> {
    const raw = await RawConnection.open(broker.bootstrap)
    return { raw, [Symbol.asyncDispose]: async () => raw.close() }
  }

  /** Sends bytes on a connection of their own; what comes back first. */
  async function answerTo(bytes: Uint8Array): Promise<Buffer | 'closed' | 'silence'> {
    await using connection = await open()
    connection.raw.send(bytes)
    return await connection.raw.next(3000)
  }

  for (const size of [2 ** 31 - 1, -1, -(2 ** 31), 100 * 1024 * 1024 + 1]) {
    test(`a frame that says it has ${size} bytes closes the connection`, async () => {
      assert.equal(await answerTo(Buffer.concat([int32(size), Buffer.alloc(64)])), 'closed')
    })
  }

  test('an empty frame closes the connection', async () => {
    assert.equal(await answerTo(int32(0)), 'closed')
  })

  const unfitting: [what: string, key: number, version: number, body: Buffer][] = [
    ['Metadata for two billion topics', 3, 1, int32(2 ** 31 - 1)],
    ['a topic name longer than the request', 3, 1, Buffer.concat([int32(1), int16(32_767), Buffer.from('short')])],
    ['Produce to a billion topics', 0, 3, Buffer.concat([text(null), int16(1), int32(1000), int32(1_000_000_000)])],
    [
      'Fetch of a billion topics',
      1,
      4,
      Buffer.concat([int32(-1), int32(0), int32(1), int32(1), Buffer.alloc(1), int32(1e9)])
    ],
    ['JoinGroup that ends in the middle', 11, 2, text('group')],
    ['CreateTopics for a billion topics', 19, 2, int32(1e9)],
    ['OffsetCommit that is empty', 8, 2, Buffer.alloc(0)],
    ['an unknown API', 999, 0, Buffer.alloc(8)],
    ['an API with a negative key', -1, 0, Buffer.alloc(8)],
    ['an unknown version', 3, 99, list([])],
    ['a version from before Kafka 4', 1, 0, Buffer.alloc(16)]
  ]
  for (const [what, key, version, body] of unfitting) {
    test(`${what} closes the connection`, async () => {
      assert.equal(await answerTo(requestFrame(key, version, 7, body)), 'closed')
    })
  }

  test('ApiVersions of an unknown version is answered in version 0 with its own range', async () => {
    await using connection = await open()
    const answer = await connection.raw.ask(18, 99, FLEXIBLE_BODY)
    assert.equal(answer.int16(), UNSUPPORTED_VERSION)
    const ranges = answer.list(() => [answer.int16(), answer.int16(), answer.int16()])
    assert.deepEqual(ranges.find(([key]) => key === 18)?.slice(0, 2), [18, 0])
    assert.equal(answer.remaining, 0)
  })

  const batch = recordBatch(['a record'])
  const damaged: [what: string, records: Buffer, expected: readonly (number | 'closed')[]][] = [
    ['a batch with a wrong CRC', flipped(batch, 17), [CORRUPT_MESSAGE]],
    ['a batch with a flipped bit in a record', flipped(batch, batch.length - 3), [CORRUPT_MESSAGE]],
    ['a truncated batch', batch.subarray(0, batch.length - 5), [CORRUPT_MESSAGE, INVALID_RECORD]],
    ['half a batch header', batch.subarray(0, 30), [CORRUPT_MESSAGE, INVALID_RECORD]],
    ['magic 0', oldMessage(0, 'old'), [INVALID_RECORD]],
    ['magic 1', oldMessage(1, 'old'), [INVALID_RECORD]],
    ['magic 3', recordBatch(['new'], { magic: 3 }), [CORRUPT_MESSAGE, INVALID_RECORD]],
    ['a batch that counts more records than it has', recordBatch(['one'], { count: 1_000_000 }), [INVALID_RECORD]],
    ['a batch with a negative count', recordBatch(['one'], { count: -1 }), [INVALID_RECORD]],
    ['two batches at once', Buffer.concat([batch, batch]), [INVALID_RECORD]],
    ['a batch followed by rubbish', Buffer.concat([batch, Buffer.from('rubbish')]), [0, INVALID_RECORD]],
    ['no batch', Buffer.alloc(0), [INVALID_RECORD]]
  ]
  for (const [what, records, expected] of damaged) {
    test(`Produce of ${what} is refused`, async () => {
      await using connection = await open()
      const answer = await produce(connection.raw, TOPIC, records).then(
        ({ errorCode }) => errorCode,
        () => 'closed' as const
      )
      assert.ok(expected.includes(answer), `${answer} is none of ${expected.join(', ')}`)
    })
  }

  test('random bytes harm nobody but their own connection', async () => {
    const random = seededBytes(20_261_124)
    for (let round = 0; round < 100; round += 1) {
      await using connection = await open()
      connection.raw.send(random(1 + ((round * 37) % 2000)))
      connection.raw.send(sized(random(1 + ((round * 91) % 3000))))
    }
    for (let round = 0; round < 100; round += 1) {
      await using connection = await open()
      connection.raw.send(requestFrame(round % 95, round % 14, round, random((round * 53) % 400)))
      await connection.raw.next(30)
    }
  })

  test('a request that dribbles in byte by byte is answered', async () => {
    await using connection = await open()
    for (const byte of requestFrame(3, 1, 1, list([]))) {
      connection.raw.send(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(Buffer.isBuffer(await connection.raw.next()))
  })

  test('half requests that never end keep nobody else waiting', async () => {
    const halves = await Promise.all(Array.from({ length: 100 }, () => RawConnection.open(broker.bootstrap)))
    for (const half of halves) half.send(Buffer.concat([int32(HALF_FRAME_BYTES), Buffer.alloc(1000)]))
    await using connection = await open()
    assert.ok((await connection.raw.ask(3, 1, list([]))).int32() > 0)
    for (const half of halves) half.close()
  })

  test('a thousand idle connections cost little, and the next client is served', async () => {
    const idle: RawConnection[] = []
    for (let hundred = 0; hundred < 10; hundred += 1) {
      idle.push(...(await Promise.all(Array.from({ length: 100 }, () => RawConnection.open(broker.bootstrap)))))
    }
    await using connection = await open()
    assert.ok((await connection.raw.ask(3, 1, list([]))).int32() > 0)
    assert.equal(idle.filter((one) => one.isClosed).length, 0)
    for (const one of idle) one.close()
  })

  test('a client that asks for gigabytes and reads nothing is held back', async () => {
    await using connection = await open()
    await createByAsking(connection.raw, 'large')
    const value = Buffer.alloc(900_000, 'x')
    for (let index = 0; index < 5; index += 1) await produce(connection.raw, 'large', recordBatch([value]))
    await using deaf = await open()
    deaf.raw.socket.pause()
    for (let index = 0; index < 500; index += 1)
      deaf.raw.send(requestFrame(1, 4, index, fetchBody('large', 0, 5_000_000)))
    for (let index = 0; index < 50; index += 1) assert.ok((await connection.raw.ask(3, 1, list([]))).int32() > 0)
  })

  test('after all this the log holds what was acknowledged, and memory has stayed bounded', async (context) => {
    await using connection = await open()
    const { errorCode } = await produce(connection.raw, TOPIC, recordBatch(['last']))
    assert.equal(errorCode, 0)
    await bystander.leave()
    assert.equal(bystander.problem, null)
    const growth = peakResidentBytes(broker.pid) - peakBefore
    context.diagnostic(`bystander: ${bystander.answers} answers, slowest ${Math.round(bystander.slowestMs)} ms`)
    context.diagnostic(`memory: ${Math.round(peakBefore / 1e6)} MB before, at most ${Math.round(growth / 1e6)} MB more`)
    assert.ok(growth < MEMORY_GROWTH_LIMIT, `${growth} bytes more`)
  })
})

function flipped(bytes: Buffer, position: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt8(copy.readUInt8(position) ^ 0x10, position)
  return copy
}

/** Bytes that look random and are the same in every run. */
function seededBytes(seed: number): (count: number) => Buffer {
  let state = seed
  return (count) => {
    const bytes = Buffer.alloc(count)
    for (let index = 0; index < count; index += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      bytes[index] = state >>> 24
    }
    return bytes
  }
}

/** Where fetches wait: they go on when the bytes are there, when the time is over, or when waiting has become pointless. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FetchPurgatory, type WaitingReader } from '../../src/broker/purgatory.ts'
import type { Replica } from '../../src/broker/replication/replica.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { CreateTopicsRequest } from '../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../src/protocol/generated/api/create-topics-response.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'
import { ask, startBroker } from './apis/setup.ts'

const batch = () => buildBatch({ records: [{ timestamp: 1_700_000_000_000, key: null, value: null, headers: [] }] })
const batchBytes = batch().length

interface FetchWait {
  readonly reader: WaitingReader
  readonly replicas: readonly Replica[]
  readonly missingBytes: number
  readonly maxWaitMs: number
}

async function setUp() {
  const broker = await startBroker()
  const topic = { name: 't1', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }
  const body = { topics: [topic], timeoutMs: 1, validateOnly: false }
  await ask(broker, CreateTopicsRequest, CreateTopicsResponse, 7, body)
  const replicas = [0, 1].map((partition) => broker.replica('t1', partition)).filter((found) => found !== undefined)
  assert.equal(replicas.length, 2)
  const clock = new ManualClock()
  const purgatory = new FetchPurgatory(clock)
  const finished: string[] = []
  const wait = async (name: string, how: Partial<FetchWait>): Promise<void> => {
    const watch = purgatory.watch(how.reader ?? 'consumer')
    for (const replica of how.replicas ?? replicas) watch.add(replica)
    await watch.wait(how.missingBytes ?? 1, how.maxWaitMs ?? 500)
    watch.close()
    finished.push(name)
  }
  return { broker, replicas, clock, purgatory, finished, wait }
}

/** Appends one batch, which is readable when this resolves. */
async function append(replica: Replica | undefined): Promise<void> {
  assert.ok(replica !== undefined)
  const result = replica.append(batch(), 'client')
  assert.ok(result.ok)
  await replica.log.durable(result.lastOffset + 1)
  await Promise.resolve()
}

test('a fetch goes on when enough bytes have come in any of its partitions, counted together', async () => {
  const { broker, replicas, purgatory, clock, finished, wait } = await setUp()
  const waiting = wait('two', { missingBytes: batchBytes + 1 })
  const other = wait('one', {})
  await append(replicas[0])
  await other
  assert.deepEqual(finished, ['one'])
  assert.equal(purgatory.size, 1)
  await append(replicas[1])
  await waiting
  assert.deepEqual(finished, ['one', 'two'])
  assert.deepEqual([purgatory.size, clock.waiting], [0, 0])
  await broker.stop()
})

test('a fetch goes on with exactly the bytes that it wanted', async () => {
  const { broker, replicas, finished, wait } = await setUp()
  const waiting = wait('exactly', { missingBytes: batchBytes })
  await append(replicas[0])
  assert.deepEqual(finished, ['exactly'])
  await waiting
  await broker.stop()
})

test('a fetch does not hear of partitions that it did not ask for', async () => {
  const { broker, replicas, purgatory, wait } = await setUp()
  const waiting = wait('second', { replicas: replicas.slice(1) })
  await append(replicas[0])
  assert.equal(purgatory.size, 1)
  purgatory.release()
  await waiting
  await broker.stop()
})

test('a fetch goes on when its time is over, not before', async () => {
  const { broker, purgatory, clock, finished, wait } = await setUp()
  const waiting = wait('timed', {})
  clock.advance(499)
  await Promise.resolve()
  assert.deepEqual(finished, [])
  clock.advance(1)
  await waiting
  assert.equal(purgatory.size, 0)
  await broker.stop()
})

test('a fetch goes on when a partition of it goes away', async () => {
  const { broker, replicas, clock, purgatory, wait } = await setUp()
  const waiting = wait('ended', {})
  replicas[1]?.end()
  await waiting
  assert.deepEqual([purgatory.size, clock.waiting], [0, 0])
  await broker.stop()
})

test('after the release nobody waits any more', async () => {
  const { broker, purgatory, clock, finished, wait } = await setUp()
  const waiting = [wait('a', {}), wait('b', {})]
  purgatory.release()
  await Promise.all(waiting)
  await wait('late', {})
  assert.deepEqual(finished, ['a', 'b', 'late'])
  assert.deepEqual([purgatory.size, clock.waiting], [0, 0])
  await broker.stop()
})

test('a stop lets consumers go, and followers wait on to the end: acknowledgements that are under way depend on them', async () => {
  const { broker, purgatory, finished, wait } = await setUp()
  const [consumer, follower] = [wait('consumer', {}), wait('follower', { reader: 'follower' })]
  purgatory.release()
  await consumer
  assert.deepEqual([finished, purgatory.size], [['consumer'], 1])
  purgatory.end()
  await follower
  await broker.stop()
})

/** Where partitions of several brokers end and begin: a new leader's end, and records that are deleted everywhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { DeleteRecordsRequest } from '../../src/protocol/generated/api/delete-records-request.ts'
import { DeleteRecordsResponse } from '../../src/protocol/generated/api/delete-records-response.ts'
import { DescribeProducersRequest } from '../../src/protocol/generated/api/describe-producers-request.ts'
import { DescribeProducersResponse } from '../../src/protocol/generated/api/describe-producers-response.ts'
import { ListOffsetsRequest } from '../../src/protocol/generated/api/list-offsets-request.ts'
import { ListOffsetsResponse } from '../../src/protocol/generated/api/list-offsets-response.ts'
import { OffsetForLeaderEpochRequest } from '../../src/protocol/generated/api/offset-for-leader-epoch-request.ts'
import { OffsetForLeaderEpochResponse } from '../../src/protocol/generated/api/offset-for-leader-epoch-response.ts'
import { batchOf, clockOf, produce, startOfTimeMs } from '../broker/apis/records-setup.ts'
import { ask } from '../broker/apis/setup.ts'
import { HeldTransport, othersThan, turns } from './held-transport.ts'
import { createTopic, leaderOf, machines, startOn, until } from './setup.ts'

async function listOffset(broker: Broker, timestamp: number, version = 11, replicaId = -1) {
  const topics = [{ name: 't1', partitions: [{ partitionIndex: 0, timestamp }] }]
  const answer = await ask(broker, ListOffsetsRequest, ListOffsetsResponse, version, { replicaId, topics })
  const [partition] = answer.topics[0]?.partitions ?? []
  assert.ok(partition !== undefined)
  return partition
}

const latest = -1
const earliest = -2
const maxTimestamp = -3

test('a new leader says where the log ends when it has committed what its epoch began with', async () => {
  const transport = new HeldTransport()
  const on = machines(3)
  const cluster = await startOn(on, {}, { transport: transport.carry })
  await createTopic(cluster, 't1')
  const first = leaderOf(cluster, 't1')
  // It is committed, and before the others hear of that, the leader is gone.
  first.replica('t1', 0)?.observe({ advanced: () => transport.hold(), ended: () => {} })
  assert.equal((await produce(first, { records: batchOf(['a', 'b']) })).errorCode, ErrorCode.NONE)
  await cluster.lostBroker(first.nodeId)
  const leader = leaderOf(cluster, 't1')
  assert.equal(leader.replica('t1', 0)?.highWatermark, 0)
  for (const timestamp of [latest, maxTimestamp, startOfTimeMs + 1]) {
    assert.equal((await listOffset(leader, timestamp)).errorCode, ErrorCode.OFFSET_NOT_AVAILABLE, String(timestamp))
  }
  assert.equal((await listOffset(leader, latest, 4)).errorCode, ErrorCode.LEADER_NOT_AVAILABLE)
  assert.equal((await listOffset(leader, earliest)).offset, 0)
  assert.equal((await listOffset(leader, latest, 11, 7)).offset, 2, 'replicas see everything')
  transport.letGo()
  await until(on.clock, () => leader.replica('t1', 0)?.highWatermark === 2, 'the new leader has committed')
  assert.equal((await listOffset(leader, latest)).offset, 2)
  assert.equal((await listOffset(leader, startOfTimeMs + 1)).errorCode, ErrorCode.NONE)
  await cluster.stop()
})

test('only the leader tells offsets and the ends of epochs; every replica tells its producers', async () => {
  const cluster = await startOn(machines(3))
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  await produce(leader, { records: batchOf(['a'], { producerId: 7, producerEpoch: 0, baseSequence: 0 }) })
  for (const broker of cluster.brokers.values()) {
    const expected = broker === leader ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert.equal((await listOffset(broker, latest)).errorCode, expected)
    const epochs = [{ topic: 't1', partitions: [{ partition: 0, leaderEpoch: 0 }] }]
    const ends = await ask(broker, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, 4, { topics: epochs })
    assert.equal(ends.topics[0]?.partitions[0]?.errorCode, expected)
    const asked = { topics: [{ name: 't1', partitionIndexes: [0] }] }
    const { topics } = await ask(broker, DescribeProducersRequest, DescribeProducersResponse, 0, asked)
    assert.equal(topics[0]?.partitions[0]?.errorCode, ErrorCode.NONE, 'each tells what its own copy says')
    assert.deepEqual(
      topics[0]?.partitions[0]?.activeProducers.map(({ producerId }) => Number(producerId)),
      [7]
    )
  }
  await cluster.stop()
})

async function deleteRecords(broker: Broker, offset: number) {
  const topics = [{ name: 't1', partitions: [{ partitionIndex: 0, offset }] }]
  const answer = await ask(broker, DeleteRecordsRequest, DeleteRecordsResponse, 2, { topics, timeoutMs: 1000 })
  const [partition] = answer.topics[0]?.partitions ?? []
  return [partition?.errorCode, partition?.lowWatermark]
}

/** The answer, when time passes as long as it is waited for. */
async function withTime<Answer>(broker: Broker, waiting: Promise<Answer>): Promise<Answer> {
  let isSettled = false
  const settled = waiting.finally(() => {
    isSettled = true
  })
  await until(clockOf(broker), () => isSettled, 'an answer')
  return settled
}

test('records are deleted when no replica has them', async () => {
  const cluster = await startOn(machines(3))
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  await produce(leader, { records: batchOf(['a', 'b', 'c']) })
  assert.deepEqual(await withTime(leader, deleteRecords(leader, 2)), [ErrorCode.NONE, 2])
  for (const broker of cluster.brokers.values()) assert.equal(broker.replica('t1', 0)?.log.logStartOffset, 2)
  const [other = assert.fail()] = othersThan(cluster, leader)
  assert.deepEqual(await deleteRecords(other, 2), [ErrorCode.NOT_LEADER_OR_FOLLOWER, -1])
  await cluster.lostBroker(other.nodeId)
  assert.deepEqual(
    await withTime(leader, deleteRecords(leader, -1)),
    [ErrorCode.NONE, 3],
    'who is gone is not waited for'
  )
  await cluster.stop()
})

test('a replica that is not in sync is waited for until its broker is gone, and no longer', async () => {
  const transport = new HeldTransport()
  const cluster = await startOn(machines(2), { 'replica.lag.time.max.ms': '500' }, { transport: transport.carry })
  await createTopic(cluster, 't1', { replicationFactor: 2 })
  const leader = leaderOf(cluster, 't1')
  const [other = assert.fail()] = othersThan(cluster, leader)
  await produce(leader, { records: batchOf(['a', 'b']) })
  await turns()
  transport.hold()
  const inSync = () => leader.replica('t1', 0)?.leadership?.inSyncReplicas.length
  await produce(leader, { records: batchOf(['c']), acks: 1 })
  await until(clockOf(leader), () => inSync() === 1, 'it is out of sync')
  const deleting = deleteRecords(leader, 1)
  await turns()
  await cluster.lostBroker(other.nodeId)
  assert.deepEqual(await deleting, [ErrorCode.NONE, 1])
  transport.letGo()
  await cluster.stop()
})

test('replicas that are slow to delete are waited for as long as was asked', async () => {
  const transport = new HeldTransport()
  const cluster = await startOn(machines(2), {}, { transport: transport.carry })
  await createTopic(cluster, 't1', { replicationFactor: 2 })
  const leader = leaderOf(cluster, 't1')
  await produce(leader, { records: batchOf(['a', 'b']) })
  await turns()
  transport.hold()
  const deleting = deleteRecords(leader, 1)
  await turns()
  clockOf(leader).advance(1000)
  assert.deepEqual(await deleting, [ErrorCode.REQUEST_TIMED_OUT, 0])
  const again = deleteRecords(leader, 1)
  await turns()
  await cluster.controller.brokers.shutDown(leader.nodeId)
  assert.deepEqual(await again, [ErrorCode.NOT_LEADER_OR_FOLLOWER, -1])
  transport.letGo()
  await cluster.stop()
})

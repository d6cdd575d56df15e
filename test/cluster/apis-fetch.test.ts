/** Consumers that read from a replica near them (KIP-392). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { rackAwareReplicaSelector } from '../../src/coordination/config/broker-config-definitions.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../src/protocol/generated/api/fetch-response.ts'
import { batchOf, idOf, produce, valuesIn } from '../broker/apis/records-setup.ts'
import { ask } from '../broker/apis/setup.ts'
import { othersThan } from './held-transport.ts'
import { createTopic, leaderOf, machines, startOn, until } from './setup.ts'

const rackOf = (nodeId: number) => `rack-${nodeId}`
const selecting = { 'replica.selector.class': rackAwareReplicaSelector }

const fetching = (
  broker: Broker,
  more: { rackId?: string; fetchOffset?: number; maxWaitMs?: number; session?: number } = {}
) => {
  const { rackId = '', fetchOffset = 0, maxWaitMs = 0, session = -1 } = more
  const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 1000 }]
  return {
    ...{ maxWaitMs, minBytes: 1, maxBytes: 1000, sessionId: 0, sessionEpoch: session, rackId },
    topics: [{ topic: 't1', topicId: idOf(broker, 't1'), partitions }],
    forgottenTopicsData: []
  }
}

async function fetch(broker: Broker, more: Parameters<typeof fetching>[1] = {}, version = 17) {
  const answer = await ask(broker, FetchRequest, FetchResponse, version, fetching(broker, more))
  const [partition] = answer.responses[0]?.partitions ?? []
  assert.ok(partition !== undefined)
  const { errorCode, preferredReadReplica, records } = partition
  return { errorCode, preferredReadReplica, values: valuesIn(Buffer.isBuffer(records) ? records : Buffer.alloc(0)) }
}

const none = ErrorCode.NONE
const here = -1

test('the leader sends a consumer to the replica of its rack, which serves what is committed', async () => {
  const on = machines(3)
  const cluster = await startOn(on, selecting, { rackOf })
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  await produce(leader, { records: batchOf(['a', 'b']) })
  const [near = assert.fail()] = othersThan(cluster, leader)
  const there = { rackId: rackOf(near.nodeId) }
  assert.deepEqual(await fetch(leader, there), { errorCode: none, preferredReadReplica: near.nodeId, values: [] })
  assert.equal((await fetch(leader, there, 10)).preferredReadReplica, here, 'older clients do not know of it')
  assert.deepEqual(await fetch(leader), { errorCode: none, preferredReadReplica: here, values: ['a', 'b'] })
  assert.deepEqual((await fetch(leader, { rackId: rackOf(leader.nodeId) })).values, ['a', 'b'])
  assert.deepEqual((await fetch(leader, { rackId: 'elsewhere' })).values, ['a', 'b'])
  await until(on.clock, () => near.replica('t1', 0)?.highWatermark === 2, 'the follower knows what is committed')
  assert.deepEqual(await fetch(near, there), { errorCode: none, preferredReadReplica: here, values: ['a', 'b'] })
  await cluster.stop()
})

test('a consumer that waits is told at once where to read, and so is one in a session', async () => {
  const cluster = await startOn(machines(3), selecting, { rackOf })
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  await produce(leader, { records: batchOf(['a']) })
  const [near = assert.fail()] = othersThan(cluster, leader)
  const waiting = { rackId: rackOf(near.nodeId), fetchOffset: 1, maxWaitMs: 10_000 }
  assert.equal((await fetch(leader, waiting)).preferredReadReplica, near.nodeId)
  assert.equal((await fetch(leader, { ...waiting, session: 0 })).preferredReadReplica, near.nodeId)
  await cluster.stop()
})

test('a replica that is gone, or has not what is asked for, is not preferred', async () => {
  const cluster = await startOn(machines(3), selecting, { rackOf })
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  await produce(leader, { records: batchOf(['a']) })
  const [near = assert.fail()] = othersThan(cluster, leader)
  const ahead = await fetch(leader, { rackId: rackOf(near.nodeId), fetchOffset: 7 })
  assert.deepEqual([ahead.errorCode, ahead.preferredReadReplica], [ErrorCode.OFFSET_OUT_OF_RANGE, here])
  await cluster.lostBroker(near.nodeId)
  assert.deepEqual((await fetch(leader, { rackId: rackOf(near.nodeId) })).values, ['a'])
  await cluster.stop()
})

test('without a selector every consumer stays with the leader', async () => {
  const cluster = await startOn(machines(3), {}, { rackOf })
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  await produce(leader, { records: batchOf(['a']) })
  const [near = assert.fail()] = othersThan(cluster, leader)
  assert.deepEqual((await fetch(leader, { rackId: rackOf(near.nodeId) })).values, ['a'])
  await cluster.stop()
})

test('a follower says that an offset is out of range when its own log does not reach there', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  await produce(leader, { records: batchOf(['a']) })
  const [follower = assert.fail()] = othersThan(cluster, leader)
  assert.equal((await fetch(follower, { fetchOffset: 2 })).errorCode, ErrorCode.OFFSET_OUT_OF_RANGE)
  assert.deepEqual(await fetch(follower, { fetchOffset: 1 }), {
    errorCode: none,
    preferredReadReplica: here,
    values: []
  })
  assert.equal((await fetch(follower, {}, 10)).errorCode, ErrorCode.NOT_LEADER_OR_FOLLOWER)
  await cluster.stop()
})

test('a replica that was not told yet who leads says nothing of where the partition ends', async () => {
  const cluster = await startOn(machines(3))
  await createTopic(cluster, 't1')
  const [follower = assert.fail()] = othersThan(cluster, leaderOf(cluster, 't1'))
  const replica = follower.replica('t1', 0) ?? assert.fail()
  const { OFFSET_OUT_OF_RANGE, NOT_LEADER_OR_FOLLOWER } = ErrorCode
  assert.equal(replica.hasRole, true)
  assert.equal((await fetch(follower, { fetchOffset: 5 })).errorCode, OFFSET_OUT_OF_RANGE)
  // Its broker has just started, perhaps without what was on its disk: whoever still takes it for the leader would go back to the beginning.
  Object.defineProperty(replica, 'hasRole', { value: false })
  assert.equal((await fetch(follower, { fetchOffset: 5 })).errorCode, NOT_LEADER_OR_FOLLOWER)
  await cluster.stop()
})

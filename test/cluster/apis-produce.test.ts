/** What a producer is told where several brokers have a partition. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../src/protocol/generated/api/fetch-response.ts'
import { ProduceRequest } from '../../src/protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../src/protocol/generated/api/produce-response.ts'
import { batchOf, clockOf, idOf, produce, producing } from '../broker/apis/records-setup.ts'
import { ask } from '../broker/apis/setup.ts'
import { HeldTransport, othersThan, turns } from './held-transport.ts'
import { createTopic, leaderOf, machines, startOn, until } from './setup.ts'

const records = batchOf(['a'])

for (const version of [9, 10, 12, 13]) {
  test(`version ${version}: who asks a follower is told who leads, from 10 on, and where that one is found`, async () => {
    const cluster = await startOn(machines(3))
    await createTopic(cluster, 't1')
    const leader = leaderOf(cluster, 't1')
    const [follower = assert.fail()] = othersThan(cluster, leader)
    const request = producing(version, { records, topicId: idOf(leader, 't1') })
    const answer = await ask(follower, ProduceRequest, ProduceResponse, version, request)
    const [partition] = answer.responses[0]?.partitionResponses ?? []
    assert.equal(partition?.errorCode, ErrorCode.NOT_LEADER_OR_FOLLOWER)
    const leaderEpoch = leader.replica('t1', 0)?.leaderEpoch
    const told = version >= 10
    assert.deepEqual(
      partition?.currentLeader,
      told ? { leaderId: leader.nodeId, leaderEpoch } : { leaderId: -1, leaderEpoch: -1 }
    )
    const endpoint = { nodeId: leader.nodeId, host: 'localhost', port: 9091 + leader.nodeId, rack: null }
    assert.deepEqual(answer.nodeEndpoints, told ? [endpoint] : [])
    await cluster.stop()
  })
}

const fetching = (broker: Broker, currentLeaderEpoch: number) => ({
  ...{ maxWaitMs: 0, minBytes: 1, maxBytes: 1000, sessionId: 0, sessionEpoch: -1 },
  topics: [
    {
      topicId: idOf(broker, 't1'),
      partitions: [{ partition: 0, currentLeaderEpoch, fetchOffset: 0, partitionMaxBytes: 1000 }]
    }
  ],
  forgottenTopicsData: []
})

test('a consumer that asks with an old epoch is told who leads, from version 16 on', async () => {
  const cluster = await startOn(machines(3))
  await createTopic(cluster, 't1')
  const lost = leaderOf(cluster, 't1').nodeId
  await cluster.lostBroker(lost)
  const leader = leaderOf(cluster, 't1')
  const leaderEpoch = leader.replica('t1', 0)?.leaderEpoch ?? -1
  for (const version of [15, 16]) {
    const answer = await ask(leader, FetchRequest, FetchResponse, version, fetching(leader, leaderEpoch - 1))
    const [partition] = answer.responses[0]?.partitions ?? []
    assert.equal(partition?.errorCode, ErrorCode.FENCED_LEADER_EPOCH)
    const told = version >= 16
    assert.deepEqual(
      partition?.currentLeader,
      told ? { leaderId: leader.nodeId, leaderEpoch } : { leaderId: -1, leaderEpoch: -1 }
    )
    assert.deepEqual(
      answer.nodeEndpoints.map(({ nodeId }) => nodeId),
      told ? [leader.nodeId] : []
    )
  }
  await cluster.stop()
})

test('with fewer replicas in sync than there must be, acks=all is refused before anything is written', async () => {
  const cluster = await startOn(machines(3), { 'min.insync.replicas': '2' })
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  for (const other of othersThan(cluster, leader)) await cluster.lostBroker(other.nodeId)
  assert.equal((await produce(leader, { records })).errorCode, ErrorCode.NOT_ENOUGH_REPLICAS)
  assert.equal(leader.replica('t1', 0)?.log.logEndOffset, 0)
  assert.equal((await produce(leader, { records, acks: 1 })).errorCode, ErrorCode.NONE)
  await cluster.stop()
})

test('replicas that are too slow are waited for as long as the producer allows; the records stay', async () => {
  const transport = new HeldTransport()
  const on = machines(3)
  const cluster = await startOn(on, {}, { transport: transport.carry })
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  transport.hold()
  const answer = produce(leader, { records })
  const one = produce(leader, { records, acks: 1 })
  assert.equal((await one).errorCode, ErrorCode.NONE, 'who waits for the leader alone waits for no replica')
  await turns()
  clockOf(leader).advance(999)
  let isAnswered = false
  answer.then(() => {
    isAnswered = true
  })
  await turns()
  assert.equal(isAnswered, false)
  clockOf(leader).advance(1)
  assert.equal((await answer).errorCode, ErrorCode.REQUEST_TIMED_OUT)
  transport.letGo()
  await until(on.clock, () => leader.replica('t1', 0)?.highWatermark === 2, 'the records are committed all the same')
  assert.equal((await produce(leader, { records })).errorCode, ErrorCode.NONE)
  await cluster.stop()
})

test('what is committed leaves no timer behind', async () => {
  const cluster = await startOn(machines(3))
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  const before = clockOf(leader).waiting
  for (let batch = 0; batch < 50; batch++) await produce(leader, { records })
  assert.ok(clockOf(leader).waiting < before + 25, `${clockOf(leader).waiting} wait, ${before} did before`)
  await cluster.stop()
})

test('who waits when another leader is elected is sent there', async () => {
  const transport = new HeldTransport()
  const cluster = await startOn(machines(3), {}, { transport: transport.carry })
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  transport.hold()
  const request = producing(12, { records })
  const waiting = ask(leader, ProduceRequest, ProduceResponse, 12, request)
  await turns()
  await cluster.controller.brokers.shutDown(leader.nodeId)
  const answer = await waiting
  const [partition] = answer.responses[0]?.partitionResponses ?? []
  assert.equal(partition?.errorCode, ErrorCode.NOT_LEADER_OR_FOLLOWER)
  const next = leaderOf(cluster, 't1')
  assert.notEqual(next, leader)
  assert.equal(partition?.currentLeader.leaderId, next.nodeId)
  transport.letGo()
  await cluster.stop()
})

test('where more replicas must be in sync by the time the records are committed, that is an error', async () => {
  const transport = new HeldTransport()
  const on = machines(3)
  const cluster = await startOn(on, { 'min.insync.replicas': '1' }, { transport: transport.carry })
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  const [lost = assert.fail()] = othersThan(cluster, leader)
  await cluster.lostBroker(lost.nodeId)
  const replica = leader.replica('t1', 0) ?? assert.fail()
  transport.hold()
  const waiting = produce(leader, { records })
  await turns()
  // Committed is what those in sync have; the minimum is another one between that and the answer.
  replica.observe({
    advanced: () => {
      replica.requireInSync(3)
    },
    ended: () => {}
  })
  transport.letGo()
  assert.equal((await waiting).errorCode, ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND)
  await cluster.stop()
})

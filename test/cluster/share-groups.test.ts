/** Share groups in a cluster: who leads a partition gives out its records, and what was accepted outlives it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { batchOf, produce } from '../broker/apis/records-setup.ts'
import { acknowledge, configure, fetch, given } from '../broker/apis/share-setup.ts'
import { newTopic } from '../coordination/metadata/setup.ts'
import { createTopic, leaderOf, type Machines, machines, startOn, until } from './setup.ts'

const config = { 'share.coordinator.state.topic.num.partitions': '1', 'share.coordinator.state.topic.min.isr': '2' }

async function start(on: Machines) {
  const cluster = await startOn(on, config)
  await createTopic(cluster, 't1')
  const key = { groupId: 'g', topicId: cluster.controller.image.topicByName('t1')?.id ?? '', partition: 0 }
  await answered(on, cluster.broker.shares.persister.initialize({ key, stateEpoch: 1, startOffset: 0 }))
  return { cluster, key }
}

/** The answer, for which time may have to pass. */
async function answered<Answer>(on: Machines, answer: Promise<Answer>): Promise<Answer> {
  let isThere = false
  void answer.finally(() => {
    isThere = true
  })
  await until(on.clock, () => isThere, 'an answer comes')
  return answer
}

/** As a client that asks again until it is answered with records. */
async function givenInTheEnd(on: Machines, broker: Broker, memberId: string): Promise<string> {
  for (let epoch = 0; epoch < 50; epoch += 1) {
    const records = await answered(on, given(broker, epoch, { memberId, maxWaitMs: 100 }))
    if (records !== '') return records
  }
  return 'nothing'
}

test('what was accepted is given out by no later leader, and what was only held by the next', async () => {
  const on = machines(3)
  const { cluster } = await start(on)
  const leader = leaderOf(cluster, 't1')
  for (const value of ['a', 'b', 'c']) await answered(on, produce(leader, { records: batchOf([value]) }))
  assert.equal(await givenInTheEnd(on, leader, 'a'), '0-2x1 abc')
  const [other] = [...cluster.brokers.values()].filter((broker) => broker !== leader)
  assert.ok(other !== undefined)
  const elsewhere = await answered(on, fetch(other, 0, { memberId: 'a' }))
  const [partition] = elsewhere.responses[0]?.partitions ?? []
  assert.deepEqual(
    [partition?.errorCode, partition?.currentLeader.leaderId],
    [ErrorCode.NOT_LEADER_OR_FOLLOWER, leader.nodeId]
  )
  assert.deepEqual(
    elsewhere.nodeEndpoints.map(({ nodeId }) => nodeId),
    [leader.nodeId]
  )
  assert.equal(await answered(on, acknowledge(leader, 1, [{ first: 0, last: 1, type: 1 }])), 0)
  const waiting = given(leader, 2, { maxWaitMs: 600_000 })
  await cluster.lostBroker(leader.nodeId)
  await leader.stop().catch(() => {})
  await answered(on, waiting)
  const next = leaderOf(cluster, 't1')
  assert.equal(await givenInTheEnd(on, next, 'b'), '2-2x1 c')
  await cluster.stop()
})

test('a dead letter comes to a topic that another broker leads', async () => {
  const on = machines(3)
  const { cluster } = await start(on)
  const leader = leaderOf(cluster, 't1')
  const [other] = [...cluster.brokers.values()].filter((broker) => broker !== leader)
  assert.ok(other !== undefined)
  const allowed = new Map([['errors.deadletterqueue.group.enable', 'true']])
  const assignments = [{ partitionIndex: 0, brokerIds: [other.nodeId] }]
  const topic = newTopic('dlq.t', { partitions: -1, replicationFactor: -1, assignments, config: allowed })
  assert.ok(!('message' in ((await cluster.controller.createTopics([topic]))[0] ?? {})))
  await answered(on, configure(leader, { 'errors.deadletterqueue.topic.name': 'dlq.t' }))
  await answered(on, produce(leader, { records: batchOf(['a']) }))
  assert.equal(await givenInTheEnd(on, leader, 'a'), '0-0x1 a')
  assert.equal(await answered(on, acknowledge(leader, 1, [{ first: 0, last: 0, type: 3 }])), 0)
  await until(on.clock, () => other.replica('dlq.t', 0)?.highWatermark === 1, 'the letter is there')
  await cluster.stop()
})

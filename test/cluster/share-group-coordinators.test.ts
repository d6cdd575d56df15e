/** Share groups in a cluster: members go on with the next coordinator, and what lies between brokers does not show in how far a group is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { AlterShareGroupOffsetsRequest } from '../../src/protocol/generated/api/alter-share-group-offsets-request.ts'
import { AlterShareGroupOffsetsResponse } from '../../src/protocol/generated/api/alter-share-group-offsets-response.ts'
import { DescribeShareGroupOffsetsRequest } from '../../src/protocol/generated/api/describe-share-group-offsets-request.ts'
import { DescribeShareGroupOffsetsResponse } from '../../src/protocol/generated/api/describe-share-group-offsets-response.ts'
import { ShareGroupHeartbeatRequest } from '../../src/protocol/generated/api/share-group-heartbeat-request.ts'
import { ShareGroupHeartbeatResponse } from '../../src/protocol/generated/api/share-group-heartbeat-response.ts'
import { ask } from '../broker/apis/setup.ts'
import { createTopic, leaderOf, type Machines, machines, startOn, until } from './setup.ts'

const config = {
  'offsets.topic.num.partitions': '1',
  'share.coordinator.state.topic.num.partitions': '1',
  'group.share.min.assignment.interval.ms': '0',
  'group.share.assignment.interval.ms': '0'
}

function beat(broker: Broker, memberEpoch: number, subscribedTopicNames: string[] | null = null) {
  const body = { groupId: 'g', memberId: 'm', memberEpoch, rackId: null, subscribedTopicNames }
  return ask(broker, ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse, 1, body)
}

/** Until the member is assigned its partition: the epoch that it is in then. */
async function assigned({ clock }: Machines, coordinator: Broker): Promise<number> {
  let memberEpoch = 2
  for (let heartbeats = 0; heartbeats < 50; heartbeats++) {
    let looks = 0
    await until(clock, () => looks++ === 3, 'time passes')
    const answer = await beat(coordinator, memberEpoch)
    memberEpoch = answer.memberEpoch
    if (answer.assignment?.topicPartitions.length === 1) return memberEpoch
  }
  return assert.fail('it is assigned nothing')
}

async function offsetsOf(broker: Broker) {
  const body = { groups: [{ groupId: 'g', topics: null }] }
  const { groups } = await ask(broker, DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse, 1, body)
  return groups[0]?.topics[0]?.partitions.map(({ startOffset, lag, errorCode }) => [startOffset, lag, errorCode])
}

test('a member goes on in its epoch, with what it reads, when another broker looks after its group', async () => {
  const on = machines(3)
  const cluster = await startOn(on, config)
  await createTopic(cluster, 't1')
  assert.ok(await cluster.broker.ensureGroupCoordinators())
  const first = leaderOf(cluster, '__consumer_offsets')
  assert.equal((await beat(first, 0, ['t1'])).errorCode, ErrorCode.NONE)
  const epoch = await assigned(on, first)
  await cluster.lostBroker(first.nodeId)
  await first.stop().catch(() => {})
  const next = leaderOf(cluster, '__consumer_offsets')
  assert.notEqual(next.nodeId, first.nodeId)
  const { errorCode, memberEpoch, assignment } = await beat(next, epoch, ['t1'])
  assert.deepEqual([errorCode, memberEpoch, assignment?.topicPartitions.length], [ErrorCode.NONE, epoch, 1])
  assert.equal((await beat(next, -1)).errorCode, ErrorCode.NONE)
  await cluster.stop()
})

test('how far a group is, is told by its coordinator, wherever the partition and its state are', async () => {
  const on = machines(3)
  const cluster = await startOn(on, config)
  await createTopic(cluster, 't1')
  assert.ok(await cluster.broker.ensureGroupCoordinators())
  const coordinator = leaderOf(cluster, '__consumer_offsets')
  const topics = [{ topicName: 't1', partitions: [{ partitionIndex: 0, startOffset: 4 }] }]
  const body = { groupId: 'g', topics }
  let altered: AlterShareGroupOffsetsResponse | null = null
  void ask(coordinator, AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse, 0, body).then((answer) => {
    altered = answer
  })
  await until(on.clock, () => altered !== null, 'it is altered')
  assert.deepEqual(await offsetsOf(coordinator), [[4, -4, ErrorCode.NONE]], 'as Kafka: the log is empty')
  for (const broker of cluster.brokers.values()) {
    if (broker !== coordinator) assert.equal(await offsetsOf(broker), undefined, 'it does not look after the group')
  }
  await cluster.stop()
})

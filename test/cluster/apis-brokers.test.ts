/** What clients are told of the brokers of a cluster, and of who leads what. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { Cluster } from '../../src/cluster/cluster.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { DescribeClusterRequest } from '../../src/protocol/generated/api/describe-cluster-request.ts'
import { DescribeClusterResponse } from '../../src/protocol/generated/api/describe-cluster-response.ts'
import { DescribeTopicPartitionsRequest } from '../../src/protocol/generated/api/describe-topic-partitions-request.ts'
import { DescribeTopicPartitionsResponse } from '../../src/protocol/generated/api/describe-topic-partitions-response.ts'
import { FindCoordinatorRequest } from '../../src/protocol/generated/api/find-coordinator-request.ts'
import { FindCoordinatorResponse } from '../../src/protocol/generated/api/find-coordinator-response.ts'
import { ask, network } from '../broker/apis/setup.ts'
import { brokersOf, topicOf } from './apis-setup.ts'
import { brokerOn, createTopic, leaderOf, machines, startOn } from './setup.ts'

test('every broker tells all that live, each at its own port, by the host by which the client came', async () => {
  const cluster = await startOn(machines(3))
  const expected = [1, 2, 3].map((nodeId) => ({ nodeId, host: 'localhost', port: 9091 + nodeId, rack: null }))
  for (const broker of cluster.brokers.values()) {
    // The listener of the session is the one of broker 1, wherever the test asks.
    const told = await brokersOf(broker)
    assert.deepEqual(
      told.filter(({ nodeId }) => nodeId !== broker.nodeId),
      expected.filter(({ nodeId }) => nodeId !== broker.nodeId)
    )
    assert.deepEqual(
      told.map(({ nodeId }) => nodeId),
      [1, 2, 3]
    )
    const cluster = await ask(broker, DescribeClusterRequest, DescribeClusterResponse, 2, {
      includeClusterAuthorizedOperations: false
    })
    assert.deepEqual(
      cluster.brokers.map(({ brokerId, port }) => [brokerId, port]),
      told.map(({ nodeId, port }) => [nodeId, port])
    )
    assert.ok(
      cluster.brokers.some(({ brokerId }) => brokerId === cluster.controllerId),
      'the controller is a broker'
    )
  }
  await cluster.stop()
})

test('where hosts are advertised, those are told of every broker, and so are the racks', async () => {
  const on = machines(2)
  const start = (nodeId: number) => {
    const endpoint = { host: `broker-${nodeId}.example`, port: 9000 + nodeId }
    return { ...brokerOn(on, nodeId), endpoint, advertised: endpoint, rack: `rack-${nodeId}` }
  }
  const controllerHost = { disk: on.controller, clock: on.clock, network, chance: new SeededChance(1) }
  const options = { controllerHost, durability: 'disk', config: {}, log: () => {} } as const
  const cluster = await Cluster.start({ brokers: [start(1), start(2)], ...options })
  const told = await brokersOf(cluster.broker)
  assert.deepEqual(told, [
    { nodeId: 1, host: 'broker-1.example', port: 9001, rack: 'rack-1' },
    { nodeId: 2, host: 'broker-2.example', port: 9002, rack: 'rack-2' }
  ])
  await cluster.stop()
})

test('a broker that is gone is told no more, and its replicas are offline', async () => {
  const cluster = await startOn(machines(3))
  await createTopic(cluster, 't1')
  const lost = leaderOf(cluster, 't1').nodeId
  await cluster.lostBroker(lost)
  const others = [1, 2, 3].filter((nodeId) => nodeId !== lost)
  for (const broker of cluster.brokers.values()) {
    assert.deepEqual(
      (await brokersOf(broker)).map(({ nodeId }) => nodeId),
      others
    )
    const [partition] = (await topicOf(broker, 't1')).partitions
    assert.deepEqual(partition?.offlineReplicas, [lost])
    assert.deepEqual([...(partition?.isrNodes ?? [])].sort(), others)
    assert.equal(partition?.replicaNodes.length, 3)
    assert.ok(others.includes(partition?.leaderId ?? -1))
    const [old] = (await topicOf(broker, 't1', 0)).partitions
    assert.equal(old?.errorCode, ErrorCode.REPLICA_NOT_AVAILABLE)
    assert.deepEqual([...(old?.replicaNodes ?? [])].sort(), others)
  }
  await cluster.stop()
})

test('a partition that nobody leads has no leader to tell, and who may lead is told', async () => {
  const cluster = await startOn(machines(3), { 'min.insync.replicas': '2' })
  await createTopic(cluster, 't1')
  const replicas = cluster.controller.image.topicByName('t1')?.partitions[0]?.replicas ?? []
  const [first = 0, second = 0, third = 0] = replicas
  // Where too few are in sync, those that leave have all that is committed: they may lead.
  await cluster.lostBroker(first)
  await cluster.lostBroker(second)
  const last = cluster.brokers.get(third) ?? assert.fail()
  const topics = [{ name: 't1' }]
  const answer = await ask(last, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, 0, {
    topics,
    responsePartitionLimit: 9
  })
  const [partition] = answer.topics[0]?.partitions ?? []
  assert.deepEqual(partition?.eligibleLeaderReplicas, [second])
  assert.deepEqual([...(partition?.offlineReplicas ?? [])].sort(), [first, second].sort())
  await cluster.stop()
})

test('a partition that nobody leads is LEADER_NOT_AVAILABLE', async () => {
  const cluster = await startOn(machines(2))
  await createTopic(cluster, 't1', { replicationFactor: 1 })
  const lost = leaderOf(cluster, 't1').nodeId
  await cluster.lostBroker(lost)
  const [partition] = (await topicOf(cluster.broker, 't1')).partitions
  assert.equal(partition?.errorCode, ErrorCode.LEADER_NOT_AVAILABLE)
  assert.equal(partition?.leaderId, -1)
  assert.deepEqual(partition?.offlineReplicas, [lost])
  await cluster.stop()
})

const groups = Array.from({ length: 20 }, (_, index) => `group-${index}`)

async function coordinatorsOf(broker: Broker) {
  const body = { keyType: 0, coordinatorKeys: groups }
  return (await ask(broker, FindCoordinatorRequest, FindCoordinatorResponse, 6, body)).coordinators
}

test('every broker names the same coordinators, spread over all, and each of them coordinates', async () => {
  const cluster = await startOn(machines(3))
  const [told, ...others] = await Promise.all([...cluster.brokers.values()].map(coordinatorsOf))
  assert.ok(told !== undefined)
  for (const { key, nodeId, errorCode } of told) {
    assert.equal(errorCode, ErrorCode.NONE)
    for (const broker of cluster.brokers.values()) {
      assert.equal(
        (await broker.groupCoordinatorFor(key)) !== undefined,
        broker.nodeId === nodeId,
        `${key} at ${broker.nodeId}`
      )
    }
  }
  assert.equal(new Set(told.map(({ nodeId }) => nodeId)).size, 3)
  for (const answer of others)
    assert.deepEqual(
      answer.map(({ nodeId }) => nodeId),
      told.map(({ nodeId }) => nodeId)
    )
  await cluster.stop()
})

test('when a coordinator is gone another one takes its groups', async () => {
  const cluster = await startOn(machines(3))
  await coordinatorsOf(cluster.broker)
  const lost = cluster.broker.nodeId
  await cluster.lostBroker(lost)
  for (const { key, nodeId, errorCode } of await coordinatorsOf(cluster.broker)) {
    assert.equal(errorCode, ErrorCode.NONE)
    assert.notEqual(nodeId, lost)
    assert.ok((await cluster.brokers.get(nodeId)?.groupCoordinatorFor(key)) !== undefined)
  }
  await cluster.stop()
})

test('without enough brokers for its topic there is no coordinator', async () => {
  const cluster = await startOn(machines(2), { 'offsets.topic.replication.factor': '3' })
  for (const { errorCode, nodeId } of await coordinatorsOf(cluster.broker)) {
    assert.deepEqual([errorCode, nodeId], [ErrorCode.COORDINATOR_NOT_AVAILABLE, -1])
  }
  await cluster.stop()
})

test('a group whose partition nobody leads has no coordinator', async () => {
  const cluster = await startOn(machines(2), { 'offsets.topic.replication.factor': '1' })
  const before = await coordinatorsOf(cluster.broker)
  const lost = before[0]?.nodeId ?? -1
  await cluster.lostBroker(lost)
  const after = await coordinatorsOf(cluster.broker)
  for (const [index, { errorCode }] of after.entries()) {
    const isLost = before[index]?.nodeId === lost
    assert.equal(errorCode, isLost ? ErrorCode.COORDINATOR_NOT_AVAILABLE : ErrorCode.NONE)
  }
  await cluster.stop()
})

/** What administrators ask of a cluster: elections, reassignments, brokers that go for good. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { AlterPartitionReassignmentsRequest } from '../../src/protocol/generated/api/alter-partition-reassignments-request.ts'
import { AlterPartitionReassignmentsResponse } from '../../src/protocol/generated/api/alter-partition-reassignments-response.ts'
import { AlterReplicaLogDirsRequest } from '../../src/protocol/generated/api/alter-replica-log-dirs-request.ts'
import { AlterReplicaLogDirsResponse } from '../../src/protocol/generated/api/alter-replica-log-dirs-response.ts'
import { DescribeLogDirsRequest } from '../../src/protocol/generated/api/describe-log-dirs-request.ts'
import { DescribeLogDirsResponse } from '../../src/protocol/generated/api/describe-log-dirs-response.ts'
import { DescribeQuorumRequest } from '../../src/protocol/generated/api/describe-quorum-request.ts'
import { DescribeQuorumResponse } from '../../src/protocol/generated/api/describe-quorum-response.ts'
import { ElectLeadersRequest } from '../../src/protocol/generated/api/elect-leaders-request.ts'
import { ElectLeadersResponse } from '../../src/protocol/generated/api/elect-leaders-response.ts'
import { IncrementalAlterConfigsRequest } from '../../src/protocol/generated/api/incremental-alter-configs-request.ts'
import { IncrementalAlterConfigsResponse } from '../../src/protocol/generated/api/incremental-alter-configs-response.ts'
import { ListPartitionReassignmentsRequest } from '../../src/protocol/generated/api/list-partition-reassignments-request.ts'
import { ListPartitionReassignmentsResponse } from '../../src/protocol/generated/api/list-partition-reassignments-response.ts'
import { UnregisterBrokerRequest } from '../../src/protocol/generated/api/unregister-broker-request.ts'
import { UnregisterBrokerResponse } from '../../src/protocol/generated/api/unregister-broker-response.ts'
import { batchOf, produce } from '../broker/apis/records-setup.ts'
import { ask, startBroker } from '../broker/apis/setup.ts'
import { brokerOn, createTopic, leaderOf, machines, startOn, until } from './setup.ts'

interface Named {
  readonly topic: string
  readonly partitions: readonly number[]
}

async function elect(cluster: Cluster, topicPartitions: readonly Named[] | null, more: object = {}) {
  const body = { electionType: 0, topicPartitions, timeoutMs: 1000, ...more }
  return ask(cluster.broker, ElectLeadersRequest, ElectLeadersResponse, 2, body)
}

const partitionOf = (cluster: Cluster, topic: string, partition = 0) =>
  cluster.controller.image.topicByName(topic)?.partitions[partition] ?? assert.fail()

async function reassign(cluster: Cluster, replicas: readonly number[] | null, more: object = {}) {
  const topics = [{ name: 't1', partitions: [{ partitionIndex: 0, replicas }] }]
  const body = { timeoutMs: 1000, allowReplicationFactorChange: true, topics, ...more }
  const answer = await ask(
    cluster.broker,
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
    1,
    body
  )
  return answer.responses[0]?.partitions[0]?.errorCode ?? answer.errorCode
}

async function reassignments(cluster: Cluster, topics: { name: string; partitionIndexes: number[] }[] | null = null) {
  const body = { timeoutMs: 1000, topics }
  return (await ask(cluster.broker, ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, 0, body))
    .topics
}

test('the preferred leader leads again when an administrator says so, as soon as it is in sync', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1')
  const [preferred = -1] = partitionOf(cluster, 't1').replicas
  await cluster.stopBroker(preferred)
  const named = [{ topic: 't1', partitions: [0] }]
  const early = await elect(cluster, named)
  assert.deepEqual(
    early.replicaElectionResults[0]?.partitionResult.map(({ errorCode }) => errorCode),
    [ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE]
  )
  await cluster.startBroker(brokerOn(on, preferred))
  await until(on.clock, () => partitionOf(cluster, 't1').inSyncReplicas.length === 3, 'it is in sync again')
  assert.notEqual(partitionOf(cluster, 't1').leader, preferred)
  const answer = await elect(cluster, null)
  assert.equal(answer.errorCode, ErrorCode.NONE)
  assert.deepEqual(answer.replicaElectionResults, [
    { topic: 't1', partitionResult: [{ partitionId: 0, errorCode: 0, errorMessage: null }] }
  ])
  assert.equal(partitionOf(cluster, 't1').leader, preferred)
  assert.deepEqual((await elect(cluster, null)).replicaElectionResults, [{ topic: 't1', partitionResult: [] }])
  const again = await elect(cluster, named)
  assert.equal(again.replicaElectionResults[0]?.partitionResult[0]?.errorCode, ErrorCode.ELECTION_NOT_NEEDED)
  await cluster.stop()
})

test('an unclean election needs a partition that nobody leads, and a broker that lives', async () => {
  const cluster = await startOn(machines(2))
  await createTopic(cluster, 't1', { replicationFactor: 1 })
  const named = [
    { topic: 't1', partitions: [0, 7] },
    { topic: 'absent', partitions: [0] }
  ]
  const errors = async () =>
    (await elect(cluster, named, { electionType: 1 })).replicaElectionResults.flatMap(({ partitionResult }) =>
      partitionResult.map(({ errorCode }) => errorCode)
    )
  const unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  assert.deepEqual(await errors(), [ErrorCode.ELECTION_NOT_NEEDED, unknown, unknown])
  await cluster.lostBroker(leaderOf(cluster, 't1').nodeId)
  assert.deepEqual(await errors(), [ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, unknown, unknown])
  await cluster.stop()
})

test('a partition moves to other brokers with all that it has, and is gone from the first', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1', { replicationFactor: 1 })
  const from = leaderOf(cluster, 't1')
  await produce(from, { records: batchOf(['a', 'b']) })
  const to = [1, 2, 3].filter((nodeId) => nodeId !== from.nodeId)
  const moving = reassign(cluster, to)
  assert.equal(await moving, ErrorCode.NONE)
  await until(on.clock, () => partitionOf(cluster, 't1').addingReplicas.length === 0, 'the reassignment is complete')
  assert.deepEqual(partitionOf(cluster, 't1').replicas, to)
  assert.deepEqual(await reassignments(cluster), [])
  const leader = leaderOf(cluster, 't1')
  assert.ok(to.includes(leader.nodeId))
  assert.equal(leader.replica('t1', 0)?.log.logEndOffset, 2)
  assert.equal(from.hosted('t1', 0).kind, 'none')
  await cluster.stop()
})

test('a reassignment that waits is listed, and can be taken back', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1', { replicationFactor: 1 })
  const from = leaderOf(cluster, 't1').nodeId
  const [away = -1] = [1, 2, 3].filter((nodeId) => nodeId !== from)
  await cluster.lostBroker(away)
  assert.equal(await reassign(cluster, [away]), ErrorCode.NONE)
  const partition = { partitionIndex: 0, replicas: [away, from], addingReplicas: [away], removingReplicas: [from] }
  const expected = [{ name: 't1', partitions: [partition] }]
  assert.deepEqual(await reassignments(cluster), expected)
  assert.deepEqual(
    await reassignments(cluster, [
      { name: 't1', partitionIndexes: [0, 5] },
      { name: 'absent', partitionIndexes: [0] }
    ]),
    expected
  )
  assert.deepEqual(await reassignments(cluster, [{ name: 't1', partitionIndexes: [5] }]), [])
  assert.equal(await reassign(cluster, null), ErrorCode.NONE)
  assert.deepEqual(await reassignments(cluster), [])
  assert.deepEqual(partitionOf(cluster, 't1').replicas, [from])
  assert.equal(await reassign(cluster, null), ErrorCode.NO_REASSIGNMENT_IN_PROGRESS)
  await cluster.stop()
})

test('what cannot be reassigned is refused, each partition for itself', async () => {
  const cluster = await startOn(machines(2))
  await createTopic(cluster, 't1', { replicationFactor: 1 })
  assert.equal(await reassign(cluster, [1, 9]), ErrorCode.INVALID_REPLICA_ASSIGNMENT)
  assert.equal(
    await reassign(cluster, [1, 2], { allowReplicationFactorChange: false }),
    ErrorCode.INVALID_REPLICATION_FACTOR
  )
  assert.equal(
    await reassign(cluster, [1], { topics: [{ name: 'absent', partitions: [{ partitionIndex: 0, replicas: [1] }] }] }),
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  )
  assert.equal(await reassign(cluster, [1], { timeoutMs: 0 }), ErrorCode.REQUEST_TIMED_OUT)
  assert.equal(await reassign(cluster, [1], { topics: [] }), ErrorCode.NONE)
  const [first = -1, second = -1] = [1, 2].toSorted((one) => (one === leaderOf(cluster, 't1').nodeId ? -1 : 1))
  const topics = [
    {
      name: 't1',
      partitions: [
        { partitionIndex: 3, replicas: [first] },
        { partitionIndex: 0, replicas: [first, second] }
      ]
    }
  ]
  const answer = await ask(cluster.broker, AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, 1, {
    timeoutMs: 1000,
    topics
  })
  assert.deepEqual(
    answer.responses[0]?.partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode]),
    [
      [3, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
      [0, ErrorCode.NONE]
    ]
  )
  await cluster.stop()
})

async function unregister(cluster: Cluster, brokerId: number) {
  return (await ask(cluster.broker, UnregisterBrokerRequest, UnregisterBrokerResponse, 0, { brokerId })).errorCode
}

test('a broker that is gone is unregistered; one that runs, or is unknown, is not', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1')
  assert.equal(await unregister(cluster, 9), ErrorCode.BROKER_ID_NOT_REGISTERED)
  assert.equal(await unregister(cluster, 2), ErrorCode.INVALID_REQUEST)
  assert.equal(await unregister(cluster, cluster.broker.nodeId), ErrorCode.INVALID_REQUEST)
  await cluster.stopBroker(2)
  assert.equal(await unregister(cluster, 2), ErrorCode.NONE)
  assert.equal(cluster.controller.image.broker(2), undefined)
  assert.equal(await unregister(cluster, 2), ErrorCode.BROKER_ID_NOT_REGISTERED)
  await cluster.startBroker(brokerOn(on, 2))
  await until(on.clock, () => partitionOf(cluster, 't1').inSyncReplicas.length === 3, 'it comes back as a new one')
  await cluster.stop()
})

test('the broker of a cluster of one is not unregistered', async () => {
  const broker = await startBroker()
  const answer = await ask(broker, UnregisterBrokerRequest, UnregisterBrokerResponse, 0, { brokerId: broker.nodeId })
  assert.equal(answer.errorCode, ErrorCode.INVALID_REQUEST)
  await broker.stop()
})

test('replicas stay in the one directory of their broker', async () => {
  const cluster = await startOn(machines(2))
  await createTopic(cluster, 't1', { replicationFactor: 1 })
  for (const broker of cluster.brokers.values()) {
    const topics = [
      { name: 't1', partitions: [0] },
      { name: 'absent', partitions: [0] }
    ]
    const errors = async (path: string, version: number) => {
      const { results } = await ask(broker, AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, version, {
        dirs: [{ path, topics }]
      })
      return results.map(({ topicName, partitions }) => [topicName, partitions[0]?.errorCode])
    }
    const isHere = leaderOf(cluster, 't1') === broker
    const absent = ['absent', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]
    for (const version of [1, 2]) {
      const here = ['t1', isHere ? ErrorCode.NONE : ErrorCode.REPLICA_NOT_AVAILABLE]
      assert.deepEqual(await errors(broker.logDirectory.path, version), [here, absent])
      const nowhere = ErrorCode.LOG_DIR_NOT_FOUND
      assert.deepEqual(await errors('/elsewhere', version), [
        ['t1', nowhere],
        ['absent', nowhere]
      ])
    }
    const described = await ask(broker, DescribeLogDirsRequest, DescribeLogDirsResponse, 5, { topics: null })
    assert.deepEqual(
      described.results[0]?.topics.map(({ name }) => name),
      isHere ? ['t1'] : []
    )
  }
  await cluster.stop()
})

test('the controller has a quorum of its own, that the brokers observe', async () => {
  const cluster = await startOn(machines(3))
  const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }]
  const answer = await ask(cluster.broker, DescribeQuorumRequest, DescribeQuorumResponse, 2, { topics })
  const [partition] = answer.topics[0]?.partitions ?? []
  const controller = cluster.controller.nodeId
  assert.equal(partition?.leaderId, controller)
  assert.deepEqual(
    partition?.currentVoters.map(({ replicaId }) => replicaId),
    [controller]
  )
  assert.deepEqual(
    partition?.observers.map(({ replicaId }) => replicaId),
    [1, 2, 3]
  )
  assert.ok(partition?.observers.every(({ logEndOffset }) => logEndOffset === partition.highWatermark))
  await cluster.lostBroker(2)
  const later = await ask(cluster.broker, DescribeQuorumRequest, DescribeQuorumResponse, 2, { topics })
  assert.deepEqual(
    later.topics[0]?.partitions[0]?.observers.map(({ replicaId }) => replicaId),
    [1, 3]
  )
  await cluster.stop()
})

test('each broker takes its own configuration, and no other’s', async () => {
  const cluster = await startOn(machines(2))
  for (const broker of cluster.brokers.values()) {
    for (const id of [1, 2]) {
      const configs = [{ name: 'log.retention.ms', configOperation: 0, value: '1000' }]
      const resources = [{ resourceType: 4, resourceName: String(id), configs }]
      const body = { resources, validateOnly: false }
      const answer = await ask(broker, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, 1, body)
      const expected = broker.nodeId === id ? ErrorCode.NONE : ErrorCode.INVALID_REQUEST
      assert.equal(answer.responses[0]?.errorCode, expected)
    }
  }
  await cluster.stop()
})

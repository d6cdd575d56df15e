/** Brokers that are cut off from the controller: fenced at the end of their session, harmless meanwhile, and back when they are heard. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import type { Cluster } from '../../src/cluster/cluster.ts'
import type { ManualClock } from '../../src/host/memory/clock.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { CreateTopicsRequest } from '../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../src/protocol/generated/api/create-topics-response.ts'
import { DescribeClusterRequest } from '../../src/protocol/generated/api/describe-cluster-request.ts'
import { DescribeClusterResponse } from '../../src/protocol/generated/api/describe-cluster-response.ts'
import { batchOf, clockOf, produce } from '../broker/apis/records-setup.ts'
import { ask, startBroker } from '../broker/apis/setup.ts'
import { brokersOf } from './apis-setup.ts'
import { CutTransport, controllerId, pass } from './cut-transport.ts'
import { othersThan, turns } from './held-transport.ts'
import { brokerOn, createTopic, leaderOf, machines, startOn, until } from './setup.ts'

const sessionMs = 9_000
/** The controller looks every quarter of a session. */
const longestMs = sessionMs + sessionMs / 4 + 250

async function withTopic(): Promise<{ cluster: Cluster; clock: ManualClock; net: CutTransport; leader: Broker }> {
  const on = machines(3)
  const net = new CutTransport()
  const cluster = await startOn(on, { 'auto.leader.rebalance.enable': 'false' }, { transport: net.carry })
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  await until(on.clock, () => leader.replica('t1', 0)?.leadership != null, 'it has heard that it leads')
  return { cluster, clock: on.clock, net, leader }
}

const decided = ({ controller }: Cluster, topic = 't1') => controller.image.topicByName(topic)?.partitions[0]
const isFenced = ({ controller }: Cluster, { nodeId }: Broker) => controller.image.broker(nodeId)?.fenced
const highWatermarkOf = (broker: Broker) => broker.replica('t1', 0)?.highWatermark

test('a broker that is cut off from the controller is fenced at the end of its session, and not before: others lead', async () => {
  const { cluster, clock, net, leader } = await withTopic()
  net.part(leader.nodeId, controllerId)
  await pass(clock, sessionMs - 2_000)
  assert.equal(decided(cluster)?.leader, leader.nodeId, 'its session goes on')
  await pass(clock, longestMs - sessionMs + 2_000)
  assert.equal(isFenced(cluster, leader), true)
  const others = othersThan(cluster, leader).map(({ nodeId }) => nodeId)
  assert.deepEqual([...(decided(cluster)?.inSyncReplicas ?? [])].sort(), others.sort())
  const next = leaderOf(cluster, 't1')
  assert.notEqual(next, leader)
  assert.equal((await produce(next, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  await cluster.stop()
})

test('what a leader that was replaced unknown to it is given is never acknowledged as safe, and gone when it follows again', async () => {
  const { cluster, clock, net, leader } = await withTopic()
  assert.equal((await produce(leader, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  net.part(leader.nodeId, controllerId)
  await pass(clock, longestMs)
  assert.ok(leader.replica('t1', 0)?.leadership != null, 'nobody could tell it')
  const stale = produce(leader, { records: batchOf(['lost']) })
  const next = leaderOf(cluster, 't1')
  assert.equal((await produce(next, { records: batchOf(['b']) })).errorCode, ErrorCode.NONE)
  await pass(clock, 1_250)
  assert.equal((await stale).errorCode, ErrorCode.REQUEST_TIMED_OUT)
  assert.equal(highWatermarkOf(leader), 1, 'those that it takes for in sync follow another')
  net.heal()
  await until(clock, () => decided(cluster)?.inSyncReplicas.length === 3, 'it is in sync again')
  const copies = [...cluster.brokers.values()].map((broker) => {
    const read = broker.replica('t1', 0)?.log.read(0, { maxBytes: 1 << 20, upTo: 2, atLeastOneBatch: 'yes' })
    return read === undefined || 'error' in read ? null : Buffer.concat(read.chunks)
  })
  for (const copy of copies) assert.deepEqual(copy, copies[0])
  assert.match(copies[0]?.toString() ?? '', /b/)
  assert.equal(leader.replica('t1', 0)?.leadership, null)
  await cluster.stop()
})

test('a leader that cannot reach the controller keeps its in-sync set, and acknowledges nothing that one in sync does not have', async () => {
  const { cluster, clock, net, leader } = await withTopic()
  net.part(leader.nodeId, controllerId)
  for (const { nodeId } of othersThan(cluster, leader)) net.part(leader.nodeId, nodeId)
  const alone = produce(leader, { records: batchOf(['alone']) })
  // Longer than a follower may lag (replica.lag.time.max.ms).
  await pass(clock, 61_000)
  assert.equal((await alone).errorCode, ErrorCode.REQUEST_TIMED_OUT)
  assert.equal(leader.replica('t1', 0)?.leadership?.inSyncReplicas.length, 3)
  assert.equal(highWatermarkOf(leader), 0)
  net.heal()
  await until(clock, () => decided(cluster)?.inSyncReplicas.length === 3, 'it is in sync again')
  await cluster.stop()
})

test('one direction is enough: who is not heard is fenced and hears so; who is heard is not, though it hears nothing', async () => {
  const { cluster, clock, net, leader } = await withTopic()
  net.cut(controllerId, leader.nodeId)
  await pass(clock, 2 * longestMs)
  assert.equal(isFenced(cluster, leader), false)
  assert.equal((await produce(leader, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  net.heal()
  net.cut(leader.nodeId, controllerId)
  await pass(clock, longestMs)
  assert.equal(isFenced(cluster, leader), true)
  assert.equal(leader.image.broker(leader.nodeId)?.fenced, true, 'it was told')
  assert.equal(leader.replica('t1', 0)?.leadership, null)
  await cluster.stop()
})

test('a follower that is fenced, and follows all the same, is not asked for in vain with each of its fetches', async () => {
  const { cluster, clock, net, leader } = await withTopic()
  const [other] = othersThan(cluster, leader)
  assert.ok(other !== undefined)
  net.cut(other.nodeId, controllerId)
  await pass(clock, longestMs)
  assert.equal(isFenced(cluster, other), true)
  const { brokers } = cluster.controller
  const ask = brokers.alterPartitions.bind(brokers)
  let asked = 0
  brokers.alterPartitions = (...wanted) => {
    asked += 1
    return ask(...wanted)
  }
  await pass(clock, 5_000)
  assert.equal(asked, 0)
  net.heal()
  await until(clock, () => decided(cluster)?.inSyncReplicas.length === 3, 'it is in sync again')
  await cluster.stop()
})

test('a fetch of another epoch is refused on both sides', async () => {
  const { cluster, clock, net, leader } = await withTopic()
  const epoch = decided(cluster)?.leaderEpoch ?? -1
  net.part(leader.nodeId, controllerId)
  await pass(clock, longestMs)
  const next = leaderOf(cluster, 't1')
  const { topicId = '' } = leader.replica('t1', 0) ?? {}
  const asks = async (of: Broker, follower: Broker, currentLeaderEpoch: number) => {
    const partition = { partition: 0, currentLeaderEpoch, fetchOffset: 0, lastFetchedEpoch: -1, logStartOffset: 0 }
    const partitions = [
      { ...partition, partitionMaxBytes: 1, replicaDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA', highWatermark: 0 }
    ]
    const { response } = await of.fetchFor(follower.nodeId, {
      ...{ clusterId: null, replicaId: -1, replicaState: { replicaId: follower.nodeId, replicaEpoch: 99 } },
      ...{ maxWaitMs: 0, minBytes: 1, maxBytes: 1, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 },
      ...{ topics: [{ topic: '', topicId, partitions }], forgottenTopicsData: [], rackId: '' }
    })
    return response.responses[0]?.partitions[0]?.errorCode
  }
  assert.equal(await asks(leader, next, epoch + 1), ErrorCode.UNKNOWN_LEADER_EPOCH)
  assert.equal(await asks(next, leader, epoch), ErrorCode.FENCED_LEADER_EPOCH)
  await cluster.stop()
})

test('a broker that comes back hears all that it missed, in order', async () => {
  const { cluster, clock, net, leader } = await withTopic()
  net.part(leader.nodeId, controllerId)
  const first = cluster.controller.createTopics([
    { name: 'again', partitions: 2, replicationFactor: 2, assignments: [], config: new Map() }
  ])
  const [made] = await first
  assert.ok(made !== undefined && 'id' in made)
  await cluster.controller.deleteTopics([made.id])
  await createTopic(cluster, 'again', { partitions: 3 })
  assert.equal(leader.image.topicByName('again'), undefined)
  net.heal()
  await until(clock, () => leader.image.topicByName('again')?.partitions.length === 3, 'it has heard')
  assert.equal(leader.image.topicByName('again')?.id, cluster.controller.image.topicByName('again')?.id)
  await until(clock, () => decided(cluster, 'again')?.inSyncReplicas.length === 3, 'it holds what it was given')
  await cluster.stop()
})

test('a partition that a broker had not heard of when it went is there when it comes back', async () => {
  const on = machines(3)
  const net = new CutTransport()
  const before = await startOn(on, {}, { transport: net.carry })
  net.part(2, controllerId)
  const assigned = { name: 'single', partitions: -1, replicationFactor: -1, assignments: [], config: new Map() }
  const assignments = [{ partitionIndex: 0, brokerIds: [2] }]
  await before.controller.createTopics([{ ...assigned, assignments }])
  assert.equal(before.brokers.get(2)?.image.topicByName('single'), undefined)
  await before.stop()
  const cluster = await startOn(on)
  assert.equal(leaderOf(cluster, 'single').replica('single', 0)?.leadership?.epoch, 0)
  await cluster.stop()
})

test('a name that a broker has not heard to be free is waited for', async () => {
  const { cluster, clock, net, leader } = await withTopic()
  net.part(leader.nodeId, controllerId)
  await cluster.controller.deleteTopics([cluster.controller.image.topicByName('t1')?.id ?? ''])
  let isMade = false
  const making = createTopic(cluster, 't1').then(() => {
    isMade = true
  })
  await pass(clock, 2_000)
  assert.equal(isMade, false)
  net.heal()
  await until(clock, () => isMade, 'the name is free')
  await making
  await until(clock, () => decided(cluster)?.inSyncReplicas.length === 3, 'all hold it')
  assert.equal(leader.image.topicByName('t1')?.id, cluster.controller.image.topicByName('t1')?.id)
  await cluster.stop()
})

test('what a broker asks the controller for in vain has timed out, and clients of a stale broker are told so', async () => {
  const { cluster, net, leader } = await withTopic()
  net.part(leader.nodeId, controllerId)
  const topic = { name: 't2', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  const body = { topics: [topic], timeoutMs: 1, validateOnly: false }
  const answer = await ask(leader, CreateTopicsRequest, CreateTopicsResponse, 7, body)
  assert.equal(answer.topics[0]?.errorCode, ErrorCode.REQUEST_TIMED_OUT)
  await cluster.stop()
})

test('fenced brokers are told of to who asks for them, and to nobody else', async () => {
  const { cluster, clock, net, leader } = await withTopic()
  net.cut(leader.nodeId, controllerId)
  await pass(clock, longestMs)
  for (const broker of cluster.brokers.values()) {
    const described = async (includeFencedBrokers: boolean) => {
      const request = { includeClusterAuthorizedOperations: false, includeFencedBrokers }
      const { brokers } = await ask(broker, DescribeClusterRequest, DescribeClusterResponse, 2, request)
      return brokers.map(({ brokerId, isFenced }) => (isFenced ? `${brokerId} fenced` : `${brokerId}`))
    }
    const living = [1, 2, 3].filter((nodeId) => nodeId !== leader.nodeId)
    assert.deepEqual(await described(false), living.map(String))
    const all = [1, 2, 3].map((nodeId) => (nodeId === leader.nodeId ? `${nodeId} fenced` : `${nodeId}`))
    assert.deepEqual(await described(true), all)
    assert.deepEqual(
      (await brokersOf(broker)).map(({ nodeId }) => nodeId),
      living
    )
  }
  await cluster.stop()
})

test('a heartbeat of a broker that is gone, which comes late, does not bring it back', async () => {
  const { cluster, clock, net, leader } = await withTopic()
  net.holdFrom(leader.nodeId)
  await pass(clock, 2_250)
  await cluster.lostBroker(leader.nodeId)
  net.heal()
  await turns()
  assert.equal(isFenced(cluster, leader), true)
  await cluster.stop()
})

test('a broker that comes while it is cut off takes part when it is heard', async () => {
  const on = machines(3)
  const net = new CutTransport()
  const cluster = await startOn(on, {}, { transport: net.carry })
  await cluster.stopBroker(2)
  net.cut(2, controllerId)
  let isThere = false
  const starting = cluster.startBroker(brokerOn(on, 2)).then((broker) => {
    isThere = true
    return broker
  })
  await pass(on.clock, longestMs)
  assert.equal(isThere, false)
  net.heal()
  await until(on.clock, () => isThere, 'it is there')
  assert.equal(isFenced(cluster, await starting), false)
  await cluster.stop()
})

test('after a start of all nobody leads in the epoch of before: who has not heard of the next waits for it', async () => {
  const on = machines(3)
  const before = await startOn(on)
  await createTopic(before, 't1')
  const { nodeId } = leaderOf(before, 't1')
  const epoch = decided(before)?.leaderEpoch ?? -1
  await before.stop()
  const net = new CutTransport()
  net.cut(controllerId, nodeId)
  const cluster = await startOn(on, {}, { transport: net.carry })
  const leader = cluster.brokers.get(nodeId)
  await pass(on.clock, 1_000)
  assert.equal(decided(cluster)?.leader, nodeId)
  assert.equal(leader?.replica('t1', 0)?.leadership, null)
  net.heal()
  await until(on.clock, () => leader?.replica('t1', 0)?.leadership?.epoch === epoch + 1, 'it leads in the new epoch')
  await cluster.stop()
})

test('brokers of this process are heard as long as they live, and a lone broker has no heartbeats', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  on.clock.advance(10 * sessionMs)
  await turns()
  for (const broker of cluster.brokers.values()) assert.equal(isFenced(cluster, broker), false)
  await cluster.stop()

  const alone = await startBroker()
  alone.controller.ask = () => Promise.reject(new Error('nobody asks'))
  clockOf(alone).advance(10 * sessionMs)
  await turns()
  await alone.stop()
})

/** Group coordinators in a cluster: what they wait for, and what becomes of them when others lead. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { limits } from '../../src/limits.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { OffsetCommitRequest } from '../../src/protocol/generated/api/offset-commit-request.ts'
import { OffsetCommitResponse } from '../../src/protocol/generated/api/offset-commit-response.ts'
import { OffsetFetchRequest } from '../../src/protocol/generated/api/offset-fetch-request.ts'
import { OffsetFetchResponse } from '../../src/protocol/generated/api/offset-fetch-response.ts'
import { ask } from '../broker/apis/setup.ts'
import { brokerOn, createTopic, leaderOf, type Machines, machines, startOn, until } from './setup.ts'

const config = { 'offsets.topic.num.partitions': '1', 'min.insync.replicas': '2' }

async function startWithGroups(on: Machines): Promise<{ cluster: Cluster; coordinator: Broker }> {
  const cluster = await startOn(on, config)
  await createTopic(cluster, 't1')
  assert.ok(await cluster.broker.ensureGroupCoordinators())
  return { cluster, coordinator: leaderOf(cluster, '__consumer_offsets') }
}

async function commit(broker: Broker, offset: number): Promise<number | undefined> {
  const partitions = [{ partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: '' }]
  const group = { groupId: 'g', generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null }
  const body = { ...group, topics: [{ name: 't1', partitions }] }
  const { topics } = await ask(broker, OffsetCommitRequest, OffsetCommitResponse, 8, body)
  return topics[0]?.partitions[0]?.errorCode
}

async function committed(broker: Broker): Promise<number | undefined> {
  const body = { groupId: 'g', topics: [{ name: 't1', partitionIndexes: [0] }], requireStable: false }
  const { topics } = await ask(broker, OffsetFetchRequest, OffsetFetchResponse, 7, body)
  return topics?.[0]?.partitions[0]?.committedOffset
}

/** All but one are gone, and the one knows it. */
async function loseOthers(cluster: Cluster, coordinator: Broker): Promise<number[]> {
  const others = [...cluster.brokers.keys()].filter((id) => id !== coordinator.nodeId)
  for (const id of others) {
    const lost = cluster.brokers.get(id)
    await cluster.lostBroker(id)
    await lost?.stop().catch(() => {})
  }
  return others
}

test('a commit that cannot be replicated is refused at once, and taken when others are back', async () => {
  const on = machines(3)
  const { cluster, coordinator } = await startWithGroups(on)
  assert.equal(await commit(coordinator, 1), ErrorCode.NONE)
  const others = await loseOthers(cluster, coordinator)
  assert.equal(await commit(coordinator, 2), ErrorCode.NOT_COORDINATOR)
  assert.equal(await committed(coordinator), 1)
  for (const id of others) await cluster.startBroker(brokerOn(on, id))
  const replica = coordinator.replica('__consumer_offsets', 0)
  await until(on.clock, () => replica?.leadership?.inSyncReplicas.length === 3, 'all are in sync again')
  assert.equal(await commit(coordinator, 3), ErrorCode.NONE)
  assert.equal(await committed(coordinator), 3)
  await cluster.stop()
})

test('a commit that followers do not get in time is refused, and the coordinator goes on', async () => {
  const on = machines(3)
  let isCut = false
  const never = new Promise<void>(() => {})
  const cluster = await startOn(on, config, { transport: () => (isCut ? never : Promise.resolve()) })
  await createTopic(cluster, 't1')
  assert.ok(await cluster.broker.ensureGroupCoordinators())
  const coordinator = leaderOf(cluster, '__consumer_offsets')
  assert.equal(await commit(coordinator, 1), ErrorCode.NONE)
  isCut = true
  let answer: number | undefined
  commit(coordinator, 2).then((error) => {
    answer = error
  })
  const log = coordinator.replica('__consumer_offsets', 0)?.log
  await until(on.clock, () => log?.logEndOffset === 2, 'it is appended')
  on.clock.advance(limits.coordinatorCommitMs / 2)
  await new Promise(setImmediate)
  assert.equal(answer, undefined)
  on.clock.advance(limits.coordinatorCommitMs / 2)
  await until(on.clock, () => answer !== undefined, 'it is refused')
  assert.equal(answer, ErrorCode.NOT_COORDINATOR)
  const group = await coordinator.groupCoordinatorFor('g')
  assert.equal(group?.isClosed, false)
})

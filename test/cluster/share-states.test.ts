/** Share coordinators in a cluster: every broker reaches them, what was acknowledged outlives them, and what is pruned is gone everywhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import type { Transport } from '../../src/cluster/channel.ts'
import type { Cluster } from '../../src/cluster/cluster.ts'
import type { SharePartitionKey } from '../../src/coordination/share-states/state.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { CutTransport } from './cut-transport.ts'
import { HeldTransport, turns } from './held-transport.ts'
import { brokerOn, createTopic, leaderOf, type Machines, machines, startOn, until } from './setup.ts'

const stateTopic = '__share_group_state'
const config = {
  'share.coordinator.state.topic.num.partitions': '1',
  'share.coordinator.state.topic.min.isr': '2',
  'share.coordinator.snapshot.update.records.per.snapshot': '2'
}
const { NONE, NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, FENCED_LEADER_EPOCH } = ErrorCode

interface Scene {
  readonly cluster: Cluster
  readonly coordinator: Broker
  readonly others: readonly [Broker, Broker]
  readonly key: SharePartitionKey
}

async function start(on: Machines, transport?: Transport): Promise<Scene> {
  const cluster = await startOn(on, config, transport === undefined ? {} : { transport })
  await createTopic(cluster, 't1')
  const key = { groupId: 'g', topicId: cluster.controller.image.topicByName('t1')?.id ?? '', partition: 0 }
  const initialized = answered(on, cluster.broker.shares.persister.initialize({ key, stateEpoch: 1, startOffset: 0 }))
  assert.equal((await initialized).errorCode, NONE)
  const coordinator = leaderOf(cluster, stateTopic)
  const [one, other] = [...cluster.brokers.values()].filter((broker) => broker !== coordinator)
  assert.ok(one !== undefined && other !== undefined)
  return { cluster, coordinator, others: [one, other], key }
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

function writing(key: SharePartitionKey, startOffset: number, leaderEpoch = 1) {
  return { key, stateEpoch: 1, leaderEpoch, startOffset, deliveryCompleteCount: 0, stateBatches: [] }
}

test('any broker reads and writes, and who reads in a later epoch fences who wrote before', async () => {
  const on = machines(3)
  const { cluster, others, key } = await start(on)
  const [one, other] = others
  assert.equal((await answered(on, one.shares.persister.read(key, 1))).errorCode, NONE)
  assert.equal((await answered(on, one.shares.persister.write(writing(key, 5)))).errorCode, NONE)
  const { errorCode, startOffset } = await answered(on, other.shares.persister.read(key, 2))
  assert.deepEqual([errorCode, startOffset], [NONE, 5])
  assert.equal((await answered(on, one.shares.persister.write(writing(key, 6)))).errorCode, FENCED_LEADER_EPOCH)
  assert.equal((await answered(on, other.shares.persister.summarize(key))).leaderEpoch, 2)
  assert.equal((await answered(on, one.shares.persister.remove(key))).errorCode, NONE)
  assert.equal((await answered(on, other.shares.persister.summarize(key))).startOffset, -1)
  await cluster.stop()
})

test('who does not lead is no coordinator, nor is who led before', async () => {
  const on = machines(3)
  const { cluster, coordinator, others, key } = await start(on)
  const askHere = async (broker: Broker) => (await answered(on, broker.shares.coordinators.summarize(key))).errorCode
  for (const other of others) assert.equal(await askHere(other), NOT_COORDINATOR)
  assert.equal(await askHere(coordinator), NONE)
  await cluster.lostBroker(coordinator.nodeId)
  await coordinator.stop().catch(() => {})
  const next = leaderOf(cluster, stateTopic)
  await answered(on, next.shares.persister.write(writing(key, 5)))
  await cluster.startBroker(brokerOn(on, coordinator.nodeId))
  const isCaughtUp = () => next.replica(stateTopic, 0)?.leadership?.inSyncReplicas.length === 3
  await until(on.clock, isCaughtUp, 'the first is in sync again')
  await cluster.controller.brokers.electLeaders('preferred', [{ topic: stateTopic, partitions: [0] }])
  assert.notEqual(leaderOf(cluster, stateTopic), next, 'the first leads again')
  await until(on.clock, () => next.replica(stateTopic, 0)?.leadership === null, 'it has heard so')
  assert.equal(await askHere(next), NOT_COORDINATOR)
  assert.equal((await answered(on, next.shares.persister.summarize(key))).startOffset, 5)
  await cluster.stop()
})

test('where the coordinator is gone another has what was acknowledged, and the old one has it when it comes back', async () => {
  const on = machines(3)
  const { cluster, coordinator, others, key } = await start(on)
  const [one] = others
  await answered(on, one.shares.persister.read(key, 1))
  await answered(on, one.shares.persister.write(writing(key, 5)))
  await cluster.lostBroker(coordinator.nodeId)
  await coordinator.stop().catch(() => {})
  const reading = await answered(on, one.shares.persister.read(key, 1))
  assert.deepEqual([reading.errorCode, reading.startOffset], [NONE, 5])
  assert.equal((await answered(on, one.shares.persister.write(writing(key, 6)))).errorCode, NONE)
  const back = await cluster.startBroker(brokerOn(on, coordinator.nodeId))
  assert.equal((await answered(on, back.shares.persister.read(key, 1))).startOffset, 6)
  await cluster.stop()
})

test('a write that is asked while the coordinator goes waits for the next, and comes once', async () => {
  const on = machines(3)
  const transport = new CutTransport()
  const { cluster, coordinator, others, key } = await start(on, transport.carry)
  const [one] = others
  await answered(on, one.shares.persister.read(key, 1))
  transport.part(one.nodeId, coordinator.nodeId)
  const written = one.shares.persister.write(writing(key, 5))
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
  await cluster.lostBroker(coordinator.nodeId)
  await coordinator.stop().catch(() => {})
  assert.equal((await answered(on, written)).errorCode, NONE)
  assert.equal((await answered(on, one.shares.persister.read(key, 1))).startOffset, 5)
  await cluster.stop()
})

test('a write whose answer is lost is written again, and changes nothing more', async () => {
  const on = machines(3)
  const transport = new CutTransport()
  const { cluster, coordinator, others, key } = await start(on, transport.carry)
  const [one] = others
  await answered(on, one.shares.persister.read(key, 1))
  transport.cut(coordinator.nodeId, one.nodeId)
  const log = coordinator.replica(stateTopic, 0)?.log ?? assert.fail('there is no log')
  const end = log.logEndOffset
  const written = one.shares.persister.write(writing(key, 5))
  await until(on.clock, () => log.logEndOffset > end, 'it is written')
  transport.heal()
  assert.equal((await answered(on, written)).errorCode, NONE)
  const { errorCode, startOffset } = await answered(on, one.shares.persister.read(key, 1))
  assert.deepEqual([errorCode, startOffset], [NONE, 5])
  await cluster.stop()
})

test('a write that followers do not get in time is not known to be safe, and is asked again until it is', async () => {
  const on = machines(3)
  const transport = new HeldTransport()
  const { cluster, coordinator, key } = await start(on, transport.carry)
  await answered(on, coordinator.shares.persister.read(key, 1))
  transport.hold()
  const asked = coordinator.shares.coordinators.write(writing(key, 5))
  const written = coordinator.shares.persister.write(writing(key, 6))
  await turns()
  on.clock.advance(5000)
  assert.equal((await asked).errorCode, COORDINATOR_NOT_AVAILABLE)
  transport.letGo()
  assert.equal((await answered(on, written)).errorCode, NONE)
  assert.equal((await answered(on, coordinator.shares.persister.read(key, 1))).startOffset, 6)
  await cluster.stop()
})

test('followers let go of what the coordinator has pruned', async () => {
  const on = machines(3)
  const { cluster, others, key } = await start(on)
  const [one] = others
  await answered(on, one.shares.persister.read(key, 1))
  for (let offset = 1; offset < 8; offset += 1) await answered(on, one.shares.persister.write(writing(key, offset)))
  on.clock.advance(300_000)
  const starts = () => [...cluster.brokers.values()].map((broker) => broker.replica(stateTopic, 0)?.log.logStartOffset)
  await until(on.clock, () => starts().every((start) => start !== undefined && start >= 6), 'all begin later')
  assert.equal((await answered(on, one.shares.persister.read(key, 1))).startOffset, 7)
  await cluster.stop()
})

/**
 * A mistake of ours is planted in each kind of place that nobody waits for: it stops the partition or the broker that it names, which says so,
 * and the others go on without it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import type { Replica } from '../../src/broker/replication/replica.ts'
import type { Cluster } from '../../src/cluster/cluster.ts'
import type { DiskFile } from '../../src/host/disk.ts'
import type { ManualClock } from '../../src/host/memory/clock.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { InvariantError } from '../../src/invariant.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { encodeRequest } from '../../src/protocol/frame.ts'
import { JoinGroupRequest } from '../../src/protocol/generated/api/join-group-request.ts'
import { JoinGroupResponse } from '../../src/protocol/generated/api/join-group-response.ts'
import { ProduceRequest } from '../../src/protocol/generated/api/produce-request.ts'
import { batchOf, produce, producing } from '../broker/apis/records-setup.ts'
import { ask, session } from '../broker/apis/setup.ts'
import { othersThan } from './held-transport.ts'
import { brokerOn, createTopic, leaderOf, type Machines, machines, startOn, until } from './setup.ts'

const throwing = (): never => {
  throw new TypeError('planted')
}
const rejecting = (): Promise<never> => Promise.reject(new TypeError('planted'))
const namingPartition = (): never => {
  throw new InvariantError('planted', { partition: 't1-0' })
}

/** A disk with a mistake in it, which no disk of the world has. */
class MistakenDisk extends SimulatedDisk {
  /** Of the appends to which file. */
  isMistaken: (path: string) => boolean = () => false

  override open(path: string, mode: 'existing' | 'create'): DiskFile {
    const file = super.open(path, mode)
    const { append } = file
    file.append = (chunks) => (this.isMistaken(path) ? throwing() : append.call(file, chunks))
    return file
  }

  override remove(path: string): void {
    if (this.isMistaken(path)) throwing()
    super.remove(path)
  }
}

interface Scene {
  readonly on: Machines
  readonly cluster: Cluster
  readonly clock: ManualClock
  readonly leader: Broker
  readonly replica: Replica
  readonly disk: MistakenDisk
  readonly told: string[]
}

async function startScene(): Promise<Scene> {
  const disks: MistakenDisk[] = []
  const on = machines(3, () => {
    const disk = new MistakenDisk()
    disks.push(disk)
    return disk
  })
  const told: string[] = []
  const config = { 'auto.leader.rebalance.enable': 'false', 'offsets.topic.num.partitions': '1' }
  const cluster = await startOn(on, config, { log: (line) => told.push(line) })
  for (const name of ['t1', 't2']) await createTopic(cluster, name)
  const leader = leaderOf(cluster, 't1')
  const replica = leader.replica('t1', 0)
  const disk = on.disks.get(leader.nodeId)
  assert.ok(replica !== undefined && disk instanceof MistakenDisk)
  return { on, cluster, clock: on.clock, leader, replica, disk, told }
}

const leads = ({ controller }: Cluster, { nodeId }: Broker, topic = 't1'): boolean =>
  controller.image.topicByName(topic)?.partitions[0]?.leader === nodeId

/** Every topic has somebody who takes records. */
async function assertServes({ cluster, clock, told }: Scene): Promise<void> {
  const isLed = (topic: string): boolean => {
    const { leader = -1 } = cluster.controller.image.topicByName(topic)?.partitions[0] ?? {}
    return cluster.brokers.get(leader)?.replica(topic, 0)?.leadership != null
  }
  await until(clock, () => isLed('t1') && isLed('t2'), 'all have leaders')
  for (const topic of ['t1', 't2']) {
    let errorCode: number | undefined
    void produce(leaderOf(cluster, topic), { topic, records: batchOf(['after']) }).then((answer) => {
      errorCode = answer.errorCode
    })
    await until(clock, () => errorCode !== undefined, `an answer for ${topic}`)
    assert.equal(errorCode, ErrorCode.NONE)
  }
  assert.match(told.join('\n'), /met a mistake of the broker, please report it: .*planted/s)
}

/** In which place, and what brings it to light there. */
type Planting = (scene: Scene) => unknown

const stopsPartition: Readonly<Record<string, Planting>> = {
  'what a sync of the leader has moved': async ({ cluster, clock, leader, replica, disk }) => {
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    disk.syncing = (path) => (path.startsWith('t1-0') ? held : Promise.resolve())
    replica.observe({ advanced: namingPartition, ended: () => {} })
    await produce(leader, { records: batchOf(['a']), acks: 1 })
    const followers = othersThan(cluster, leader).map((broker) => broker.replica('t1', 0))
    await until(clock, () => followers.every((one) => one?.log.syncedEndOffset === 1), 'they have it')
    clock.advance(1000)
    release()
  },
  'what the fetch of a follower has moved': ({ leader, replica }) => {
    replica.observe({ advanced: namingPartition, ended: () => {} })
    return produce(leader, { records: batchOf(['a']), acks: 1 })
  },
  'a sync that nobody waits for': ({ leader, disk }) => {
    disk.syncing = (path) => (path.startsWith('t1-0') ? rejecting() : Promise.resolve())
    return produce(leader, { records: batchOf(['a']), acks: 1 })
  },
  'a write that nobody waits for': ({ leader, disk }) => {
    disk.isMistaken = (path) => path.startsWith('t1-0')
    const request = producing(12, { records: batchOf(['a']), acks: 0 })
    const frame = Buffer.concat(encodeRequest(7, 'client', ProduceRequest, 12, request)).subarray(4)
    return Promise.resolve(leader.answer(session, frame))
  },
  'what tells the followers of a write': ({ leader, replica }) => {
    replica.observeWritten({ advanced: throwing, ended: () => {} })
    return produce(leader, { records: batchOf(['a']), acks: 1 })
  },
  'retention of the partition': ({ clock, replica }) => {
    replica.log.applyRetention = namingPartition
    clock.advance(300_000)
  }
}

for (const [where, plant] of Object.entries(stopsPartition)) {
  test(`a mistake in ${where} stops the partition on its broker: another leads, and all brokers serve`, async () => {
    const scene = await startScene()
    const { cluster, clock, leader } = scene
    await plant(scene)
    await until(clock, () => !leads(cluster, leader), 'another leads')
    assert.equal(leader.hosted('t1', 0).kind, 'offline')
    assert.equal(cluster.brokers.size, 3)
    assert.equal(leader.hosted('t2', 0).kind, 'online')
    await assertServes(scene)
    await cluster.stop()
  })
}

const stopsBroker: Readonly<Record<string, Planting>> = {
  'a heartbeat': ({ leader, clock }) => {
    leader.controller.ask = rejecting
    clock.advance(2_000)
  },
  'what is said in a heartbeat': ({ leader, clock }) => {
    leader.image.broker = throwing
    clock.advance(2_000)
  },
  'the purgatory of fetches': ({ leader, clock }) => {
    const watch = leader.fetches.watch('consumer')
    watch.ended = () => {
      watch.ended = () => {}
      throwing()
    }
    void watch.wait(1, 10)
    clock.advance(10)
  },
  'retention of all': ({ clock, replica }) => {
    replica.log.applyRetention = throwing
    clock.advance(300_000)
  },
  checkpoints: ({ clock, disk }) => {
    disk.syncing = (path) => (path.includes('offset-checkpoint') ? rejecting() : Promise.resolve())
    clock.advance(60_000)
  },
  'the removal of a directory': async ({ cluster, disk }) => {
    await createTopic(cluster, 'gone')
    disk.isMistaken = (path) => path.startsWith('gone-0')
    await cluster.controller.deleteTopics([cluster.controller.image.topicByName('gone')?.id ?? ''])
  }
}

for (const [where, plant] of Object.entries(stopsBroker)) {
  test(`a mistake in ${where} stops the broker that made it: others lead what it led`, async () => {
    const scene = await startScene()
    const { cluster, clock, leader } = scene
    await plant(scene)
    await until(clock, () => !cluster.brokers.has(leader.nodeId), 'it is gone')
    await until(clock, () => !leads(cluster, leader), 'another leads')
    assert.equal(cluster.brokers.size, 2)
    await assertServes(scene)
    await cluster.stop()
  })
}

test('a mistake in a timer of a group stops its coordinator: another looks after it', async () => {
  const scene = await startScene()
  const { cluster, clock } = scene
  assert.ok(await cluster.broker.ensureGroupCoordinators())
  const coordinator = leaderOf(cluster, '__consumer_offsets')
  const state = coordinator.replica('__consumer_offsets', 0)
  assert.ok(state !== undefined)
  const joined = await ask(coordinator, JoinGroupRequest, JoinGroupResponse, 3, {
    ...{ groupId: 'g', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: '', groupInstanceId: null },
    ...{ protocolType: 'consumer', protocols: [{ name: 'range', metadata: Buffer.from('') }], reason: null }
  })
  assert.equal(joined.errorCode, ErrorCode.NONE)
  state.append = throwing
  // Its session ends.
  clock.advance(10_000)
  await until(clock, () => !leads(cluster, coordinator, '__consumer_offsets'), 'another looks after it')
  assert.equal(cluster.brokers.size, 3)
  await assertServes(scene)
  await cluster.stop()
})

test('a mistake of a follower stops its replica, and neither its leader nor its broker', async () => {
  const scene = await startScene()
  const { cluster, clock, leader } = scene
  const [follower] = othersThan(cluster, leader)
  const replica = follower?.replica('t1', 0)
  assert.ok(follower !== undefined && replica !== undefined)
  replica.appendFetched = throwing
  await produce(leader, { records: batchOf(['a']), acks: 1 })
  await until(clock, () => follower.hosted('t1', 0).kind === 'offline', 'it is offline there')
  assert.equal(cluster.brokers.size, 3)
  assert.ok(leads(cluster, leader))
  await assertServes(scene)
  await cluster.stop()
})

test('a mistake while what a crash left is made safe stops the partition, and not the start', async () => {
  const scene = await startScene()
  const { on, cluster, clock, leader, disk } = scene
  disk.syncing = (path) => (path.startsWith('t1-0') ? new Promise(() => {}) : Promise.resolve())
  await produce(leader, { records: batchOf(['a']), acks: 1 })
  await cluster.lostBroker(leader.nodeId)
  leader.abandon()
  disk.syncing = (path) => (path.startsWith('t1-0') ? rejecting() : Promise.resolve())
  const again = await cluster.startBroker(brokerOn(on, leader.nodeId))
  await until(clock, () => again.hosted('t1', 0).kind === 'offline', 'the partition is offline')
  assert.equal(again.hosted('t2', 0).kind, 'online')
  assert.equal(cluster.brokers.size, 3)
  await assertServes(scene)
  await cluster.stop()
})

test('what the controller fails to decide by itself is told, and everybody goes on', async () => {
  const scene = await startScene()
  const { cluster, clock, told } = scene
  cluster.controller.brokers.fenceSilent = rejecting
  clock.advance(9_000)
  await until(clock, () => told.length > 0, 'it is told')
  assert.equal(cluster.brokers.size, 3)
  await assertServes(scene)
  await cluster.stop()
})

test('a controller whose state is not what its log says stops, and every broker with it', async () => {
  const { cluster, clock, told } = await startScene()
  cluster.controller.brokers.fenceSilent = () => Promise.reject(new InvariantError('planted', 'broker'))
  clock.advance(9_000)
  await until(clock, () => cluster.brokers.size === 0, 'all are gone')
  assert.match(told.join('\n'), /The controller met a mistake/)
  await cluster.stop()
})

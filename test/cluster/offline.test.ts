/** A broker whose disk loses a partition hands it over to those that have it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { type Disk, DiskError } from '../../src/host/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { RefusingDisk } from '../../src/host/simulated/refusing-disk.ts'
import { InvariantError } from '../../src/invariant.ts'
import { limits } from '../../src/limits.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { batchOf, produce } from '../broker/apis/records-setup.ts'
import { brokerOn, createTopic, leaderOf, machines, startOn, until } from './setup.ts'

test('another leads what its leader cannot serve any more', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1')
  const first = leaderOf(cluster, 't1')
  assert.equal((await produce(first, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  first.failed('A test', new InvariantError('a mistake', { partition: 't1-0' }))
  await until(on.clock, () => leaderOf(cluster, 't1') !== first, 'another leads')
  const second = leaderOf(cluster, 't1')
  await until(on.clock, () => second.replica('t1', 0)?.leadership != null, 'it has heard of it')
  assert.equal((await produce(second, { records: batchOf(['b']) })).errorCode, ErrorCode.NONE)
  assert.deepEqual(second.replica('t1', 0)?.leadership?.inSyncReplicas.includes(first.nodeId), false)
  await cluster.stop()
})

test('another leads what the disk of the preferred leader has lost before the start', async () => {
  const on = machines(3)
  const before = await startOn(on)
  await createTopic(before, 't1')
  const [preferred = -1] = before.controller.image.topicByName('t1')?.partitions[0]?.replicas ?? []
  assert.equal((await produce(leaderOf(before, 't1'), { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  await before.stop()
  on.disks.get(preferred)?.remove('t1-0')
  const cluster = await startOn(on)
  await until(on.clock, () => leaderOf(cluster, 't1').nodeId !== preferred, 'another leads')
  const leader = leaderOf(cluster, 't1')
  await until(on.clock, () => leader.replica('t1', 0)?.leadership != null, 'it has heard of it')
  assert.equal(leader.replica('t1', 0)?.log.logEndOffset, 1)
  assert.equal((await produce(leader, { records: batchOf(['b']) })).errorCode, ErrorCode.NONE)
  await cluster.stop()
})

test('a log that is damaged is set aside, and filled again by who leads', async () => {
  const on = machines(3)
  const told: string[] = []
  const cluster = await startOn(on, {}, { log: (line) => told.push(line) })
  await createTopic(cluster, 't1')
  const first = leaderOf(cluster, 't1')
  assert.equal((await produce(first, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  const disk = on.disks.get(first.nodeId)
  const log = 't1-0/00000000000000000000.log'
  assert.ok(disk !== undefined)
  const right = disk.readFile(log)
  await cluster.stopBroker(first.nodeId)
  const flipped = Buffer.from(right)
  flipped.writeUInt8((flipped.at(-1) ?? 0) ^ 1, flipped.length - 1)
  disk.open(log, 'existing').writeAt(0, flipped)
  const back = await cluster.startBroker(brokerOn(on, first.nodeId))
  const hosted = back.hosted('t1', 0)
  assert.match(hosted.kind === 'offline' ? hosted.reason.message : '', /is damaged at byte 0/)
  const leader = leaderOf(cluster, 't1')
  await until(on.clock, () => leader.replica('t1', 0)?.leadership?.inSyncReplicas.length === 2, 'it is in sync no more')
  on.clock.advance(limits.openAgainMs)
  await until(on.clock, () => leader.replica('t1', 0)?.leadership?.inSyncReplicas.length === 3, 'it is in sync again')
  assert.deepEqual(disk.readFile(log), right)
  assert.ok(
    told.some((line) => /t1-0 was set aside as t1-0\.\S+-stray, for its damage/.test(line)),
    told.join('\n')
  )
  const aside = disk.list('').find((name) => name.endsWith('-stray'))
  assert.deepEqual(
    disk.readFile(`${aside}/00000000000000000000.log`),
    flipped,
    'whoever looks into it finds it as it was'
  )
  await cluster.stop()
})

test('what is removed under the leader by hand is led by another, and filled again', async () => {
  const on = machines(3, () => new SimulatedDisk())
  const told: string[] = []
  const cluster = await startOn(on, {}, { log: (line) => told.push(line) })
  await createTopic(cluster, 't1')
  const first = leaderOf(cluster, 't1')
  const disk = on.disks.get(first.nodeId) ?? assert.fail()
  assert.equal((await produce(first, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  disk.remove('t1-0')
  assert.notEqual((await produce(first, { records: batchOf(['b']) })).errorCode, ErrorCode.NONE)
  await until(on.clock, () => leaderOf(cluster, 't1') !== first, 'another leads')
  const leader = leaderOf(cluster, 't1')
  await until(on.clock, () => leader.replica('t1', 0)?.leadership?.inSyncReplicas.length === 2, 'it has heard of it')
  on.clock.advance(limits.openAgainMs)
  await until(on.clock, () => leader.replica('t1', 0)?.leadership?.inSyncReplicas.length === 3, 'it is in sync again')
  assert.equal(first.replica('t1', 0)?.log.logEndOffset, leader.replica('t1', 0)?.log.logEndOffset)
  assert.equal(disk.exists('t1-0/00000000000000000000.log'), true)
  assert.equal(told.length, 1, told.join('\n'))
  assert.match(told[0] ?? '', /t1-0 is offline: .*t1-0\/0{20}\.log is damaged: It is not there any more/)
  await cluster.stop()
})

/** The last bit of the log of t1-0 has flipped. */
function flip(disk: Disk): void {
  const log = 't1-0/00000000000000000000.log'
  const flipped = Buffer.from(disk.readFile(log))
  flipped.writeUInt8((flipped.at(-1) ?? 0) ^ 1, flipped.length - 1)
  disk.open(log, 'existing').writeAt(0, flipped)
}

const two = { 'min.insync.replicas': '2' }

test('a damaged log is filled again where too few are in sync, so that its broker was thought to have everything', async () => {
  const on = machines(2)
  const cluster = await startOn(on, two)
  await createTopic(cluster, 't1', { replicationFactor: 2 })
  const first = leaderOf(cluster, 't1')
  assert.equal((await produce(first, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  await cluster.stopBroker(first.nodeId)
  const partition = () => cluster.controller.image.topicByName('t1')?.partitions[0] ?? assert.fail()
  assert.deepEqual(partition().eligibleLeaderReplicas, [first.nodeId])
  flip(on.disks.get(first.nodeId) ?? assert.fail())
  await cluster.startBroker(brokerOn(on, first.nodeId))
  await until(on.clock, () => partition().eligibleLeaderReplicas.length === 0, 'it is eligible no more')
  on.clock.advance(limits.openAgainMs)
  await until(on.clock, () => partition().inSyncReplicas.length === 2, 'it is in sync again')
  await cluster.stop()
})

test('who comes later leads what its leader cannot serve, and nobody else could before', async () => {
  const on = machines(2)
  const cluster = await startOn(on, two)
  await createTopic(cluster, 't1', { replicationFactor: 2 })
  const first = leaderOf(cluster, 't1')
  const other = 3 - first.nodeId
  assert.equal((await produce(first, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  await cluster.stopBroker(other)
  first.failed('A test', new InvariantError('a mistake', { partition: 't1-0' }))
  await cluster.startBroker(brokerOn(on, other))
  assert.equal(leaderOf(cluster, 't1'), first)
  on.clock.advance(limits.openAgainMs)
  await until(on.clock, () => leaderOf(cluster, 't1').nodeId === other, 'the other leads')
  await cluster.stop()
})

test('an administrator has another one lead, who has not everything, where the disk of the leader cannot serve it', async () => {
  const on = machines(2)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1', { replicationFactor: 2 })
  const first = leaderOf(cluster, 't1')
  const other = 3 - first.nodeId
  await cluster.stopBroker(other)
  assert.equal((await produce(first, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  first.failed('A test', new InvariantError('a mistake', { partition: 't1-0' }))
  await cluster.startBroker(brokerOn(on, other))
  on.clock.advance(limits.openAgainMs)
  assert.equal(leaderOf(cluster, 't1'), first, 'nobody else has everything')
  const [elected] = await cluster.controller.brokers.electLeaders('unclean', [{ topic: 't1', partitions: [0] }])
  assert.deepEqual(elected?.partitions, [{ partitionId: 0, error: ErrorCode.NONE, message: null }])
  assert.equal(leaderOf(cluster, 't1').nodeId, other)
  await cluster.stop()
})

type Failure = (leader: Broker, disk: RefusingDisk, below: SimulatedDisk) => Promise<void>

const refuseAll = (disk: RefusingDisk): void => disk.refuse({ problem: 'failed', call: 1, lasts: 'from then on' })

const failing: readonly (readonly [what: string, failed: Failure])[] = [
  [
    'keep what was written',
    async (leader, _, below) => {
      below.failSyncs()
      assert.notEqual((await produce(leader, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
    }
  ],
  [
    'take what is to be written',
    async (leader, disk) => {
      refuseAll(disk)
      assert.notEqual((await produce(leader, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
    }
  ],
  [
    'take what a coordinator writes',
    async (leader, disk) => {
      refuseAll(disk)
      assert.throws(() => leader.replica('t1', 0)?.append(batchOf(['a']), 'coordinator'), { problem: 'failed' })
    }
  ]
]

for (const [what, failed] of failing) {
  test(`another leads when the disk of the leader does not ${what}`, async () => {
    const below = new Map<Disk, SimulatedDisk>()
    const on = machines(3, () => {
      const disk = new SimulatedDisk()
      const above = new RefusingDisk(disk, null)
      below.set(above, disk)
      return above
    })
    const cluster = await startOn(on)
    await createTopic(cluster, 't1')
    const first = leaderOf(cluster, 't1')
    const disk = on.disks.get(first.nodeId)
    assert.ok(disk instanceof RefusingDisk)
    await failed(first, disk, below.get(disk) ?? assert.fail())
    await until(on.clock, () => leaderOf(cluster, 't1') !== first, 'another leads')
    const second = leaderOf(cluster, 't1')
    await until(on.clock, () => second.replica('t1', 0)?.leadership != null, 'it has heard of it')
    assert.equal((await produce(second, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
    assert.equal(first.hosted('t1', 0).kind, 'offline')
    await cluster.stop().catch(() => {})
  })
}

test('a replica whose disk failed for a while is filled again by who leads, so that a failure that all have in turn leaves enough', async () => {
  const on = machines(3, () => new RefusingDisk(new SimulatedDisk(), null))
  const cluster = await startOn(on, two)
  await createTopic(cluster, 't1')
  const inSync = () => cluster.controller.image.topicByName('t1')?.partitions[0]?.inSyncReplicas.length
  const acknowledged: string[] = []
  const send = async (value: string): Promise<void> => {
    const leader = leaderOf(cluster, 't1')
    await until(on.clock, () => leader.replica('t1', 0)?.leadership != null, 'it leads')
    const { errorCode } = await produce(leader, { records: batchOf([value]) })
    if (errorCode === ErrorCode.NONE) acknowledged.push(value)
  }
  for (const value of ['a', 'b', 'c', 'd']) {
    const leader = leaderOf(cluster, 't1')
    const disk = on.disks.get(leader.nodeId)
    assert.ok(disk instanceof RefusingDisk)
    refuseAll(disk)
    await send(`${value}, refused`)
    await until(on.clock, () => leaderOf(cluster, 't1') !== leader, 'another leads')
    disk.heal()
    await send(value)
    on.clock.advance(8 * limits.openAgainMs)
    await until(on.clock, () => inSync() === 3, `all are in sync again after ${value}`)
  }
  assert.deepEqual(acknowledged, ['a', 'b', 'c', 'd'])
  for (const broker of cluster.brokers.values()) assert.equal(broker.replica('t1', 0)?.log.logEndOffset, 4)
  await cluster.stop()
})

test('a disk that does not say what lies in a directory takes that partition offline, not the broker (seed 1848)', async () => {
  const on = machines(3)
  const told: string[] = []
  const cluster = await startOn(on, {}, { log: (line) => told.push(line) })
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  const nodeId = [...cluster.brokers.keys()].find((id) => id !== leader.nodeId) ?? assert.fail('no follower')
  await cluster.stopBroker(nodeId)
  assert.equal((await produce(leader, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  const disk = on.disks.get(nodeId) ?? assert.fail('no disk')
  const list = disk.list.bind(disk)
  let refusals = 0
  disk.list = (directory) => {
    if (directory !== 't1-0' || refusals === 2) return list(directory)
    refusals += 1
    throw new DiskError('failed', directory, 'It was refused.')
  }
  await cluster.startBroker(brokerOn(on, nodeId))
  assert.ok(refusals > 0)
  assert.doesNotMatch(told.join('\n'), /mistake of the broker/)
  assert.ok(cluster.brokers.has(nodeId))
  await cluster.stop()
})

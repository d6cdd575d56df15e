/** Several brokers of one process: records are on all of them, leaders move, and nothing acknowledged is lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { batchOf, produce } from '../broker/apis/records-setup.ts'
import { HeldDisk, hold } from '../broker/held-disk.ts'
import { brokerOn, createTopic, leaderOf, machines, startOn, until } from './setup.ts'

test('what is acknowledged is on every broker, and readable there', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  const produced = await produce(leader, { records: batchOf(['a', 'b', 'c']) })
  assert.equal(produced.errorCode, ErrorCode.NONE)
  for (const broker of cluster.brokers.values()) assert.equal(broker.replica('t1', 0)?.log.logEndOffset, 3)
  await until(
    on.clock,
    () => [...cluster.brokers.values()].every((one) => one.replica('t1', 0)?.highWatermark === 3),
    'all know'
  )
  await cluster.stop()
})

test('a killed broker loses nothing: another leads, and it comes back and follows', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1')
  const first = leaderOf(cluster, 't1')
  await produce(first, { records: batchOf(['a', 'b']) })
  await cluster.lostBroker(first.nodeId)
  const second = leaderOf(cluster, 't1')
  assert.notEqual(second.nodeId, first.nodeId)
  assert.equal(second.replica('t1', 0)?.leadership?.inSyncReplicas.length, 2)
  assert.equal((await produce(second, { records: batchOf(['c']) })).errorCode, ErrorCode.NONE)
  on.disks.set(first.nodeId, on.disks.get(first.nodeId) ?? assert.fail())
  await first.stop().catch(() => {})
  const back = await cluster.startBroker(brokerOn(on, first.nodeId))
  await until(on.clock, () => second.replica('t1', 0)?.leadership?.inSyncReplicas.length === 3, 'it is in sync again')
  assert.equal(back.replica('t1', 0)?.log.logEndOffset, 3)
  await cluster.stop()
})

test('a stop hands over what is led, and a start of all begins a new epoch', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1', { partitions: 6 })
  const stopped = leaderOf(cluster, 't1')
  await cluster.stopBroker(stopped.nodeId)
  const partitions = () => cluster.controller.image.topicByName('t1')?.partitions ?? []
  assert.ok(partitions().every(({ leader }) => leader !== stopped.nodeId && leader > 0))
  const epochs = partitions().map(({ leaderEpoch }) => leaderEpoch)
  await cluster.stop()
  const again = await startOn(on)
  const later = again.controller.image.topicByName('t1')?.partitions ?? []
  for (const [index, { leaderEpoch }] of later.entries()) assert.ok(leaderEpoch > (epochs[index] ?? 0))
  await again.stop()
})

test('a broker that cannot follow the controller stops itself, and the others hear of what comes', async () => {
  const on = machines(3)
  const told: string[] = []
  const cluster = await startOn(on, {}, { log: (line) => told.push(line) })
  const [broken] = cluster.brokers.values()
  assert.ok(broken !== undefined)
  broken.image.takeDelta = () => {
    throw new Error('a mistake')
  }
  await createTopic(cluster, 't1')
  assert.match(told.join('\n'), /Following the controller met a mistake of the broker/)
  for (const broker of cluster.brokers.values()) {
    if (broker !== broken) assert.ok(broker.image.topicByName('t1') !== undefined)
  }
  const leader = () => cluster.controller.image.topicByName('t1')?.partitions[0]
  await until(on.clock, () => leader()?.inSyncReplicas.includes(broken.nodeId) === false, 'it is in sync no more')
  assert.notEqual(leader()?.leader, broken.nodeId)
  assert.equal(cluster.brokers.size, 2)
  await cluster.stop()
})

test('leadership goes back to preferred leaders by itself, and to whoever lives only where a topic allows it', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await createTopic(cluster, 'kept', { partitions: 3 })
  await createTopic(cluster, 'single', { replicationFactor: 1 })
  const away = leaderOf(cluster, 'single')
  await cluster.stopBroker(away.nodeId)
  on.clock.advance(300_000)
  await new Promise(setImmediate)
  assert.equal(cluster.controller.image.topicByName('single')?.partitions[0]?.leader, -1)
  await cluster.startBroker(brokerOn(on, away.nodeId))
  const partitions = () => cluster.controller.image.topicByName('kept')?.partitions ?? []
  const isBalanced = () => partitions().every(({ leader, replicas }) => leader === replicas[0])
  await until(
    on.clock,
    () => partitions().every(({ inSyncReplicas }) => inSyncReplicas.length === 3),
    'all are in sync'
  )
  assert.ok(!isBalanced())
  on.clock.advance(300_000)
  await until(on.clock, isBalanced, 'the preferred leaders lead')
  await cluster.stop()
})

test('a stop of all lets what is under way be acknowledged, and waits for nobody who never answers', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1')
  const leader = leaderOf(cluster, 't1')
  const produced = Promise.all(['a', 'b', 'c'].map((value) => produce(leader, { records: batchOf([value]) })))
  await cluster.stop()
  assert.deepEqual(
    (await produced).map(({ errorCode }) => errorCode),
    [0, 0, 0]
  )

  const again = await startOn(on)
  const last = leaderOf(again, 't1')
  for (const broker of again.brokers.values()) {
    if (broker !== last) broker.fetchFor = () => Promise.reject(new Error('nobody asks a follower'))
  }
  last.fetchFor = () => new Promise(() => {})
  const stuck = produce(last, { records: batchOf(['d']) })
  await new Promise(setImmediate)
  const stopping = again.stop()
  await until(on.clock, () => last.replica('t1', 0)?.leadership === null, 'it gives up waiting')
  assert.notEqual((await stuck).errorCode, ErrorCode.NONE)
  await stopping
})

test('a broker that is lost while it comes takes nothing from its next life', async () => {
  const on = machines(3)
  const disk = new HeldDisk()
  on.disks.set(3, disk)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1', { partitions: 3 })
  await cluster.stopBroker(3)
  const { over, release } = hold()
  disk.beforeSync = () => over
  const first = cluster.startBroker(brokerOn(on, 3))
  await cluster.lostBroker(3)
  // Its process is gone, and holds the directory no more.
  disk.beforeSync = () => Promise.resolve()
  on.disks.set(3, disk.powerCut(new SeededChance(1)))
  const back = await cluster.startBroker(brokerOn(on, 3))
  release()
  await assert.rejects(first, /broker 3 was lost while it came or went/)
  assert.equal(cluster.brokers.get(3), back)
  await produce(leaderOf(cluster, 't1'), { records: batchOf(['a']) })
  const partitions = () => cluster.controller.image.topicByName('t1')?.partitions ?? []
  await until(on.clock, () => partitions().every(({ inSyncReplicas }) => inSyncReplicas.includes(3)), 'it is in sync')
  await createTopic(cluster, 't2')
  assert.ok(back.image.topicByName('t2') !== undefined)
  await cluster.stop()
})

test('a broker that is lost while it goes takes nothing from its next life', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1', { partitions: 3 })
  const { over, release } = hold()
  const stopped = cluster.stopBroker(3, () => over)
  await cluster.lostBroker(3)
  on.disks.set(3, new MemoryDisk())
  const back = await cluster.startBroker(brokerOn(on, 3))
  release()
  await assert.rejects(stopped, /broker 3 was lost while it came or went/)
  assert.equal(cluster.brokers.get(3), back)
  await createTopic(cluster, 't2')
  assert.ok(back.image.topicByName('t2') !== undefined)
  await cluster.stop()
})

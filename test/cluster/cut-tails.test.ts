/**
 * What is not whole at the end of a log is cut off by a start. Where that was acknowledged and has rotted, others have it: they lead, and
 * fill the log again. A tail that a power cut has torn looks the same.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { batchOf, produce } from '../broker/apis/records-setup.ts'
import { areAllFilled, diskOf, kill, log, partitionOf, three, two, withRecords } from './crash-setup.ts'
import { brokerOn, leaderOf, type Machines, machines, startOn, until } from './setup.ts'

/** In the last batch, which is synced, and of which no checkpoint says so. */
function rot(disk: SimulatedDisk): void {
  disk.flipBit(log, (disk.sizeOf(log) ?? 0) - 1, 0)
}

/** What was being written when the power was cut. */
function tear(disk: SimulatedDisk): void {
  disk.open(log, 'existing').append([Buffer.alloc(20, 1)])
}

test('a directory of the preferred leader that is gone, and of which no checkpoint spoke, is filled by the others, who lead', async () => {
  const before = three()
  const [, [preferred = -1]] = await withRecords(before)
  const on = kill(before)
  diskOf(on, preferred).remove('t1-0')
  const cluster = await startOn(on)
  assert.notEqual(leaderOf(cluster, 't1').nodeId, preferred)
  await areAllFilled(on, cluster)
  await cluster.stop()
})

test('what has rotted on the disk of the preferred leader is there on the others, who lead', async () => {
  const before = three()
  const [, [preferred = -1]] = await withRecords(before)
  const on = kill(before)
  rot(diskOf(on, preferred))
  const cluster = await startOn(on)
  assert.notEqual(leaderOf(cluster, 't1').nodeId, preferred)
  await areAllFilled(on, cluster)
  await cluster.stop()
})

test('of several whose tails were cut whoever has most leads', async () => {
  const before = three()
  const [, [preferred = -1, ...others]] = await withRecords(before)
  const on = kill(before)
  rot(diskOf(on, preferred))
  for (const nodeId of others) tear(diskOf(on, nodeId))
  const cluster = await startOn(on)
  assert.ok(others.includes(leaderOf(cluster, 't1').nodeId))
  await areAllFilled(on, cluster)
  await cluster.stop()
})

test('a start that is killed before it has said that it has cut something leaves that to the next', async () => {
  const before = three()
  const [, [preferred = -1]] = await withRecords(before)
  const on = kill(before)
  rot(diskOf(on, preferred))
  // The controller cannot make safe that they are there.
  const { controller } = on
  assert.ok(controller instanceof SimulatedDisk)
  controller.failSyncs()
  await assert.rejects(startOn(on))
  const again = kill(on)
  const cluster = await startOn(again)
  assert.notEqual(leaderOf(cluster, 't1').nodeId, preferred)
  await areAllFilled(again, cluster)
  await cluster.stop()
})

test('who is left alone leads with what a power cut has left', async () => {
  const before = two()
  const [running] = await withRecords(before)
  const { nodeId } = leaderOf(running, 't1')
  await running.lostBroker(3 - nodeId)
  assert.deepEqual(partitionOf(running).inSyncReplicas, [nodeId])
  const on = kill(before)
  tear(diskOf(on, nodeId))
  const cluster = await startOn(on)
  assert.equal(leaderOf(cluster, 't1').nodeId, nodeId)
  await areAllFilled(on, cluster)
  await cluster.stop()
})

test('where the other one is damaged, who was cut leads', async () => {
  const before = two()
  const [, [preferred = -1]] = await withRecords(before)
  const on = kill(before)
  const damaged = diskOf(on, preferred)
  // It was synced as a whole, and its last record is gone.
  damaged.replaceFile('recovery-point-offset-checkpoint', Buffer.from('0\n1\nt1 0 2\n'))
  rot(damaged)
  tear(diskOf(on, 3 - preferred))
  const cluster = await startOn(on)
  await until(on.clock, () => leaderOf(cluster, 't1').nodeId === 3 - preferred, 'the other leads')
  await cluster.stop()
})

const twoInSync = { 'min.insync.replicas': '2' }

/** Both of two brokers are gone, one after the other, and either is eligible. */
async function bothAreGone(on: Machines): Promise<readonly [cluster: Cluster, first: number, last: number]> {
  const [cluster] = await withRecords(on, twoInSync)
  const last = leaderOf(cluster, 't1').nodeId
  for (const nodeId of [3 - last, last]) await cluster.lostBroker(nodeId)
  assert.deepEqual([...partitionOf(cluster).eligibleLeaderReplicas], [1, 2])
  return [cluster, 3 - last, last]
}

for (const [what, other] of [
  ['that is whole', () => {}],
  ['that has more, although it was cut as well', tear]
] as const) {
  test(`who comes back with less than was acknowledged waits for another ${what}`, async () => {
    const on = two()
    const [cluster, first, last] = await bothAreGone(on)
    for (const nodeId of [first, last]) on.disks.set(nodeId, diskOf(on, nodeId).powerCut(new SeededChance(nodeId)))
    rot(diskOf(on, first))
    await cluster.startBroker(brokerOn(on, first))
    assert.equal(partitionOf(cluster).leader, -1)
    other(diskOf(on, last))
    await cluster.startBroker(brokerOn(on, last))
    assert.equal(leaderOf(cluster, 't1').nodeId, last)
    await areAllFilled(on, cluster)
    await cluster.stop()
  })
}

test('who comes back with most leads, although the other came first', async () => {
  const on = two()
  const [cluster, first, last] = await bothAreGone(on)
  for (const nodeId of [first, last]) on.disks.set(nodeId, diskOf(on, nodeId).powerCut(new SeededChance(nodeId)))
  tear(diskOf(on, first))
  rot(diskOf(on, last))
  await cluster.startBroker(brokerOn(on, first))
  assert.equal(partitionOf(cluster).leader, -1)
  await cluster.startBroker(brokerOn(on, last))
  assert.equal(leaderOf(cluster, 't1').nodeId, first)
  await areAllFilled(on, cluster)
  await cluster.stop()
})

test('who was cut is no eligible leader where another one leads', async () => {
  const on = two()
  const [cluster] = await withRecords(on, twoInSync)
  const lost = 3 - leaderOf(cluster, 't1').nodeId
  await cluster.lostBroker(lost)
  assert.deepEqual(partitionOf(cluster).eligibleLeaderReplicas, [lost])
  on.disks.set(lost, diskOf(on, lost).powerCut(new SeededChance(1)))
  rot(diskOf(on, lost))
  const back = cluster.startBroker(brokerOn(on, lost))
  await until(on.clock, () => partitionOf(cluster).eligibleLeaderReplicas.length === 0, 'it is not eligible')
  await back
  await areAllFilled(on, cluster)
  await cluster.stop()
})

for (const copies of [1, 2, 3]) {
  test(`what was committed is no more than what is there, whatever the checkpoint says, with copies: ${copies}`, async () => {
    const before = machines(copies, () => new SimulatedDisk())
    await withRecords(before)
    const on = kill(before)
    for (const nodeId of on.disks.keys())
      diskOf(on, nodeId).replaceFile('replication-offset-checkpoint', Buffer.from('0\n1\nt1 0 100\n'))
    const cluster = await startOn(on)
    const leader = leaderOf(cluster, 't1')
    const replicas = [...cluster.brokers.values()].map((broker) => broker.replica('t1', 0) ?? assert.fail())
    for (const { highWatermark, log } of replicas) assert.ok(highWatermark <= log.logEndOffset)
    await until(on.clock, () => replicas.every(({ highWatermark }) => highWatermark === 2), 'all of it is committed')
    assert.equal((await produce(leader, { records: batchOf(['c']) })).baseOffset, 2)
    await until(on.clock, () => replicas.every(({ highWatermark }) => highWatermark === 3), 'and what comes next')
    await cluster.stop()
  })
}

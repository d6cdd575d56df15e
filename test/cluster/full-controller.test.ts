/** The controller's disk is full when a broker goes: what it cannot write then it writes when there is room. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { noLeader } from '../../src/coordination/metadata/partition-image.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { limits } from '../../src/limits.ts'
import { brokerOn, createTopic, leaderOf, machines, startOn, until } from './setup.ts'

async function started() {
  const disk = new SimulatedDisk()
  const on = { ...machines(3, () => new SimulatedDisk()), controller: disk }
  const cluster = await startOn(on)
  await createTopic(cluster, 't1')
  return { on, disk, cluster, leader: leaderOf(cluster, 't1').nodeId }
}

const partitionIn = (cluster: Cluster) => cluster.controller.image.topicByName('t1')?.partitions[0] ?? assert.fail()

test('others lead what a lost broker led as soon as there is room', async () => {
  const { on, disk, cluster, leader } = await started()
  disk.freeBytes = 0
  await assert.rejects(cluster.lostBroker(leader), { problem: 'full' })
  disk.freeBytes = Infinity
  on.clock.advance(limits.refusedRecordPauseMs)
  await until(on.clock, () => ![leader, noLeader].includes(partitionIn(cluster).leader), 'another leads')
  await cluster.stop()
})

test('a broker that comes back before that leads nothing in the epoch of its life before, and is not taken for lost', async () => {
  const { on, disk, cluster, leader } = await started()
  const before = partitionIn(cluster)
  disk.freeBytes = 0
  await assert.rejects(cluster.lostBroker(leader), { problem: 'full' })
  const lost = on.disks.get(leader)
  assert.ok(lost instanceof SimulatedDisk)
  on.disks.set(leader, lost.powerCut(new SeededChance(1)))
  await assert.rejects(cluster.startBroker(brokerOn(on, leader)), { problem: 'full' })
  disk.freeBytes = Infinity
  await cluster.startBroker(brokerOn(on, leader))
  assert.ok(partitionIn(cluster).leaderEpoch > before.leaderEpoch)
  on.clock.advance(limits.refusedRecordPauseMs)
  await until(on.clock, () => partitionIn(cluster).inSyncReplicas.length === 3, 'it is in sync')
  await cluster.stop()
})

test('a broker that stops meanwhile closes its logs cleanly all the same', async () => {
  const { on, disk, cluster, leader } = await started()
  const full = async (): Promise<void> => {
    disk.freeBytes = 0
  }
  await assert.rejects(cluster.stopBroker(leader, full), { problem: 'full' })
  assert.ok(on.disks.get(leader)?.exists('.kafka_cleanshutdown'))
  disk.freeBytes = Infinity
  await cluster.stop()
})

/** A log that a start could not open, for want of file handles, is opened later: by then it may have less than others, who are not there yet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { DiskError } from '../../src/host/disk.ts'
import type { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { limits } from '../../src/limits.ts'
import { areAllFilled, diskOf, kill, log, partitionOf, two, withRecords } from './crash-setup.ts'
import { brokerOn, leaderOf, type Machines, startOn, until } from './setup.ts'

/** In the last batch, which is synced: the next start cuts it off. */
function rot(disk: SimulatedDisk): void {
  disk.flipBit(log, (disk.sizeOf(log) ?? 0) - 1, 0)
}

/** The log cannot be opened until this is called. */
function withoutHandles(disk: SimulatedDisk): () => void {
  const { open } = disk
  disk.open = function (path, mode) {
    if (path === log) throw new DiskError('too-many-files', path, 'No file handle is left.')
    return open.call(this, path, mode)
  }
  return () => {
    disk.open = open
  }
}

async function opensAgain(on: Machines, cluster: Cluster, nodeId: number): Promise<void> {
  on.clock.advance(limits.openAgainMs)
  const isOnline = (): boolean => cluster.brokers.get(nodeId)?.hosted('t1', 0).kind === 'online'
  await until(on.clock, isOnline, `broker ${nodeId} has opened its log`)
  // The controller hears of it with the next heartbeat.
  for (let turn = 0; turn < 500; turn += 1) {
    await new Promise(setImmediate)
    on.clock.advance(10)
  }
}

test('who comes back alone, opens its log late and has to cut it, waits for another, who has everything', async () => {
  const on = two()
  const [cluster] = await withRecords(on, { 'min.insync.replicas': '2' })
  const last = leaderOf(cluster, 't1').nodeId
  const first = 3 - last
  for (const nodeId of [first, last]) await cluster.lostBroker(nodeId)
  const killed = kill(on)
  for (const nodeId of [first, last]) on.disks.set(nodeId, diskOf(killed, nodeId))
  rot(diskOf(on, first))
  const giveHandles = withoutHandles(diskOf(on, first))
  await cluster.startBroker(brokerOn(on, first))
  assert.equal(cluster.brokers.get(first)?.hosted('t1', 0).kind, 'offline')
  giveHandles()
  await opensAgain(on, cluster, first)
  assert.equal(partitionOf(cluster).leader, -1)
  await cluster.startBroker(brokerOn(on, last))
  assert.equal(leaderOf(cluster, 't1').nodeId, last)
  await areAllFilled(on, cluster)
  await cluster.stop()
})

test('of two that open their logs late, who has everything leads, although the other came first', async () => {
  const before = two()
  const [, [preferred = -1]] = await withRecords(before)
  const other = 3 - preferred
  const on = kill(before)
  rot(diskOf(on, preferred))
  const [givePreferred, giveOther] = [preferred, other].map((nodeId) => withoutHandles(diskOf(on, nodeId)))
  const cluster = await startOn(on)
  givePreferred?.()
  await opensAgain(on, cluster, preferred)
  giveOther?.()
  await opensAgain(on, cluster, other)
  assert.equal(leaderOf(cluster, 't1').nodeId, other)
  await areAllFilled(on, cluster)
  await cluster.stop()
})

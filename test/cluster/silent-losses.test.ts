/**
 * After a stop that was not clean a log may end before what was acknowledged, and nothing is to be seen: on the border of a batch, empty, or
 * gone. So before anybody leads, replicas are compared by where they end; whoever has less is filled. (Apache Kafka 4.4.0 loses nothing in
 * these cases either: it distrusts every replica then, KIP-966.)
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededChance } from '../../src/host/memory/chance.ts'
import type { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { limits } from '../../src/limits.ts'
import { readBatchHeader } from '../../src/protocol/records/batch.ts'
import {
  areAllFilled,
  diskOf,
  kill,
  log,
  partitionOf,
  three,
  two,
  valuesOf,
  withRecords,
  write
} from './crash-setup.ts'
import { CutTransport, pass } from './cut-transport.ts'
import { brokerOn, leaderOf, type Machines, startOn, until } from './setup.ts'

/** What a disk may do to the log of two batches. */
const losses: Readonly<Record<string, (disk: SimulatedDisk) => void>> = {
  'is empty': (disk) => disk.open(log, 'existing').truncate(0),
  'ends after its first batch': (disk) =>
    disk.open(log, 'existing').truncate(readBatchHeader(disk.readFile(log), 0).sizeBytes),
  'is gone': (disk) => disk.remove(log)
}

/** The system has done what it does by and by. */
async function writtenBack(disk: SimulatedDisk): Promise<void> {
  await disk.open(log, 'existing').sync()
  for (const directory of ['t1-0', '']) await disk.syncDirectory(directory)
}

const never = { 'auto.leader.rebalance.enable': 'false' }

for (const durability of ['disk', 'os'] as const) {
  for (const [what, lose] of Object.entries(losses)) {
    test(`the log of the preferred leader ${what}, and the others have all of it: they lead, and fill it (${durability})`, async () => {
      const before = three()
      const [running, [preferred = -1]] = await withRecords(before, {}, { durability })
      await until(
        before.clock,
        () => [...running.brokers.values()].every((broker) => valuesOf(broker) === 'ab'),
        'all have it'
      )
      for (const nodeId of before.disks.keys()) await writtenBack(diskOf(before, nodeId))
      const on = kill(before)
      lose(diskOf(on, preferred))
      const cluster = await startOn(on, {}, { durability })
      assert.notEqual(leaderOf(cluster, 't1').nodeId, preferred)
      await areAllFilled(on, cluster)
      await cluster.stop()
    })
  }
}

test('the one of three that has lost nothing leads', async () => {
  const before = three()
  const [, replicas] = await withRecords(before)
  for (const whole of replicas) {
    const on = kill(before)
    for (const [index, nodeId] of replicas.filter((id) => id !== whole).entries())
      Object.values(losses)[index]?.(diskOf(on, nodeId))
    const cluster = await startOn(on)
    assert.equal(leaderOf(cluster, 't1').nodeId, whole)
    await areAllFilled(on, cluster)
    await cluster.stop()
  }
})

test('below its checkpoint the loss is damage: the directory is set aside, and the others fill another', async () => {
  const before = three()
  const [, [preferred = -1]] = await withRecords(before)
  const on = kill(before)
  const damaged = diskOf(on, preferred)
  damaged.replaceFile('recovery-point-offset-checkpoint', Buffer.from('0\n1\nt1 0 2\n'))
  losses['is empty']?.(damaged)
  const lines: string[] = []
  const cluster = await startOn(on, {}, { log: (line) => lines.push(line) })
  await pass(on.clock, limits.openAgainMs)
  await areAllFilled(on, cluster)
  assert.notEqual(leaderOf(cluster, 't1').nodeId, preferred)
  assert.match(lines.join('\n'), /t1-0\/0+\.log is damaged at byte 0: The log ends at offset 0, and was synced up to 2/)
  await cluster.stop()
})

/** Records that only the leader has, acknowledged with acks=1. */
async function withTail(on: Machines): Promise<number> {
  const net = new CutTransport()
  const [cluster, [preferred = -1]] = await withRecords(on, never, { transport: net.carry })
  await cluster.lostBroker(preferred)
  on.disks.set(preferred, diskOf(on, preferred).powerCut(new SeededChance(1)))
  await cluster.startBroker(brokerOn(on, preferred))
  await until(on.clock, () => partitionOf(cluster).inSyncReplicas.length === 3, 'all are in sync')
  const leader = leaderOf(cluster, 't1')
  assert.notEqual(leader.nodeId, preferred)
  for (const other of on.disks.keys()) if (other !== leader.nodeId) net.cut(other, leader.nodeId)
  await write(leader, 'c', 1)
  await leader.replica('t1', 0)?.log.durable(3)
  return leader.nodeId
}

test('who has most leads after a kill, not who is preferred: what acks=1 has acknowledged is not cut off', async () => {
  const before = three()
  const last = await withTail(before)
  const on = kill(before)
  const cluster = await startOn(on, never)
  assert.equal(leaderOf(cluster, 't1').nodeId, last)
  await areAllFilled(on, cluster, 'abc')
  await cluster.stop()
})

/** All replicas have to be in sync; one was stopped cleanly before the others took a third record with acks=1, and were killed. */
async function oneStoppedBefore(on: Machines): Promise<readonly [stopped: number, others: readonly number[]]> {
  const [cluster, [stopped = -1, ...others]] = await withRecords(on, { ...never, 'min.insync.replicas': '3' })
  await cluster.stopBroker(stopped)
  const eligible = partitionOf(cluster).eligibleLeaderReplicas
  assert.deepEqual([...eligible], [stopped], 'it has all that is committed')
  await write(leaderOf(cluster, 't1'), 'c', 1)
  const have = (nodeId: number) => valuesOf(cluster.brokers.get(nodeId)) === 'abc'
  await until(on.clock, () => others.every(have), 'both have it')
  for (const nodeId of others) await cluster.brokers.get(nodeId)?.replica('t1', 0)?.log.durable(3)
  return [stopped, others]
}

for (const [index, what] of ['nothing is lost', 'the log of one of the others is empty'].entries()) {
  test(`an eligible one that was stopped cleanly does not cut off what the others have more: ${what}`, async () => {
    const before = three()
    const [, others] = await oneStoppedBefore(before)
    const on = kill(before)
    for (const nodeId of others.slice(0, index)) losses['is empty']?.(diskOf(on, nodeId))
    const cluster = await startOn(on, never)
    assert.equal(leaderOf(cluster, 't1').nodeId, others[index])
    await areAllFilled(on, cluster, 'abc')
    await cluster.stop()
  })
}

test('where the others have lost what was committed, an eligible one that was stopped cleanly has it', async () => {
  const before = three()
  const [stopped, others] = await oneStoppedBefore(before)
  const on = kill(before)
  for (const nodeId of others) losses['is empty']?.(diskOf(on, nodeId))
  const cluster = await startOn(on, never)
  assert.equal(leaderOf(cluster, 't1').nodeId, stopped)
  await areAllFilled(on, cluster)
  await cluster.stop()
})

for (const [least, what] of [
  ['1', 'is not in sync'],
  ['3', 'is eligible']
] as const) {
  test(`a longer log of an earlier epoch does not win, where it ${what}`, async () => {
    const before = three()
    const net = new CutTransport()
    const config = { ...never, 'min.insync.replicas': least }
    const [running, [first = -1]] = await withRecords(before, config, { transport: net.carry })
    const leader = leaderOf(running, 't1')
    assert.equal(leader.nodeId, first)
    for (const other of before.disks.keys()) if (other !== first) net.cut(other, first)
    for (const value of ['x', 'y', 'z']) await write(leader, value, 1)
    await leader.replica('t1', 0)?.log.durable(5)
    const left = diskOf(before, first).powerCut(new SeededChance(1))
    await running.lostBroker(first)
    assert.equal(partitionOf(running).eligibleLeaderReplicas.includes(first), least === '3')
    const next = leaderOf(running, 't1')
    await until(before.clock, () => next.replica('t1', 0)?.leadership != null, 'it has heard that it leads')
    await write(next, 'c', 1)
    await next.replica('t1', 0)?.log.durable(3)
    const on = kill({ ...before, disks: new Map([...before.disks, [first, left]]) })
    const cluster = await startOn(on, never)
    assert.notEqual(leaderOf(cluster, 't1').nodeId, first)
    await areAllFilled(on, cluster, 'abc')
    await cluster.stop()
  })
}

test('after a clean stop who is preferred leads, and everybody is in sync at once', async () => {
  const on = three()
  const [running, replicas] = await withRecords(on)
  await running.stop()
  const cluster = await startOn(on)
  assert.equal(leaderOf(cluster, 't1').nodeId, replicas[0])
  assert.deepEqual([...partitionOf(cluster).inSyncReplicas], [...replicas])
  await cluster.stop()
})

test('who comes back alone leads with what it has, where nothing is to be seen of a loss', async () => {
  const on = two()
  const [cluster] = await withRecords(on, { 'min.insync.replicas': '2' })
  const last = leaderOf(cluster, 't1').nodeId
  for (const nodeId of [3 - last, last]) {
    await cluster.lostBroker(nodeId)
    on.disks.set(nodeId, diskOf(on, nodeId).powerCut(new SeededChance(nodeId)))
  }
  await cluster.startBroker(brokerOn(on, 3 - last))
  assert.equal(leaderOf(cluster, 't1').nodeId, 3 - last)
  await cluster.startBroker(brokerOn(on, last))
  await areAllFilled(on, cluster)
  await cluster.stop()
})

test('who comes back with less than was acknowledged is no eligible leader where another one leads', async () => {
  const on = two()
  const [cluster] = await withRecords(on, { 'min.insync.replicas': '2' })
  const lost = 3 - leaderOf(cluster, 't1').nodeId
  await cluster.lostBroker(lost)
  assert.deepEqual(partitionOf(cluster).eligibleLeaderReplicas, [lost])
  on.disks.set(lost, diskOf(on, lost).powerCut(new SeededChance(1)))
  losses['is empty']?.(diskOf(on, lost))
  const back = cluster.startBroker(brokerOn(on, lost))
  await until(on.clock, () => partitionOf(cluster).eligibleLeaderReplicas.length === 0, 'it is not eligible')
  await back
  await areAllFilled(on, cluster)
  await cluster.stop()
})

for (const durability of ['disk', 'os'] as const) {
  for (const stop of ['clean', 'kill'] as const) {
    test(`an older copy of a broker's disk, of a clean stop of then, does not lead though it is preferred: ${stop}, ${durability}`, async () => {
      let on = three()
      const [first, [preferred = -1]] = await withRecords(on, {}, { durability })
      await first.stop()
      const older = diskOf(on, preferred).powerCut(new SeededChance(1))
      const second = await startOn(on, {}, { durability })
      await write(leaderOf(second, 't1'), 'c')
      await until(
        on.clock,
        () => [...second.brokers.values()].every((broker) => valuesOf(broker) === 'abc'),
        'all have it'
      )
      for (const nodeId of on.disks.keys()) await writtenBack(diskOf(on, nodeId))
      if (stop === 'clean') await second.stop()
      else on = kill(on)
      on.disks.set(preferred, older)
      const cluster = await startOn(on, {}, { durability })
      assert.notEqual(leaderOf(cluster, 't1').nodeId, preferred)
      await areAllFilled(on, cluster, 'abc')
      await cluster.stop()
    })
  }
}

test('an eligible one that comes back with an older copy of its disk, of a clean stop of then, does not lead', async () => {
  const on = three()
  const [first, [stopped = -1]] = await withRecords(on, { ...never, 'min.insync.replicas': '3' })
  await first.stop()
  const older = diskOf(on, stopped).powerCut(new SeededChance(1))
  const cluster = await startOn(on, never)
  await write(leaderOf(cluster, 't1'), 'c')
  await cluster.stopBroker(stopped)
  assert.deepEqual([...partitionOf(cluster).eligibleLeaderReplicas], [stopped])
  on.disks.set(stopped, older)
  const others = [...on.disks.keys()].filter((nodeId) => nodeId !== stopped)
  for (const nodeId of others) {
    await cluster.lostBroker(nodeId)
    on.disks.set(nodeId, diskOf(on, nodeId).powerCut(new SeededChance(1)))
  }
  await cluster.startBroker(brokerOn(on, stopped))
  assert.notEqual(partitionOf(cluster).leader, stopped)
  for (const nodeId of others) await cluster.startBroker(brokerOn(on, nodeId))
  await areAllFilled(on, cluster, 'abc')
  await cluster.stop()
})

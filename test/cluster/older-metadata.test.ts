/**
 * The controller's metadata log loses its end on the border of a batch, which looks whole. Below its checkpoint, which follows it within a
 * second, that is damage; else the brokers' directories tell: their logs know later epochs, their marks of a clean stop later
 * registrations, their directories topics. Nobody leads over what was acknowledged since. (Apache Kafka elects by the older image.)
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk } from '../../src/host/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { limits } from '../../src/limits.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { batchSizeAt, lastOffsetAt } from '../../src/protocol/records/batch.ts'
import { batchOf, produce } from '../broker/apis/records-setup.ts'
import { diskOf, kill, log, partitionOf, two, valuesOf, withRecords, write } from './crash-setup.ts'
import { createTopic, leaderOf, startOn, until } from './setup.ts'

const metadataLog = '__cluster_metadata-0/00000000000000000000.log'
const checkpoint = 'recovery-point-offset-checkpoint'

/** Cuts the log of what the cluster knows behind the batch with this offset. */
function cutBehind(controller: Disk, offset: number): void {
  const bytes = controller.readFile(metadataLog)
  let position = 0
  while (position < bytes.length && lastOffsetAt(bytes, position) <= offset) position += batchSizeAt(bytes, position)
  assert.ok(position < bytes.length, 'there is something to cut off')
  controller.replaceFile(metadataLog, bytes.subarray(0, position))
}

test('what was known a second before a kill, and is cut off on the border of a batch, keeps the cluster from starting', async () => {
  const before = two()
  const [cluster] = await withRecords(before)
  const known = cluster.controller.quorum().logEndOffset - 1
  await createTopic(cluster, 't2', { replicationFactor: 2 })
  before.clock.advance(limits.recoveryPointsMs)
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  const on = kill(before)
  cutBehind(on.controller, known)
  await assert.rejects(
    startOn(on),
    /__cluster_metadata-0\/0{20}\.log is damaged at byte \d+: The log ends at offset \d+, and was synced up to \d+: records are gone/
  )
  for (const nodeId of on.disks.keys()) assert.ok(diskOf(on, nodeId).exists('t2-0'))
})

test('nobody leads over what was acknowledged in an epoch that the metadata has lost, however often it starts; with the metadata all of it is there', async () => {
  const before = two()
  const [cluster] = await withRecords(before)
  const first = leaderOf(cluster, 't1')
  const known = cluster.controller.quorum().logEndOffset - 1
  await cluster.stopBroker(first.nodeId)
  await until(before.clock, () => leaderOf(cluster, 't1') !== first, 'another leads')
  const second = leaderOf(cluster, 't1')
  await until(before.clock, () => second.replica('t1', 0)?.leadership != null, 'it has heard of it')
  await write(second, 'c')
  const on = kill(before)
  const whole = on.controller.readFile(metadataLog)
  cutBehind(on.controller, known)
  on.controller.remove(checkpoint)
  // The first start takes the leader away, which begins the very epoch that the logs know; after a clean stop nothing else is in doubt.
  for (let start = 1; start <= 3; start++) {
    const told: string[] = []
    const older = await startOn(on, {}, { log: (line) => told.push(line) })
    assert.equal(partitionOf(older).leader, -1, `start ${start}`)
    for (const broker of older.brokers.values())
      assert.notEqual((await produce(broker, { records: batchOf(['x']) })).errorCode, ErrorCode.NONE)
    assert.match(
      told.join('\n'),
      /t1-0 is offline: .*has records of leader epoch \d+, and the cluster metadata knows of \d+\. The metadata is older.* odradek dump simulated\/t1-0 --records reads them/
    )
    await older.stop()
  }
  const left = kill(on)
  left.controller.replaceFile(metadataLog, whole)
  left.controller.remove(checkpoint)
  const again = await startOn(left)
  assert.equal(leaderOf(again, 't1').nodeId, second.nodeId)
  await until(left.clock, () => partitionOf(again).inSyncReplicas.length === 2, 'both have it')
  for (const broker of again.brokers.values()) assert.equal(valuesOf(broker), 'abc')
  await again.stop()
})

test('a mark of a clean stop of a later registration than the metadata knows tells that it has lost its end', async () => {
  const before = two()
  const [first] = await withRecords(before)
  const known = first.controller.quorum().logEndOffset - 1
  await first.stop()
  await (await startOn(before)).stop()
  cutBehind(before.controller, known)
  before.controller.remove(checkpoint)
  const told: string[] = []
  const cluster = await startOn(before, {}, { log: (line) => told.push(line) })
  assert.match(told.join('\n'), /was left by broker 1 in its registration \d+, and the metadata knows of \d+ only/)
  await cluster.stop()
})

test('a mark of a clean stop that says no registration, as those of Kafka before 3.7, tells nothing of copies', async () => {
  const before = two()
  const [first] = await withRecords(before)
  await first.stop()
  diskOf(before, 1).replaceFile('.kafka_cleanshutdown', Buffer.alloc(0))
  const told: string[] = []
  const cluster = await startOn(before, {}, { log: (line) => told.push(line) })
  assert.deepEqual(told, [])
  await cluster.stop()
})

test('an older copy of a broker directory is told as what it is', async () => {
  const before = two()
  const [first] = await withRecords(before)
  await first.stop()
  const mark = diskOf(before, 1).readFile('.kafka_cleanshutdown')
  await (await startOn(before)).stop()
  diskOf(before, 1).replaceFile('.kafka_cleanshutdown', mark)
  const told: string[] = []
  const cluster = await startOn(before, {}, { log: (line) => told.push(line) })
  assert.equal(told.length, 1, told.join('\n'))
  assert.match(told[0] ?? '', /was left by broker 1 in its registration \d+, and the broker was registered since/)
  await cluster.stop()
})

test('a topic that the metadata has lost, alone, is set aside with its records, and it is told what that may mean', async () => {
  const before = two()
  const [cluster] = await withRecords(before)
  const known = cluster.controller.quorum().logEndOffset - 1
  await createTopic(cluster, 't2', { replicationFactor: 2 })
  const leader = leaderOf(cluster, 't2')
  assert.equal((await produce(leader, { records: batchOf(['a']), topic: 't2' })).errorCode, ErrorCode.NONE)
  const on = kill(before)
  cutBehind(on.controller, known)
  on.controller.remove(checkpoint)
  const told: string[] = []
  const older = await startOn(on, {}, { log: (line) => told.push(line) })
  assert.match(
    told.join('\n'),
    /t2-0 belongs to no topic, and was set aside as t2-0\.\S+-stray\. .* where it was never deleted, the metadata has lost records\. Restore/
  )
  const aside = diskOf(on, leader.nodeId)
    .list('')
    .find((name) => /^t2-0\..*-stray$/.test(name))
  assert.ok((diskOf(on, leader.nodeId).sizeOf(`${aside}/${log.replace(/^.*\//, '')}`) ?? 0) > 0)
  await older.stop()
})

const emptied: Readonly<Record<string, (controller: Disk) => void>> = {
  emptied: (controller) => controller.replaceFile(metadataLog, Buffer.alloc(0)),
  removed: (controller) => controller.remove(metadataLog),
  'removed with its directory': (controller) => controller.remove('__cluster_metadata-0')
}

for (const [what, lose] of Object.entries(emptied)) {
  for (const isKnown of [true, false]) {
    const checkpoints = isKnown ? 'its checkpoint is there' : 'no checkpoint is left'
    test(`metadata that was ${what} refuses the start, and no topic becomes a stray: ${checkpoints}`, async () => {
      const before = two()
      const [cluster] = await withRecords(before)
      await cluster.stop()
      lose(before.controller)
      if (!isKnown) before.controller.remove(checkpoint)
      for (let attempt = 0; attempt < 2; attempt++)
        await assert.rejects(startOn(before), /__cluster_metadata-0\S* is damaged.*a backup.* or choose an empty/)
      for (const nodeId of before.disks.keys()) assert.ok(diskOf(before, nodeId).exists(log))
    })
  }
}

test('where a controller was, and its directory is gone, no other cluster is begun, and nothing is made', async () => {
  const before = two()
  const [cluster] = await withRecords(before)
  await cluster.stop()
  const moved = { ...before, controller: new SimulatedDisk() }
  await assert.rejects(startOn(moved), /meta\.properties is damaged: It is not there, and the directory of a broker is/)
  assert.deepEqual(moved.controller.list(''), [])
  const again = await startOn(before)
  assert.equal(valuesOf(leaderOf(again, 't1')), 'ab')
  await again.stop()
})

test('a topic that was about to be made when its broker was killed for the first time refuses no start', async () => {
  const before = two()
  await (await startOn(before)).stop()
  const disk = diskOf(before, 1)
  disk.createDirectory('t1-0')
  disk.replaceFile('t1-0/partition.metadata', Buffer.from('version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAABQ\n'))
  disk.replaceFile(log, Buffer.alloc(0))
  const cluster = await startOn(before)
  assert.equal(disk.exists('t1-0'), false)
  await cluster.stop()
})

/**
 * A log that takes the name of an earlier one is not held against what the checkpoints said of that one, whenever the process is killed or
 * the power is cut: else a healthy replica would be damaged for good.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { DiskError } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { limits } from '../../src/limits.ts'
import { readOffsetCheckpoint } from '../../src/log/offset-checkpoint.ts'
import { readTopicId } from '../../src/log/partition-metadata.ts'
import { readBatchHeader } from '../../src/protocol/records/batch.ts'
import { diskWith, filesOf } from '../broker/damage/scene.ts'
import { diskOf, log, partitionOf, reassign, withRecords, write } from './crash-setup.ts'
import { brokerOn, createTopic, leaderOf, type Machines, machines, until } from './setup.ts'

const checkpoints = [
  'recovery-point-offset-checkpoint',
  'log-start-offset-checkpoint',
  'replication-offset-checkpoint',
  'cleaner-offset-checkpoint'
] as const

/** Calls, when it is told to, after every change of its names. */
class SteppingDisk extends SimulatedDisk {
  onStep: () => void = () => {}

  override rename(from: string, to: string): void {
    super.rename(from, to)
    this.onStep()
  }

  override remove(path: string): void {
    super.remove(path)
    this.onStep()
  }

  override createDirectory(path: string): void {
    super.createDirectory(path)
    this.onStep()
  }

  override open(path: string, mode: 'existing' | 'create') {
    const file = super.open(path, mode)
    this.onStep()
    return file
  }

  override async syncDirectory(path: string): Promise<void> {
    await super.syncDirectory(path)
    this.onStep()
  }
}

/** Where the whole batches of the log end. */
function endIn(disk: SimulatedDisk): number {
  const bytes = disk.exists(log) ? disk.readFile(log) : Buffer.alloc(0)
  let end = 0
  for (let position = 0; position + 61 <= bytes.length; ) {
    const { baseOffset, sizeBytes, lastOffsetDelta } = readBatchHeader(bytes, position)
    if (sizeBytes <= 0 || position + sizeBytes > bytes.length) break
    end = baseOffset + lastOffsetDelta + 1
    position += sizeBytes
  }
  return end
}

/** What a start would hold against the log of t1-0. */
function misfits(disk: SimulatedDisk): string[] {
  const end = endIn(disk)
  return checkpoints.flatMap((checkpoint) => {
    const said = readOffsetCheckpoint(disk, checkpoint)?.get('t1-0') ?? 0
    return said > end ? [`${checkpoint} says ${said}, and the log ends at ${end}`] : []
  })
}

const three = (): Machines => machines(3, () => new SteppingDisk())

function watched(
  on: Machines,
  nodeId: number,
  isAnother: (disk: SimulatedDisk) => boolean
): { readonly seen: Set<string> } {
  const disk = diskOf(on, nodeId)
  assert.ok(disk instanceof SteppingDisk)
  const seen = new Set<string>()
  const look = (after: SimulatedDisk, what: string): void => {
    if (after.exists('t1-0') && isAnother(after)) for (const misfit of misfits(after)) seen.add(`${what}: ${misfit}`)
  }
  disk.onStep = () => {
    look(disk, 'kill')
    for (let seed = 0; seed < 6; seed++) look(disk.powerCut(new SeededChance(seed)), 'power cut')
  }
  return { seen }
}

/** Its stop has written down that the log was synced up to 2; and more of what a run can leave. */
async function stopped(on: Machines, cluster: Cluster, nodeId: number): Promise<void> {
  await cluster.stopBroker(nodeId)
  const disk = diskOf(on, nodeId)
  for (const checkpoint of checkpoints) disk.replaceFile(checkpoint, Buffer.from('0\n1\nt1 0 2\n'))
  await disk.open(log, 'existing').sync()
  for (const directory of ['t1-0', '']) await disk.syncDirectory(directory)
}

async function isInSync(on: Machines, cluster: Cluster, nodeId: number): Promise<void> {
  const { clock } = on
  await until(clock, () => partitionOf(cluster).inSyncReplicas.includes(nodeId), 'it is in sync')
}

async function madeAgain(cluster: Cluster): Promise<void> {
  await cluster.controller.deleteTopics([cluster.controller.image.topicByName('t1')?.id ?? ''])
  await createTopic(cluster, 't1', { replicationFactor: 2 })
}

/** As after kill -9: what is on the disk stays as it is. */
async function startsAfterKill(on: Machines, cluster: Cluster, nodeId: number): Promise<void> {
  await cluster.lostBroker(nodeId)
  const disk = diskWith(filesOf(diskOf(on, nodeId)))
  on.disks.set(nodeId, disk)
  assert.deepEqual(misfits(disk), [])
  await cluster.startBroker(brokerOn(on, nodeId))
  assert.equal(cluster.brokers.get(nodeId)?.hosted('t1', 0).kind, 'online')
  await isInSync(on, cluster, nodeId)
}

test('a topic that was deleted and made again while its broker was away', async () => {
  const on = three()
  const [cluster] = await withRecords(on)
  await stopped(on, cluster, 1)
  const earlier = readTopicId(diskOf(on, 1), 't1-0')
  await madeAgain(cluster)
  await reassign(cluster, [1, 2, 3])
  const { seen } = watched(on, 1, (disk) => readTopicId(disk, 't1-0') !== earlier)
  await cluster.startBroker(brokerOn(on, 1))
  await isInSync(on, cluster, 1)
  await write(leaderOf(cluster, 't1'), 'c')
  assert.deepEqual([...seen], [])
  await startsAfterKill(on, cluster, 1)
  await cluster.stop()
})

test('a topic that was deleted while its broker was away, and is made again as soon as the broker is there', async () => {
  const on = three()
  const [cluster] = await withRecords(on)
  await stopped(on, cluster, 1)
  const earlier = readTopicId(diskOf(on, 1), 't1-0')
  await cluster.controller.deleteTopics([cluster.controller.image.topicByName('t1')?.id ?? ''])
  const { seen } = watched(on, 1, (disk) => readTopicId(disk, 't1-0') !== earlier)
  await cluster.startBroker(brokerOn(on, 1))
  await createTopic(cluster, 't1')
  await write(leaderOf(cluster, 't1'), 'c')
  assert.deepEqual([...seen], [])
  await startsAfterKill(on, cluster, 1)
  await cluster.stop()
})

test('a replica that was taken from its broker and is given back', async () => {
  const on = three()
  const [cluster] = await withRecords(on)
  await cluster.stopBroker(1)
  await cluster.startBroker(brokerOn(on, 1))
  await isInSync(on, cluster, 1)
  await reassign(cluster, [2, 3])
  const isGone = (): boolean => cluster.brokers.get(1)?.hosted('t1', 0).kind === 'none'
  await until(on.clock, isGone, 'it is gone')
  assert.equal(readOffsetCheckpoint(diskOf(on, 1), checkpoints[0])?.get('t1-0'), 2)
  const { seen } = watched(on, 1, () => true)
  await reassign(cluster, [1, 2, 3])
  await isInSync(on, cluster, 1)
  assert.deepEqual([...seen], [])
  await startsAfterKill(on, cluster, 1)
  await cluster.stop()
})

test('a replica whose directory was removed while its broker was away, and that others fill', async () => {
  const on = three()
  const [cluster] = await withRecords(on)
  await stopped(on, cluster, 1)
  await write(leaderOf(cluster, 't1'), 'c')
  const disk = diskOf(on, 1)
  disk.remove('t1-0')
  await disk.syncDirectory('')
  const { seen } = watched(on, 1, () => true)
  await cluster.startBroker(brokerOn(on, 1))
  await isInSync(on, cluster, 1)
  assert.deepEqual([...seen], [])
  await startsAfterKill(on, cluster, 1)
  await cluster.stop()
})

test('a replica that was damaged, and is filled again', async () => {
  const on = three()
  const [cluster] = await withRecords(on)
  await stopped(on, cluster, 1)
  await write(leaderOf(cluster, 't1'), 'c')
  diskOf(on, 1).open(log, 'existing').truncate(0)
  await cluster.startBroker(brokerOn(on, 1))
  assert.equal(cluster.brokers.get(1)?.hosted('t1', 0).kind, 'offline')
  // The damaged one is what the checkpoints speak of.
  const { seen } = watched(on, 1, (disk) => disk.list('').some((name) => name.endsWith('-stray')))
  on.clock.advance(limits.openAgainMs)
  await isInSync(on, cluster, 1)
  assert.deepEqual([...seen], [])
  await startsAfterKill(on, cluster, 1)
  await cluster.stop()
})

test('checkpoints that cannot be written keep such a log from being made, and nothing else; it is made once they can', async () => {
  const on = three()
  const [cluster] = await withRecords(on)
  await createTopic(cluster, 'other')
  await stopped(on, cluster, 1)
  await madeAgain(cluster)
  await reassign(cluster, [1, 2, 3])
  const disk = diskOf(on, 1)
  const { rename } = disk
  disk.rename = (from, to) => {
    if (to === checkpoints[0]) throw new DiskError('failed', to, `${to} could not be replaced.`)
    rename.call(disk, from, to)
  }
  await cluster.startBroker(brokerOn(on, 1))
  const kindOf = (topic: string): string | undefined => cluster.brokers.get(1)?.hosted(topic, 0).kind
  assert.deepEqual([kindOf('t1'), kindOf('other')], ['offline', 'online'])
  assert.equal(disk.exists('t1-0'), false)
  disk.rename = rename
  on.clock.advance(limits.openAgainMs)
  await isInSync(on, cluster, 1)
  assert.equal(kindOf('t1'), 'online')
  await cluster.stop()
})

/** A broker that comes back with another disk has nothing of what it had: others lead, and fill it again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '../../src/cluster/cluster.ts'
import type { Disk } from '../../src/host/disk.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { readBatchHeader } from '../../src/protocol/records/batch.ts'
import { batchOf, produce } from '../broker/apis/records-setup.ts'
import { brokerOn, createTopic, leaderOf, type Machines, machines, startOn, until } from './setup.ts'

const partitionOf = ({ controller }: Cluster) =>
  controller.image.topicByName('t1')?.partitions[0] ?? assert.fail('there is no t1')

/** A cluster with a topic that has one record; gives who is its preferred leader. */
async function withRecords(on: Machines, topic: { replicationFactor?: number } = {}): Promise<[Cluster, number]> {
  const cluster = await startOn(on)
  await createTopic(cluster, 't1', topic)
  assert.equal((await produce(leaderOf(cluster, 't1'), { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  return [cluster, partitionOf(cluster).replicas[0] ?? -1]
}

async function isFilled(on: Machines, cluster: Cluster, nodeId: number): Promise<void> {
  await until(on.clock, () => partitionOf(cluster).inSyncReplicas.includes(nodeId), 'it is in sync again')
  assert.equal(cluster.brokers.get(nodeId)?.replica('t1', 0)?.log.logEndOffset, 1)
}

test('a disk that is replaced while nothing runs is filled again by those who have the records', async () => {
  const on = machines(3)
  const [before, preferred] = await withRecords(on)
  await before.stop()
  on.disks.set(preferred, new MemoryDisk())
  const cluster = await startOn(on)
  assert.notEqual(leaderOf(cluster, 't1').nodeId, preferred)
  await isFilled(on, cluster, preferred)
  await cluster.stop()
})

test('a disk that was replaced before the whole was killed, and that nobody had been told of, is filled again', async () => {
  const on = machines(3)
  const [before, preferred] = await withRecords(on)
  await before.lostBroker(preferred)
  await before.stop()
  const meta = 'meta.properties'
  const identity = on.disks.get(preferred)?.readFile(meta).toString() ?? ''
  const disk = new MemoryDisk()
  const anotherId = Buffer.alloc(16, 7).toString('base64url')
  disk.replaceFile(meta, Buffer.from(identity.replace(/directory\.id=.*/, `directory.id=${anotherId}`)))
  on.disks.set(preferred, disk)
  const cluster = await startOn(on)
  await isFilled(on, cluster, preferred)
  await cluster.stop()
})

test('what lay on the disk that was replaced and nowhere else is led by nobody', async () => {
  const on = machines(3)
  const [before, only] = await withRecords(on, { replicationFactor: 1 })
  await before.stop()
  on.disks.set(only, new MemoryDisk())
  const told: string[] = []
  const cluster = await startOn(on, {}, { log: (line) => told.push(line) })
  assert.equal(partitionOf(cluster).leader, -1)
  assert.match(told.join('\n'), new RegExp(`Broker ${only} has another disk than before`))
  await cluster.stop()
})

test('a broker that was unregistered comes back with another disk, and all of them start again', async () => {
  const on = machines(3)
  const [before, preferred] = await withRecords(on)
  await before.stopBroker(preferred)
  await before.controller.brokers.unregister(preferred)
  on.disks.set(preferred, new MemoryDisk())
  await before.startBroker(brokerOn(on, preferred))
  await isFilled(on, before, preferred)
  await before.stop()
  const cluster = await startOn(on)
  await isFilled(on, cluster, preferred)
  assert.equal(leaderOf(cluster, 't1').nodeId, preferred)
  await cluster.stop()
})

/** As Kafka's cleaner leaves a log of single records: one of them is gone, and its offset with it. */
function compact(disk: Disk, topic: string, offset: number): void {
  disk.replaceFile('cleaner-offset-checkpoint', Buffer.from(`0\n1\n${topic} 0 ${offset + 1}\n`))
  const path = `${topic}-0/${'0'.repeat(20)}.log`
  const bytes = disk.readFile(path)
  const kept: Buffer[] = []
  for (let position = 0; position < bytes.length; ) {
    const { baseOffset, sizeBytes } = readBatchHeader(bytes, position)
    if (baseOffset !== offset) kept.push(bytes.subarray(position, position + sizeBytes))
    position += sizeBytes
  }
  disk.replaceFile(path, Buffer.concat(kept))
}

test('a disk that is replaced after a handover is filled with what Kafka has compacted, and knows it at the next start', async () => {
  const on = machines(3)
  const before = await startOn(on)
  await createTopic(before, 't1')
  for (const value of ['a', 'b', 'c'])
    assert.equal((await produce(leaderOf(before, 't1'), { records: batchOf([value]) })).errorCode, ErrorCode.NONE)
  const nodeId = partitionOf(before).replicas[0] ?? -1
  await before.stop()
  for (const disk of on.disks.values()) compact(disk, 't1', 1)
  on.disks.set(nodeId, new MemoryDisk())
  const told: string[] = []
  const log = (line: string): void => void told.push(line)
  const isFilled = (cluster: Cluster): Promise<void> =>
    until(on.clock, () => partitionOf(cluster).inSyncReplicas.length === 3, 'all are in sync')
  const cluster = await startOn(on, {}, { log })
  await isFilled(cluster)
  assert.equal(
    cluster.brokers.get(nodeId)?.replica('t1', 0)?.log.sizeBytes,
    leaderOf(cluster, 't1').replica('t1', 0)?.log.sizeBytes
  )
  await cluster.stopBroker(nodeId)
  assert.equal(on.disks.get(nodeId)?.readFile('cleaner-offset-checkpoint').toString(), '0\n1\nt1 0 0\n')
  assert.equal((await produce(leaderOf(cluster, 't1'), { records: batchOf(['d']) })).errorCode, ErrorCode.NONE)
  await cluster.stop()
  const again = await startOn(on, {}, { log })
  await isFilled(again)
  assert.equal(again.brokers.get(nodeId)?.replica('t1', 0)?.log.logEndOffset, 4)
  assert.equal(told.filter((line) => !line.includes('another disk')).join(), '')
  await again.stop()
})

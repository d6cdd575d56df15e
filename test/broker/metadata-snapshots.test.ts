/** The metadata log does not grow for ever: snapshots stand for what is before them, and old ones go (KIP-630). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Broker } from '../../src/broker/broker.ts'
import { MetadataSnapshots } from '../../src/broker/metadata-snapshots.ts'
import { dropOldSnapshots, oldestMayGo } from '../../src/broker/snapshot-retention.ts'
import { Telling } from '../../src/broker/telling.ts'
import { BrokerConfig } from '../../src/coordination/config/broker-config.ts'
import { ClusterImage } from '../../src/coordination/metadata/image.ts'
import { configRecord } from '../../src/coordination/metadata/records.ts'
import { replayMetadata } from '../../src/coordination/metadata/replay.ts'
import { newestSnapshot, readSnapshot, snapshotsAmong } from '../../src/coordination/metadata/snapshot.ts'
import { writeMetadataSnapshot } from '../../src/coordination/metadata/snapshot-writing.ts'
import { DiskError, type DiskFile } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { batchSizeAt, isControl, readBatchHeader } from '../../src/protocol/records/batch.ts'
import { type RaftControlRecord, readRaftControlRecords } from '../../src/protocol/records/raft-control-records.ts'
import { append, batchOf, open } from '../log/setup.ts'
import { clockOf, createTopic } from './apis/records-setup.ts'
import { network, startBroker } from './apis/setup.ts'
import { HeldDisk, hold } from './held-disk.ts'

const directory = '__cluster_metadata-0'
const restless = { 'metadata.log.max.record.bytes.between.snapshots': '600', 'metadata.max.retention.bytes': '2000' }

const snapshotsOn = (disk: SimulatedDisk) => snapshotsAmong(disk.list(directory))
const topicsOf = (broker: Broker): string[] => broker.image.sortedTopics().map(({ name }) => name)

/** Waits for what goes on in the background. */
async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 1000; turn += 1) {
    if (isSo()) return
    await setImmediate()
  }
  assert.fail(what)
}

async function untilSnapshot(disk: SimulatedDisk): Promise<void> {
  await until(() => snapshotsOn(disk).length > 0, 'a snapshot was written')
}

test('a snapshot is written when the log has grown by so much, and a start goes on from it', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker({ 'metadata.log.max.record.bytes.between.snapshots': '1500' }, disk)
  await createTopic(broker, 'first')
  await setImmediate()
  assert.deepEqual(snapshotsOn(disk), [], 'not yet')
  for (let index = 0; index < 10; index += 1) await createTopic(broker, `t${index}`)
  await untilSnapshot(disk)
  await createTopic(broker, 'last')
  const topics = topicsOf(broker)
  const after = await startBroker({}, disk.powerCut(new SeededChance(1)))
  assert.deepEqual(topicsOf(after), topics)
  assert.equal(topics.length, 12)
})

test('a snapshot is written when the last is long ago and there is anything new', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker({}, disk)
  clockOf(broker).advance(3_600_000 - 1)
  await createTopic(broker, 'before')
  await setImmediate()
  assert.deepEqual(snapshotsOn(disk), [])
  clockOf(broker).advance(1)
  await createTopic(broker, 'due')
  await untilSnapshot(disk)
  await broker.stop()
})

test('old snapshots go, and the log begins at the oldest that is kept', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker(restless, disk)
  const seen = new Set<string>()
  for (let index = 0; index < 30; index += 1) {
    await createTopic(broker, `t${index}`)
    await setImmediate()
    for (const { name } of snapshotsOn(disk)) seen.add(name)
  }
  await until(() => !disk.list(directory).some((name) => name.endsWith('.part')), 'all is written')
  assert.ok(seen.size > 5, `${seen.size} were written`)
  assert.ok(snapshotsOn(disk).length < 3, 'and few are kept')
  const topics = topicsOf(broker)
  await broker.stop()
  assert.deepEqual(topicsOf(await startBroker(restless, disk)), topics)
})

test('a snapshot has its name only when the records that it stands for are safe', async () => {
  const disk = new HeldDisk()
  const broker = await startBroker({ 'metadata.log.max.record.bytes.between.snapshots': '600' }, disk)
  await createTopic(broker, 'first')
  const held = hold()
  const second: Promise<void>[] = []
  disk.beforeSync = (path) => {
    if (path !== `${directory}/00000000000000000000.log`) return Promise.resolve()
    // While the topic that makes the snapshot due is being synced, another is made.
    disk.beforeSync = (other) => (other === path ? held.over : Promise.resolve())
    second.push(createTopic(broker, 'third'))
    return Promise.resolve()
  }
  await createTopic(broker, 'second')
  const snapshotIs = (ending: string): boolean => disk.list(directory).some((name) => name.endsWith(ending))
  await until(() => snapshotIs('.checkpoint.part'), 'it is being written')
  for (let turn = 0; turn < 50; turn += 1) await setImmediate()
  assert.deepEqual(snapshotsOn(disk), [])
  held.release()
  await Promise.all(second)
  await untilSnapshot(disk)
  const [snapshot] = snapshotsOn(disk)
  assert.equal(snapshot?.endOffset, await broker.controller.ask(async (controller) => controller.quorum().logEndOffset))
  await broker.stop()
})

test('a stop waits for what is being written, and nothing is written after it', async () => {
  const disk = new HeldDisk()
  const broker = await startBroker(restless, disk)
  const held = hold()
  disk.beforeSync = (path) => (path.endsWith('.part') ? held.over : Promise.resolve())
  for (let index = 0; index < 5; index += 1) await createTopic(broker, `t${index}`)
  await until(() => disk.list(directory).some((name) => name.endsWith('.part')), 'one is being written')
  let hasStopped = false
  const stopped = broker.stop().then(() => {
    hasStopped = true
  })
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  assert.equal(hasStopped, false)
  held.release()
  await stopped
  const names = disk.list(directory)
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  assert.deepEqual(disk.list(directory), names)
  const after = await startBroker({}, disk)
  assert.equal(after.image.topicCount, 5)
})

test('a disk without room for a snapshot is told of once; nothing is left of it, and the broker goes on', async () => {
  class CrampedDisk extends SimulatedDisk {
    isCramped = true
    override open(path: string, mode: 'existing' | 'create'): DiskFile {
      const file = super.open(path, mode)
      if (!path.endsWith('.part') || !this.isCramped) return file
      file.append = () => {
        throw new DiskError('full', path, 'The disk is full.')
      }
      return file
    }
  }
  const disk = new CrampedDisk()
  const lines: string[] = []
  const broker = await startBroker(restless, disk, { log: (line) => lines.push(line) })
  for (let index = 0; index < 10; index += 1) {
    await createTopic(broker, `t${index}`)
    await setImmediate()
  }
  assert.deepEqual(lines, ['snapshot of the metadata: The disk is full.'])
  assert.deepEqual(
    disk.list(directory).filter((name) => name.includes('checkpoint') && !name.startsWith('leader')),
    []
  )
  disk.isCramped = false
  for (let index = 10; index < 15; index += 1) await createTopic(broker, `t${index}`)
  await untilSnapshot(disk)
  await broker.stop()
})

test('what Raft said of its version and voters is in every snapshot, and what was left unfinished goes', async () => {
  const disk = new SimulatedDisk()
  const first = await startBroker({}, disk)
  await first.stop()
  const voter = {
    voterId: 1,
    voterDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAQ',
    endpoints: [],
    kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 }
  }
  const quorum: RaftControlRecord[] = [
    { type: 'kraftVersion', value: { version: 0, kRaftVersion: 1 } },
    { type: 'kraftVoters', value: { version: 0, voters: [voter] } }
  ]
  const place = { endOffset: 0, epoch: 0, lastTimestampMs: 0, nowMs: 0, quorum }
  await writeMetadataSnapshot(disk, new ClusterImage(), place)
  disk.replaceFile(`${directory}/00000000000000000001-0000000000.checkpoint.part`, Buffer.alloc(10))
  for (let life = 0; life < 2; life += 1) {
    const broker = await startBroker(restless, disk)
    const before = newestSnapshot(disk.list(directory))?.endOffset ?? 0
    for (let index = 0; index < 8; index += 1) await createTopic(broker, `t${life}-${index}`)
    await until(() => (newestSnapshot(disk.list(directory))?.endOffset ?? 0) > before, 'another')
    await broker.stop()
    const { name = '', epoch = -1 } = newestSnapshot(disk.list(directory)) ?? {}
    const bytes = disk.readFile(`${directory}/${name}`)
    assert.ok(readSnapshot(bytes, { epoch }).length > 0)
    assert.deepEqual(quorumIn(bytes), quorum)
    assert.deepEqual(
      disk.list(directory).filter((other) => other.endsWith('.part')),
      []
    )
  }
})

function quorumIn(bytes: Buffer): RaftControlRecord[] {
  const found: RaftControlRecord[] = []
  for (let position = 0; position < bytes.length; position += batchSizeAt(bytes, position)) {
    const batch = bytes.subarray(position, position + batchSizeAt(bytes, position))
    if (isControl(readBatchHeader(batch).attributes)) found.push(...readRaftControlRecords(batch))
  }
  return found.filter(({ type }) => type === 'kraftVersion' || type === 'kraftVoters')
}

test('which snapshots go: the oldest while all is too large, or it is too old, and never the newest', () => {
  const at = (lastTimestampMs: number | null) => ({ sizeBytes: 100, lastTimestampMs })
  const keepAll = { retentionBytes: -1, retentionMs: -1 }
  assert.equal(oldestMayGo([at(0), at(50)], 1000, keepAll, 1_000_000), false)
  assert.equal(oldestMayGo([at(0), at(50)], 1000, { ...keepAll, retentionBytes: 1200 }, 0), false)
  assert.equal(oldestMayGo([at(0), at(50)], 1001, { ...keepAll, retentionBytes: 1200 }, 0), true)
  assert.equal(oldestMayGo([at(50)], 1001, { ...keepAll, retentionBytes: 1 }, 0), false)
  assert.equal(oldestMayGo([at(0), at(50)], 0, { ...keepAll, retentionMs: 100 }, 100), false)
  assert.equal(oldestMayGo([at(0), at(50)], 0, { ...keepAll, retentionMs: 100 }, 101), true)
  assert.equal(oldestMayGo([at(null), at(50)], 0, { ...keepAll, retentionMs: 100 }, 101), false)
  assert.equal(oldestMayGo([at(0)], 0, { ...keepAll, retentionMs: 100 }, 101), false)
  assert.equal(oldestMayGo([], 0, { retentionBytes: 0, retentionMs: 0 }, 101), false)
})

test('segments go that lie before the oldest snapshot that is kept, and a snapshot only after it is safe that the log begins later', async () => {
  const disk = new HeldDisk()
  const log = open({ disk, directory, config: { cleanupDelete: false, segmentBytes: 1000 } })
  const image = new ClusterImage()
  replayMetadata(image, configRecord(2, 'orders', 'a', 'b'))
  log.beginEpoch(0)
  for (const [index, endOffset] of [20, 40, 60].entries()) {
    while (log.logEndOffset < endOffset) append(log, batchOf(['x'.repeat(100)]))
    await log.durable(endOffset)
    const lastTimestampMs = 1000 * index
    await writeMetadataSnapshot(disk, image, { endOffset, epoch: 0, lastTimestampMs, nowMs: 0 })
  }
  const offsets = () => snapshotsOn(disk).map(({ endOffset }) => endOffset)
  await dropOldSnapshots(disk, log, { retentionBytes: -1, retentionMs: 5000 }, 5000)
  assert.deepEqual([offsets(), log.logStartOffset], [[20, 40, 60], 0])

  const held = hold()
  disk.beforeSync = () => held.over
  const dropped = dropOldSnapshots(disk, log, { retentionBytes: -1, retentionMs: 5000 }, 5001)
  for (let turn = 0; turn < 5; turn += 1) await setImmediate()
  assert.deepEqual(offsets(), [20, 40, 60])
  held.release()
  await dropped
  assert.deepEqual([offsets(), log.logStartOffset], [[40, 60], 40])
  assert.ok(!disk.exists(`${directory}/00000000000000000000.log`))

  await dropOldSnapshots(disk, log, { retentionBytes: 0, retentionMs: -1 }, 0)
  assert.deepEqual([offsets(), log.logStartOffset], [[60], 60])
})

test('a stop does not wait for a snapshot whose records cannot be made safe', async () => {
  const disk = new SimulatedDisk()
  const log = open({ disk, directory, history: 'new' })
  append(log, batchOf(['a']))
  const host = { disk, network, clock: new ManualClock(), chance: new SeededChance(1) }
  const config = { ...BrokerConfig.parse({}).metadataLog, bytesBetweenSnapshots: 1 }
  const snapshots = new MetadataSnapshots(host, log, config, new Telling(assert.fail, host.clock))
  snapshots.begin({ image: new ClusterImage(), settled: () => new Promise(() => {}) })
  await until(() => disk.list(directory).some((name) => name.endsWith('.part')), 'it is being written')
  for (let turn = 0; turn < 10; turn += 1) await setImmediate()
  let hasEnded = false
  void snapshots.end().then(() => {
    hasEnded = true
  })
  await until(() => hasEnded, 'it was not waited for')
  assert.ok(!disk.list(directory).some((name) => name.includes('.checkpoint')))
})

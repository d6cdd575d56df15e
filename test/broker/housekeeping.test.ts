/** What a broker does by itself, as time goes by: with no request it keeps retention, and writes down what a start needs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DiskError } from '../../src/host/disk.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { limits } from '../../src/limits.ts'
import { readOffsetCheckpoint } from '../../src/log/offset-checkpoint.ts'
import { batchOf, clockOf, createTopic, produce } from './apis/records-setup.ts'
import { startBroker } from './apis/setup.ts'

const minuteMs = 60_000

/** Checkpoints are written in the background. */
const written = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await setImmediate()
}

test('a broker that nobody asks drops what retention no longer keeps, and writes its checkpoints', async () => {
  const disk = new MemoryDisk()
  const intervals = {
    'log.retention.check.interval.ms': String(minuteMs),
    'log.flush.offset.checkpoint.interval.ms': '5000'
  }
  const broker = await startBroker(intervals, disk)
  await createTopic(broker, 't1', { 'retention.ms': '1000', 'segment.bytes': '1048576' })
  for (let count = 0; count < 3; count++) await produce(broker, { records: batchOf(['x'.repeat(700_000)]) })
  const log = broker.replica('t1', 0)?.log
  clockOf(broker).advance(5000)
  await written()
  assert.match(disk.readFile('replication-offset-checkpoint').toString(), /^t1 0 3$/m)
  assert.equal(log?.logStartOffset, 0)
  clockOf(broker).advance(minuteMs)
  assert.equal(log?.logStartOffset, 3)
  await written()
  assert.match(disk.readFile('log-start-offset-checkpoint').toString(), /^t1 0 3$/m)
  await produce(broker, { records: batchOf(['again']) })
  clockOf(broker).advance(2 * minuteMs)
  assert.equal(log?.logStartOffset, 4, 'and it does so again and again')
  await broker.stop()
})

test('a partition that cannot be trimmed is told of, and keeps no other from it', async () => {
  /** Takes no segment of partition 0 away. */
  class StubbornDisk extends MemoryDisk {
    override rename(from: string, to: string): void {
      if (from.startsWith('t1-0/') && to.endsWith('.deleted'))
        throw new DiskError('failed', from, `${from}: the disk refuses.`)
      super.rename(from, to)
    }
  }
  const told: string[] = []
  const log = (line: string): void => void told.push(line)
  const broker = await startBroker({ 'log.retention.check.interval.ms': String(minuteMs) }, new StubbornDisk(), { log })
  await createTopic(broker, 't1', { 'retention.ms': '1000' })
  for (const partition of [0, 1]) await produce(broker, { records: batchOf(['a']), partition })
  clockOf(broker).advance(minuteMs)
  assert.equal(broker.replica('t1', 1)?.log.logStartOffset, 1)
  assert.match(told.join('\n'), /^retention of t1-0: .*the disk refuses\.$/)
  await broker.stop()
})

test('when much of a log has become safe, its recovery point is written down soon', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker({ 'log.flush.offset.checkpoint.interval.ms': String(60 * minuteMs) }, disk)
  await createTopic(broker, 't1', { 'segment.bytes': '1048576' })
  for (let count = 0; count < 3; count++) await produce(broker, { records: batchOf(['x'.repeat(700_000)]) })
  clockOf(broker).advance(limits.recoveryPointsMs)
  await written()
  assert.match(disk.readFile('recovery-point-offset-checkpoint').toString(), /^t1 0 3$/m)
  await broker.stop()
})

test('a broker that has stopped does nothing any more', async () => {
  const broker = await startBroker()
  await createTopic(broker, 't1')
  assert.ok(clockOf(broker).waiting > 0)
  await broker.stop()
  assert.equal(clockOf(broker).waiting, 0)
})

test('how far the metadata log is safe is written again where the disk refused it', async () => {
  class RefusingOnce extends SimulatedDisk {
    refuses = false

    override rename(from: string, to: string): void {
      if (this.refuses && to === 'recovery-point-offset-checkpoint')
        throw new DiskError('failed', to, `${to} could not be replaced.`)
      super.rename(from, to)
    }
  }
  const disk = new RefusingOnce()
  const broker = await startBroker({}, disk)
  await createTopic(broker, 't1')
  for (let round = 0; round < 3; round++) {
    clockOf(broker).advance(limits.recoveryPointsMs)
    await written()
  }
  const point = (): number =>
    readOffsetCheckpoint(disk, 'recovery-point-offset-checkpoint')?.get('__cluster_metadata-0') ?? 0
  const before = point()
  disk.refuses = true
  await createTopic(broker, 't2')
  clockOf(broker).advance(limits.recoveryPointsMs)
  await written()
  assert.equal(point(), before)
  disk.refuses = false
  clockOf(broker).advance(limits.recoveryPointsMs)
  await written()
  assert.ok(point() > before)
  await broker.stop()
})

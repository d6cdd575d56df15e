/**
 * How often a log waits for the disk, counted: with thousands of partitions this decides how long making them, and a clean
 * stop, take.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk, DiskFile } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { PartitionLog } from '../../src/log/partition-log.ts'
import { append, batchOf, directory, open, recordsFrom, startMs } from './setup.ts'

/** Passes everything on, and counts what waits for the disk, what changes it, and where it is searched or read. */
function counting(disk: Disk): {
  disk: Disk
  count: { syncs: number; writes: number; looks: number; open: number; reads: number }
} {
  const count = { syncs: 0, writes: 0, looks: 0, open: 0, reads: 0 }
  const countedFile = (file: DiskFile): DiskFile =>
    new Proxy(file, {
      get(target, name: keyof DiskFile) {
        if (name === 'sync') count.syncs += 1
        if (name === 'close') count.open -= 1
        if (name === 'read') count.reads += 1
        if (name === 'append' || name === 'writeAt' || name === 'truncate') count.writes += 1
        const value = target[name]
        return typeof value === 'function' ? value.bind(target) : value
      }
    })
  const counted = new Proxy(disk, {
    get(target, name: keyof Disk) {
      if (name === 'open') {
        return (...args: Parameters<Disk['open']>) => {
          const file = countedFile(target.open(...args))
          count.open += 1
          return file
        }
      }
      if (name === 'syncDirectory') count.syncs += 1
      if (name === 'list' || name === 'readFile') count.looks += 1
      // It syncs the file and its name.
      if (name === 'replaceFile') count.syncs += 2
      const value = target[name]
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
  return { disk: counted, count }
}

test('making a log waits for no sync', () => {
  const { disk, count } = counting(new SimulatedDisk())
  const log = open({ disk })
  log.beginEpoch(0)
  assert.equal(count.syncs, 0)
})

test('opening a log lists its directory once and reads each of its small files once', async () => {
  const disk = new SimulatedDisk()
  const first = open({ disk })
  first.beginEpoch(0)
  append(first, batchOf(['a']))
  await first.close()
  const counted = counting(disk)
  open({ disk: counted.disk, shutdown: 'clean' })
  // The list, partition.metadata, leader-epoch-checkpoint, the snapshot of the producers.
  assert.equal(counted.count.looks, 4)
})

test('a log holds one open file for each segment, whatever is appended and looked up', async () => {
  const simulated = new SimulatedDisk()
  for (const shutdown of ['clean', 'unclean', 'clean'] as const) {
    const { disk, count } = counting(simulated)
    const log = open({ disk, shutdown, history: simulated.exists(directory) ? 'known' : 'new' })
    log.beginEpoch(0)
    for (let index = 0; index < 100; index += 1) append(log, batchOf(['a'.repeat(100)]))
    await log.durable(log.logEndOffset)
    recordsFrom(log)
    log.offsetForTimestamp(startMs)
    const segments = simulated.list(directory).filter((name) => name.endsWith('.log')).length
    assert.ok(segments > 3)
    assert.equal(count.open, segments)
    if (shutdown === 'clean') await log.close()
  }
})

test('after a crash a log is read by the megabyte, however many batches it has', () => {
  const simulated = new SimulatedDisk()
  const segments = { config: { segmentBytes: 100_000_000 } }
  const log = open({ disk: simulated, ...segments })
  log.beginEpoch(0)
  const batch = batchOf(['a'.repeat(9000)])
  for (let index = 0; index < 500; index += 1) append(log, Buffer.from(batch))
  const { disk, count } = counting(simulated)
  assert.equal(open({ disk, ...segments }).logEndOffset, 500)
  // 4.5 MB, once for the batches and once for their producers; and the epochs of the first batch and the last, by 8 KB: they
  // are held against their file in the same way after a clean stop, when nobody has read the log.
  assert.ok(count.reads <= 14, `${count.reads} reads`)
})

test('a log that took nothing since it was opened is closed without a write or a sync', async () => {
  const disk = new SimulatedDisk()
  const first = open({ disk })
  first.beginEpoch(0)
  append(first, batchOf(['a', 'b']))
  await first.close()
  for (const name of ['orders-0', 'empty-0']) {
    const counted = counting(disk)
    const log = open({ disk: counted.disk, directory: name, shutdown: 'clean', history: 'new' })
    log.beginEpoch(0)
    counted.count.syncs = 0
    counted.count.writes = 0
    await log.close()
    assert.deepEqual([counted.count.syncs, counted.count.writes], [0, 0], name)
  }
  assert.deepEqual(
    recordsFrom(open({ disk, shutdown: 'clean' })).map(({ value }) => String(value)),
    ['a', 'b']
  )
})

test('the first sync of a log keeps its small files, whatever a power cut does to the rest', async () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const disk = new SimulatedDisk()
    const log = open({ disk })
    log.beginEpoch(3)
    assert.ok(log.append(batchOf(['a']), { leaderEpoch: 3, origin: 'client' }).ok)
    await log.durable(1)
    const after = disk.powerCut(new SeededChance(seed))
    assert.equal(PartitionLog.topicIdOf(after, directory), log.topicId, `seed ${seed}`)
    const again = open({ disk: after })
    again.beginEpoch(3)
    assert.equal(again.epochOf(0), 3, `seed ${seed}`)
  }
})

test('a log that lost its small files before its first sync begins anew', async () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const disk = new SimulatedDisk()
    disk.createDirectory(directory)
    await disk.syncDirectory('')
    open({ disk }).beginEpoch(0)
    const after = disk.powerCut(new SeededChance(seed))
    const log = open({ disk: after })
    log.beginEpoch(0)
    append(log, batchOf(['a']))
    await log.durable(1)
    assert.equal(log.logEndOffset, 1, `seed ${seed}`)
    assert.equal(log.epochOf(0), 0, `seed ${seed}`)
  }
})

test('once it is open, a log never stops everybody for a sync', async () => {
  class Watched extends SimulatedDisk {
    isOpen = false

    override replaceFile(path: string, bytes: Uint8Array): void {
      assert.ok(!this.isOpen, `${path} is replaced`)
      super.replaceFile(path, bytes)
    }

    override syncDirectoryNow(path: string): void {
      assert.ok(!this.isOpen, `${path} is synced`)
      super.syncDirectoryNow(path)
    }
  }
  const disk = new Watched()
  const clock = new ManualClock(startMs)
  const log = open({ disk, clock, history: 'new', config: { segmentBytes: 300, retentionBytes: 2000 } })
  disk.isOpen = true
  for (let epoch = 0; epoch < 5; epoch++) {
    log.beginEpoch(epoch)
    for (let count = 0; count < 10; count++) {
      assert.ok(log.append(batchOf([`value ${count}`]), { leaderEpoch: epoch, origin: 'client' }).ok)
    }
    await log.durable(log.logEndOffset)
    log.applyRetention()
    clock.advance(100_000)
    await log.deleteRecordsBefore(log.logEndOffset - 15)
  }
  await log.truncateTo(log.logEndOffset - 4, async () => {})
  await log.startAt(100, async () => {})
  await log.close()
})

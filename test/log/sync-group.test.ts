/** When a log is synced: at once when somebody waits, within a time and a number of bytes when nobody does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DiskError } from '../../src/host/disk.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { limits } from '../../src/limits.ts'
import { leavesNoDoubt } from '../../src/log/refused-sync.ts'
import { append, batchOf, open } from './setup.ts'

/** A log on a disk that counts its syncs of records. */
async function setUp() {
  const disk = new SimulatedDisk()
  const clock = new ManualClock()
  const count = { syncs: 0 }
  const openFile = disk.open.bind(disk)
  disk.open = (path, mode) => {
    const file = openFile(path, mode)
    const { sync } = file
    file.sync = () => {
      if (path.endsWith('.log')) count.syncs += 1
      return sync()
    }
    return file
  }
  const large = { segmentBytes: 100 * limits.unsyncedBytes, maxMessageBytes: limits.unsyncedBytes }
  const log = open({ disk, clock, config: large, checkpointBytes: 100 * limits.unsyncedBytes })
  await setImmediate()
  return { log, clock, count, disk }
}

test('what nobody waits for is synced once when its time is over, however many records came', async () => {
  const { log, clock, count } = await setUp()
  for (let index = 0; index < 100; index++) {
    append(log, batchOf([`value ${index}`]))
    await setImmediate()
  }
  clock.advance(limits.unsyncedMs - 1)
  await setImmediate()
  assert.deepEqual([count.syncs, log.syncedEndOffset], [0, 0])
  clock.advance(1)
  await setImmediate()
  assert.deepEqual([count.syncs, log.syncedEndOffset], [1, 100])
})

test('the time counts from the first record that is not synced, and begins anew with the next after a sync', async () => {
  const { log, clock, count } = await setUp()
  append(log, batchOf(['a']))
  clock.advance(limits.unsyncedMs - 1)
  append(log, batchOf(['b']))
  clock.advance(1)
  await setImmediate()
  assert.deepEqual([count.syncs, log.syncedEndOffset], [1, 2])
  append(log, batchOf(['c']))
  clock.advance(limits.unsyncedMs)
  await setImmediate()
  assert.deepEqual([count.syncs, log.syncedEndOffset], [2, 3])
  clock.advance(10 * limits.unsyncedMs)
  await setImmediate()
  assert.deepEqual([count.syncs, clock.waiting], [2, 0], 'a log that rests has neither syncs nor timers')
})

test('what nobody waits for is synced when there is much of it, once for as many bytes', async () => {
  const { log, count } = await setUp()
  const value = 'x'.repeat(limits.unsyncedBytes / 16)
  for (let index = 0; index < 15; index++) {
    append(log, batchOf([value]))
    await setImmediate()
  }
  assert.equal(count.syncs, 0)
  for (let index = 15; index < 64; index++) {
    append(log, batchOf([value]))
    await setImmediate()
  }
  assert.equal(count.syncs, 4)
  assert.ok(log.syncedEndOffset >= 60)
})

test('acks=all takes along what came before it without anybody who waits', async () => {
  const { log, count } = await setUp()
  for (const value of ['a', 'b', 'c']) append(log, batchOf([value]))
  await log.durable(3)
  assert.deepEqual([count.syncs, log.syncedEndOffset], [1, 3])
})

test('a reader is told by the sync that it asked for, also while another is under way', async () => {
  const { log, count } = await setUp()
  let told = 0
  log.onSynced = () => {
    told = log.syncedEndOffset
  }
  append(log, batchOf(['a']))
  log.syncNow()
  await Promise.resolve()
  append(log, batchOf(['b']))
  log.syncNow()
  log.syncNow()
  await setImmediate()
  assert.deepEqual([count.syncs, told], [2, 2])
})

test('a close syncs what nobody waited for, and leaves no timer', async () => {
  const { log, clock, count } = await setUp()
  append(log, batchOf(['a']))
  await log.close()
  assert.deepEqual([count.syncs, clock.waiting], [1, 0])
})

test('a deleted log is synced no more', async () => {
  const { log, clock, count } = await setUp()
  append(log, batchOf(['a']))
  log.setAside()
  clock.advance(10 * limits.unsyncedMs)
  await setImmediate()
  assert.deepEqual([count.syncs, clock.waiting], [0, 0])
})

test('where nobody waits for the disk nothing is owed to it', async () => {
  const clock = new ManualClock()
  for (const log of [open({ disk: new MemoryDisk(), clock }), open({ durability: 'os', clock })]) {
    append(log, batchOf(['a']))
    assert.deepEqual([log.syncedEndOffset, clock.waiting], [1, 0])
  }
})

test('where there is no room for the list of epochs no record is in doubt, and a later sync makes them safe', async () => {
  const { log, disk } = await setUp()
  await log.durable(0)
  log.append(batchOf(['a']), { leaderEpoch: 0, origin: 'client' })
  await log.durable(1)
  const openFile = disk.open.bind(disk)
  const full = new DiskError('full', 'leader-epoch-checkpoint', 'no room')
  disk.open = (path, mode) => {
    if (path.endsWith('leader-epoch-checkpoint.tmp')) throw full
    return openFile(path, mode)
  }
  log.beginEpoch(1)
  log.append(batchOf(['b']), { leaderEpoch: 1, origin: 'client' })
  await assert.rejects(log.durable(2), (error) => leavesNoDoubt(error) && error.problem === 'full')
  disk.open = openFile
  await log.durable(2)
  assert.equal(log.syncedEndOffset, 2)
})

test('what a failed sync was to keep is safe by no later one: the system may have forgotten it, and tells of that only once', async () => {
  const { log, clock, count, disk } = await setUp()
  append(log, batchOf(['a']))
  disk.syncing = async (path) => {
    throw new DiskError('failed', path, `${path}: the disk did not keep it.`)
  }
  await assert.rejects(log.durable(1), { problem: 'failed' })
  disk.syncing = () => Promise.resolve()
  await assert.rejects(log.durable(1), { problem: 'failed' })
  log.syncNow()
  clock.advance(10 * limits.unsyncedMs)
  await setImmediate()
  assert.deepEqual([count.syncs, log.syncedEndOffset], [1, 0])
})

test('where a sync itself finds no room, what was written is in doubt', async () => {
  const { log, disk } = await setUp()
  append(log, batchOf(['a']))
  disk.syncing = () => Promise.reject(new DiskError('full', 'orders-0', 'no room'))
  await assert.rejects(log.durable(1), (error) => error instanceof DiskError && !leavesNoDoubt(error))
  disk.syncing = () => Promise.resolve()
  assert.throws(() => append(log, batchOf(['b'])), /takes no more records/)
})

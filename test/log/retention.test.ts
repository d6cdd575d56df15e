/** When a segment is finished, and when it is no longer kept: the borders of both decisions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DiskError } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { producerExpirationMs } from '../../src/log/producer-state.ts'
import { expiredSegments } from '../../src/log/retention.ts'
import { append, batchOf, config, directory, open, recordsFrom, startMs } from './setup.ts'

const segments = [1000, 2000, 3000].map((newestMs) => ({ sizeBytes: 100, newestMs }))
const expired = (keeps: { retentionMs?: number; retentionBytes?: number }, nowMs = 3000) =>
  expiredSegments(segments, { ...config, retentionMs: -1, ...keeps }, nowMs)

test('a segment is kept as long as its newest record is no older than the retention time', () => {
  assert.equal(expired({ retentionMs: 2000 }, 3000), 0)
  assert.equal(expired({ retentionMs: 2000 }, 3001), 1)
  assert.equal(expired({ retentionMs: 2000 }, 5001), 3)
})

test('a segment is dropped when the others are still as large as retention keeps', () => {
  assert.equal(expired({ retentionBytes: 301 }), 0)
  assert.equal(expired({ retentionBytes: 300 }), 0)
  assert.equal(expired({ retentionBytes: 201 }), 0)
  assert.equal(expired({ retentionBytes: 200 }), 1)
  assert.equal(expired({ retentionBytes: 0 }), 3)
})

test('a log whose topic does not delete keeps everything', () => {
  const facts = { ...config, cleanupDelete: false, retentionMs: 0, retentionBytes: 0 }
  assert.equal(expiredSegments(segments, facts, 1_000_000), 0)
})

test('a batch that just fits goes into the segment; a byte less room, and it begins the next', () => {
  const sizeBytes = batchOf(['a']).length
  const segmentsAfterTwo = (segmentBytes: number): number => {
    const disk = new MemoryDisk()
    const log = open({ disk, clock: new ManualClock(), config: { segmentBytes } })
    for (const value of ['a', 'b']) assert.ok(append(log, batchOf([value])).ok)
    return disk.list(directory).filter((name) => name.endsWith('.log')).length
  }
  assert.equal(segmentsAfterTwo(2 * sizeBytes), 1)
  assert.equal(segmentsAfterTwo(2 * sizeBytes - 1), 2)
})

test('what is not synced is not dropped: until then a power cut may leave a log that ends before it begins', async () => {
  const clock = new ManualClock()
  const log = open({ disk: new SimulatedDisk(), clock, config: { retentionMs: 1, segmentBytes: 100 } })
  for (const value of ['a', 'b', 'c']) assert.ok(append(log, batchOf([value])).ok)
  clock.advance(10_000)
  assert.equal(log.applyRetention(), 0)
  await log.durable(log.logEndOffset)
  assert.equal(log.applyRetention(), 3)
  await log.close()
})

test('a log begins where what could be dropped ends: what the disk did not let go can be read, and goes the next time', async () => {
  class StubbornDisk extends MemoryDisk {
    kept: string | null = null

    override rename(from: string, to: string): void {
      if (this.kept !== null && from.endsWith(this.kept)) throw new DiskError('failed', from, `${from}: EIO`)
      super.rename(from, to)
    }
  }
  const clock = new ManualClock()
  const disk = new StubbornDisk()
  const log = open({ disk, clock, config: { retentionMs: 1, segmentBytes: 100 } })
  for (const value of ['a', 'b', 'c']) assert.ok(append(log, batchOf([value])).ok)
  await log.durable(log.logEndOffset)
  clock.advance(10_000)
  disk.kept = '00.log'
  assert.throws(() => log.applyRetention(), DiskError)
  assert.deepEqual([log.logStartOffset, recordsFrom(log).map(({ value }) => String(value))], [0, ['a', 'b', 'c']])
  disk.kept = '01.log'
  assert.equal(log.applyRetention(), 1)
  assert.deepEqual([log.logStartOffset, recordsFrom(log).map(({ value }) => String(value))], [1, ['b', 'c']])
  disk.kept = null
  assert.equal(log.applyRetention(), 2)
  assert.deepEqual([log.logStartOffset, log.logEndOffset], [3, 3])
  await log.close()
})

test('an epoch begins once, however many batches are written in it', () => {
  const disk = new MemoryDisk()
  const log = open({ disk })
  for (const value of ['a', 'b', 'c']) assert.ok(append(log, batchOf([value])).ok)
  assert.equal(disk.readFile(`${directory}/leader-epoch-checkpoint`).toString(), '0\n1\n0 0\n')
})

test('a producer that is silent for a day is forgotten, but for one whose transaction is open: readers wait for its end', () => {
  const clock = new ManualClock(startMs)
  const log = open({ clock, config: { retentionMs: -1 } })
  assert.ok(append(log, batchOf(['a'], { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true })).ok)
  assert.ok(append(log, batchOf(['b'], { producerId: 8, producerEpoch: 0, baseSequence: 0 })).ok)
  clock.advance(producerExpirationMs + 1)
  log.applyRetention()
  assert.deepEqual(
    log.activeProducers().map(({ producerId }) => producerId),
    [7]
  )
  assert.equal(log.lastStableOffset, 0)
})

test('segments that give room on a full disk are not there again after a power cut, empty, before those that follow', async () => {
  for (const recoveryPoint of [undefined, 0]) {
    for (let seed = 0; seed < 20; seed++) {
      const clock = new ManualClock()
      const disk = new SimulatedDisk()
      const log = open({ disk, clock, config: { retentionBytes: 200, segmentBytes: 100 } })
      for (const value of ['a', 'b', 'c', 'd', 'e']) assert.ok(append(log, batchOf([value])).ok)
      await log.durable(log.logEndOffset)
      disk.freeBytes = 0
      assert.ok(log.applyRetention() > 0)
      const { logStartOffset } = log
      clock.advance(config.fileDeleteDelayMs)
      await new Promise(setImmediate)
      const emptied = disk.list(directory).filter((name) => name.endsWith('.log.deleted'))
      assert.ok(emptied.length > 0 && emptied.every((name) => disk.sizeOf(`${directory}/${name}`) === 0))
      const after = open({
        disk: disk.powerCut(new SeededChance(seed)),
        recoveryPoint: recoveryPoint ?? log.recoveryPoint
      })
      const values = recordsFrom(after, logStartOffset).map(({ value }) => String(value))
      assert.deepEqual(values, ['a', 'b', 'c', 'd', 'e'].slice(logStartOffset), `seed ${seed}`)
      after.abandon()
      log.abandon()
    }
  }
})

test('what is not committed is kept, however old it is', async () => {
  const clock = new ManualClock()
  const log = open({ clock, config: { retentionMs: 1, segmentBytes: 100 } })
  for (const value of ['a', 'b', 'c']) assert.ok(append(log, batchOf([value])).ok)
  clock.advance(10_000)
  assert.equal(log.applyRetention(2), 2)
  assert.equal(log.logStartOffset, 2)
  assert.equal(log.applyRetention(3), 1)
  await log.close()
})

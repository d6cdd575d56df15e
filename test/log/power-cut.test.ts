/**
 * What survives. A model keeps every batch that was appended; the log runs on a simulated disk, is killed, loses its power
 * with any of its unsynced bytes torn, and is compared with the model after each start.
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { NodeDisk } from '../../src/host/node/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { sealCrc } from '../../src/protocol/records/batch.ts'
import * as fc from '../harness/properties.ts'
import { Run, step } from './modelled-log.ts'
import { append, batchOf, config, directory, endTransaction, open, recordsFrom } from './setup.ts'

test('whatever happens, what was synced is there, in order, with its producers and transactions', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const run = new Run(new SimulatedDisk(), (disk, seed) => disk.powerCut(new SeededChance(seed)))
      for (const action of steps) {
        await run.take(action)
        run.check()
        run.checkTimes()
      }
      await run.take({ kind: 'kill' })
      run.check()
      run.checkRetries()
      assert.equal(run.log.logEndOffset, run.model.endOffset)
    }),
    { numRuns: 300 }
  )
})

test('in memory the same holds, but for the power cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const run = new Run(new MemoryDisk(), (disk) => disk)
      for (const action of steps) {
        await run.take(action.kind === 'power cut' ? { kind: 'kill' } : action)
        run.check()
      }
      run.checkRetries()
    }),
    { numRuns: 100 }
  )
})

test('on a real disk the same holds', async () => {
  const root = mkdtempSync(join(tmpdir(), 'odradek-log-'))
  let count = 0
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const disk = new NodeDisk(join(root, String(count++)))
        disk.createDirectory('')
        const run = new Run(disk, (same) => same)
        for (const action of steps) {
          await run.take(action.kind === 'power cut' ? { kind: 'kill' } : action)
          run.check()
        }
        run.checkRetries()
        await run.log.close()
      }),
      { numRuns: 15 }
    )
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('what a crash left unsynced becomes readable by itself', async () => {
  const disk = new SimulatedDisk()
  append(open({ disk }), batchOf(['a', 'b']))
  const log = open({ disk })
  assert.equal(log.syncedEndOffset, 0)
  await log.durable(2)
  assert.equal(log.syncedEndOffset, 2)
})

test('after a failed sync the log takes no more records, and says so to everyone who waits and when it closes', async () => {
  const disk = new SimulatedDisk()
  const log = open({ disk })
  append(log, batchOf(['a']))
  await log.durable(1)
  append(log, batchOf(['b']))
  disk.failSyncs()
  await assert.rejects(log.durable(2), { name: 'DiskError' })
  assert.equal(log.syncedEndOffset, 1)
  assert.throws(() => append(log, batchOf(['c'])), {
    name: 'DiskError',
    message: /takes no more records.*start again/s
  })
  await assert.rejects(log.close(), { name: 'DiskError' })
})

test('a full disk refuses the append, at whatever byte it fills up, and the log goes on when there is room', () => {
  for (let room = 0; room < 2500; room += 7) {
    const disk = new SimulatedDisk()
    const log = open({ disk, config: { indexIntervalBytes: 10, segmentBytes: 700 } })
    const values: string[] = []
    disk.freeBytes = room
    let refusals = 0
    for (let index = 0; index < 30; index++) {
      const value = `value ${index} ${'x'.repeat(index * 3)}`
      try {
        assert.ok(append(log, batchOf([value])).ok)
        values.push(value)
      } catch (error) {
        assert.ok(error instanceof Error && 'problem' in error && error.problem === 'full')
        refusals += 1
        if (refusals === 3) disk.freeBytes = Infinity
      }
      assert.equal(log.logEndOffset, values.length)
    }
    for (const again of [log, open({ disk })]) {
      assert.deepEqual(
        recordsFrom(again).map((record) => String(record.value)),
        values
      )
    }
  }
})

test('retention makes room on a full disk', () => {
  const disk = new SimulatedDisk()
  const log = open({ disk, durability: 'os', config: { retentionBytes: 3000, indexIntervalBytes: 10 } })
  for (let index = 0; index < 100; index++) append(log, batchOf([`value ${index}`]))
  disk.freeBytes = 0
  assert.ok(log.applyRetention() > 0)
})

test('the indexes that a recovery makes are those that were written', async () => {
  const disk = new SimulatedDisk()
  const log = open({ disk })
  for (let index = 0; index < 60; index++) {
    const producer = { producerId: 10, producerEpoch: 0, baseSequence: index * 2, isTransactional: true }
    append(log, batchOf([`value ${index}`, 'w'], producer))
    if (index % 7 === 6) endTransaction(log, producer, index % 2 === 0 ? 'abort' : 'commit')
  }
  await log.close()
  const indexes = disk.list(directory).filter((name) => name.endsWith('index'))
  assert.ok(indexes.some((name) => name.endsWith('.txnindex')))
  const before = indexes.map((name) => disk.readFile(`${directory}/${name}`))
  for (const name of indexes) disk.remove(`${directory}/${name}`)
  await open({ disk, shutdown: 'unclean' }).close()
  assert.deepEqual(
    disk.list(directory).filter((name) => name.endsWith('index')),
    indexes
  )
  assert.deepEqual(
    indexes.map((name) => disk.readFile(`${directory}/${name}`)),
    before
  )
})

/** A log of one segment with checkpoints in it, killed; what the broker knows of it. */
async function killedBehindCheckpoints(): Promise<{ disk: SimulatedDisk; recoveryPoint: number }> {
  const disk = new SimulatedDisk()
  const log = open({ disk, config: { segmentBytes: 1_000_000 } })
  for (let index = 0; index < 100; index++) {
    append(log, batchOf([`value ${index}`]))
    if (index % 10 === 0) await log.durable(log.logEndOffset)
  }
  return { disk, recoveryPoint: log.recoveryPoint }
}

test('after a kill only what lies behind the newest checkpoint is read again', async () => {
  const { disk, recoveryPoint } = await killedBehindCheckpoints()
  const path = `${directory}/00000000000000000000.log`
  const wanted = disk.readFile(`${directory}/00000000000000000000.index`)
  // Within the records of the first batch: whoever reads it sees that its CRC is wrong.
  disk.open(path, 'existing').writeAt(70, Buffer.from([0xff]))
  const log = open({ disk, recoveryPoint, config: { segmentBytes: 1_000_000 } })
  assert.equal(log.logEndOffset, 100)
  assert.equal(recordsFrom(log, 50).length, 50)
  await log.close()
  const index = disk.readFile(`${directory}/00000000000000000000.index`)
  assert.ok(wanted.length > 0 && index.subarray(0, wanted.length).equals(wanted))
  // Without a checkpoint that the recovery point vouches for, all of it is looked at.
  assert.throws(() => open({ disk, recoveryPoint: 1 }), { name: 'DiskError', message: /damaged/ })
})

test('a checkpoint whose indexes are gone or wrong is passed over', async () => {
  for (const harm of ['gone', 'zeros', 'another position'] as const) {
    const { disk, recoveryPoint } = await killedBehindCheckpoints()
    const index = disk.open(`${directory}/00000000000000000000.index`, 'existing')
    if (harm === 'gone') index.truncate(0)
    if (harm === 'zeros') index.writeAt(0, Buffer.alloc(index.sizeBytes))
    if (harm === 'another position') index.writeAt(index.sizeBytes - 1, Buffer.from([1]))
    const log = open({ disk, recoveryPoint, config: { segmentBytes: 1_000_000 } })
    assert.deepEqual(
      recordsFrom(log).map((record) => String(record.value)),
      Array.from({ length: 100 }, (_, value) => `value ${value}`)
    )
  }
})

test('a batch whose epoch a torn write changed is not taken for one, so that nothing behind it is dropped later', async () => {
  const disk = new SimulatedDisk()
  for (const value of ['a', 'b']) append(open({ disk }), batchOf([value]))
  const file = disk.open(`${directory}/00000000000000000000.log`, 'existing')
  // The leader epoch of the second batch: its CRC does not cover it.
  file.writeAt(file.sizeBytes / 2 + 12, Buffer.from([0, 0, 0, 7]))
  const log = open({ disk })
  assert.equal(log.logEndOffset, 1)
  append(log, batchOf(['c']))
  await log.durable(2)
  assert.deepEqual(
    recordsFrom(open({ disk })).map((record) => String(record.value)),
    ['a', 'c']
  )
})

test('a checkpoint says nothing about a log that was just made', () => {
  const log = open({ history: 'new', recoveryPoint: 50, logStartOffset: 40 })
  assert.deepEqual([log.logStartOffset, log.logEndOffset], [0, 0])
})

test('a log that ends before what was synced is told, not hidden', async () => {
  const disk = new SimulatedDisk()
  const log = open({ disk })
  for (const value of ['a', 'b', 'c']) append(log, batchOf([value]))
  const oneBatch = log.sizeBytes / 3
  await log.close()
  disk.open(`${directory}/00000000000000000000.log`, 'existing').truncate(oneBatch * 2)
  assert.throws(() => open({ disk, recoveryPoint: 3 }), { name: 'DiskError', message: /damaged.*synced.*backup/s })
})

test('what a clean stop seemed to leave is recovered when something else follows the last batch', async () => {
  const disk = new SimulatedDisk()
  const log = open({ disk })
  append(log, batchOf(['a']))
  await log.close()
  disk.open(`${directory}/00000000000000000000.log`, 'existing').append([Buffer.alloc(30, 7)])
  const again = open({ disk, shutdown: 'clean', recoveryPoint: 1 })
  append(again, batchOf(['b']))
  assert.deepEqual(
    recordsFrom(open({ disk })).map((record) => String(record.value)),
    ['a', 'b']
  )
})

test('a batch that reaches beyond 2^31 offsets begins a new segment', () => {
  const disk = new MemoryDisk()
  const log = open({ disk, config: { ...config, indexIntervalBytes: 0 } })
  append(log, batchOf(['a']))
  for (let round = 0; round < 3; round++) {
    const batch = batchOf(['b'])
    batch.writeInt32BE(0x7ffffffe, 23)
    batch.writeInt32BE(0x7fffffff, 57)
    sealCrc(batch, 0, batch.length)
    // A client may not claim more records than its bytes can hold; the broker's own batches may have holes.
    assert.ok(log.append(batch, { leaderEpoch: 0, origin: 'coordinator' }).ok)
  }
  assert.equal(log.logEndOffset, 1 + 3 * 0x7fffffff)
  assert.equal(disk.list(directory).filter((name) => name.endsWith('.log')).length, 3)
})

test('a batch of an earlier leader epoch than the one before it is a torn write: no CRC covers that field', () => {
  const disk = new MemoryDisk()
  const log = open({ disk, history: 'new', leaderEpoch: 2 })
  const first = batchOf(['a'])
  for (const batch of [first, batchOf(['b'])]) log.append(batch, { leaderEpoch: 2, origin: 'client' })
  log.abandon()
  const file = disk.open(`${directory}/00000000000000000000.log`, 'existing')
  const epoch = Buffer.alloc(4)
  for (const [told, wanted] of [
    [2, 2],
    [1, 1]
  ] as const) {
    epoch.writeInt32BE(told)
    file.writeAt(first.length + 12, epoch)
    assert.equal(open({ disk, leaderEpoch: 2, recoveryPoint: 0 }).logEndOffset, wanted, `epoch ${told}`)
  }
})

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { NodeDisk } from '../../src/host/node/disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { readBatchHeader } from '../../src/protocol/records/batch.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'
import { Compression } from '../../src/protocol/records/compression/codec.ts'
import { endTransactionMarker } from '../../src/protocol/records/control-records.ts'
import * as fc from '../harness/properties.ts'
import { append, batchOf, directory, open, recordsFrom } from './setup.ts'

function errorOf(log: PartitionLog, batch: Buffer): ErrorCode {
  const result = append(log, batch)
  return result.ok ? ErrorCode.NONE : result.error
}

function valuesFrom(log: PartitionLog, offset = log.logStartOffset): string[] {
  return recordsFrom(log, offset).map((record) => String(record.value))
}

test('what was appended is read back in order, from any offset and after any reopening', async () => {
  const batch = fc.array(fc.string({ maxLength: 60 }), { minLength: 1, maxLength: 8 })
  const step = fc.oneof(
    { weight: 8, arbitrary: batch.map((values) => ({ kind: 'append' as const, values })) },
    { weight: 1, arbitrary: fc.constantFrom('clean' as const, 'unclean' as const).map((kind) => ({ kind })) },
    {
      weight: 1,
      arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((part) => ({ kind: 'trim' as const, part }))
    }
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const disk = new MemoryDisk()
      let log = open({ disk })
      const model: string[] = []
      let start = 0
      for (const action of steps) {
        if (action.kind === 'append') {
          const result = append(log, batchOf(action.values))
          assert.ok(result.ok)
          assert.equal(result.firstOffset, model.length)
          model.push(...action.values)
        } else if (action.kind === 'trim') {
          start = Math.max(start, Math.floor(action.part * model.length))
          await log.deleteRecordsBefore(start)
        } else {
          if (action.kind === 'clean') await log.close()
          const recoveryPoint = action.kind === 'clean' ? log.recoveryPoint : start
          log = open({ disk, shutdown: action.kind, logStartOffset: start, recoveryPoint })
        }
        assert.equal(log.logEndOffset, model.length)
        assert.equal(log.logStartOffset, start)
      }
      assert.deepEqual(valuesFrom(log), model.slice(start))
      const middle = Math.floor((start + model.length) / 2)
      assert.deepEqual(valuesFrom(log, middle), model.slice(middle))
    }),
    { numRuns: 60 }
  )
})

test('a tail torn at any byte is cut off, and everything before it stays', () => {
  const whole = new MemoryDisk()
  const log = open({ disk: whole })
  const batches = [['a', 'b'], ['c'], ['d', 'e', 'f']]
  const ends: number[] = []
  for (const values of batches) {
    append(log, batchOf(values))
    ends.push(log.sizeBytes)
  }
  const bytes = whole.readFile(`${directory}/00000000000000000000.log`)
  for (let size = 0; size <= bytes.length; size++) {
    const disk = new MemoryDisk()
    disk.createDirectory(directory)
    disk.open(`${directory}/00000000000000000000.log`, 'create').append([bytes.subarray(0, size)])
    const survivors = batches.filter((_, index) => (ends[index] ?? Infinity) <= size).flat()
    const reopened = open({ disk })
    assert.deepEqual(valuesFrom(reopened), survivors)
    const next = append(reopened, batchOf(['next']))
    assert.ok(next.ok && next.firstOffset === survivors.length)
  }
})

test('damage in a part that was synced is told, not hidden', () => {
  const disk = new MemoryDisk()
  const log = open({ disk })
  for (const value of ['a', 'b', 'c']) append(log, batchOf([value]))
  disk.open(`${directory}/00000000000000000000.log`, 'existing').writeAt(70, Buffer.from([0xff, 0xff]))
  assert.throws(() => open({ disk, recoveryPoint: 3 }), { name: 'DiskError', message: /damaged at byte 0.*backup/s })
  assert.deepEqual(valuesFrom(open({ disk, recoveryPoint: 0 })), [])
})

test('a file that is named after an offset beyond any log is refused and left as it is; other strange names are passed over', async () => {
  const disk = new MemoryDisk()
  const log = open({ disk })
  await log.close()
  for (const name of ['99999999999999999999.snapshot', '99999999999999999999.index', '1.log', 'notes.log', '.log']) {
    disk.open(`${directory}/${name}`, 'create').close()
  }
  assert.equal(open({ disk }).logEndOffset, 0)
  for (const name of ['99999999999999999999.log', '00009007199254740992.log']) {
    disk.open(`${directory}/${name}`, 'create').close()
    assert.throws(() => open({ disk }), {
      name: 'DiskError',
      message: new RegExp(`${name} is named after an offset that no log`)
    })
    assert.ok(disk.exists(`${directory}/${name}`))
    disk.remove(`${directory}/${name}`)
  }
})

test('lost or torn indexes are made again and find the same records', async () => {
  const disk = new MemoryDisk()
  const log = open({ disk })
  const values = Array.from({ length: 200 }, (_, index) => `value ${index}`)
  for (const value of values) append(log, batchOf([value]))
  await log.close()
  const files = disk.list(directory)
  assert.ok(files.filter((name) => name.endsWith('.log')).length > 3)
  files
    .filter((name) => name.endsWith('.index'))
    .forEach((name, index) => {
      if (index % 2 === 0) disk.remove(`${directory}/${name}`)
      else disk.open(`${directory}/${name}`, 'existing').append([Buffer.from([1])])
    })
  const reopened = open({ disk, shutdown: 'clean' })
  for (const offset of [0, 57, 123, 199]) assert.equal(valuesFrom(reopened, offset)[0], values[offset])
})

test('a retry of one of the last five batches is answered with its first offset, also after a restart', async () => {
  const disk = new MemoryDisk()
  let log = open({ disk })
  const producer = { producerId: 7, producerEpoch: 0 }
  const batches = Array.from({ length: 7 }, (_, index) =>
    batchOf([`v${index}`, 'w'], { ...producer, baseSequence: index * 2 })
  )
  for (const batch of batches) assert.ok(append(log, Buffer.from(batch)).ok)
  for (const shutdown of [null, 'clean', 'unclean'] as const) {
    if (shutdown === 'clean') await log.close()
    if (shutdown !== null) log = open({ disk, shutdown })
    for (let index = 2; index < 7; index++) {
      const result = append(log, Buffer.from(batches[index] ?? ''))
      assert.ok(result.ok && result.isDuplicate, `batch ${index} after ${shutdown}`)
      assert.equal(result.firstOffset, index * 2)
    }
    assert.equal(errorOf(log, Buffer.from(batches[1] ?? '')), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    assert.equal(log.logEndOffset, 14)
  }
})

test('a gap in the sequence and an old epoch are refused; sequences go on with 0 after the largest', () => {
  const log = open()
  const from = (baseSequence: number, producerEpoch = 1, count = 1): Buffer =>
    batchOf(
      Array.from({ length: count }, () => 'v'),
      { producerId: 9, producerEpoch, baseSequence }
    )
  assert.equal(errorOf(log, from(0x7ffffffe, 1, 2)), ErrorCode.NONE)
  assert.equal(errorOf(log, from(1)), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
  assert.equal(errorOf(log, from(0)), ErrorCode.NONE)
  assert.equal(errorOf(log, from(1, 0)), ErrorCode.INVALID_PRODUCER_EPOCH)
  assert.equal(errorOf(log, from(5, 2)), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
  assert.equal(errorOf(log, from(0, 2)), ErrorCode.NONE)
  assert.deepEqual(
    log.activeProducers().map(({ producerEpoch, lastSequence }) => [producerEpoch, lastSequence]),
    [[2, 0]]
  )
})

test('an open transaction holds the last stable offset, and an aborted one is listed', async () => {
  const disk = new MemoryDisk()
  let log = open({ disk })
  append(log, batchOf(['plain']))
  const producer = { producerId: 5, producerEpoch: 0 }
  append(log, batchOf(['in', 'doubt'], { ...producer, baseSequence: 0, isTransactional: true }))
  assert.equal(log.lastStableOffset, 1)
  const marker = endTransactionMarker({ ...producer, coordinatorEpoch: 3, outcome: 'abort', timestampMs: 1 })
  log.append(marker, { leaderEpoch: 0, origin: 'coordinator' })
  assert.equal(log.lastStableOffset, 4)
  await log.close()
  log = open({ disk, shutdown: 'clean' })
  assert.deepEqual(log.abortedTransactions(0, { chunks: [], nextOffset: 4 }), [{ producerId: 5, firstOffset: 1 }])
  assert.equal(log.activeProducers()[0]?.coordinatorEpoch, 3)
})

test('a log that is trimmed past the beginning of an open transaction is stable from where it begins', async () => {
  const log = open()
  const producer = { producerId: 5, producerEpoch: 0 }
  append(log, batchOf(['in', 'doubt'], { ...producer, baseSequence: 0, isTransactional: true }))
  append(log, batchOf(['b']))
  await log.deleteRecordsBefore(1)
  assert.equal(log.lastStableOffset, 1)
  await log.deleteRecordsBefore(3)
  assert.equal(log.lastStableOffset, 3)
})

test('times lead to the first record that is not older', () => {
  const log = open()
  const start = 1_700_000_000_000
  const times = [5, 3, 9, 9, 2, 20, 11]
  for (let round = 0; round < 30; round++) {
    const records = times.map((time) => ({
      timestamp: start + round * 100 + time,
      key: null,
      value: Buffer.from('v'),
      headers: []
    }))
    append(log, buildBatch({ records, compression: round % 2 ? Compression.gzip : Compression.none }))
  }
  const all = Array.from({ length: 30 }, (_, round) => times.map((time) => start + round * 100 + time)).flat()
  for (const wanted of [0, start, start + 4, start + 10, start + 101, start + 1520, start + 2920]) {
    const offset = all.findIndex((time) => time >= wanted)
    assert.equal(log.offsetForTimestamp(wanted)?.offset, offset)
  }
  assert.equal(log.offsetForTimestamp(start + 2921), null)
  assert.deepEqual(log.maxTimestamp(), { offset: 29 * 7 + 5, timestampMs: start + 2920, leaderEpoch: 0 })
})

test('retention by time and by size drops whole segments from the beginning', async () => {
  const clock = new ManualClock(1_700_000_000_000)
  const disk = new MemoryDisk()
  const log = open({ disk, clock, config: { retentionBytes: 3000 } })
  for (let index = 0; index < 100; index++) append(log, batchOf([`value ${index}`]))
  log.applyRetention()
  assert.ok(log.logStartOffset > 0 && log.sizeBytes >= 3000 && log.sizeBytes < 5000)
  assert.equal(valuesFrom(log)[0], `value ${log.logStartOffset}`)
  assert.ok(disk.list(directory).some((name) => name.endsWith('.deleted')))
  clock.advance(60_000)
  await new Promise(setImmediate)
  assert.ok(!disk.list(directory).some((name) => name.endsWith('.deleted')))
  clock.advance(8 * 24 * 3_600_000)
  log.applyRetention()
  assert.deepEqual([log.logStartOffset, log.logEndOffset], [100, 100])
  const next = append(log, batchOf(['after']))
  assert.ok(next.ok && next.firstOffset === 100)
})

test('the topic decides on compression, times and keys', () => {
  const packed = open({ config: { compressionType: 'lz4' } })
  append(packed, batchOf(['a', 'b']))
  const read = packed.read(0, { maxBytes: 1000, upTo: 2, atLeastOneBatch: 'yes' })
  assert.ok(!('error' in read))
  assert.equal(readBatchHeader(read.chunks[0] ?? Buffer.alloc(0)).attributes & 7, Compression.lz4)
  assert.deepEqual(valuesFrom(packed), ['a', 'b'])

  const clock = new ManualClock(1_800_000_000_000)
  const stamped = open({ clock, config: { messageTimestampType: 'LogAppendTime' } })
  const result = append(stamped, batchOf(['a']))
  assert.ok(result.ok && result.logAppendTimeMs === 1_800_000_000_000)
  assert.equal(stamped.maxTimestamp()?.timestampMs, 1_800_000_000_000)

  const keyless = buildBatch({ records: [{ timestamp: 1, key: null, value: Buffer.from('v'), headers: [] }] })
  assert.equal(errorOf(open({ config: { cleanupCompact: true } }), keyless), ErrorCode.INVALID_RECORD)
  const early = new ManualClock(1_600_000_000_000)
  assert.equal(errorOf(open({ clock: early }), batchOf(['a'])), ErrorCode.INVALID_TIMESTAMP)
})

test('a batch larger than every limit is still given, alone', () => {
  const log = open()
  append(log, batchOf(['x'.repeat(5000)]))
  append(log, batchOf(['y']))
  const options = { maxBytes: 10, upTo: 2 }
  const one = log.read(0, { ...options, atLeastOneBatch: 'yes' })
  const none = log.read(0, { ...options, atLeastOneBatch: 'no' })
  assert.ok(!('error' in one) && one.nextOffset === 1)
  assert.ok(!('error' in none) && none.sizeBytes === 0)
  assert.deepEqual(log.read(3, { ...options, atLeastOneBatch: 'yes' }), { error: ErrorCode.OFFSET_OUT_OF_RANGE })
})

test('epochs end where the next one begins', () => {
  const disk = new MemoryDisk()
  let log = open({ disk })
  log.append(batchOf(['a', 'b']), { leaderEpoch: 0, origin: 'client' })
  log.append(batchOf(['c']), { leaderEpoch: 4, origin: 'client' })
  log = open({ disk, leaderEpoch: 4 })
  assert.deepEqual(log.endOffsetForEpoch(0), { leaderEpoch: 0, endOffset: 2 })
  assert.deepEqual(log.endOffsetForEpoch(3), { leaderEpoch: 0, endOffset: 2 })
  assert.deepEqual(log.endOffsetForEpoch(4), { leaderEpoch: 4, endOffset: 3 })
  assert.deepEqual(log.endOffsetForEpoch(5), { leaderEpoch: -1, endOffset: -1 })
})

test('on a real disk one sync serves all who wait, and what was synced is there after a reopening', async () => {
  const root = mkdtempSync(join(tmpdir(), 'odradek-log-'))
  try {
    const disk = new NodeDisk(root)
    const log = open({ disk })
    let syncs = 0
    log.onSynced = () => {
      syncs += 1
    }
    const waits: Promise<void>[] = []
    for (let index = 0; index < 50; index++) {
      append(log, batchOf([`v${index}`]))
      waits.push(log.durable(log.logEndOffset))
    }
    await Promise.all(waits)
    assert.equal(log.syncedEndOffset, 50)
    assert.ok(syncs <= 3, `${syncs} syncs`)
    await log.close()
    const reopened = open({ disk, shutdown: 'clean', recoveryPoint: 50 })
    assert.equal(valuesFrom(reopened).length, 50)
    await reopened.close()
  } finally {
    rmSync(root, { recursive: true })
  }
})

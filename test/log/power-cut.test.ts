/**
 * What survives. A model keeps every batch that was appended; the log runs on a simulated disk, is killed, loses its power
 * with any of its unsynced bytes torn, and is compared with the model after each start.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Disk } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { NodeDisk } from '../../src/host/node/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { sealCrc } from '../../src/protocol/records/batch.ts'
import { append, batchOf, config, directory, endTransaction, open, recordsFrom, startMs } from './setup.ts'

/** One batch as the model knows it. */
interface Written {
  readonly firstOffset: number
  readonly values: readonly string[]
  /** Of the first record; each one after it is a millisecond later. */
  readonly firstMs: number
  readonly producerId: number
  readonly baseSequence: number
  readonly kind: 'data' | 'commit' | 'abort'
}

class Model {
  batches: Written[] = []
  logStartOffset = 0

  get endOffset(): number {
    const last = this.batches.at(-1)
    return last === undefined ? 0 : last.firstOffset + last.values.length
  }

  add(batch: Omit<Written, 'firstOffset'>): void {
    this.batches.push({ ...batch, firstOffset: this.endOffset })
  }

  nextSequence(producerId: number): number {
    const last = this.batches.findLast((batch) => batch.producerId === producerId && batch.kind === 'data')
    return last === undefined ? 0 : last.baseSequence + last.values.length
  }

  cut(endOffset: number): void {
    this.batches = this.batches.filter((batch) => batch.firstOffset < endOffset)
  }

  /** Of each record, by its offset. */
  times(): number[] {
    return this.batches.flatMap(({ firstMs, values }) => values.map((_, index) => firstMs + index))
  }

  /** Producer id and first offset of the transactions that ended in an abort, and of the first that is open. */
  transactions(): { readonly aborted: [number, number][]; readonly firstOpen: number | null } {
    const open = new Map<number, number>()
    const aborted: [number, number][] = []
    for (const { kind, producerId, firstOffset } of this.batches) {
      if (producerId < 10) continue
      if (kind === 'data') {
        if (!open.has(producerId)) open.set(producerId, firstOffset)
        continue
      }
      const began = open.get(producerId)
      if (began !== undefined && kind === 'abort') aborted.push([producerId, began])
      open.delete(producerId)
    }
    return { aborted, firstOpen: open.size === 0 ? null : Math.min(...open.values()) }
  }
}

/** Producer 0 has no id; 1 and 2 are idempotent; 10 and 11 write transactions. */
const producerId = fc.constantFrom(0, 1, 2, 10, 11)
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      producerId,
      firstMs: fc.integer({ min: startMs, max: startMs + 1000 }),
      values: fc.array(fc.string({ maxLength: 80 }), { minLength: 1, maxLength: 6 })
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      producerId: fc.constantFrom(10, 11),
      outcome: fc.constantFrom('commit' as const, 'abort' as const)
    })
  },
  { weight: 3, arbitrary: fc.constantFrom({ kind: 'sync' as const }, { kind: 'checkpoint' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('trim' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) })
  },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'kill' as const }, { kind: 'close' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('power cut' as const), seed: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'pass time' as const }) }
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

class Run<D extends Disk> {
  readonly model = new Model()
  disk: D
  log: PartitionLog
  /** What the checkpoint files say. */
  #recoveryPoint = 0
  #logStartOffset = 0
  readonly #cut: (disk: D, seed: number) => D

  constructor(disk: D, cut: (disk: D, seed: number) => D) {
    this.disk = disk
    this.#cut = cut
    this.log = open({ disk })
  }

  async take(action: Step): Promise<void> {
    if (action.kind === 'append') this.#append(action)
    else if (action.kind === 'end') this.#end(action.producerId, action.outcome)
    else if (action.kind === 'sync') await this.log.durable(this.log.logEndOffset)
    else if (action.kind === 'checkpoint') this.#checkpoint()
    else if (action.kind === 'trim') this.#trim(action.part)
    else if (action.kind === 'pass time') await new Promise(setImmediate)
    else await this.#restart(action)
  }

  #append({ producerId: id, values, firstMs }: Extract<Step, { kind: 'append' }>): void {
    const baseSequence = this.model.nextSequence(id)
    const producer = { producerId: id, producerEpoch: 0, baseSequence, isTransactional: id >= 10 }
    const result = append(this.log, batchOf(values, id === 0 ? {} : producer, firstMs))
    assert.ok(result.ok && !result.isDuplicate)
    assert.equal(result.firstOffset, this.model.endOffset)
    this.model.add({ values, firstMs, producerId: id, baseSequence, kind: 'data' })
  }

  #end(id: number, outcome: 'commit' | 'abort'): void {
    endTransaction(this.log, { producerId: id, producerEpoch: 0 }, outcome)
    this.model.add({ values: [outcome], firstMs: startMs, producerId: id, baseSequence: -1, kind: outcome })
  }

  #checkpoint(): void {
    this.#recoveryPoint = this.log.recoveryPoint
    this.#logStartOffset = this.log.logStartOffset
  }

  /** As DeleteRecords does: no further than consumers may read, and on disk before the answer. */
  #trim(part: number): void {
    const offset = Math.floor(part * this.log.syncedEndOffset)
    this.log.deleteRecordsBefore(offset)
    this.model.logStartOffset = Math.max(this.model.logStartOffset, offset)
    this.#logStartOffset = this.log.logStartOffset
  }

  async #restart(action: Step): Promise<void> {
    const synced = this.log.syncedEndOffset
    const written = this.log.logEndOffset
    let shutdown: 'clean' | 'unclean' = 'unclean'
    if (action.kind === 'close') {
      await this.log.close()
      this.#checkpoint()
      shutdown = 'clean'
    }
    if (action.kind === 'power cut') this.disk = this.#cut(this.disk, action.seed)
    else if (action.kind === 'close') this.disk = this.#cut(this.disk, 1)
    this.log = open({
      disk: this.disk,
      shutdown,
      recoveryPoint: this.#recoveryPoint,
      logStartOffset: this.#logStartOffset
    })
    if (action.kind === 'power cut') {
      assert.ok(this.log.logEndOffset >= synced, 'what was synced is there')
      this.model.cut(this.log.logEndOffset)
    } else assert.equal(this.log.logEndOffset, written)
  }

  check(): void {
    const { log, model } = this
    assert.equal(log.logEndOffset, model.endOffset)
    assert.equal(log.logStartOffset, model.logStartOffset)
    assert.ok(log.recoveryPoint <= log.logEndOffset)
    const { aborted, firstOpen } = model.transactions()
    const kept = firstOpen ?? model.endOffset
    if (kept >= model.logStartOffset) assert.equal(log.lastStableOffset, kept)
    const values = recordsFrom(log).map((record) => (record.key?.length === 4 ? 'marker' : String(record.value)))
    const markers = model.batches.flatMap((batch) =>
      batch.values.map((value) => (batch.kind === 'data' ? value : 'marker'))
    )
    assert.deepEqual(values, markers.slice(model.logStartOffset))
    const found = log.abortedTransactions(0, model.endOffset).map((one) => [one.producerId, one.firstOffset])
    // Segments before the start are gone, and what ended in them with them.
    const [firstBatch] = model.batches.filter((batch) => batch.firstOffset + batch.values.length > model.logStartOffset)
    if (model.logStartOffset === 0 || firstBatch === undefined) assert.deepEqual(found, aborted)
    else assert.deepEqual(found, aborted.slice(aborted.length - found.length))
  }

  checkTimes(): void {
    const times = this.model.times()
    for (const wanted of [startMs, startMs + 500, startMs + 990, Math.max(startMs, ...times)]) {
      const offset = times.findIndex((time, at) => time >= wanted && at >= this.model.logStartOffset)
      assert.equal(this.log.offsetForTimestamp(wanted)?.offset ?? -1, offset)
    }
    // A segment is known by its largest time, also when the record that had it was deleted.
    if (this.model.logStartOffset > 0) return
    assert.equal(this.log.maxTimestamp()?.timestampMs ?? -1, Math.max(-1, ...times))
  }

  /** Each producer's newest batches are known: sending them again writes nothing. */
  checkRetries(): void {
    for (const id of [1, 2, 10, 11]) {
      const [last] = this.model.batches.filter((one) => one.producerId === id && one.kind === 'data').slice(-1)
      if (last === undefined || last.firstOffset < this.log.logStartOffset) continue
      const producer = { producerId: id, producerEpoch: 0, baseSequence: last.baseSequence, isTransactional: id >= 10 }
      const result = append(this.log, batchOf(last.values, producer))
      assert.ok(result.ok && result.isDuplicate, `a retry of producer ${id} after the restart`)
      assert.equal(result.firstOffset, last.firstOffset)
    }
  }
}

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

test('a checkpoint older than the directory says nothing about it', () => {
  const log = open({ recoveryPoint: 50, logStartOffset: 40 })
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

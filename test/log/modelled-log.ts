/**
 * A log beside a model that keeps every batch that was appended: steps are taken by both, the log is killed, loses its power,
 * and is compared with the model.
 */

import assert from 'node:assert/strict'
import type { Disk } from '../../src/host/disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { lastOffsetOf, readBatchHeader } from '../../src/protocol/records/batch.ts'
import * as fc from '../harness/properties.ts'
import { append, batchOf, directory, endTransaction, open, recordsFrom, startMs } from './setup.ts'

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
export const step = fc.oneof(
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

export class Run<D extends Disk> {
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
    else if (action.kind === 'trim') await this.#trim(action.part)
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
  async #trim(part: number): Promise<void> {
    const offset = Math.floor(part * this.log.syncedEndOffset)
    await this.log.deleteRecordsBefore(offset)
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
      this.#checkIndexes()
      shutdown = 'clean'
    }
    // The process is gone: nothing of it goes on.
    this.log.abandon()
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

  /** The files of the indexes grow, and every entry of an offset index points to the batch that it names. */
  #checkIndexes(): void {
    for (const name of this.disk.list(directory).filter((one) => one.endsWith('.log'))) {
      const read = (suffix: string): Buffer => this.disk.readFile(`${directory}/${name.replace('.log', suffix)}`)
      const [records, offsets, times] = [read('.log'), read('.index'), read('.timeindex')]
      const baseOffset = Number.parseInt(name, 10)
      for (let at = 0, before = 0; at < offsets.length; at += 8) {
        const position = offsets.readInt32BE(at + 4)
        assert.ok(position > before, 'an offset index grows')
        before = position
        assert.equal(lastOffsetOf(readBatchHeader(records, position)), baseOffset + offsets.readInt32BE(at))
      }
      for (let at = 12; at < times.length; at += 12) {
        assert.ok(times.readBigInt64BE(at) > times.readBigInt64BE(at - 12), 'a time index grows')
        assert.ok(times.readInt32BE(at + 8) >= times.readInt32BE(at - 4))
      }
    }
  }

  check(): void {
    const { log, model } = this
    assert.equal(log.logEndOffset, model.endOffset)
    assert.equal(log.logStartOffset, model.logStartOffset)
    assert.ok(log.recoveryPoint <= log.logEndOffset)
    const { aborted, firstOpen } = model.transactions()
    const kept = firstOpen ?? model.endOffset
    assert.equal(log.lastStableOffset, Math.max(kept, model.logStartOffset))
    const values = recordsFrom(log).map((record) => (record.key?.length === 4 ? 'marker' : String(record.value)))
    const markers = model.batches.flatMap((batch) =>
      batch.values.map((value) => (batch.kind === 'data' ? value : 'marker'))
    )
    assert.deepEqual(values, markers.slice(model.logStartOffset))
    const found = log
      .abortedTransactions(0, { chunks: [], nextOffset: model.endOffset })
      .map((one) => [one.producerId, one.firstOffset])
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

/**
 * A compacted log beside a model that remembers every record that was written: what has to be there after a compaction, what may be
 * there, and what must not be.
 */

import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { Disk } from '../../../src/host/disk.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { bytesPerKey } from '../../../src/log/compaction/offset-map.ts'
import type { Compacted, CompactionRequest, PartitionLog } from '../../../src/log/partition-log.ts'
import type { ActiveProducer, LogConfig } from '../../../src/log/types.ts'
import { batchSizeAt, isControl, isTransactional, readBatchHeader } from '../../../src/protocol/records/batch.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { readTransactionEnd } from '../../../src/protocol/records/control-records.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'
import * as fc from '../../harness/properties.ts'
import { append, directory, endTransaction, type Opening, open } from '../setup.ts'

export const deleteRetentionMs = 1000

export interface ModelRecord {
  readonly offset: number
  readonly key: string
  /** Null: a tombstone. */
  readonly value: string | null
  readonly timestampMs: number
  readonly producerId: number
  outcome: 'commit' | 'abort' | 'open'
}

export interface ReadRecord {
  readonly offset: number
  readonly key: string
  readonly value: string | null
  readonly timestampMs: number
}

const keyed = fc.record({
  key: fc.integer({ min: 0, max: 7 }).map((key) => `k${key}`),
  value: fc.option(fc.string({ maxLength: 60 }), { freq: 4 })
})

/** Producer 0 has no id; 1 and 2 are idempotent; 10 and 11 write transactions. */
export const step = fc.oneof(
  {
    weight: 16,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      producerId: fc.constantFrom(0, 1, 2, 10, 11),
      compression: fc.constantFrom(0, 0, 0, 1, 2, 3, 4) as fc.Arbitrary<0 | 1 | 2 | 3 | 4>,
      timestampType: fc.constantFrom('CreateTime' as const, 'CreateTime' as const, 'LogAppendTime' as const),
      records: fc.array(keyed, { minLength: 1, maxLength: 5 })
    })
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      producerId: fc.constantFrom(10, 11),
      outcome: fc.constantFrom('commit' as const, 'abort' as const)
    })
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('compact' as const),
      /** So many keys have room. */
      keys: fc.constantFrom(1000, 1000, 6)
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 500, 2 * deleteRetentionMs) })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('restart' as const),
      how: fc.constantFrom('kill' as const, 'close' as const, 'kill without snapshots' as const)
    })
  }
)
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

export const request: Omit<CompactionRequest, 'dirt'> = {
  memoryBytes: 1000 * bytesPerKey,
  loadFactor: 0.9,
  bytesPerSecond: () => Infinity,
  noteGaps: async () => {},
  onProgress: () => {}
}

/** Lets pass the turns that something takes. */
export async function driven<Result>(clock: ManualClock, work: Promise<Result>): Promise<Result> {
  let isOver = false
  const over = (): void => {
    isOver = true
  }
  work.then(over, over)
  for (let turns = 0; !isOver; turns++) {
    assert.ok(turns < 10_000, 'it comes to an end')
    clock.advance(0)
    await setImmediate()
  }
  return work
}

export const compacting: Partial<LogConfig> = {
  ...{ cleanupDelete: false, cleanupCompact: true, minCleanableDirtyRatio: 0, deleteRetentionMs },
  ...{ segmentBytes: 700, indexIntervalBytes: 100 }
}

/** What a log tells of itself, and no compaction changes. */
interface Told extends Pick<PartitionLog, 'logStartOffset' | 'logEndOffset' | 'lastStableOffset' | 'latestEpoch'> {
  readonly producers: readonly ActiveProducer[]
}

/** A log of another run, as its disk has it now. */
interface LeftRun {
  readonly of: Run
  readonly opening: Opening
  /** As its checkpoint says. */
  readonly cleanedUpTo: number | null
}

export class Run {
  readonly clock: ManualClock
  readonly written: ModelRecord[]
  readonly disk: Disk
  log: PartitionLog
  cleanedUpTo: number | null = null
  readonly told: string[] = []
  /** When the last compaction began that has come over each tombstone for the first time, by its offset. */
  readonly #metMs = new Map<number, number>()
  /** Of what was compacted last, or was to be. */
  #endOffset = 0
  /** From here on no compaction has taken anything. One that came to no end may have cleaned some of it. */
  #touchedUpTo = 0
  /** The recovery point, as it was written down last. */
  checkpoint = 0
  readonly #nextSequence = new Map<number, number>()
  readonly #config: Partial<LogConfig>
  /** Once snapshots were lost, what is known of producers comes from batches. */
  #areSnapshotsWhole = true

  /** A new log; or the log of another run as its disk has it now, which knows what was written. */
  constructor(disk: Disk, config: Partial<LogConfig> = {}, left: LeftRun | null = null) {
    this.disk = disk
    this.#config = { ...compacting, ...config }
    this.clock = left?.of.clock ?? new ManualClock()
    this.written = left?.of.written ?? []
    this.cleanedUpTo = left?.cleanedUpTo ?? null
    this.#touchedUpTo = left === null ? 0 : left.of.#endOffset
    this.log = this.open(left?.opening ?? { history: 'new' })
  }

  open(more: Opening = {}): PartitionLog {
    const report = (line: string): void => void this.told.push(line)
    return open({ disk: this.disk, clock: this.clock, config: this.#config, report, ...more })
  }

  async take(action: Step): Promise<void> {
    if (action.kind === 'append') this.append(action)
    else if (action.kind === 'end') this.end(action.producerId, action.outcome)
    else if (action.kind === 'pass') this.clock.advance(action.ms)
    else if (action.kind === 'compact') await this.compactAndCheck(action.keys)
    else await this.#restart(action.how)
  }

  append(
    of: Pick<Extract<Step, { kind: 'append' }>, 'producerId' | 'records'> & Partial<Extract<Step, { kind: 'append' }>>
  ): void {
    const { producerId, records, compression = 0, timestampType = 'CreateTime' } = of
    const baseSequence = this.#nextSequence.get(producerId) ?? 0
    this.#nextSequence.set(producerId, baseSequence + records.length)
    const nowMs = this.clock.nowMs()
    const producer = { producerId, producerEpoch: 0, baseSequence, isTransactional: producerId >= 10 }
    const batch = buildBatch({
      ...{ compression, timestampType },
      ...(producerId === 0 ? {} : producer),
      records: records.map(({ key, value }, index) => ({
        timestamp: nowMs + index,
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        headers: index % 2 === 0 ? [] : [{ key: 'h', value: Buffer.from('x') }]
      }))
    })
    const result = append(this.log, batch)
    assert.ok(result.ok && !result.isDuplicate)
    for (const [index, { key, value }] of records.entries()) {
      const outcome = producerId >= 10 ? 'open' : 'commit'
      // The topic keeps its producers' times.
      this.written.push({
        offset: result.firstOffset + index,
        key,
        value,
        timestampMs: nowMs + index,
        producerId,
        outcome
      })
    }
  }

  end(producerId: number, outcome: 'commit' | 'abort'): void {
    endTransaction(this.log, { producerId, producerEpoch: 0 }, outcome)
    for (const record of this.written) {
      if (record.producerId === producerId && record.outcome === 'open') record.outcome = outcome
    }
  }

  async compact(keys = 1000, more: Partial<CompactionRequest> = {}): Promise<Compacted | null> {
    await this.log.durable(this.log.logEndOffset)
    await setImmediate()
    const dirt = this.log.dirt(this.cleanedUpTo, this.log.lastStableOffset)
    if (dirt === null) return null
    this.#endOffset = dirt.endOffset
    this.checkpoint = this.log.recoveryPoint
    const asked = { ...request, memoryBytes: keys * bytesPerKey, dirt, ...more }
    this.#touchedUpTo = Math.max(this.#touchedUpTo, dirt.endOffset)
    const compacted = await driven(this.clock, this.log.compact(asked))
    if (compacted === null) return null
    this.cleanedUpTo = compacted.cleanedUpTo
    this.#touchedUpTo = compacted.cleanedUpTo
    return compacted
  }

  async compactAndCheck(keys = 1000): Promise<void> {
    const beganMs = this.clock.nowMs()
    const before = this.#told()
    const compacted = await this.compact(keys)
    assert.deepEqual(this.#told(), before, 'what a log tells of itself is the same')
    this.check(beganMs)
    if (compacted !== null) this.#meet(beganMs)
  }

  #told(): Told {
    const { logStartOffset, logEndOffset, lastStableOffset, latestEpoch } = this.log
    const producers = this.log.activeProducers().sort((one, other) => one.producerId - other.producerId)
    return { logStartOffset, logEndOffset, lastStableOffset, latestEpoch, producers }
  }

  check(nowMs = this.clock.nowMs()): void {
    const byOffset = new Map(this.written.map((record) => [record.offset, record]))
    const all = readAll(this.log)
    for (const [index, record] of all.entries()) {
      assert.ok(record.offset > (all[index - 1]?.offset ?? -1), 'offsets grow')
      const known = byOffset.get(record.offset)
      assert.ok(known !== undefined, `nobody wrote a record at ${record.offset}`)
      const { key, value, timestampMs } = known
      assert.deepEqual(record, { offset: record.offset, key, value, timestampMs })
    }
    this.#checkKept(new Set(all.map(({ offset }) => offset)), nowMs)
    this.#checkClean(all, byOffset)
    assert.deepEqual(
      readCommitted(this.log),
      all.filter(({ offset }) => byOffset.get(offset)?.outcome === 'commit' && offset < this.log.lastStableOffset)
    )
  }

  /** The last record of each key, and all that was not compacted. */
  #checkKept(found: ReadonlySet<number>, nowMs: number): void {
    const last = new Map<string, ModelRecord>()
    for (const record of this.written) if (record.outcome !== 'abort') last.set(record.key, record)
    for (const record of this.written) {
      const isLast = last.get(record.key) === record
      const isExpired =
        record.value === null && (this.#metMs.get(record.offset) ?? Infinity) + deleteRetentionMs <= nowMs
      const isUntouched = record.offset >= this.#touchedUpTo && record.outcome !== 'abort'
      const mustBeThere = isUntouched || (isLast && !isExpired)
      if (mustBeThere) assert.ok(found.has(record.offset), `${record.key} at ${record.offset} is there`)
    }
  }

  /** Below the checkpoint no key has two records, and nothing that was aborted is left. */
  #checkClean(all: readonly ReadRecord[], byOffset: ReadonlyMap<number, ModelRecord>): void {
    const seen = new Set<string>()
    for (const { offset, key } of all) {
      if (offset >= (this.cleanedUpTo ?? 0)) return
      assert.ok(!seen.has(key), `${key} is there twice below ${this.cleanedUpTo}`)
      assert.equal(byOffset.get(offset)?.outcome, 'commit', `the record at ${offset}`)
      seen.add(key)
    }
  }

  /** Its batch has been written anew, also where there was no room for its key. */
  #meet(beganMs: number): void {
    for (const { offset, value } of this.written) {
      if (value === null && offset < this.#endOffset && !this.#metMs.has(offset)) this.#metMs.set(offset, beganMs)
    }
  }

  /** Without snapshots the batches alone tell of producers and transactions, as they do to a follower. */
  async #restart(how: Extract<Step, { kind: 'restart' }>['how']): Promise<void> {
    const before = this.#told()
    const committed = readCommitted(this.log)
    const { recoveryPoint, logStartOffset } = this.log
    if (how === 'close') await this.log.close()
    else this.log.abandon()
    const isWithoutSnapshots = how === 'kill without snapshots'
    if (isWithoutSnapshots) for (const path of this.#snapshots()) this.disk.remove(path)
    this.#areSnapshotsWhole &&= !isWithoutSnapshots
    const gaps = this.cleanedUpTo === null ? 'none' : 'compacted'
    const shutdown = how === 'close' ? 'clean' : 'unclean'
    const at = how === 'close' ? this.log.logEndOffset : isWithoutSnapshots ? 0 : recoveryPoint
    this.log = this.open({ gaps, shutdown, recoveryPoint: at, logStartOffset })
    const kept = this.#areSnapshotsWhole ? (told: Told): Told => told : withoutTimes
    assert.deepEqual(kept(this.#told()), kept(before), `after a ${how}`)
    assert.deepEqual(readCommitted(this.log), committed, `after a ${how}`)
    assert.deepEqual(this.told, [], 'a log that was compacted is not damaged')
    this.check()
  }

  #snapshots(): string[] {
    const names = this.disk.list(directory).filter((name) => name.endsWith('.snapshot'))
    return names.map((name) => `${directory}/${name}`)
  }
}

/**
 * The marker of a transaction without records is not kept, and nothing else tells of its time, its coordinator, or a producer that wrote
 * nothing else; a batch that was compacted has the time of the last record that it still has.
 */
function withoutTimes(told: Told): Told {
  const producers = told.producers
    .filter(({ lastSequence }) => lastSequence >= 0)
    .map((producer) => ({ ...producer, lastTimestampMs: 0, coordinatorEpoch: -1 }))
  return { ...told, producers }
}

/** Every record of users, in pieces, as a consumer of everything reads them. */
export function readAll(log: PartitionLog): ReadRecord[] {
  return readBatches(log).flatMap(({ batch }) => (isControl(readBatchHeader(batch).attributes) ? [] : recordsOf(batch)))
}

/** The same as a consumer of what was committed does: by the list of aborted transactions, and the markers. */
export function readCommitted(log: PartitionLog): ReadRecord[] {
  const records: ReadRecord[] = []
  const aborted = new Set<number>()
  for (const { batch, abortedFrom } of readBatches(log, log.lastStableOffset)) {
    const { attributes, producerId, baseOffset, lastOffsetDelta } = readBatchHeader(batch)
    for (const one of abortedFrom) if (one.firstOffset <= baseOffset + lastOffsetDelta) aborted.add(one.producerId)
    if (isControl(attributes)) {
      if (readTransactionEnd(batch)?.outcome === 'abort') aborted.delete(producerId)
    } else if (!isTransactional(attributes) || !aborted.has(producerId)) records.push(...recordsOf(batch))
  }
  return records
}

interface ReadBatch {
  readonly batch: Buffer
  /** Told with the read that it came with, of those that begin no later. */
  readonly abortedFrom: readonly { readonly producerId: number; readonly firstOffset: number }[]
}

function readBatches(log: PartitionLog, upTo = log.logEndOffset): ReadBatch[] {
  const found: ReadBatch[] = []
  for (let next = log.logStartOffset; next < upTo; ) {
    const read = log.read(next, { maxBytes: 300, upTo, atLeastOneBatch: 'yes' })
    assert.ok(!('error' in read))
    if (read.nextOffset === next) break
    let abortedFrom: ReadBatch['abortedFrom'] = log.abortedTransactions(next, read)
    for (const chunk of read.chunks) {
      for (let position = 0; position < chunk.length; position += batchSizeAt(chunk, position)) {
        found.push({
          batch: Buffer.from(chunk.subarray(position, position + batchSizeAt(chunk, position))),
          abortedFrom
        })
        abortedFrom = abortedFrom.filter(({ firstOffset }) => firstOffset > readBatchHeader(chunk, position).baseOffset)
      }
    }
    next = read.nextOffset
  }
  return found
}

function recordsOf(batch: Buffer): ReadRecord[] {
  return Array.from(readRecords(batch), ({ offset, key, value, timestamp }) => ({
    ...{ offset, key: String(key), value: value === null ? null : String(value), timestampMs: timestamp }
  }))
}

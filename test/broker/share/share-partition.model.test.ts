/**
 * A share partition beside a model that knows each offset by itself: members take, speak of what they hold or do not hold, go and fall
 * silent; writes are safe, refused, or never heard of again; the log grows, is trimmed and compacted; the leader starts anew.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Acknowledgement, readAcknowledgements } from '../../../src/broker/share/acknowledgements.ts'
import type { AcquiredRecords, FetchedRecords } from '../../../src/broker/share/acquisition.ts'
import type { OffsetRange } from '../../../src/broker/share/run.ts'
import { type Change, SharePartition, type ShareWrite } from '../../../src/broker/share/share-partition.ts'
import { mergeBatches, type StateBatch } from '../../../src/coordination/share-states/batches.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import * as fc from '../../harness/properties.ts'

const settings = {
  maxRecordLocks: 20,
  deliveryCountLimit: 3,
  recordLockDurationMs: 100,
  renewsLocks: true,
  deadLetterTopic: null
}
const longestBatch = 8

interface Known {
  readonly state: string
  readonly count: number
  readonly memberId: string
  readonly lockedUntilMs: number
  readonly pending: { readonly change: number; readonly before: Known } | null
}

const done = (state: 'available' | 'archived' | 'acknowledged', count: number): Known => ({
  ...{ state, count, memberId: '', lockedUntilMs: 0, pending: null }
})
const isFree = (known: Known | undefined) => known?.state === 'available' && known.pending === null
const isOver = (known: Known | undefined) =>
  known !== undefined && known.pending === null && ['archived', 'acknowledged'].includes(known.state)

const member = fc.constantFrom('a', 'b', 'c')
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('produce' as const),
      length: fc.integer({ min: 1, max: longestBatch }),
      isAborted: fc.boolean()
    })
  },
  {
    weight: 6,
    arbitrary: fc.record({
      ...{
        kind: fc.constant('fetch' as const),
        member,
        mode: fc.constantFrom('batch-optimized' as const, 'record-limit' as const)
      },
      ...{
        maxRecords: fc.integer({ min: 1, max: 12 }),
        batchSize: fc.integer({ min: 1, max: 9 }),
        read: fc.integer({ min: 1, max: 4 })
      }
    })
  },
  {
    weight: 8,
    arbitrary: fc.record({
      ...{ kind: fc.constant('say' as const), member, skip: fc.integer({ min: -2, max: 12 }) },
      ...{
        types: fc.array(fc.nat(4), { minLength: 1, maxLength: 8 }),
        isOneForAll: fc.boolean(),
        length: fc.integer({ min: 1, max: 8 })
      },
      ...{ ownOnly: fc.boolean() }
    })
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('settle' as const), which: fc.nat(5), isSafe: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), member }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(80), isSafe: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('trim' as const), by: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), written: fc.nat(3) }) }
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never
type Of<Kind extends Step['kind']> = Extract<Step, { readonly kind: Kind }>

class World {
  partition = new SharePartition({ startOffset: 0, stateBatches: [] }, () => settings)
  nowMs = 0
  batches: OffsetRange[] = []
  aborted: OffsetRange[] = []
  logStart = 0
  logEnd = 0
  /** What a share coordinator would say. */
  stored: { startOffset: number; stateBatches: readonly StateBatch[] } = { startOffset: 0, stateBatches: [] }
  underWay: Change[] = []
  readonly delivered = new Set<number>()
  /** No more offsets than this are gone from between others. */
  compactedCount = 0
  /** The model. */
  offsets = new Map<number, Known>()
  start = 0

  get end(): number {
    return this.start + this.offsets.size - 1
  }

  take(one: Step): void {
    if (one.kind === 'produce') this.produce(one)
    else if (one.kind === 'fetch') this.fetch(one)
    else if (one.kind === 'say') this.say(one)
    else if (one.kind === 'settle') this.settle(this.underWay[one.which], one.isSafe)
    else if (one.kind === 'leave')
      this.began(this.partition.release(one.member), (known) => this.held(known, one.member))
    else if (one.kind === 'wait') this.wait(one.ms, one.isSafe)
    else if (one.kind === 'trim') this.trim(Math.min(this.logEnd, this.logStart + one.by))
    else if (one.kind === 'compact') this.compact(one.which)
    else this.restart(one.written)
    this.compare()
  }

  produce({ length, isAborted }: Of<'produce'>): void {
    const range = { firstOffset: this.logEnd, lastOffset: this.logEnd + length - 1 }
    this.batches.push(range)
    if (isAborted) this.aborted.push(range)
    this.logEnd += length
  }

  /** The last batch of a log stays: it is where the log ends. */
  compact(which: number): void {
    const last = this.batches.length - 1
    if (which < last) this.compactedCount += longestBatch
    this.batches = this.batches.filter((_, index) => index !== which || index === last)
  }

  fetch({ member, mode, maxRecords, batchSize, read }: Omit<Of<'fetch'>, 'kind'>): void {
    const { canAcquire, nextFetchOffset: fetchOffset } = this.partition
    const batches = this.batches.filter(({ lastOffset }) => lastOffset >= fetchOffset).slice(0, read)
    const fetched = { fetchOffset, batches, aborted: this.aborted }
    const before = this.end
    if (this.offsets.size >= settings.maxRecordLocks && [...this.offsets.values()].every(isOver)) this.advance()
    const acquired = this.partition.acquire({ memberId: member, mode, maxRecords, batchSize }, fetched, this.nowMs)
    this.checkAcquired(acquired, fetched)
    const count = acquired.reduce((sum, { firstOffset, lastOffset }) => sum + lastOffset - firstOffset + 1, 0)
    assert.ok(mode === 'batch-optimized' || count <= maxRecords, `${count} of ${maxRecords}`)
    if (canAcquire && batches.length > 0) {
      const hasMoved = this.partition.nextFetchOffset > fetchOffset || this.partition.endOffset > before
      assert.ok(count > 0 || hasMoved, 'whoever fetches again and again gets somewhere')
    }
    this.acquired(member, acquired, fetched)
  }

  checkAcquired(acquired: readonly AcquiredRecords[], { batches }: FetchedRecords): void {
    let last = -1
    for (const { firstOffset, lastOffset, deliveryCount } of acquired) {
      assert.ok(firstOffset > last && lastOffset >= firstOffset, 'in order, none twice')
      assert.ok(deliveryCount <= settings.deliveryCountLimit, 'not more often than allowed')
      last = lastOffset
      for (let offset = firstOffset; offset <= lastOffset; offset += 1) {
        const known = this.offsets.get(offset)
        assert.ok(offset >= this.start && !this.isAborted(offset))
        assert.ok(offset > this.end || isFree(known), `${offset} was not free`)
        assert.equal(deliveryCount, (known?.count ?? 0) + 1)
        this.delivered.add(offset)
      }
    }
    assert.ok(last <= (batches.at(-1)?.lastOffset ?? -1))
  }

  /** What an acquisition does to each offset, given what was acquired. */
  acquired(memberId: string, acquired: readonly AcquiredRecords[], { fetchOffset, batches }: FetchedRecords): void {
    const [first, last] = [batches[0], batches.at(-1)]
    if (first === undefined || last === undefined) return
    for (const [offset, known] of this.offsets) {
      const isGone = offset >= fetchOffset && offset < first.firstOffset
      if (isFree(known) && isGone) this.offsets.set(offset, done('archived', known.count))
    }
    if (this.offsets.size === 0 && this.partition.endOffset >= first.firstOffset)
      this.start = Math.max(this.start, first.firstOffset)
    for (let offset = this.end + 1; offset <= this.partition.endOffset; offset += 1) {
      const isThere = batches.some(({ firstOffset, lastOffset }) => offset >= firstOffset && offset <= lastOffset)
      const isHole = offset < first.firstOffset
      assert.ok(isThere || isHole || offset <= last.lastOffset)
      this.offsets.set(offset, done(isHole ? 'archived' : 'available', 0))
    }
    const lockedUntilMs = this.nowMs + settings.recordLockDurationMs
    for (const { firstOffset, lastOffset, deliveryCount: count } of acquired)
      for (let offset = firstOffset; offset <= lastOffset; offset += 1)
        this.offsets.set(offset, { state: 'acquired', count, memberId, lockedUntilMs, pending: null })
    this.abortedTaken()
  }

  /** Which records of aborted transactions were taken is the partition's affair: those are done, the others are free. */
  abortedTaken(): void {
    for (const { firstOffset, lastOffset, delivery } of this.partition.runs())
      for (let offset = firstOffset; offset <= lastOffset; offset += 1) {
        const known = this.offsets.get(offset)
        if (known === undefined || !this.isAborted(offset) || !isFree(known)) continue
        assert.ok(['available', 'archived'].includes(delivery.state), `${offset} was aborted`)
        if (delivery.state === 'archived') this.offsets.set(offset, done('archived', known.count + 1))
      }
  }

  say({ member, skip, types, isOneForAll, length, ownOnly }: Of<'say'>): void {
    let firstOffset = Math.max(0, this.start + skip)
    const isOwn = (offset: number) => this.held(this.offsets.get(offset), member)
    if (ownOnly) firstOffset = [...this.offsets.keys()].find(isOwn) ?? firstOffset
    let lastOffset = firstOffset + (isOneForAll ? length : types.length) - 1
    if (ownOnly) while (lastOffset > firstOffset && !isOwn(lastOffset)) lastOffset -= 1
    const acknowledgeTypes = isOneForAll ? types.slice(0, 1) : types.slice(0, lastOffset - firstOffset + 1)
    const said = readAcknowledgements([{ firstOffset, lastOffset, acknowledgeTypes }], true)
    assert.ok(said !== null)
    const result = this.partition.acknowledge(member, said, this.nowMs)
    const expected = this.expectedOf(member, firstOffset, lastOffset)
    if (expected !== null) {
      assert.equal(result.kind === 'refused' ? result.errorCode : result.kind, expected)
      return
    }
    assert.notEqual(result.kind, 'refused')
    for (const one of said) if (one.verdict === 'renew') this.renewed(one)
    const verdictOf = (offset: number) =>
      said.find((one) => offset >= one.firstOffset && offset <= one.lastOffset)?.verdict
    this.began(
      result.kind === 'changed' ? result.change : null,
      (_, offset) => ![undefined, 'renew'].includes(verdictOf(offset)),
      (offset) => verdictOf(offset)
    )
  }

  expectedOf(member: string, firstOffset: number, lastOffset: number): ErrorCode | null {
    if (lastOffset < this.start) return null
    if (this.offsets.size === 0) return ErrorCode.INVALID_RECORD_STATE
    if (lastOffset > this.end) return ErrorCode.INVALID_REQUEST
    for (let offset = Math.max(firstOffset, this.start); offset <= lastOffset; offset += 1)
      if (!this.held(this.offsets.get(offset), member)) return ErrorCode.INVALID_RECORD_STATE
    return null
  }

  renewed({ firstOffset, lastOffset }: Acknowledgement): void {
    for (let offset = Math.max(firstOffset, this.start); offset <= lastOffset; offset += 1) {
      const known = this.offsets.get(offset)
      if (known) this.offsets.set(offset, { ...known, lockedUntilMs: this.nowMs + settings.recordLockDurationMs })
    }
  }

  held(known: Known | undefined, memberId: string): boolean {
    return known?.state === 'acquired' && known.pending === null && known.memberId === memberId
  }

  /** A change was made of all that are meant; it is checked against what would be written. */
  began(
    change: Change | null,
    isMeant: (known: Known, offset: number) => boolean,
    verdictOf: (offset: number) => string | undefined = () => 'release'
  ): void {
    const meant = [...this.offsets].filter(([offset, known]) => isMeant(known, offset))
    if (change === null) {
      assert.equal(meant.length, 0)
      return
    }
    for (const [offset, before] of meant) {
      const after = this.judged(before, verdictOf(offset))
      this.offsets.set(offset, { ...after, pending: { change: change.id, before } })
    }
    this.underWay.push(change)
    this.checkWrite(
      change.write,
      meant.map(([offset]) => offset)
    )
  }

  judged({ count }: Known, verdict: string | undefined): Known {
    if (verdict === 'accept') return done('acknowledged', count)
    const isBack = verdict === 'release' && count < settings.deliveryCountLimit
    return done(isBack ? 'available' : 'archived', count)
  }

  checkWrite({ startOffset, deliveryCompleteCount, stateBatches }: ShareWrite, offsets: readonly number[]): void {
    assert.equal(startOffset, this.start)
    const complete = [...this.offsets.values()].filter(({ state }) => state === 'archived' || state === 'acknowledged')
    assert.equal(deliveryCompleteCount, complete.length)
    const numbers: Record<string, number> = { available: 0, acknowledged: 2, archived: 4 }
    const written: string[] = []
    for (const { firstOffset, lastOffset, deliveryState, deliveryCount } of stateBatches)
      for (let offset = firstOffset; offset <= lastOffset; offset += 1)
        written.push(`${offset} ${deliveryState} ${deliveryCount}`)
    const meant = offsets.map((offset) => {
      const known = this.offsets.get(offset)
      return `${offset} ${numbers[known?.state ?? '']} ${known?.count}`
    })
    assert.deepEqual(written, meant)
  }

  settle(change: Change | undefined, isSafe: boolean): void {
    if (change === undefined) return
    this.underWay = this.underWay.filter((one) => one !== change)
    if (isSafe) this.store(change.write)
    if (isSafe) this.partition.written(change)
    else this.partition.refused(change)
    for (const [offset, known] of this.offsets) {
      if (known.pending?.change !== change.id) continue
      this.offsets.set(offset, isSafe ? { ...known, pending: null } : known.pending.before)
    }
    if (isSafe) this.advance()
  }

  store({ startOffset, stateBatches }: ShareWrite): void {
    const start = Math.max(this.stored.startOffset, startOffset)
    this.stored = { startOffset: start, stateBatches: mergeBatches(this.stored.stateBatches, stateBatches, start) }
  }

  wait(ms: number, isSafe: boolean): void {
    this.nowMs += ms
    const late = [...this.offsets].filter(
      ([, known]) => known.state === 'acquired' && known.pending === null && known.lockedUntilMs <= this.nowMs
    )
    if (late.length > 0) assert.ok(this.partition.nextTimeoutMs <= this.nowMs, 'it is looked at in time')
    const write = this.partition.timeOut(this.nowMs)
    for (const [offset, known] of late) this.offsets.set(offset, this.judged(known, 'release'))
    assert.equal(write === null, late.length === 0)
    if (write !== null)
      this.checkWrite(
        write,
        late.map(([offset]) => offset)
      )
    if (write === null) return
    if (isSafe) this.store(write)
    this.partition.writeEnded()
    this.advance()
  }

  trim(logStart: number): void {
    this.logStart = logStart
    this.batches = this.batches.filter(({ lastOffset }) => lastOffset >= logStart)
    this.partition.logStartMoved(logStart)
    this.moveTo(logStart)
  }

  /** So many of the writes that nobody heard of again have reached the disk. */
  restart(written: number): void {
    for (const { write } of this.underWay.slice(0, written)) this.store(write)
    this.underWay = []
    this.partition = new SharePartition(this.stored, () => settings)
    this.start = this.stored.startOffset
    this.offsets = new Map()
    const states: Record<number, 'available' | 'acknowledged' | 'archived'> = {
      0: 'available',
      2: 'acknowledged',
      4: 'archived'
    }
    for (const { firstOffset, lastOffset, deliveryState, deliveryCount } of this.stored.stateBatches) {
      for (let offset = this.end + 1; offset < firstOffset; offset += 1) this.offsets.set(offset, done('available', 0))
      for (let offset = firstOffset; offset <= lastOffset; offset += 1)
        this.offsets.set(offset, done(states[deliveryState] ?? 'available', deliveryCount))
    }
    this.advance()
    this.trim(this.logStart)
  }

  moveTo(start: number): void {
    for (; this.start < start; this.start += 1) this.offsets.delete(this.start)
  }

  /** With each write that has ended. */
  advance(): void {
    while (isOver(this.offsets.get(this.start))) this.moveTo(this.start + 1)
  }

  isAborted(offset: number): boolean {
    return this.aborted.some(({ firstOffset, lastOffset }) => offset >= firstOffset && offset <= lastOffset)
  }

  compare(): void {
    const seen = new Map<number, Known>()
    let runs = 0
    for (const { firstOffset, lastOffset, delivery } of this.partition.runs()) {
      runs += 1
      for (let offset = firstOffset; offset <= lastOffset; offset += 1) seen.set(offset, delivery)
    }
    assert.equal(this.partition.startOffset, this.start)
    assert.deepEqual(
      [...seen],
      [...this.offsets].sort(([one], [other]) => one - other)
    )
    assert.ok(runs <= this.offsets.size)
    const free = [...this.offsets].filter(([, known]) => isFree(known)).map(([offset]) => offset)
    assert.equal(this.partition.nextFetchOffset, Math.min(this.end + 1, ...free))
    const heldNow = [...this.offsets.values()].filter(({ state, pending }) => state === 'acquired' && pending === null)
    for (const { lockedUntilMs } of heldNow) assert.ok(this.partition.nextTimeoutMs <= lockedUntilMs)
  }

  /** Everyone goes on until all is done. */
  drain(): void {
    for (const change of [...this.underWay]) this.settle(change, true)
    this.wait(1000, true)
    const request = { member: 'a' as const, mode: 'batch-optimized' as const, maxRecords: 50, batchSize: 50, read: 4 }
    for (let round = 0; round < 500; round += 1) {
      if (this.batches.every(({ lastOffset }) => lastOffset < this.partition.nextFetchOffset)) break
      this.fetch(request)
      for (const { firstOffset, lastOffset, delivery } of [...this.partition.runs()]) {
        if (delivery.state !== 'acquired') continue
        this.say({
          ...{
            kind: 'say',
            member: 'a',
            skip: firstOffset - this.start,
            types: [1],
            isOneForAll: true,
            ownOnly: false
          },
          length: lastOffset - firstOffset + 1
        })
      }
      for (const change of [...this.underWay]) this.settle(change, true)
      this.compare()
    }
    assert.ok([...this.offsets.values()].every(isOver), 'nobody holds anything, and nothing is to be had')
    for (const { firstOffset, lastOffset } of this.batches) {
      for (let offset = Math.max(firstOffset, this.logStart); offset <= lastOffset; offset += 1) {
        assert.ok(offset <= this.end, `${offset} is done`)
        assert.ok(this.delivered.has(offset) || this.isAborted(offset), `${offset} was given to somebody`)
      }
    }
  }
}

test('a share partition does with runs what the model does with single offsets, and everything comes to an end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const world = new World()
      for (const one of steps) {
        world.take(one)
        const inFlight = [...world.offsets.values()].filter(({ state, count }) => state !== 'archived' || count > 0)
        const bound = settings.maxRecordLocks + longestBatch + world.compactedCount
        assert.ok(inFlight.length < bound, 'no more than the locks, a batch, and what is gone between')
      }
      world.drain()
    }),
    { numRuns: 400 }
  )
})

/** What requests to a share coordinator come to, and that its log says the same as its state: the answers are those of Apache Kafka 4.4.0. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decision, StateRecord } from '../../../src/coordination/coordinator.ts'
import { mergeBatches, type StateBatch } from '../../../src/coordination/share-states/batches.ts'
import { initialize, remove } from '../../../src/coordination/share-states/initialize.ts'
import { coldShares, neededFrom, snapshotAgain } from '../../../src/coordination/share-states/prune.ts'
import { read, summarize } from '../../../src/coordination/share-states/read.ts'
import { readShareRecord } from '../../../src/coordination/share-states/records.ts'
import { replay } from '../../../src/coordination/share-states/replay.ts'
import { type SharePartitionKey, ShareStates } from '../../../src/coordination/share-states/state.ts'
import { write } from '../../../src/coordination/share-states/write.ts'
import { limits } from '../../../src/limits.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import * as fc from '../../harness/properties.ts'

const { NONE, INVALID_REQUEST, FENCED_LEADER_EPOCH, FENCED_STATE_EPOCH, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode
const topicId = 'A5arCOG3TmivizyiD_4qDA'
const key: SharePartitionKey = { groupId: 'g', topicId, partition: 0 }

/** A coordinator whose log is an array. */
class Log {
  readonly states = new ShareStates()
  readonly records: StateRecord[] = []
  nowMs = 1000
  isInCluster = true
  updatesPerSnapshot = 2

  commit<Answer>({ records, answer }: Decision<Answer>): Answer {
    for (const record of records) replay(this.states, record, { offset: this.records.push(record) - 1 })
    return answer
  }

  initialize(stateEpoch: number, startOffset: number, of = key): ErrorCode {
    const request = { key: of, stateEpoch, startOffset }
    return this.commit(initialize(this.states, request, this.isInCluster, this.nowMs)).errorCode
  }

  read(leaderEpoch: number, of = key) {
    return this.commit(read(this.states, of, leaderEpoch, this.isInCluster))
  }

  write(epochs: readonly [state: number, leader: number], start: number, count: number, batches: string, of = key) {
    const [stateEpoch, leaderEpoch] = epochs
    const request = { key: of, stateEpoch, leaderEpoch, startOffset: start, deliveryCompleteCount: count }
    const { isInCluster, updatesPerSnapshot, nowMs } = this
    const whole = { ...request, stateBatches: batchesOf(batches) }
    return this.commit(write(this.states, whole, { isInCluster, updatesPerSnapshot, nowMs })).errorCode
  }

  /** How many were cold. */
  snapshotCold(intervalMs: number): number {
    const cold = coldShares(this.states, this.records.length, intervalMs, this.nowMs)
    for (const of of cold) {
      const known = this.states.get(of)
      assert.ok(known)
      this.commit({ records: [snapshotAgain(known, this.nowMs)], answer: null })
    }
    return cold.length
  }

  /** What a record is, as one line. */
  told(index: number): string {
    const read = readShareRecord(this.records[index] ?? { key: null, value: null })
    if (read === null || read.kind === 'removed') return read?.kind ?? 'unknown'
    const said = read.kind === 'snapshot' ? read.snapshot : { ...read.update, stateEpoch: '-' }
    const { snapshotEpoch, stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount, batches } = said
    const epochs = `${snapshotEpoch} ${stateEpoch} ${leaderEpoch}`
    return `${read.kind} ${epochs} from ${startOffset}, ${deliveryCompleteCount} done: ${textOf(batches)}`
  }
}

function batchesOf(text: string): StateBatch[] {
  if (text === '') return []
  return text.split(' ').map((one) => {
    const [firstOffset = 0, lastOffset = 0, deliveryState = 0, deliveryCount = 0] = one.split('/').map(Number)
    return { firstOffset, lastOffset, deliveryState, deliveryCount }
  })
}

function textOf(batches: readonly StateBatch[]): string {
  return batches
    .map((one) => [one.firstOffset, one.lastOffset, one.deliveryState, one.deliveryCount].join('/'))
    .join(' ')
}

test('records are those of a running Kafka: updates, and a snapshot after so many of them', () => {
  const log = new Log()
  log.initialize(1, 10)
  log.read(2)
  log.read(2)
  log.write([1, 2], 10, 3, '12/14/2/1')
  log.write([4, 3], 11, -1, '15/15/0/1')
  log.read(3)
  log.write([4, 3], -1, 7, '16/16/0/1')
  log.write([1, 3], -1, 7, '16/16/0/1')
  log.write([9, 3], 14, 2, '12/17/0/2')
  log.write([9, 3], 14, 2, '14/14/4/1')
  log.write([9, 3], 14, 2, '14/14/0/1')
  log.initialize(20, 5)
  log.commit(remove(log.states, key, true))
  log.commit(remove(log.states, key, true))
  assert.deepEqual(
    log.records.map((_, index) => log.told(index)),
    [
      'snapshot 0 1 0 from 10, 0 done: ',
      'update 0 - 2 from 10, 0 done: ',
      'update 0 - 2 from 10, 3 done: 12/14/2/1',
      'snapshot 1 1 2 from 11, -1 done: 12/14/2/1 15/15/0/1',
      'update 1 - 3 from 11, -1 done: ',
      'update 1 - 3 from 11, -1 done: 16/16/0/1',
      'snapshot 2 1 3 from 11, -1 done: 12/14/2/1 15/16/0/1',
      'update 2 - 3 from 14, 2 done: 14/17/0/2',
      'update 2 - 3 from 14, 2 done: 14/14/4/1',
      'snapshot 3 1 3 from 14, 2 done: 14/17/0/2',
      'snapshot 4 20 0 from 5, 0 done: ',
      'removed'
    ]
  )
})

test('what was never initialized is neither read nor written; its summary says so', () => {
  const log = new Log()
  assert.equal(log.read(0).errorCode, INVALID_REQUEST)
  assert.equal(log.write([0, 0], 0, 0, ''), INVALID_REQUEST)
  const { errorCode, startOffset, deliveryCompleteCount } = summarize(log.states, key, true)
  assert.deepEqual([errorCode, startOffset, deliveryCompleteCount], [NONE, -1, -1])
  assert.deepEqual(log.records, [])
})

test('an offset that no log reaches is refused', () => {
  const log = new Log()
  assert.equal(log.initialize(1, 2 ** 63), INVALID_REQUEST)
  assert.equal(log.initialize(1, -(2 ** 63)), INVALID_REQUEST)
  log.initialize(1, 0)
  assert.equal(log.write([1, 0], 2 ** 63, 0, ''), INVALID_REQUEST)
  assert.equal(log.write([1, 0], 0, 0, `0/${2 ** 60}/2/1`), INVALID_REQUEST)
  assert.equal(log.records.length, 1)
})

test('a leader of before is fenced, also when its epoch was forgotten by an initialization', () => {
  const log = new Log()
  log.initialize(1, 20)
  assert.equal(log.read(5).errorCode, NONE)
  assert.equal(log.read(4).errorCode, FENCED_LEADER_EPOCH)
  assert.equal(log.write([1, 4], -1, -1, ''), FENCED_LEADER_EPOCH)
  assert.equal(summarize(log.states, key, true).leaderEpoch, 5)
  log.initialize(2, 5)
  assert.equal(summarize(log.states, key, true).leaderEpoch, 0)
  assert.equal(log.read(4).errorCode, FENCED_LEADER_EPOCH)
})

test('who reads in the newest epoch that is known writes nothing down, also after an initialization', () => {
  const log = new Log()
  log.initialize(1, 0)
  log.read(1)
  log.initialize(2, 0)
  const { length } = log.records
  assert.equal(log.read(1).errorCode, NONE)
  assert.equal(log.records.length, length)
  assert.equal(summarize(log.states, key, true).leaderEpoch, 0)
  log.read(2)
  assert.equal(summarize(log.states, key, true).leaderEpoch, 2)
})

test('an older state epoch is fenced, a later one is taken and not written down', () => {
  const log = new Log()
  log.initialize(1, 10)
  assert.equal(log.initialize(1, 20), NONE)
  assert.equal(log.initialize(0, 20), FENCED_STATE_EPOCH)
  assert.equal(log.write([0, 0], -1, -1, ''), FENCED_STATE_EPOCH)
  assert.equal(log.write([2, 0], -1, -1, ''), NONE)
  assert.equal(log.read(0).stateEpoch, 1)
})

test('a partition that the cluster does not have is refused last of all', () => {
  const log = new Log()
  log.initialize(3, 0)
  log.isInCluster = false
  assert.equal(log.read(0).errorCode, UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(log.write([3, 0], 0, 0, ''), UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(log.write([2, 0], 0, 0, ''), FENCED_STATE_EPOCH)
  assert.equal(log.initialize(4, 0), UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(log.initialize(-1, 0), INVALID_REQUEST)
  assert.equal(log.read(0, { ...key, partition: 1 }).errorCode, INVALID_REQUEST)
  assert.equal(summarize(log.states, key, false).errorCode, UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(remove(log.states, key, false).answer.errorCode, UNKNOWN_TOPIC_OR_PARTITION)
})

test('a start offset does not go back, and the count beside an older one is not taken', () => {
  const log = new Log()
  log.initialize(0, 20)
  log.write([0, 0], 10, 3, '12/20/0/1 21/25/2/1')
  const { startOffset, deliveryCompleteCount } = summarize(log.states, key, true)
  assert.deepEqual([startOffset, deliveryCompleteCount], [20, 0])
  assert.equal(textOf(log.read(0).stateBatches), '20/20/0/1 21/25/2/1')
})

test('of writes with the same start offset the greatest count holds, in whatever order they come', () => {
  const log = new Log()
  log.initialize(1, 0)
  const counted = (start: number, count: number) => {
    log.write([1, 0], start, count, '')
    return summarize(log.states, key, true).deliveryCompleteCount
  }
  assert.deepEqual(
    [counted(0, 3), counted(0, 1), counted(0, -1), counted(1, -1), counted(1, 4), counted(0, 9)],
    [3, 3, 3, -1, 4, 4]
  )
})

test('as long as the start offset is not known no batch is behind it', () => {
  const log = new Log()
  log.initialize(1, -1)
  log.write([1, 0], -1, 0, '0/2/2/1')
  assert.deepEqual(log.read(0).stateBatches, batchesOf('0/2/2/1'))
})

test('a batch that ends before it begins is refused, and so are more than a record has room for', () => {
  const log = new Log()
  log.initialize(0, 0)
  assert.equal(log.write([0, 0], 0, 0, '40/35/2/1'), INVALID_REQUEST)
  const many = Array.from({ length: limits.shareStateBatches + 1 }, (_, index) => `${2 * index}/${2 * index}/2/1`)
  assert.equal(log.write([0, 0], 0, 0, many.join(' ')), INVALID_REQUEST)
  assert.equal(log.write([0, 0], 0, 0, many.slice(1).join(' ')), NONE)
})

const smallBatch = fc
  .record({ first: fc.nat(30), length: fc.nat(8), deliveryState: fc.constantFrom(0, 2, 4), deliveryCount: fc.nat(3) })
  .map(({ first, length, ...rest }) => ({ firstOffset: first, lastOffset: first + length, ...rest }))

/** Of each offset from the start on, the greatest (count, state). */
function perOffset(batches: readonly StateBatch[], startOffset: number): Map<number, string> {
  const greatest = new Map<number, string>()
  for (const { firstOffset, lastOffset, deliveryState, deliveryCount } of batches) {
    for (let offset = Math.max(firstOffset, startOffset); offset <= lastOffset; offset += 1) {
      const one = `${deliveryCount}/${deliveryState}`
      if (one > (greatest.get(offset) ?? '')) greatest.set(offset, one)
    }
  }
  return new Map([...greatest].sort(([one], [other]) => one - other))
}

test('merged batches say of each offset what the offsets say one by one, in as few batches as there can be', () => {
  const batches = fc.array(smallBatch, { maxLength: 12 })
  fc.assert(
    fc.property(batches, batches, fc.integer({ min: -1, max: 35 }), (known, written, startOffset) => {
      const merged = mergeBatches(known, written, startOffset)
      assert.deepEqual(perOffset(merged, startOffset), perOffset([...known, ...written], startOffset))
      for (const [index, one] of merged.entries()) {
        const before = merged[index - 1]
        assert.ok(one.firstOffset >= startOffset && one.firstOffset <= one.lastOffset)
        if (before === undefined) continue
        assert.ok(before.lastOffset < one.firstOffset)
        const goesOn = before.lastOffset + 1 === one.firstOffset
        const isAlike = before.deliveryState === one.deliveryState && before.deliveryCount === one.deliveryCount
        assert.ok(!goesOn || !isAlike)
      }
      assert.deepEqual(mergeBatches(written, known, startOffset), merged)
      assert.deepEqual(mergeBatches(merged, written, startOffset), merged)
    })
  )
})

const partition = fc.nat(2).map((number) => ({ ...key, partition: number }))
const epoch = fc.nat(3)
const step = fc.oneof(
  fc.record({
    kind: fc.constant('initialize' as const),
    of: partition,
    epoch,
    offset: fc.integer({ min: -1, max: 20 })
  }),
  fc.record({ kind: fc.constant('read' as const), of: partition, epoch }),
  fc.record({
    ...{ kind: fc.constant('write' as const), of: partition, epoch, leaderEpoch: epoch },
    ...{ offset: fc.integer({ min: -1, max: 30 }), batches: fc.array(smallBatch, { maxLength: 4 }) }
  }),
  fc.record({ kind: fc.constant('remove' as const), of: partition }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1000) }),
  fc.record({ kind: fc.constant('snapshots' as const) })
)

function knownIn(states: ShareStates) {
  return [0, 1, 2].map((number) => states.get({ ...key, partition: number }))
}

function statesIn(states: ShareStates) {
  return knownIn(states).map((known) => known?.state)
}

test('the log says what the state says, from its beginning and from where it may be cut', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const log = new Log()
      for (const one of steps) {
        if (one.kind === 'initialize') log.initialize(one.epoch, one.offset, one.of)
        else if (one.kind === 'read') log.read(one.epoch, one.of)
        else if (one.kind === 'remove') log.commit(remove(log.states, one.of, true))
        else if (one.kind === 'wait') log.nowMs += one.ms
        else if (one.kind === 'write')
          log.write([one.epoch, one.leaderEpoch], one.offset, 0, textOf(one.batches), one.of)
        else {
          const before = statesIn(log.states).map((state) => ({ ...state, snapshotEpoch: 0 }))
          log.snapshotCold(1500)
          const after = statesIn(log.states).map((state) => ({ ...state, snapshotEpoch: 0 }))
          assert.deepEqual(after, before)
        }
      }
      const again = new ShareStates()
      for (const [offset, record] of log.records.entries()) replay(again, record, { offset })
      assert.deepEqual(knownIn(again), knownIn(log.states))

      const from = neededFrom(log.states, log.records.length)
      const ofCut = new ShareStates()
      for (const [offset, record] of log.records.entries()) if (offset >= from) replay(ofCut, record, { offset })
      assert.deepEqual(statesIn(ofCut), statesIn(log.states))
    })
  )
})

test('a share partition that nobody writes to does not keep the log from being cut, and is not written for nothing', () => {
  const log = new Log()
  const still = { ...key, partition: 1 }
  log.initialize(0, 7, still)
  log.initialize(0, 0)
  log.nowMs += 10_000
  assert.equal(log.snapshotCold(5000), 0, 'there is nothing to win')
  for (let index = 0; index < 9; index += 1) log.write([0, 0], index, 0, '')
  assert.equal(neededFrom(log.states, log.records.length), 0)
  assert.equal(log.snapshotCold(5000), 1)
  assert.equal(log.told(log.records.length - 1), 'snapshot 1 0 0 from 7, 0 done: ')
  assert.ok(neededFrom(log.states, log.records.length) > 5)
  assert.equal(log.snapshotCold(5000), 0)
})

test('a record of a type that only a later Kafka knows is passed over', () => {
  const states = new ShareStates()
  replay(states, { key: Buffer.from([0, 9, 1, 2]), value: Buffer.from([0, 0]) }, { offset: 0 })
  assert.equal(states.size, 0)
})

/** What is held against an answer of ListOffsets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokenPromise } from './broken-promise.ts'
import { PartitionLedger } from './ledger.ts'
import { earliest, latest, maxTimestamp, Question } from './listed-offsets.ts'
import { earliestTime, latestTime, timeOf } from './record-times.ts'

const values = ['a/1', 'a/2', 'a/3', 'a/4']
const times = values.map(timeOf)
const leader = { node: 1, epoch: 3 }

/** All are read, and the last is acknowledged besides. */
function known(isLoose = false): PartitionLedger {
  const ledger = new PartitionLedger(
    'orders-0',
    isLoose,
    () => leader.epoch,
    () => 'now'
  )
  for (const [sequence, value] of values.entries()) ledger.send(value, 'a', sequence)
  for (const [offset, value] of values.slice(0, 3).entries()) ledger.see(offset, value, offset)
  ledger.acknowledge(3, 'a/4', -1)
  return ledger
}

const newest = times.indexOf(Math.max(...times))
const first = (time: number): number => times.findIndex((of) => of >= time)
const someTime = times[2] ?? 0

const answers: readonly (readonly [what: string, asked: number, offset: number, timestamp: number, holds: boolean])[] =
  [
    ['the end', latest, 4, -1, true],
    ['an end that a reader has passed', latest, 2, -1, false],
    ['the beginning', earliest, 0, -1, true],
    ['a beginning that nobody asked for', earliest, 1, -1, false],
    ['the first of a time', someTime, first(someTime), times[first(someTime)] ?? 0, true],
    ['a later one than the first of a time', earliestTime, 1, times[1] ?? 0, false],
    ['a record older than was asked for', latestTime, 0, times[0] ?? 0, false],
    ['another time than the record has', someTime, 2, someTime + 1, false],
    ['nothing, where there is something', earliestTime, -1, -1, false],
    ['nothing, where there is nothing', latestTime + 1, -1, -1, true],
    ['the newest', maxTimestamp, newest, times[newest] ?? 0, true],
    ['one that is not the newest', maxTimestamp, (newest + 1) % 3, times[(newest + 1) % 3] ?? 0, false]
  ]

for (const [what, asked, offset, timestamp, holds] of answers) {
  test(`${what} ${holds ? 'may be told' : 'is a broken promise'}`, () => {
    const answer = (): void => new Question(known(), leader, asked).answered({ offset, timestamp })
    if (holds) assert.doesNotThrow(answer)
    else assert.throws(answer, BrokenPromise)
  })
}

test('within an epoch an end is never told that lies before one that was told', () => {
  const ledger = known()
  new Question(ledger, leader, latest).answered({ offset: 9, timestamp: -1 })
  assert.throws(
    () => new Question(ledger, leader, latest).answered({ offset: 8, timestamp: -1 }),
    /9 was readable before/
  )
  assert.throws(() => ledger.complete(0, 8), BrokenPromise, 'nor does it vanish')
})

test('a beginning may be told as it was before a trim that was answered meanwhile, and not as it was before the question (seed 312)', () => {
  const ledger = known()
  ledger.startAsked = 2
  const asked = new Question(ledger, leader, earliest)
  ledger.trimmed(leader.node, 2)
  assert.doesNotThrow(() => asked.answered({ offset: 0, timestamp: -1 }))
  assert.throws(() => new Question(ledger, leader, earliest).answered({ offset: 0, timestamp: -1 }), BrokenPromise)
})

test('what is told of a topic that elects uncleanly is not waited for (seed 1103)', () => {
  const ledger = known(true)
  new Question(ledger, leader, latest).answered({ offset: 9, timestamp: -1 })
  assert.equal(ledger.readableEnd, 0)
})

/** What is held against groups: no less than Kafka promises, and no more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokenPromise } from './broken-promise.ts'
import { GroupLedger, type Membership } from './group-ledger.ts'

const member = (generation: number, memberId = 'm1'): Membership => ({ group: 'g', generation, memberId })

function ledgerAt(clock = { micros: 0 }): GroupLedger {
  return new GroupLedger(() => clock.micros)
}

test('where a group is never goes back behind what was acknowledged, or beyond what was asked for', () => {
  const ledger = ledgerAt()
  ledger.committed(ledger.commitAsked(member(1), 't', 0, 5), 1)
  ledger.commitAsked(member(1), 't', 0, 7)
  const told = (offset: number) => () => ledger.fetchedCommit('g', 't', 0, offset, ledger.atLeast('g', 't', 0))
  for (const offset of [5, 7]) assert.doesNotThrow(told(offset))
  for (const offset of [4, 8, -1]) assert.throws(told(offset), BrokenPromise)
})

test('a commit without an answer may be taken late, but not for ever, and not in a later generation', () => {
  const clock = { micros: 0 }
  for (const [generation, afterMicros, isTaken] of [
    [1, 1000, true],
    [1, 20_000_000, false],
    [2, 1000, false]
  ] as const) {
    const ledger = ledgerAt(clock)
    ledger.commitAsked(member(1), 't', 0, 3)
    clock.micros += afterMicros
    ledger.committed(ledger.commitAsked(member(generation), 't', 0, 5), generation)
    assert.equal(ledger.atLeast('g', 't', 0), isTaken ? 3 : 5)
  }
})

test('whoever is of an earlier generation than anybody had an assignment of is refused', () => {
  const ledger = ledgerAt()
  ledger.assigned(member(2), ['t/0'])
  const commit = ledger.commitAsked(member(1), 't', 0, 5)
  assert.throws(() => ledger.committed(commit, ledger.latestOf('g')), /a commit of generation 1 was taken; 2 has begun/)
  assert.throws(() => ledger.heard(member(1), ledger.latestOf('g')), BrokenPromise)
  assert.throws(() => ledger.joined(member(1), ledger.latestOf('g')), BrokenPromise)
  assert.doesNotThrow(() => ledger.committed(commit, 1), 'the later one had not begun when it was sent')
})

test('a partition has one owner in a generation, and a member one assignment', () => {
  const ledger = ledgerAt()
  ledger.assigned(member(1), ['t/0', 't/1'])
  ledger.assigned(member(1), ['t/0', 't/1'])
  ledger.assigned(member(2, 'm2'), ['t/0'])
  assert.throws(() => ledger.assigned(member(1, 'm2'), ['t/1']), /t\/1 is m1's and m2's in generation 1/)
  assert.throws(() => ledger.assigned(member(1), ['t/0']), /m1 was told of two assignments/)
})

/** The simulation's own checkers hold what they say, and no more than Kafka promises. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokenPromise } from './broken-promise.ts'
import { mayBeLedByOthers } from './cluster.ts'
import { PartitionLedger } from './ledger.ts'

function ledgerOf(copies: number): PartitionLedger {
  const ledger = new PartitionLedger(
    'orders-0',
    false,
    () => 0,
    () => 'now'
  )
  ledger.isOn(Array.from({ length: copies }, (_, index) => index + 1))
  for (const [sequence, value] of ['a/1', 'a/2'].entries()) ledger.send(value, 'a', sequence)
  return ledger
}

test('a record that is there twice breaks a promise, unless the first was trimmed, and several brokers have copies', () => {
  const twice = (ledger: PartitionLedger) => (): void => {
    ledger.see(0, 'a/1', 0)
    ledger.see(1, 'a/1', 1)
  }
  assert.throws(twice(ledgerOf(3)), BrokenPromise)
  for (const [copies, isBroken] of [
    [1, true],
    [3, false]
  ] as const) {
    const ledger = ledgerOf(copies)
    ledger.startAsked = 1
    if (isBroken) assert.throws(twice(ledger), BrokenPromise)
    else assert.doesNotThrow(twice(ledger))
  }
})

test('what came again lies in the order of its producer where it is now', () => {
  const ledger = ledgerOf(3)
  ledger.startAsked = 1
  ledger.see(0, 'a/1', 0)
  ledger.see(1, 'a/1', 1)
  ledger.see(2, 'a/2', 2)
  ledger.complete(1, 3)
  const disordered = ledgerOf(3)
  disordered.see(0, 'a/2', 0)
  disordered.see(1, 'a/1', 1)
  assert.throws(() => disordered.complete(0, 2), /a\/1 at 1 lies behind a later one of a/)
})

test('a partition is lost only where nobody else may ever lead it', () => {
  const nobody = { inSyncReplicas: [], eligibleLeaderReplicas: [], lastKnownEligibleLeaderReplicas: [] }
  assert.ok(!mayBeLedByOthers({ ...nobody, inSyncReplicas: [1] }, 1))
  assert.ok(!mayBeLedByOthers({ ...nobody, lastKnownEligibleLeaderReplicas: [1] }, 1))
  assert.ok(mayBeLedByOthers({ ...nobody, inSyncReplicas: [1, 2] }, 1))
  assert.ok(mayBeLedByOthers({ ...nobody, eligibleLeaderReplicas: [2] }, 1))
  assert.ok(mayBeLedByOthers({ ...nobody, lastKnownEligibleLeaderReplicas: [2] }, 1))
})

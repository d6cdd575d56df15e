/** What each request to a transaction coordinator comes to, in each state of the transaction (the tables of TransactionCoordinator). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fenced, hasTimedOut } from '../../../src/coordination/transactions/abort.ts'
import { addPartitions, verifyPartitions } from '../../../src/coordination/transactions/add-partitions.ts'
import type { TransactionDecision } from '../../../src/coordination/transactions/decision.ts'
import { completed, type EndRequest, endTransaction } from '../../../src/coordination/transactions/end-transaction.ts'
import { hasExpired } from '../../../src/coordination/transactions/expire.ts'
import { initProducerId } from '../../../src/coordination/transactions/init-producer-id.ts'
import {
  readTransactionRecord,
  transactionRecord,
  transactionTombstone
} from '../../../src/coordination/transactions/records.ts'
import {
  noPartitions,
  type Transaction,
  type TransactionState,
  transactionStates
} from '../../../src/coordination/transactions/state.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { TransactionLogKey } from '../../../src/protocol/generated/transaction-log/transaction-log-key.ts'
import { TransactionLogValue } from '../../../src/protocol/generated/transaction-log/transaction-log-value.ts'
import { Writer } from '../../../src/protocol/primitives.ts'

const nowMs = 5000
const { NONE, CONCURRENT_TRANSACTIONS, INVALID_PRODUCER_ID_MAPPING, INVALID_TXN_STATE, PRODUCER_FENCED } = ErrorCode

function transaction(state: TransactionState, more: Partial<Transaction> = {}): Transaction {
  const hasSome = state === 'Ongoing' || state === 'PrepareCommit' || state === 'PrepareAbort'
  return {
    ...{ producerId: 7, previousProducerId: 7, nextProducerId: -1, producerEpoch: 4, timeoutMs: 1000, state },
    partitions: hasSome ? new Map([['t1', new Set([0])]]) : noPartitions,
    ...{ startMs: state === 'Empty' ? -1 : 1000, lastUpdateMs: 2000, clientVersion: 2 },
    ...more
  }
}

/** The error, or the state that it comes to with the epoch then. */
function told(decision: TransactionDecision): string | number {
  if (decision.kind === 'needs producer id') return decision.kind
  if (decision.kind === 'answered') return decision.errorCode
  return `${decision.transaction.state} ${decision.transaction.producerId}/${decision.transaction.producerEpoch}`
}

function init(known: Transaction | undefined, expected: readonly [number, number] | null = null, more = {}) {
  const [producerId = -1, producerEpoch = -1] = expected ?? []
  const request = { timeoutMs: 900, expected: expected === null ? null : { producerId, producerEpoch } }
  return initProducerId(known, request, { nowMs, newProducerId: null, lastProducerEpoch: -1, ...more })
}

test('a producer gets the next epoch of its transactional id, and the first of a new one', () => {
  assert.equal(told(init(undefined)), 'needs producer id')
  assert.equal(told(init(undefined, null, { newProducerId: 9 })), 'Empty 9/0')
  for (const state of ['Empty', 'CompleteCommit', 'CompleteAbort'] as const)
    assert.equal(told(init(transaction(state))), 'Empty 7/5')
  for (const state of ['PrepareCommit', 'PrepareAbort'] as const)
    assert.equal(told(init(transaction(state))), CONCURRENT_TRANSACTIONS)
})

test('an open transaction is aborted first, and its producer fenced by an epoch that nobody gets', () => {
  const decision = init(transaction('Ongoing'))
  assert.equal(told(decision), 'PrepareAbort 7/5')
  assert.equal(decision.kind === 'changed' && decision.answer.errorCode, CONCURRENT_TRANSACTIONS)
})

test('a producer that goes on after an error says who it was', () => {
  const known = transaction('Empty')
  assert.equal(told(init(known, [7, 4])), 'Empty 7/5')
  assert.equal(told(init(known, [8, 4])), PRODUCER_FENCED)
  assert.equal(told(init(known, [7, 3])), PRODUCER_FENCED)
  // It has the epoch already, and missed the answer.
  assert.equal(told(init(known, [7, 3], { lastProducerEpoch: 3 })), 'Empty 7/4')
})

test('where the epochs are used up it takes a new producer id, also for who missed that answer', () => {
  const known = transaction('Empty', { producerEpoch: 0x7ffe })
  assert.equal(told(init(known)), 'needs producer id')
  assert.equal(told(init(known, null, { newProducerId: 9 })), 'Empty 9/0')
  const rotated = transaction('Empty', { producerId: 9, previousProducerId: 7, producerEpoch: 0 })
  assert.equal(told(init(rotated, [7, 0x7ffe], { lastProducerEpoch: 0x7ffe })), 'Empty 9/0')
  assert.equal(told(init(rotated, [7, 5], { lastProducerEpoch: 5 })), PRODUCER_FENCED)
})

const add = (known: Transaction | undefined, topic = 't2', [producerId, producerEpoch] = [7, 4]) =>
  addPartitions(
    known,
    { producerId, producerEpoch, partitions: new Map([[topic, new Set([1])]]), clientVersion: 0 },
    nowMs
  )

test('a transaction begins with its first partition, and grows', () => {
  for (const state of transactionStates) {
    const isEnding = state === 'PrepareCommit' || state === 'PrepareAbort'
    assert.equal(told(add(transaction(state))), isEnding ? CONCURRENT_TRANSACTIONS : 'Ongoing 7/4', state)
  }
  const begun = add(transaction('CompleteCommit'))
  assert.ok(begun.kind === 'changed')
  assert.equal(begun.transaction.startMs, nowMs)
  const grown = add(transaction('Ongoing'))
  assert.ok(grown.kind === 'changed')
  assert.deepEqual([grown.transaction.startMs, [...grown.transaction.partitions.keys()]], [1000, ['t1', 't2']])
  assert.equal(told(add(grown.transaction)), NONE)
})

test('only who has the transactional id, in its epoch, adds to its transaction or is told what it has', () => {
  const known = transaction('Ongoing')
  assert.equal(told(add(undefined)), INVALID_PRODUCER_ID_MAPPING)
  assert.equal(told(add(known, 't2', [8, 4])), INVALID_PRODUCER_ID_MAPPING)
  for (const epoch of [3, 5]) assert.equal(told(add(known, 't2', [7, epoch])), PRODUCER_FENCED)
  const verified = verifyPartitions(known, { producerId: 7, producerEpoch: 4 })
  assert.ok(verified.kind === 'verified' && verified.partitions.has('t1'))
  assert.equal(verifyPartitions(known, { producerId: 7, producerEpoch: 3 }).kind, 'answered')
})

function end(known: Transaction | undefined, changes: Partial<EndRequest> = {}, newProducerId: number | null = null) {
  const request: EndRequest = { producerId: 7, producerEpoch: 4, outcome: 'commit', clientVersion: 2, ...changes }
  return endTransaction(known, request, { nowMs, newProducerId })
}

test('in the first version a transaction ends in its epoch, once', () => {
  const v1 = { clientVersion: 0 } as const
  const expected: Record<TransactionState, readonly [commit: string | number, abort: string | number]> = {
    Empty: [INVALID_TXN_STATE, INVALID_TXN_STATE],
    Ongoing: ['PrepareCommit 7/4', 'PrepareAbort 7/4'],
    PrepareCommit: [CONCURRENT_TRANSACTIONS, INVALID_TXN_STATE],
    PrepareAbort: [INVALID_TXN_STATE, CONCURRENT_TRANSACTIONS],
    CompleteCommit: [NONE, INVALID_TXN_STATE],
    CompleteAbort: [INVALID_TXN_STATE, NONE]
  }
  for (const state of transactionStates) {
    const answers = (['commit', 'abort'] as const).map((outcome) => told(end(transaction(state), { ...v1, outcome })))
    assert.deepEqual(answers, expected[state], state)
    assert.equal(told(end(transaction(state), { ...v1, producerEpoch: 3 })), PRODUCER_FENCED)
  }
})

test('in the second version each end gives the next epoch, and the epoch tells a retry from the next end', () => {
  const fencedOff = PRODUCER_FENCED
  const expected: Record<TransactionState, readonly (string | number)[]> = {
    // commit and abort in the epoch that it has; then in the one before.
    Empty: [INVALID_TXN_STATE, 'PrepareAbort 7/5', fencedOff, fencedOff],
    Ongoing: ['PrepareCommit 7/5', 'PrepareAbort 7/5', fencedOff, fencedOff],
    PrepareCommit: [fencedOff, fencedOff, CONCURRENT_TRANSACTIONS, INVALID_TXN_STATE],
    PrepareAbort: [fencedOff, fencedOff, INVALID_TXN_STATE, CONCURRENT_TRANSACTIONS],
    CompleteCommit: [INVALID_TXN_STATE, 'PrepareAbort 7/5', NONE, INVALID_TXN_STATE],
    CompleteAbort: [INVALID_TXN_STATE, 'PrepareAbort 7/5', INVALID_TXN_STATE, NONE]
  }
  for (const state of transactionStates) {
    const answers = [4, 3].flatMap((producerEpoch) =>
      (['commit', 'abort'] as const).map((outcome) => told(end(transaction(state), { producerEpoch, outcome })))
    )
    assert.deepEqual(answers, expected[state], state)
    assert.equal(told(end(transaction(state), { producerEpoch: 5 })), PRODUCER_FENCED)
    assert.equal(told(end(transaction(state), { producerId: 8 })), INVALID_PRODUCER_ID_MAPPING)
  }
})

test('the end that uses the last epoch up names the next producer id, and names it again', () => {
  const known = transaction('Ongoing', { producerEpoch: 0x7ffe })
  assert.equal(told(end(known, { producerEpoch: 0x7ffe })), 'needs producer id')
  const ending = end(known, { producerEpoch: 0x7ffe }, 9)
  assert.ok(ending.kind === 'changed')
  // The markers are the old producer's.
  assert.equal(told(ending), 'PrepareCommit 7/32767')
  assert.deepEqual([ending.answer.producerId, ending.answer.producerEpoch], [9, 0])
  const ended = completed(ending.transaction, nowMs)
  assert.deepEqual([ended.producerId, ended.previousProducerId, ended.producerEpoch], [9, 7, 0])
  const again = end(ended, { producerEpoch: 0x7ffe })
  assert.deepEqual(again, { kind: 'answered', errorCode: NONE, producerId: 9, producerEpoch: 0 })
})

test('who is fenced at the last epoch is fenced all the same', () => {
  assert.equal(told(fenced(transaction('Ongoing', { producerEpoch: 0x7fff }), nowMs)), 'PrepareAbort 7/32767')
  assert.equal(told(fenced(transaction('Ongoing', { producerEpoch: 0x7ffe }), nowMs)), 'PrepareAbort 7/32767')
})

test('only an open transaction runs out of time', () => {
  for (const state of transactionStates) assert.equal(hasTimedOut(transaction(state), 2001), state === 'Ongoing', state)
  assert.equal(hasTimedOut(transaction('Ongoing'), 2000), false)
})

test('ids that nobody uses are forgotten, but for those of transactions that are open or ending', () => {
  const gone = (expirationMs: number) =>
    transactionStates.filter((state) => hasExpired(transaction(state), expirationMs, nowMs))
  assert.deepEqual(gone(3001), [])
  assert.deepEqual(gone(3000), ['Empty', 'CompleteCommit', 'CompleteAbort'])
})

test('a transaction is read as it was written, and a tombstone takes it away', () => {
  for (const state of transactionStates) {
    const known = transaction(state, { previousProducerId: 6, nextProducerId: 9 })
    const read = readTransactionRecord(transactionRecord('tx', known))
    assert.deepEqual(read, { transactionalId: 'tx', transaction: known })
  }
  assert.deepEqual(readTransactionRecord(transactionTombstone('tx')), { transactionalId: 'tx', transaction: null })
})

test('a topic that a record names twice has the partitions of both', () => {
  const key = new Writer()
  key.writeInt16(0)
  TransactionLogKey.encode(key, { transactionalId: 'tx' }, 0)
  const value = new Writer()
  value.writeInt16(0)
  const some = [0, 2].map((partition) => ({ topic: 't1', partitionIds: [partition] }))
  const ongoing = {
    ...{ producerId: 7, producerEpoch: 4, transactionTimeoutMs: 1000, transactionStatus: 1 },
    ...{ transactionPartitions: some, transactionLastUpdateTimestampMs: 2000, transactionStartTimestampMs: 1000 }
  }
  TransactionLogValue.encode(
    value,
    { ...ongoing, previousProducerId: -1, nextProducerId: -1, clientTransactionVersion: 0 },
    0
  )
  const read = readTransactionRecord({ key: key.toBuffer(), value: value.toBuffer() })
  assert.deepEqual(read?.transaction?.partitions, new Map([['t1', new Set([0, 2])]]))
  // What Kafka before 4.0 did not write is as if nothing was known of it.
  const { previousProducerId, nextProducerId, clientVersion } = read?.transaction ?? {}
  assert.deepEqual(
    { previousProducerId, nextProducerId, clientVersion },
    { previousProducerId: -1, nextProducerId: -1, clientVersion: 0 }
  )
})

test('a producer that comes anew has the timeout that it names', () => {
  for (const state of ['Empty', 'CompleteCommit', 'CompleteAbort'] as const) {
    const decision = init(transaction(state, { timeoutMs: 60_000 }))
    assert.equal(decision.kind === 'changed' && decision.transaction.timeoutMs, 900, state)
  }
  const missed = init(transaction('Empty', { timeoutMs: 60_000 }), [7, 3], { lastProducerEpoch: 3 })
  assert.equal(missed.kind === 'changed' && missed.transaction.timeoutMs, 900)
})

/** What a log takes of producers within transactions: verified beginnings, fenced producers and coordinators, and how far it is stable. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import type { VerificationGuard } from '../../src/log/types.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { endTransactionMarker } from '../../src/protocol/records/control-records.ts'
import { batchOf, endTransaction, open, startMs } from './setup.ts'

const { INVALID_TXN_STATE, INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER, NONE } = ErrorCode

interface Sent {
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
}

/** One record of producer 7, as a client sends it. */
function send(log: PartitionLog, guard: VerificationGuard | null, sent: Sent = {}): ErrorCode {
  const batch = batchOf(['a'], { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true, ...sent })
  const result = log.append(batch, { leaderEpoch: 0, origin: 'client', within: { verified: { guard } } })
  return result.ok ? NONE : result.error
}

function begin(log: PartitionLog, sent: Omit<Sent, 'isTransactional'> & { bumpsEpochs?: boolean } = {}) {
  return log.beginVerification({ producerId: 7, producerEpoch: 0, baseSequence: 0, bumpsEpochs: false, ...sent })
}

function end(log: PartitionLog, producerEpoch: number, transactionVersion: number, coordinatorEpoch = 3): ErrorCode {
  const marker = { producerId: 7, producerEpoch, coordinatorEpoch, outcome: 'commit', timestampMs: startMs } as const
  const options = { leaderEpoch: 0, origin: 'coordinator', within: { transactionVersion } } as const
  const result = log.append(endTransactionMarker(marker), options)
  return result.ok ? NONE : result.error
}

test('a transaction begins only with what its coordinator has answered to this question; what follows needs no other', () => {
  const log = open({ history: 'new' })
  assert.equal(send(log, null), INVALID_TXN_STATE)
  const guard = begin(log)
  assert.equal(begin(log), guard)
  assert.equal(send(log, null), INVALID_TXN_STATE)
  assert.equal(send(log, guard), NONE)
  assert.equal(begin(log, { baseSequence: 1 }), null)
  assert.equal(send(log, null, { baseSequence: 1 }), NONE)
  assert.equal(send(log, null, { baseSequence: 2, isTransactional: false }), INVALID_TXN_STATE)
})

test('an answer that comes after the transaction was ended begins nothing', () => {
  const log = open({ history: 'new' })
  const late = begin(log)
  assert.equal(end(log, 0, 0), NONE)
  assert.equal(send(log, late), INVALID_TXN_STATE)
  assert.notEqual(begin(log), late)
})

test('a retry of what is written is answered so, whether or not its transaction is still open', () => {
  const log = open({ history: 'new' })
  assert.equal(send(log, begin(log)), NONE)
  assert.equal(end(log, 0, 0), NONE)
  assert.equal(send(log, null), NONE)
  assert.equal(log.logEndOffset, 2)
})

test('a batch does not overtake one of its producer that waits for its verification', () => {
  const log = open({ history: 'new' })
  const guard = begin(log, { baseSequence: 0 })
  assert.equal(begin(log, { baseSequence: 5 }), guard)
  assert.equal(send(log, guard, { baseSequence: 5 }), OUT_OF_ORDER_SEQUENCE_NUMBER)
  assert.equal(send(log, guard, { baseSequence: 0 }), NONE)
})

test('whose epoch changes with each transaction begins each with the sequence 0', () => {
  for (const bumpsEpochs of [true, false]) {
    const log = open({ history: 'new' })
    const guard = begin(log, { baseSequence: 3, bumpsEpochs })
    assert.equal(send(log, guard, { baseSequence: 3 }), bumpsEpochs ? OUT_OF_ORDER_SEQUENCE_NUMBER : NONE)
  }
})

test('a marker of an epoch that is over ends nothing; from the second version on that of the records is over as well', () => {
  const log = open({ history: 'new' })
  assert.equal(send(log, begin(log, { producerEpoch: 4 }), { producerEpoch: 4 }), NONE)
  assert.equal(end(log, 3, 0), INVALID_PRODUCER_EPOCH)
  assert.equal(end(log, 4, 2), INVALID_PRODUCER_EPOCH)
  assert.equal(end(log, 5, 2), NONE)
  assert.equal(end(log, 5, 2), NONE)
  assert.equal(
    send(log, begin(log, { producerEpoch: 4 }), { producerEpoch: 4, baseSequence: 1 }),
    INVALID_PRODUCER_EPOCH
  )
  assert.equal(end(log, 6, 2, 2), ErrorCode.TRANSACTION_COORDINATOR_FENCED)
  assert.equal(end(log, 6, 2, 4), NONE)
})

test('a log is stable up to transactions that are open, and those whose marker is not committed', () => {
  const log = open({ history: 'new' })
  for (const producerId of [7, 8]) {
    const producer = { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true }
    log.append(batchOf(['a', 'b'], producer), { leaderEpoch: 0, origin: 'client' })
  }
  assert.equal(log.stableOffset(4), 0)
  endTransaction(log, { producerId: 7, producerEpoch: 0 }, 'commit')
  assert.equal(log.stableOffset(4), 0)
  assert.equal(log.stableOffset(5), 2)
  endTransaction(log, { producerId: 8, producerEpoch: 0 }, 'abort')
  assert.equal(log.stableOffset(5), 2)
  log.committedTo(6)
  assert.equal(log.stableOffset(6), 6)
})

test('after a start a marker that may not be committed holds back as before', () => {
  const log = open()
  log.append(batchOf(['a'], { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true }), {
    leaderEpoch: 0,
    origin: 'client'
  })
  endTransaction(log, { producerId: 7, producerEpoch: 0 }, 'commit')
  assert.equal(log.stableOffset(1), 0)
  assert.equal(log.stableOffset(2), 2)
})

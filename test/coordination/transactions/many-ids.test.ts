/** A coordinator of very many transactional ids: what it does of itself leaves others their turn, and there is an end to what it takes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { StateLog, StateRecord } from '../../../src/coordination/coordinator.ts'
import { transactionRecord } from '../../../src/coordination/transactions/records.ts'
import { noPartitions, type Transaction } from '../../../src/coordination/transactions/state.ts'
import { TransactionCoordinator } from '../../../src/coordination/transactions/transaction-coordinator.ts'
import { limits } from '../../../src/limits.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { LookedAtClock, lookedAtNowMs, looksPerSlice } from '../../host/looked-at-clock.ts'

const abortMs = 10_000
const removeMs = 3_600_000
const expirationMs = 1000

class ListLog implements StateLog {
  readonly batches: (readonly StateRecord[])[]

  constructor(records: readonly StateRecord[]) {
    this.batches = [records]
  }

  get logEndOffset(): number {
    return this.batches.length
  }

  append(records: readonly StateRecord[]): void {
    this.batches.push(records)
  }

  async durable(): Promise<void> {}

  *replaySteps(replay: (record: StateRecord, place: { offset: number; producerId: null }) => void): Iterable<void> {
    for (const record of this.batches[0] ?? []) {
      replay(record, { offset: 0, producerId: null })
      yield
    }
  }
}

function transaction(state: 'Ongoing' | 'Empty', lastUpdateMs: number): Transaction {
  return {
    ...{ producerId: 7, previousProducerId: 7, nextProducerId: -1, producerEpoch: 4, timeoutMs: 1000, state },
    partitions: state === 'Ongoing' ? new Map([['orders', new Set([0])]]) : noPartitions,
    ...{ startMs: state === 'Ongoing' ? lastUpdateMs : -1, lastUpdateMs, clientVersion: 2 }
  }
}

async function loaded(count: number, known: Transaction) {
  const clock = new LookedAtClock()
  const log = new ListLog(Array.from({ length: count }, (_, index) => transactionRecord(`id ${index}`, known)))
  let turnsLeft = 0
  const othersTurn = async () => {
    turnsLeft += 1
  }
  const coordinator = await TransactionCoordinator.load(
    {
      ...{ log, clock, coordinatorEpoch: 0, newProducerId: async () => 1000, writeMarkers: async () => new Map() },
      config: {
        ...{ maxTimeoutMs: 900_000, transactionalIdExpirationMs: expirationMs },
        ...{ abortTimedOutIntervalMs: abortMs, removeExpiredIntervalMs: removeMs }
      },
      onMistake: (error) => assert.fail(String(error))
    },
    othersTurn,
    () => true
  )
  assert.ok(coordinator)
  return { clock, log, coordinator, turnsLeft }
}

const long = 60_000
const initial = { timeoutMs: 1000, expected: null }

test('transactions that run out of time together are aborted in many turns of the loop, and all of them', async () => {
  const count = 1000
  const { clock, log, coordinator } = await loaded(count, transaction('Ongoing', lookedAtNowMs - long))
  clock.passes(abortMs)
  // The markers of some are written meanwhile, a batch each as well.
  assert.ok(log.batches.length - 1 <= looksPerSlice, `${log.batches.length - 1} in the first turn`)
  let turns = 0
  for (; log.batches.length - 1 < 2 * count; turns += 1) {
    assert.ok(turns < count, 'it does not end')
    clock.passes(0)
    await setImmediate()
  }
  assert.ok(turns >= count / looksPerSlice / 2, `${turns} turns`)
  assert.equal((await coordinator.describe('id 999')).transactionState, 'CompleteAbort')
  coordinator.close()
})

test('transactional ids that expire together go in many turns, and one that is used again meanwhile stays', async () => {
  const count = 20 * limits.expiredTransactionsAtOnce * looksPerSlice
  const { clock, log, coordinator } = await loaded(count, transaction('Empty', lookedAtNowMs - long))
  clock.passes(removeMs)
  assert.ok(log.batches.length - 1 <= looksPerSlice, `${log.batches.length - 1} in the first turn`)
  const last = `id ${count - 1}`
  assert.equal((await coordinator.initProducerId(last, initial)).errorCode, ErrorCode.NONE)
  for (let turns = 0; coordinator.size > 1; turns += 1) {
    assert.ok(turns < count, `${coordinator.size} are left`)
    clock.passes(0)
    await setImmediate()
  }
  assert.equal((await coordinator.describe(last)).errorCode, ErrorCode.NONE)
  // It is looked at again and again.
  await setImmediate()
  clock.passes(removeMs)
  assert.equal(coordinator.size, 1)
  coordinator.close()
})

test('a coordinator takes so many transactional ids and no more; those that it has are served', async () => {
  const count = limits.transactionalIdsPerCoordinator
  const { coordinator, turnsLeft } = await loaded(count, transaction('Empty', lookedAtNowMs))
  assert.equal(turnsLeft, count, 'others may have their turn behind each record that is read')
  assert.equal(coordinator.size, count)
  assert.equal((await coordinator.initProducerId('one more', initial)).errorCode, ErrorCode.POLICY_VIOLATION)
  assert.equal((await coordinator.initProducerId('id 5', initial)).errorCode, ErrorCode.NONE)
  assert.equal(coordinator.size, count)
  coordinator.close()
})

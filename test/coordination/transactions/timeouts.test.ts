/** Transactions that run out of time: aborted in every round, whatever the disk said in the one before, and their producers fenced. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../src/limits.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { abortEveryMs, begun, passes, removeEveryMs, setup, stateOf, timeoutMs } from './setup.ts'

const { NONE, INVALID_TXN_STATE, PRODUCER_FENCED } = ErrorCode

test('transactions that run out of time are aborted in every round, not in the first alone', async () => {
  const { clock, coordinator } = await setup()
  for (const transactionalId of ['first', 'second', 'third']) {
    await begun(coordinator, transactionalId)
    await passes(clock, abortEveryMs)
    assert.equal(await stateOf(coordinator, transactionalId), 'CompleteAbort')
  }
  coordinator.close()
})

test('while the disk is full nothing is aborted; once it has room the next round does it', async () => {
  const { log, clock, coordinator } = await setup()
  await begun(coordinator, 'one')
  await begun(coordinator, 'other')
  log.isFull = true
  for (let round = 0; round < 3; round += 1) await passes(clock, abortEveryMs)
  assert.equal(await stateOf(coordinator, 'one'), 'Ongoing')
  log.isFull = false
  await passes(clock, abortEveryMs)
  assert.deepEqual(
    [await stateOf(coordinator, 'one'), await stateOf(coordinator, 'other')],
    ['CompleteAbort', 'CompleteAbort']
  )
  coordinator.close()
})

test('ids that nobody uses are forgotten in every round, also after one in which the disk was full', async () => {
  const { log, clock, coordinator } = await setup({ transactionalIdExpirationMs: 1 })
  const initial = { timeoutMs, expected: null }
  for (const isFull of [false, true, false]) {
    await coordinator.initProducerId('tx', initial)
    log.isFull = isFull
    await passes(clock, removeEveryMs)
    log.isFull = false
    assert.equal(coordinator.size, isFull ? 1 : 0)
  }
  coordinator.close()
})

test('a producer whose transaction ran out of time is fenced, and goes on when it says who it was', async () => {
  const { clock, partitions, coordinator } = await setup()
  const transaction = await begun(coordinator)
  await passes(clock, abortEveryMs)
  assert.deepEqual(
    partitions.asked.map(({ marker }) => [marker.outcome, marker.producerEpoch]),
    [['abort', transaction.producerEpoch + 1]]
  )
  assert.equal((await coordinator.addPartitions('tx', transaction)).errorCode, PRODUCER_FENCED)
  // Its epoch is that of a retry by now: of an end that was an abort.
  assert.equal((await coordinator.endTransaction('tx', transaction)).errorCode, INVALID_TXN_STATE)
  const expected = { producerId: transaction.producerId, producerEpoch: transaction.producerEpoch }
  const again = await coordinator.initProducerId('tx', { timeoutMs, expected })
  assert.equal(again.errorCode, NONE)
  assert.equal((await coordinator.addPartitions('tx', { ...transaction, ...again })).errorCode, NONE)
  coordinator.close()
})

test('a producer that comes with another timeout has that one', async () => {
  const { clock, coordinator } = await setup()
  await coordinator.endTransaction('tx', await begun(coordinator))
  await passes(clock, limits.markersAgainMs)
  const next = await coordinator.initProducerId('tx', { timeoutMs: 10 * abortEveryMs, expected: null })
  const request = { ...next, partitions: new Map([['orders', new Set([0])]]), clientVersion: 2 }
  assert.equal((await coordinator.addPartitions('tx', request)).errorCode, NONE)
  assert.equal((await coordinator.describe('tx')).transactionTimeoutMs, 10 * abortEveryMs)
  for (let round = 0; round < 10; round += 1) {
    await passes(clock, abortEveryMs)
    assert.equal(await stateOf(coordinator), 'Ongoing')
  }
  await passes(clock, abortEveryMs)
  assert.equal(await stateOf(coordinator), 'CompleteAbort')
  coordinator.close()
})

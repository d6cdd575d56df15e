/** What is known of a transactional id once its transaction has ended: the next one begins with nothing of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { allHaveRun, begun, named, partitionsOf, passes, setup, stateOf } from './setup.ts'

const { NONE } = ErrorCode

test('the next transaction has its own partitions alone: those of the one before get no marker of it, and let none of its records in', async () => {
  const { partitions, coordinator } = await setup()
  const transaction = await begun(coordinator)
  const producer = await coordinator.endTransaction('tx', transaction)
  await allHaveRun()
  assert.deepEqual((await coordinator.describe('tx')).topics, [])
  const next = { ...transaction, ...producer, partitions: partitionsOf('mail') }
  assert.equal((await coordinator.addPartitions('tx', next)).errorCode, NONE)
  const verified = await coordinator.verifyPartitions('tx', producer)
  assert.deepEqual(verified.kind === 'verified' && named(verified.partitions), ['mail-0'])
  await coordinator.endTransaction('tx', next)
  await allHaveRun()
  assert.deepEqual(
    partitions.asked.map(({ partitions }) => partitions.join(' ')),
    ['orders-0 bills-0', 'mail-0']
  )
  coordinator.close()
})

test('a transaction that is aborted before it began counts as begun when that was asked: nothing has run since 1970', async () => {
  const { log, clock, coordinator } = await setup()
  const producer = await coordinator.initProducerId('tx', { timeoutMs: 1000, expected: null })
  await passes(clock, 500)
  const askedMs = clock.nowMs()
  const ended = await coordinator.endTransaction('tx', { ...producer, outcome: 'abort', clientVersion: 2 })
  assert.equal(ended.errorCode, NONE)
  await allHaveRun()
  assert.equal(await stateOf(coordinator), 'CompleteAbort')
  assert.deepEqual(
    log.of('tx').map(({ state, startMs }) => [state, startMs]),
    [
      ['Empty', -1],
      ['PrepareAbort', askedMs],
      ['CompleteAbort', askedMs]
    ]
  )
  // So it is again for one that has ended before, whose beginning is that of another.
  await passes(clock, 500)
  await coordinator.endTransaction('tx', { ...ended, outcome: 'abort', clientVersion: 2 })
  assert.equal(log.of('tx').at(-1)?.startMs, askedMs + 500)
  coordinator.close()
})

test('the beginning of a transaction is told until its producer comes anew', async () => {
  const { log, clock, coordinator } = await setup()
  const beganMs = clock.nowMs()
  const transaction = await begun(coordinator)
  await passes(clock, 700)
  await coordinator.endTransaction('tx', transaction)
  await allHaveRun()
  await coordinator.initProducerId('tx', { timeoutMs: 1000, expected: null })
  assert.deepEqual(
    log.of('tx').map(({ state, startMs, lastUpdateMs }) => [state, startMs - beganMs, lastUpdateMs - beganMs]),
    [
      ['Empty', -1 - beganMs, 0],
      ['Ongoing', 0, 0],
      ['PrepareCommit', 0, 700],
      ['CompleteCommit', 0, 700],
      ['Empty', -1 - beganMs, 700]
    ]
  )
  coordinator.close()
})

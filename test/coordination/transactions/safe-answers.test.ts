/** No answer of a transaction coordinator rests on what a power cut could take back, or on what its log does not say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TransactionCoordinator } from '../../../src/coordination/transactions/transaction-coordinator.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { isPending } from '../groups/setup.ts'
import { allHaveRun, begun, partitionsOf, setup, stateOf, timeoutMs } from './setup.ts'

const { NONE, NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS } = ErrorCode
const initial = { timeoutMs, expected: null }
type Begun = Awaited<ReturnType<typeof begun>>

/** Everything that may be asked; each of it rests on the transaction having grown by `mail-0`. */
const questions: Record<string, (of: TransactionCoordinator, transaction: Begun) => Promise<unknown>> = {
  'adding what is there': (of, transaction) =>
    of.addPartitions('tx', { ...transaction, partitions: partitionsOf('mail') }).then(({ errorCode }) => errorCode),
  'whether a partition is part of it': (of, transaction) =>
    of.verifyPartitions('tx', transaction).then((told) => (told.kind === 'verified' ? NONE : told.errorCode)),
  'what the transaction is': (of) => of.describe('tx').then(({ errorCode }) => errorCode),
  'whether all is safe': (of) => of.isSettled().then((isSettled) => (isSettled ? NONE : 'not settled'))
}

async function growing() {
  const { coordinator, log } = await setup()
  const transaction = await begun(coordinator)
  log.holdSyncs()
  void coordinator.addPartitions('tx', { ...transaction, partitions: partitionsOf('mail') })
  return { coordinator, log, transaction }
}

for (const [what, ask] of Object.entries(questions)) {
  test(`${what} is answered when what it rests on is safe`, async () => {
    const { coordinator, log, transaction } = await growing()
    const asked = ask(coordinator, transaction)
    assert.equal(await isPending(asked), true)
    log.releaseSyncs()
    assert.equal(await asked, NONE)
    coordinator.close()
  })

  test(`${what} is answered by another coordinator when it cannot be made safe here, and later where that takes long`, async () => {
    const { coordinator, log, transaction } = await growing()
    log.isSlow = true
    const isSettled = what === 'whether all is safe'
    assert.equal(await ask(coordinator, transaction), isSettled ? 'not settled' : COORDINATOR_NOT_AVAILABLE)
    log.isSlow = false
    log.releaseSyncs()
    log.hasLostSyncs = true
    const lost = isSettled ? 'not settled' : NOT_COORDINATOR
    assert.equal(await ask(coordinator, transaction), lost)
    // For good: what the log says now is for its next reader to find out.
    log.hasLostSyncs = false
    assert.equal(await ask(coordinator, transaction), lost)
  })
}

test('what the disk has no room for has not happened', async () => {
  const { coordinator, log } = await setup()
  const transaction = await begun(coordinator)
  log.isFull = true
  const grown = { ...transaction, partitions: partitionsOf('mail') }
  assert.equal((await coordinator.addPartitions('tx', grown)).errorCode, NOT_COORDINATOR)
  assert.equal((await coordinator.endTransaction('tx', transaction)).errorCode, NOT_COORDINATOR)
  assert.equal((await coordinator.initProducerId('new', initial)).errorCode, NOT_COORDINATOR)
  log.isFull = false
  assert.equal(await stateOf(coordinator), 'Ongoing')
  assert.equal(coordinator.size, 1)
  assert.equal((await coordinator.endTransaction('tx', transaction)).errorCode, NONE)
  await allHaveRun()
  assert.equal(await stateOf(coordinator), 'CompleteCommit')
  coordinator.close()
})

test('while no producer id can be had the producer is told to come again, and nothing is written', async () => {
  const { coordinator, ids, log } = await setup()
  ids.areThere = false
  assert.equal((await coordinator.initProducerId('tx', initial)).errorCode, COORDINATOR_LOAD_IN_PROGRESS)
  assert.deepEqual([log.records, coordinator.size], [[], 0])
  ids.areThere = true
  assert.equal((await coordinator.initProducerId('tx', initial)).errorCode, NONE)
  coordinator.close()
})

test('of two producers that take a new id at the same time the later one has it, and the other is fenced', async () => {
  const { coordinator } = await setup()
  const [one, other] = await Promise.all([
    coordinator.initProducerId('tx', initial),
    coordinator.initProducerId('tx', initial)
  ])
  assert.deepEqual([one.producerId, one.producerEpoch], [100, 0])
  assert.deepEqual([other.producerId, other.producerEpoch], [100, 1])
  const partitions = partitionsOf('orders')
  const added = await coordinator.addPartitions('tx', { ...one, partitions, clientVersion: 2 })
  assert.equal(added.errorCode, ErrorCode.PRODUCER_FENCED)
  coordinator.close()
})

/** The end of a transaction after it was decided: markers when that is safe, again until every partition has its own, by whoever looks after it now. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Completions, type Ending } from '../../../src/coordination/transactions/completions.ts'
import { noPartitions, type PartitionsByTopic } from '../../../src/coordination/transactions/state.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { limits } from '../../../src/limits.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { isPending } from '../groups/setup.ts'
import { allHaveRun, begun, partitionsOf, passes, setup, stateOf, TransactionLog } from './setup.ts'

const { NONE, NOT_COORDINATOR, CONCURRENT_TRANSACTIONS, COORDINATOR_NOT_AVAILABLE } = ErrorCode
const never = () => new Promise<never>(() => {})

test('no marker is written before the decision is safe: a crash would take the decision back, and leave the marker', async () => {
  const { log, partitions, coordinator } = await setup()
  const transaction = await begun(coordinator)
  log.holdSyncs()
  const ended = coordinator.endTransaction('tx', transaction)
  assert.equal(await isPending(ended), true)
  assert.deepEqual(partitions.asked, [])
  log.releaseSyncs()
  assert.equal((await ended).errorCode, NONE)
  await allHaveRun()
  assert.deepEqual(
    partitions.asked.map(({ partitions }) => partitions),
    [['orders-0', 'bills-0']]
  )
  assert.equal(await stateOf(coordinator), 'CompleteCommit')
  coordinator.close()
})

test('a decision whose sync takes too long gets its markers when it is safe', async () => {
  const { log, clock, partitions, coordinator } = await setup()
  const transaction = await begun(coordinator)
  log.isSlow = true
  assert.equal((await coordinator.endTransaction('tx', transaction)).errorCode, COORDINATOR_NOT_AVAILABLE)
  await passes(clock, limits.markersAgainMs)
  assert.deepEqual(partitions.asked, [])
  log.isSlow = false
  await passes(clock, limits.markersAgainMs)
  assert.equal(partitions.asked.length, 1)
  assert.equal(await stateOf(coordinator), 'CompleteCommit')
  coordinator.close()
})

test('a decision that could not be made safe gets no marker here: whoever looks after it next knows what the log says', async () => {
  const { log, clock, partitions, coordinator } = await setup()
  const transaction = await begun(coordinator)
  log.hasLostSyncs = true
  assert.equal((await coordinator.endTransaction('tx', transaction)).errorCode, NOT_COORDINATOR)
  log.hasLostSyncs = false
  await passes(clock, 10 * limits.markersAgainMs)
  assert.deepEqual(partitions.asked, [])
  assert.equal(coordinator.isClosed, true)
})

test('partitions that took no marker are asked again, and no others, with a pause between', async () => {
  const { clock, partitions, coordinator } = await setup()
  const transaction = await begun(coordinator)
  // A third time at once is one too many: it is not answered, so that it does not go on for ever.
  partitions.answer = async () => (partitions.asked.length > 2 ? never() : partitionsOf('bills'))
  await coordinator.endTransaction('tx', transaction)
  await allHaveRun()
  const asked = () => partitions.asked.map(({ partitions }) => partitions.join(' '))
  assert.deepEqual(asked(), ['orders-0 bills-0'])
  await passes(clock, limits.markersAgainMs - 1)
  assert.equal(asked().length, 1)
  await passes(clock, 1)
  assert.deepEqual(asked(), ['orders-0 bills-0', 'bills-0'])
  assert.equal(await stateOf(coordinator), 'PrepareCommit')
  partitions.answer = async () => noPartitions
  await passes(clock, limits.markersAgainMs)
  assert.deepEqual(asked().slice(2), ['bills-0'])
  assert.equal(await stateOf(coordinator), 'CompleteCommit')
  coordinator.close()
})

test('a coordinator that hears of its successor writes no more markers, and does not say that they are written', async () => {
  const { log, clock, partitions, coordinator } = await setup()
  const transaction = await begun(coordinator)
  partitions.answer = async () => (partitions.asked.length > 1 ? never() : 'fenced')
  await coordinator.endTransaction('tx', transaction)
  await allHaveRun()
  await passes(clock, 10 * limits.markersAgainMs)
  assert.equal(partitions.asked.length, 1)
  assert.equal(log.of('tx').at(-1)?.state, 'PrepareCommit')
  coordinator.close()
})

test('where the disk refuses that the markers are written, they are not written again, and it is told when there is room', async () => {
  const { log, clock, partitions, coordinator } = await setup()
  const transaction = await begun(coordinator)
  partitions.answer = async () => {
    log.isFull = true
    return noPartitions
  }
  assert.equal((await coordinator.endTransaction('tx', transaction)).errorCode, NONE)
  await passes(clock, 3 * limits.markersAgainMs)
  assert.equal(await stateOf(coordinator), 'PrepareCommit')
  log.isFull = false
  await passes(clock, limits.markersAgainMs)
  assert.equal(await stateOf(coordinator), 'CompleteCommit')
  assert.equal(partitions.asked.length, 1)
  coordinator.close()
})

test('who takes over writes the markers of what was decided, in its own epoch', async () => {
  const log = new TransactionLog()
  const before = await setup({ log })
  before.partitions.answer = never
  await before.coordinator.endTransaction('tx', await begun(before.coordinator))
  before.coordinator.close()
  const { partitions, coordinator } = await setup({ log, coordinatorEpoch: 4 })
  await allHaveRun()
  assert.deepEqual(
    partitions.asked.map(({ marker }) => marker),
    [{ producerId: 100, producerEpoch: 1, coordinatorEpoch: 4, outcome: 'commit', transactionVersion: 2 }]
  )
  assert.equal(await stateOf(coordinator), 'CompleteCommit')
  coordinator.close()
})

test('who begins the next transaction meanwhile waits for the end of the one before, and not for ever', async () => {
  const { clock, partitions, coordinator } = await setup()
  const transaction = await begun(coordinator, 'tx', 1)
  let letGo: (left: PartitionsByTopic) => void = () => assert.fail('nobody was asked')
  partitions.answer = () =>
    new Promise((resolve) => {
      letGo = resolve
    })
  await coordinator.endTransaction('tx', transaction)
  const tooEarly = coordinator.addPartitions('tx', transaction)
  assert.equal(await isPending(tooEarly), true)
  await passes(clock, limits.transactionEndWaitMs)
  assert.equal((await tooEarly).errorCode, CONCURRENT_TRANSACTIONS)
  const next = coordinator.addPartitions('tx', transaction)
  assert.equal(await isPending(next), true)
  letGo(noPartitions)
  assert.equal((await next).errorCode, NONE)
  assert.equal(await stateOf(coordinator), 'Ongoing')
  coordinator.close()
})

test('who waits for an end is told when the coordinator closes, and no timer is left', async () => {
  const { clock, partitions, coordinator } = await setup()
  const transaction = await begun(coordinator)
  partitions.answer = never
  const { producerEpoch } = await coordinator.endTransaction('tx', transaction)
  const waiting = coordinator.addPartitions('tx', { ...transaction, producerEpoch })
  assert.equal(await isPending(waiting), true)
  coordinator.close()
  assert.equal((await waiting).errorCode, NOT_COORDINATOR)
  assert.equal(clock.waiting, 0)
})

/** Completions alone: what ends is a set of names. */
function completionsOf(
  write: (producerId: number) => Promise<PartitionsByTopic | 'fenced'>,
  onCompleted: (count: number) => void = () => {}
) {
  const ending = new Map<string, Ending>()
  const [completed, mistakes]: [string[], unknown[]] = [[], []]
  const completions = new Completions({
    clock: new ManualClock(),
    write: (marker) => write(marker.producerId),
    ending: (transactionalId) => ending.get(transactionalId) ?? null,
    safe: async () => true,
    complete: (transactionalId) => {
      onCompleted(completed.push(transactionalId))
      return ending.delete(transactionalId)
    },
    onMistake: (error) => mistakes.push(error)
  })
  const begin = (producerId: number) => {
    const marker = {
      producerId,
      producerEpoch: 0,
      coordinatorEpoch: 0,
      outcome: 'abort',
      transactionVersion: 2
    } as const
    ending.set(`tx ${producerId}`, { marker, partitions: partitionsOf('orders') })
    completions.begin(`tx ${producerId}`)
  }
  return { completions, completed, mistakes, begin }
}

test('a transaction that is ended in the moment in which the one before has its markers ends as well', async () => {
  const written: number[] = []
  const { completed, completions, begin } = completionsOf(
    async (producerId) => {
      written.push(producerId)
      return noPartitions
    },
    // A request that comes before it is noted that this end is done.
    (count) => count === 1 && queueMicrotask(() => begin(1))
  )
  begin(1)
  await allHaveRun()
  assert.deepEqual(
    [written, completed],
    [
      [1, 1],
      ['tx 1', 'tx 1']
    ]
  )
  completions.close()
})

test('so many end at a time; the others follow, also when one of the first comes to a mistake of ours', async () => {
  const written: number[] = []
  let failFirst: (mistake: Error) => void = () => assert.fail('it was not begun')
  const { completed, completions, mistakes, begin } = completionsOf((producerId) => {
    written.push(producerId)
    if (producerId !== 0) return never()
    return new Promise((_, reject) => {
      failFirst = reject
    })
  })
  for (let producerId = 0; producerId < limits.endingTransactions + 2; producerId += 1) begin(producerId)
  await allHaveRun()
  assert.equal(written.length, limits.endingTransactions)
  const mistake = new Error('a mistake')
  failFirst(mistake)
  await allHaveRun()
  assert.deepEqual(written.slice(limits.endingTransactions), [limits.endingTransactions])
  assert.deepEqual([mistakes, completed], [[mistake], []])
  completions.close()
})

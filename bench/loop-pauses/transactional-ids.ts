/** As many transactional ids as one coordinator takes: they begin, their transactions run out of time together, they are listed, loaded, and expire. */
import { setTimeout as wait } from 'node:timers/promises'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { AddPartitionsToTxnRequest } from '../../src/protocol/generated/api/add-partitions-to-txn-request.ts'
import { AddPartitionsToTxnResponse } from '../../src/protocol/generated/api/add-partitions-to-txn-response.ts'
import { CreateTopicsRequest } from '../../src/protocol/generated/api/create-topics-request.ts'
import { FindCoordinatorRequest } from '../../src/protocol/generated/api/find-coordinator-request.ts'
import { InitProducerIdRequest } from '../../src/protocol/generated/api/init-producer-id-request.ts'
import { InitProducerIdResponse } from '../../src/protocol/generated/api/init-producer-id-response.ts'
import { ListTransactionsRequest } from '../../src/protocol/generated/api/list-transactions-request.ts'
import { ListTransactionsResponse } from '../../src/protocol/generated/api/list-transactions-response.ts'
import { Engine, type EngineClient } from './engine.ts'
import { heapBytes } from './heap.ts'
import type { Pauses } from './jobs.ts'
import { watching } from './watched-loop.ts'

const topic = 'orders'
const atOnce = 100
const patienceMs = 300_000
const transactionTimeoutMs = 1000

/** One coordinator for all. At first none is aborted, then all at once. */
const oneCoordinator = { 'transaction.state.log.num.partitions': '1' }
const neverAborted = { ...oneCoordinator, 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '3600000' }
const soonAborted = { ...oneCoordinator, 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000' }
const soonExpired = {
  ...oneCoordinator,
  'transactional.id.expiration.ms': '1',
  'transaction.remove.expired.transaction.cleanup.interval.ms': '1000'
}

export interface TransactionalIdJobs {
  readonly pauses: Pauses
  /** Of the heap, once all of them have begun a transaction; collected garbage does not count where it can be collected. */
  readonly bytesPerId: number
}

export async function transactionalIdJobs(directory: string, ids: number): Promise<TransactionalIdJobs> {
  const pauses: Pauses = {}
  // Beside the one by which it is seen that the coordinator is there.
  const producers = ids - 1
  const first = await Engine.start(directory, neverAborted)
  const wanted = [{ name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }]
  await first.prepared(CreateTopicsRequest, 5, { topics: wanted, timeoutMs: 60_000, validateOnly: false })()
  await untilCoordinated(first)
  const before = heapBytes()
  pauses['begin transactions'] = await watching(() => beginAll(first, producers))
  const bytesPerId = (heapBytes() - before) / ids
  const everything = { stateFilters: [], producerIdFilters: [] }
  pauses['list transactions'] = await watching(first.prepared(ListTransactionsRequest, 0, everything))
  await first.stop()

  const second = await Engine.start(directory, soonAborted)
  pauses['load transactions'] = await watching(() => untilCoordinated(second))
  pauses['abort timed out'] = await watching(() =>
    until(async () => (await countIn(second, 'CompleteAbort')) >= producers)
  )
  await second.stop()

  const third = await Engine.start(directory, soonExpired)
  await untilCoordinated(third)
  pauses['expire transactional ids'] = await watching(() => until(async () => (await countIn(third)) === 0))
  await third.stop()
  return { pauses, bytesPerId }
}

async function beginAll(engine: Engine, ids: number): Promise<void> {
  let next = 0
  const beginSome = async (): Promise<void> => {
    const client = engine.connect()
    for (let index = next++; index < ids; index = next++) await begin(client, `producer-${index}`)
  }
  await Promise.all(Array.from({ length: atOnce }, beginSome))
}

async function begin(client: EngineClient, transactionalId: string): Promise<void> {
  const { producerId, producerEpoch } = await initialized(client, transactionalId)
  await client.ask(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, 3, {
    ...{ v3AndBelowTransactionalId: transactionalId, v3AndBelowProducerId: producerId },
    ...{ v3AndBelowProducerEpoch: producerEpoch, v3AndBelowTopics: [{ name: topic, partitions: [0] }] }
  })
}

async function initialized(client: EngineClient, transactionalId: string) {
  const request = { transactionalId, transactionTimeoutMs, producerId: -1, producerEpoch: -1 }
  return await client.ask(InitProducerIdRequest, InitProducerIdResponse, 4, request)
}

async function untilCoordinated(engine: Engine): Promise<void> {
  await engine.prepared(FindCoordinatorRequest, 3, { key: 'the first', keyType: 1 })()
  const client = engine.connect()
  await until(async () => (await initialized(client, 'the first')).errorCode === ErrorCode.NONE)
}

/** How many transactions are in this state, or in any. */
async function countIn(engine: Engine, state?: string): Promise<number> {
  const stateFilters = state === undefined ? [] : [state]
  const request = { stateFilters, producerIdFilters: [] }
  const { transactionStates } = await engine.ask(ListTransactionsRequest, ListTransactionsResponse, 0, request)
  return transactionStates.length
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('it never holds')
    await wait(100)
  }
}

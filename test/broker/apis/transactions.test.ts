/** Transactions through a broker's APIs, of both versions, as clients drive them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../../src/broker/broker.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { AddOffsetsToTxnRequest } from '../../../src/protocol/generated/api/add-offsets-to-txn-request.ts'
import { AddOffsetsToTxnResponse } from '../../../src/protocol/generated/api/add-offsets-to-txn-response.ts'
import { AddPartitionsToTxnRequest } from '../../../src/protocol/generated/api/add-partitions-to-txn-request.ts'
import { AddPartitionsToTxnResponse } from '../../../src/protocol/generated/api/add-partitions-to-txn-response.ts'
import { DescribeTransactionsRequest } from '../../../src/protocol/generated/api/describe-transactions-request.ts'
import { DescribeTransactionsResponse } from '../../../src/protocol/generated/api/describe-transactions-response.ts'
import { EndTxnRequest } from '../../../src/protocol/generated/api/end-txn-request.ts'
import { EndTxnResponse } from '../../../src/protocol/generated/api/end-txn-response.ts'
import { FindCoordinatorRequest } from '../../../src/protocol/generated/api/find-coordinator-request.ts'
import { FindCoordinatorResponse } from '../../../src/protocol/generated/api/find-coordinator-response.ts'
import { InitProducerIdRequest } from '../../../src/protocol/generated/api/init-producer-id-request.ts'
import { InitProducerIdResponse } from '../../../src/protocol/generated/api/init-producer-id-response.ts'
import { ListTransactionsRequest } from '../../../src/protocol/generated/api/list-transactions-request.ts'
import { ListTransactionsResponse } from '../../../src/protocol/generated/api/list-transactions-response.ts'
import { OffsetFetchRequest } from '../../../src/protocol/generated/api/offset-fetch-request.ts'
import { OffsetFetchResponse } from '../../../src/protocol/generated/api/offset-fetch-response.ts'
import { TxnOffsetCommitRequest } from '../../../src/protocol/generated/api/txn-offset-commit-request.ts'
import { TxnOffsetCommitResponse } from '../../../src/protocol/generated/api/txn-offset-commit-response.ts'
import { batchOf, clockOf, createTopic, produce } from './records-setup.ts'
import { ask, startBroker } from './setup.ts'

const { NONE, PRODUCER_FENCED, INVALID_TXN_STATE, INVALID_PRODUCER_EPOCH, CONCURRENT_TRANSACTIONS } = ErrorCode
const transactionalId = 'tx'

interface Producer {
  readonly producerId: number
  readonly producerEpoch: number
}

async function start(): Promise<Broker> {
  const broker = await startBroker()
  await createTopic(broker, 't1')
  const found = await ask(broker, FindCoordinatorRequest, FindCoordinatorResponse, 4, {
    ...{ key: '', keyType: 1, coordinatorKeys: [transactionalId] }
  })
  assert.equal(found.coordinators[0]?.errorCode, NONE)
  return broker
}

const nobody: Producer = { producerId: -1, producerEpoch: -1 }

function init(broker: Broker, expected = nobody, transactionTimeoutMs = 60_000) {
  const request = { transactionalId, transactionTimeoutMs, ...expected }
  return ask(broker, InitProducerIdRequest, InitProducerIdResponse, 5, request)
}

function end(broker: Broker, { producerId, producerEpoch }: Producer, committed: boolean, version = 5) {
  const request = { transactionalId, producerId, producerEpoch, committed }
  return ask(broker, EndTxnRequest, EndTxnResponse, version, request)
}

async function add(broker: Broker, { producerId, producerEpoch }: Producer): Promise<number | undefined> {
  const answer = await ask(broker, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, 3, {
    transactions: [],
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: [{ name: 't1', partitions: [0] }]
  })
  return answer.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode
}

async function write(
  broker: Broker,
  { producerId, producerEpoch }: Producer,
  { baseSequence = 0, version = 12 } = {}
): Promise<number> {
  const records = batchOf(['a'], { producerId, producerEpoch, baseSequence, isTransactional: true })
  return (await produce(broker, { records, transactionalId }, version)).errorCode
}

async function stateOf(broker: Broker): Promise<string | undefined> {
  const answer = await ask(broker, DescribeTransactionsRequest, DescribeTransactionsResponse, 0, {
    transactionalIds: [transactionalId]
  })
  return answer.transactionStates[0]?.transactionState
}

/** Until its markers are written. */
async function ended(broker: Broker): Promise<string | undefined> {
  for (let turns = 0; turns < 100; turns++) {
    const state = await stateOf(broker)
    if (state?.startsWith('Complete')) return state
    await new Promise((resolve) => setImmediate(resolve))
  }
  return undefined
}

test('a transaction of the first version: its partitions are added, and its producer keeps its epoch', async () => {
  const broker = await start()
  const producer = await init(broker)
  assert.deepEqual([producer.errorCode, producer.producerEpoch], [NONE, 0])
  assert.equal(await write(broker, producer, { version: 11 }), ErrorCode.TRANSACTION_ABORTABLE)
  assert.equal(await write(broker, producer, { version: 9 }), INVALID_TXN_STATE)
  assert.equal(await add(broker, producer), NONE)
  assert.equal(await write(broker, producer, { version: 11 }), NONE)
  assert.equal(await stateOf(broker), 'Ongoing')
  assert.equal(broker.replica('t1', 0)?.lastStableOffset, 0)
  assert.equal((await end(broker, producer, true, 4)).errorCode, NONE)
  assert.equal(await ended(broker), 'CompleteCommit')
  assert.equal(broker.replica('t1', 0)?.lastStableOffset, 2)
  assert.equal((await end(broker, producer, true, 4)).errorCode, NONE)
  assert.equal((await end(broker, producer, false, 4)).errorCode, INVALID_TXN_STATE)
  await broker.stop()
})

test('a transaction of the second version: writing begins it, and its end gives the producer the next epoch', async () => {
  const broker = await start()
  const producer = await init(broker)
  assert.equal(await write(broker, producer), NONE)
  assert.equal(await write(broker, producer, { baseSequence: 1 }), NONE)
  const next = await end(broker, producer, false)
  assert.deepEqual([next.errorCode, next.producerId, next.producerEpoch], [NONE, producer.producerId, 1])
  assert.equal(await ended(broker), 'CompleteAbort')
  // The answer was lost: it is given again.
  assert.deepEqual(await end(broker, producer, false), next)
  assert.equal(await write(broker, producer, { baseSequence: 2 }), INVALID_PRODUCER_EPOCH)
  assert.equal(await write(broker, next, { baseSequence: 0 }), NONE)
  assert.equal((await end(broker, producer, true)).errorCode, PRODUCER_FENCED)
  await broker.stop()
})

test('who takes the transactional id fences who had it, and its transaction is aborted first', async () => {
  const broker = await start()
  const before = await init(broker)
  assert.equal(await write(broker, before), NONE)
  assert.equal((await init(broker)).errorCode, CONCURRENT_TRANSACTIONS)
  assert.equal(await ended(broker), 'CompleteAbort')
  const after = await init(broker)
  assert.deepEqual([after.errorCode, after.producerId, after.producerEpoch], [NONE, before.producerId, 2])
  assert.equal(await write(broker, before, { baseSequence: 1 }), INVALID_PRODUCER_EPOCH)
  assert.equal((await end(broker, before, true)).errorCode, PRODUCER_FENCED)
  assert.equal(await write(broker, after), NONE)
  await broker.stop()
})

test('a transaction that lasts too long is aborted', async () => {
  const broker = await start()
  const producer = await init(broker, nobody, 5000)
  assert.equal(await write(broker, producer), NONE)
  clockOf(broker).advance(10_001)
  assert.equal(await ended(broker), 'CompleteAbort')
  assert.equal(broker.replica('t1', 0)?.lastStableOffset, 2)
  await broker.stop()
})

for (const version of [3, 5]) {
  test(`offsets of a group count with their transaction: TxnOffsetCommit ${version}`, async () => {
    const broker = await start()
    assert.ok(await broker.ensureGroupCoordinators())
    const producer = await init(broker)
    const { producerId, producerEpoch } = producer
    const within = { transactionalId, groupId: 'g', producerId, producerEpoch }
    if (version === 3) {
      const added = await ask(broker, AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, 3, within)
      assert.equal(added.errorCode, NONE)
    }
    const partition = { partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: -1, committedMetadata: '' }
    const committed = await ask(broker, TxnOffsetCommitRequest, TxnOffsetCommitResponse, version, {
      ...{ ...within, generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null },
      topics: [{ name: 't1', partitions: [partition] }]
    })
    assert.equal(committed.topics[0]?.partitions[0]?.errorCode, NONE)
    assert.deepEqual(await offset(broker), [-1, ErrorCode.UNSTABLE_OFFSET_COMMIT])
    assert.equal((await end(broker, producer, true, version)).errorCode, NONE)
    assert.equal(await ended(broker), 'CompleteCommit')
    assert.deepEqual(await offset(broker), [5, NONE])
    await broker.stop()
  })
}

async function offset(broker: Broker): Promise<readonly (number | undefined)[]> {
  const asked = { groupId: 'g', topics: [{ name: 't1', partitionIndexes: [0] }] }
  const answer = await ask(broker, OffsetFetchRequest, OffsetFetchResponse, 7, {
    ...asked,
    groups: [],
    requireStable: true
  })
  const [partition] = answer.topics[0]?.partitions ?? []
  return [partition?.committedOffset, partition?.errorCode]
}

test('transactions are listed by their states, producers and age', async () => {
  const broker = await start()
  const producer = await init(broker)
  assert.equal(await write(broker, producer), NONE)
  const list = async (filter: { states?: string[]; producerIds?: number[]; durationMs?: number }) => {
    const { states: stateFilters = [], producerIds: producerIdFilters = [], durationMs: durationFilter = -1 } = filter
    const request = { stateFilters, producerIdFilters, durationFilter, transactionalIdPattern: null }
    const answer = await ask(broker, ListTransactionsRequest, ListTransactionsResponse, 2, request)
    return [...answer.unknownStateFilters, ...answer.transactionStates.map((state) => state.transactionalId)]
  }
  assert.deepEqual(await list({}), ['tx'])
  assert.deepEqual(await list({ states: ['Ongoing', 'Unheard'] }), ['Unheard', 'tx'])
  assert.deepEqual(await list({ states: ['Unheard'] }), ['Unheard'])
  assert.deepEqual(await list({ states: ['Empty'] }), [])
  assert.deepEqual(await list({ producerIds: [producer.producerId] }), ['tx'])
  assert.deepEqual(await list({ producerIds: [producer.producerId + 1] }), [])
  assert.deepEqual(await list({ durationMs: 1000 }), [])
  clockOf(broker).advance(1001)
  assert.deepEqual(await list({ durationMs: 1000 }), ['tx'])
  await broker.stop()
})

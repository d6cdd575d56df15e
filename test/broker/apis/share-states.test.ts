/** The states of share partitions through the APIs of their coordinator: the answers are those of Apache Kafka 4.4.0. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Broker } from '../../../src/broker/broker.ts'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import { limits } from '../../../src/limits.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { DeleteShareGroupStateRequest } from '../../../src/protocol/generated/api/delete-share-group-state-request.ts'
import { DeleteShareGroupStateResponse } from '../../../src/protocol/generated/api/delete-share-group-state-response.ts'
import { DeleteTopicsRequest } from '../../../src/protocol/generated/api/delete-topics-request.ts'
import { DeleteTopicsResponse } from '../../../src/protocol/generated/api/delete-topics-response.ts'
import { FindCoordinatorRequest } from '../../../src/protocol/generated/api/find-coordinator-request.ts'
import { FindCoordinatorResponse } from '../../../src/protocol/generated/api/find-coordinator-response.ts'
import { InitializeShareGroupStateRequest } from '../../../src/protocol/generated/api/initialize-share-group-state-request.ts'
import { InitializeShareGroupStateResponse } from '../../../src/protocol/generated/api/initialize-share-group-state-response.ts'
import { ReadShareGroupStateRequest } from '../../../src/protocol/generated/api/read-share-group-state-request.ts'
import { ReadShareGroupStateResponse } from '../../../src/protocol/generated/api/read-share-group-state-response.ts'
import { ReadShareGroupStateSummaryRequest } from '../../../src/protocol/generated/api/read-share-group-state-summary-request.ts'
import { ReadShareGroupStateSummaryResponse } from '../../../src/protocol/generated/api/read-share-group-state-summary-response.ts'
import { WriteShareGroupStateRequest } from '../../../src/protocol/generated/api/write-share-group-state-request.ts'
import { WriteShareGroupStateResponse } from '../../../src/protocol/generated/api/write-share-group-state-response.ts'
import { ZERO_UUID } from '../../../src/protocol/primitives.ts'
import { batchOf, clockOf, createTopic, idOf, produce } from './records-setup.ts'
import { ask, startBroker } from './setup.ts'

const { NONE, INVALID_REQUEST, UNKNOWN_TOPIC_OR_PARTITION, NOT_COORDINATOR, FENCED_STATE_EPOCH } = ErrorCode
const stateTopic = '__share_group_state'
const strangeId = 'A5arCOG3TmivizyiD_4qDA'

const onePartition = { 'share.coordinator.state.topic.num.partitions': '1' }

async function find(broker: Broker, key: string, version = 6) {
  const body = { key: '', keyType: 2, coordinatorKeys: [key] }
  return (await ask(broker, FindCoordinatorRequest, FindCoordinatorResponse, version, body)).coordinators[0]
}

async function start(
  config: Readonly<Record<string, string>> = onePartition,
  disk = new MemoryDisk()
): Promise<Broker> {
  const broker = await startBroker(config, disk)
  await createTopic(broker, 't1')
  assert.equal((await find(broker, `g:${idOf(broker, 't1')}:0`))?.errorCode, NONE)
  return broker
}

type Topics<Partition> = readonly { readonly topicId: string; readonly partitions: readonly Partition[] }[]
type Beginning = { readonly partition: number; readonly stateEpoch: number; readonly startOffset: number }

function initialize(broker: Broker, topics: Topics<Beginning>, groupId = 'g') {
  const body = { groupId, topics }
  return ask(broker, InitializeShareGroupStateRequest, InitializeShareGroupStateResponse, 0, body)
}

function beginning(partition: number, stateEpoch = 1, startOffset = 0): Beginning {
  return { partition, stateEpoch, startOffset }
}

async function read(broker: Broker, leaderEpoch: number, topicId = idOf(broker, 't1')) {
  const body = { groupId: 'g', topics: [{ topicId, partitions: [{ partition: 0, leaderEpoch }] }] }
  const { results } = await ask(broker, ReadShareGroupStateRequest, ReadShareGroupStateResponse, 0, body)
  return results[0]?.partitions[0]
}

async function write(broker: Broker, startOffset: number, firstOffset: number, version = 1) {
  const batch = { firstOffset, lastOffset: firstOffset, deliveryState: 2, deliveryCount: 1 }
  const epochs = { partition: 0, stateEpoch: 1, leaderEpoch: 1 }
  const partitions = [{ ...epochs, startOffset, deliveryCompleteCount: 1, stateBatches: [batch] }]
  const body = { groupId: 'g', topics: [{ topicId: idOf(broker, 't1'), partitions }] }
  const { results } = await ask(broker, WriteShareGroupStateRequest, WriteShareGroupStateResponse, version, body)
  return results[0]?.partitions[0]?.errorCode
}

async function summary(broker: Broker, version: number, partition = 0) {
  const topics = [{ topicId: idOf(broker, 't1'), partitions: [{ partition, leaderEpoch: 0 }] }]
  const body = { groupId: 'g', topics }
  const { results } = await ask(
    ...([broker, ReadShareGroupStateSummaryRequest, ReadShareGroupStateSummaryResponse, version, body] as const)
  )
  return results[0]?.partitions[0]
}

async function remove(broker: Broker, partition = 0) {
  const body = { groupId: 'g', topics: [{ topicId: idOf(broker, 't1'), partitions: [{ partition }] }] }
  const { results } = await ask(broker, DeleteShareGroupStateRequest, DeleteShareGroupStateResponse, 0, body)
  return results[0]?.partitions[0]?.errorCode
}

const logOf = (broker: Broker) => broker.replica(stateTopic, 0)?.log ?? assert.fail('there is no log')

/** Lets timers and what they begin come to their end. */
async function pass(broker: Broker, ms: number): Promise<void> {
  clockOf(broker).advance(ms)
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
}

test('a share partition is initialized, read, written, told, and forgotten', async () => {
  const broker = await start()
  const topicId = idOf(broker, 't1')
  assert.deepEqual((await initialize(broker, [{ topicId, partitions: [beginning(0)] }])).results, [
    { topicId, partitions: [{ partition: 0, errorCode: NONE, errorMessage: null }] }
  ])
  const fresh = { partition: 0, errorCode: NONE, errorMessage: null, stateEpoch: 1, startOffset: 0, stateBatches: [] }
  assert.deepEqual(await read(broker, 1), fresh)
  assert.equal(await write(broker, 5, 7), NONE)
  const batch = { firstOffset: 7, lastOffset: 7, deliveryState: 2, deliveryCount: 1 }
  assert.deepEqual(await read(broker, 1), { ...fresh, startOffset: 5, stateBatches: [batch] })
  const told = { partition: 0, errorCode: NONE, errorMessage: null, stateEpoch: 1, leaderEpoch: 1, startOffset: 5 }
  assert.deepEqual(await summary(broker, 1), { ...told, deliveryCompleteCount: 1 })
  assert.deepEqual(await summary(broker, 0), { ...told, deliveryCompleteCount: -1 })
  assert.equal(await write(broker, 6, 8, 0), NONE)
  assert.equal((await summary(broker, 1))?.deliveryCompleteCount, -1, 'a writer of version 0 does not know')
  assert.equal(await remove(broker), NONE)
  assert.equal(await remove(broker), NONE)
  assert.equal((await read(broker, 1))?.errorCode, INVALID_REQUEST)
  assert.equal((await summary(broker, 1))?.startOffset, -1)
  await broker.stop()
})

test('partitions of a topic come together, each once: the last that is asked of one is answered', async () => {
  const broker = await start()
  const topicId = idOf(broker, 't1')
  const answer = await initialize(broker, [
    { topicId, partitions: [beginning(0), beginning(0, 2), beginning(0, 1)] },
    { topicId: strangeId, partitions: [] },
    { topicId, partitions: [beginning(1), beginning(-1), beginning(5)] },
    { topicId: strangeId, partitions: [beginning(0)] }
  ])
  const codes = answer.results.map((topic) => [
    topic.topicId,
    topic.partitions.map(({ partition, errorCode }) => [partition, errorCode])
  ])
  const ofTopic = [
    [0, FENCED_STATE_EPOCH],
    [1, NONE],
    [-1, INVALID_REQUEST],
    [5, UNKNOWN_TOPIC_OR_PARTITION]
  ]
  assert.deepEqual(codes, [
    [topicId, ofTopic],
    [strangeId, [[0, UNKNOWN_TOPIC_OR_PARTITION]]]
  ])
  assert.equal((await read(broker, 1))?.stateEpoch, 2)
  await broker.stop()
})

test('of no group nothing is answered, and nothing done', async () => {
  const broker = await start()
  const partitions = [beginning(0)]
  assert.deepEqual(await initialize(broker, [{ topicId: idOf(broker, 't1'), partitions }], ''), { results: [] })
  assert.equal(logOf(broker).logEndOffset, 0)
  await broker.stop()
})

test('who asks before there is a share coordinator hears that this is not the one', async () => {
  const broker = await startBroker()
  await createTopic(broker, 't1')
  const topicId = idOf(broker, 't1')
  const [initialized] = (await initialize(broker, [{ topicId, partitions: [beginning(0)] }])).results
  assert.deepEqual(initialized?.partitions, [
    {
      partition: 0,
      errorCode: NOT_COORDINATOR,
      errorMessage: 'Unable to initialize share group state: This is not the correct coordinator.'
    }
  ])
  const { errorCode, errorMessage, startOffset } = (await summary(broker, 1)) ?? {}
  assert.deepEqual([errorCode, startOffset], [NOT_COORDINATOR, 0])
  assert.equal(errorMessage, 'Unable to read share group state summary: This is not the correct coordinator.')
  await broker.stop()
})

test('FindCoordinator knows the key of a share partition, from version 6 on', async () => {
  const broker = await start()
  for (const key of [`g:${strangeId}:0`, `g:${strangeId}:-1`, `a:b:${strangeId}:1:`, `g:${strangeId}==:+0`])
    assert.equal((await find(broker, key))?.errorCode, NONE, key)
  for (const key of [
    ...['', 'g', '::', 'g:x:0', `:${strangeId}:1`, `  :${strangeId}:0`, `g:${strangeId}:x`, `g:${strangeId}:1 `],
    ...['g::0', `g:${strangeId}:99999999999`, `g:${strangeId}=:0`]
  ])
    assert.equal((await find(broker, key))?.errorCode, INVALID_REQUEST, key)
  assert.equal((await find(broker, `g:${strangeId}:0`, 5))?.errorCode, INVALID_REQUEST)
  await broker.stop()
})

test('its topic is made as in Kafka, and clients do not write to it', async () => {
  const broker = await start({ 'share.coordinator.state.topic.segment.bytes': '2097152' })
  const topic = broker.image.topicByName(stateTopic)
  assert.equal(topic?.partitions.length, 5)
  assert.equal(topic?.isInternal, true)
  const { retentionMs, cleanupDelete, cleanupCompact, segmentBytes } = logOf(broker).config
  assert.deepEqual([retentionMs, cleanupDelete, cleanupCompact, segmentBytes], [-1, true, false, 2_097_152])
  const produced = await produce(broker, { records: batchOf(['a']), topic: stateTopic })
  assert.equal(produced.errorCode, ErrorCode.INVALID_TOPIC_EXCEPTION)
  await broker.stop()
})

test('what was written is there after a restart', async () => {
  const disk = new MemoryDisk()
  const broker = await start(onePartition, disk)
  await initialize(broker, [{ topicId: idOf(broker, 't1'), partitions: [beginning(0)] }])
  await read(broker, 1)
  await write(broker, 3, 4)
  const before = await read(broker, 1)
  await broker.stop()
  const again = await startBroker(onePartition, disk)
  assert.deepEqual(await read(again, 1), before)
  assert.equal((await read(again, 0))?.errorCode, ErrorCode.FENCED_LEADER_EPOCH)
  await again.stop()
})

test('a log that holds more than is needed loses its beginning every five minutes, and a restart finds the same', async () => {
  const disk = new MemoryDisk()
  const config = {
    ...onePartition,
    'share.coordinator.snapshot.update.records.per.snapshot': '2',
    'share.coordinator.cold.partition.snapshot.interval.ms': '600000'
  }
  const broker = await start(config, disk)
  await initialize(broker, [{ topicId: idOf(broker, 't1'), partitions: [beginning(0)] }])
  await read(broker, 1)
  for (let offset = 0; offset < 7; offset += 1) await write(broker, offset, offset + 1)
  const before = await read(broker, 1)
  assert.equal(logOf(broker).logStartOffset, 0)
  await pass(broker, 300_000)
  assert.equal(logOf(broker).logStartOffset, 6, 'the third snapshot')
  assert.deepEqual(await read(broker, 1), before)
  await pass(broker, 300_000)
  assert.equal(logOf(broker).logStartOffset, 9, 'a new one, of what nobody writes to')
  assert.equal(logOf(broker).logEndOffset, 10)
  assert.deepEqual(await read(broker, 1), before)
  await broker.stop()
  const again = await startBroker(config, disk)
  assert.deepEqual(await read(again, 1), before)
  await again.stop()
})

test('share partitions of a topic that is deleted are forgotten', async () => {
  const broker = await start()
  const topicId = idOf(broker, 't1')
  await initialize(broker, [{ topicId, partitions: [beginning(0), beginning(1)] }])
  assert.equal(logOf(broker).logEndOffset, 2)
  const body = { topics: [{ name: 't1', topicId: ZERO_UUID }], topicNames: [], timeoutMs: 1000 }
  await ask(broker, DeleteTopicsRequest, DeleteTopicsResponse, 6, body)
  await pass(broker, 0)
  assert.equal(logOf(broker).logEndOffset, 4, 'a tombstone for each')
  assert.equal(
    (await read(broker, 1, topicId))?.errorMessage,
    'Read operation on uninitialized share partition not allowed.'
  )
  await broker.stop()
})

test('a group whose id is too long to be held is refused', async () => {
  const broker = await start()
  const groupId = 'g'.repeat(limits.idBytes + 1)
  const { results } = await initialize(broker, [{ topicId: idOf(broker, 't1'), partitions: [beginning(0)] }], groupId)
  assert.equal(results[0]?.partitions[0]?.errorCode, ErrorCode.POLICY_VIOLATION)
  await broker.stop()
})

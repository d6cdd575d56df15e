/** A group that commits for a week: what of it lies on the disk, and what a start has to read of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Broker } from '../../src/broker/broker.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { OffsetCommitRequest } from '../../src/protocol/generated/api/offset-commit-request.ts'
import { OffsetCommitResponse } from '../../src/protocol/generated/api/offset-commit-response.ts'
import { OffsetFetchRequest } from '../../src/protocol/generated/api/offset-fetch-request.ts'
import { OffsetFetchResponse } from '../../src/protocol/generated/api/offset-fetch-response.ts'
import { readAll } from '../log/compaction/modelled-compaction.ts'
import { clockOf, createTopic } from './apis/records-setup.ts'
import { ask, startBroker } from './apis/setup.ts'

const segmentBytes = 1_048_576
const config = { 'offsets.topic.num.partitions': '1', 'offsets.topic.segment.bytes': String(segmentBytes) }
const committedMetadata = 'where the kitchen is '.repeat(16)
/** Each has two partitions. */
const topicNames = Array.from({ length: 20 }, (_, index) => `orders-${index}`)
const partitions = 2 * topicNames.length
const everyMs = 600_000
const commits = (7 * 24 * 3_600_000) / everyMs

const offsetsLog = (broker: Broker) => {
  const { log } = broker.replica('__consumer_offsets', 0) ?? assert.fail('there is no such partition')
  return log
}

async function commit(broker: Broker, committedOffset: number): Promise<void> {
  const asked = { groupId: 'g', memberId: '', generationIdOrMemberEpoch: -1, groupInstanceId: null }
  const ofTopic = [0, 1].map((partitionIndex) => ({
    ...{ partitionIndex, committedOffset, committedMetadata }
  }))
  const body = { ...asked, topics: topicNames.map((name) => ({ name, partitions: ofTopic })) }
  const { topics } = await ask(broker, OffsetCommitRequest, OffsetCommitResponse, 7, body)
  assert.ok(topics.every((topic) => topic.partitions.every(({ errorCode }) => errorCode === 0)))
}

/** The cleaner looks for work every fifteen seconds. */
async function pass(broker: Broker, milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 60_000) {
    clockOf(broker).advance(60_000)
    await setImmediate()
  }
}

test('a group that commits for a week leaves two segments at most, and a start reads no more than they hold', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker(config, disk)
  for (const name of topicNames) await createTopic(broker, name)
  assert.ok(await broker.ensureGroupCoordinators())
  let largestBytes = 0
  for (let count = 1; count <= commits; count++) {
    await commit(broker, count)
    await pass(broker, everyMs)
    largestBytes = Math.max(largestBytes, offsetsLog(broker).sizeBytes)
  }
  assert.ok(offsetsLog(broker).logEndOffset >= commits * partitions)
  assert.ok(largestBytes < 2.2 * segmentBytes, `${largestBytes} bytes`)
  await broker.stop()
  const again = await startBroker(config, disk)
  const replayed = readAll(offsetsLog(again)).length
  const written = commits * partitions
  assert.ok(replayed < written / 6, `${replayed} records of ${written}`)
  assert.ok(await again.ensureGroupCoordinators())
  const groups = [{ groupId: 'g', topics: null }]
  const fetched = await ask(again, OffsetFetchRequest, OffsetFetchResponse, 8, { groups, requireStable: false })
  const told = (fetched.groups[0]?.topics ?? []).flatMap((topic) => topic.partitions)
  assert.deepEqual(new Set(told.map(({ committedOffset }) => committedOffset)), new Set([commits]))
  assert.equal(told.length, partitions)
  await again.stop()
})

/**
 * Records of times that a number does not hold exactly: the year 287,396 and later, which a broken clock or a unit mistaken
 * for another makes. A topic without an upper bound takes them; they jam nothing.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../../src/broker/broker.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { DescribeProducersRequest } from '../../../src/protocol/generated/api/describe-producers-request.ts'
import { DescribeProducersResponse } from '../../../src/protocol/generated/api/describe-producers-response.ts'
import { ListOffsetsRequest } from '../../../src/protocol/generated/api/list-offsets-request.ts'
import { ListOffsetsResponse } from '../../../src/protocol/generated/api/list-offsets-response.ts'
import { sealCrc } from '../../../src/protocol/records/batch.ts'
import { batchOf, createTopic, produce, startOfTimeMs } from './records-setup.ts'
import { ask, startBroker } from './setup.ts'

const anyTime = { 'message.timestamp.after.max.ms': '9223372036854775807' }
const longMax = 2n ** 63n - 1n
const largestTimestamp = -3
/** Two batches of this size do not fit a segment of a megabyte. */
const halfSegment = 'x'.repeat(700_000)

function batchAt(timestamp: bigint, sequence: number, producerId = 5n): Buffer {
  const batch = batchOf([halfSegment], { producerId: 5, producerEpoch: 0, baseSequence: sequence })
  batch.writeBigInt64BE(timestamp, 27)
  batch.writeBigInt64BE(timestamp, 35)
  batch.writeBigInt64BE(producerId, 43)
  sealCrc(batch, 0, batch.length)
  return batch
}

async function lookUp(broker: Broker, timestamp: number): Promise<readonly (number | undefined)[]> {
  const body = { replicaId: -1, topics: [{ name: 't1', partitions: [{ partitionIndex: 0, timestamp }] }] }
  const { topics } = await ask(broker, ListOffsetsRequest, ListOffsetsResponse, 11, body)
  const found = topics[0]?.partitions[0]
  return [found?.errorCode, found?.offset, found?.timestamp]
}

async function lastTimestamps(broker: Broker): Promise<number[]> {
  const body = { topics: [{ name: 't1', partitionIndexes: [0] }] }
  const { topics } = await ask(broker, DescribeProducersRequest, DescribeProducersResponse, 0, body)
  return topics[0]?.partitions[0]?.activeProducers.map(({ lastTimestamp }) => lastTimestamp) ?? []
}

for (const timestamp of [2n ** 53n + 1n, 2n ** 62n, longMax]) {
  test(`records of the time ${timestamp} are found by time, also after a roll, a stop and a crash`, async () => {
    const disk = new SimulatedDisk()
    const broker = await startBroker({}, disk)
    await createTopic(broker, 't1', { ...anyTime, 'segment.bytes': '1048576', 'index.interval.bytes': '0' })
    const sent = [BigInt(startOfTimeMs), timestamp, timestamp, timestamp]
    for (const [sequence, time] of sent.entries()) {
      assert.equal((await produce(broker, { records: batchAt(time, sequence) })).errorCode, 0)
    }
    const expectFound = async (asked: Broker): Promise<void> => {
      assert.deepEqual(await lookUp(asked, 1), [0, 0, startOfTimeMs])
      assert.deepEqual(await lookUp(asked, startOfTimeMs + 1), [0, 1, Number(timestamp)])
      assert.deepEqual(await lookUp(asked, largestTimestamp), [0, 1, Number(timestamp)])
      assert.deepEqual(
        await lookUp(asked, Number(longMax)),
        timestamp === longMax ? [0, 1, Number(longMax)] : [0, -1, -1]
      )
      assert.deepEqual(await lastTimestamps(asked), [Number(timestamp)])
    }
    await expectFound(broker)
    const crashed = await startBroker({}, disk.powerCut(new SeededChance(1)))
    await expectFound(crashed)
    await crashed.stop()
    await broker.stop()
    const again = await startBroker({}, disk)
    await expectFound(again)
    await again.stop()
  })
}

test('a producer id that no broker gives out is refused: as numbers, two of them may be one', async () => {
  const broker = await startBroker()
  await createTopic(broker, 't1')
  const { errorCode } = await produce(broker, { records: batchAt(BigInt(startOfTimeMs), 0, 2n ** 53n) })
  assert.equal(errorCode, ErrorCode.INVALID_RECORD)
  await broker.stop()
})

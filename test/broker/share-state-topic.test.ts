/** What is left on the disk of share partitions that are written to all day, and what becomes of a log that holds something else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Broker } from '../../src/broker/broker.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { FindCoordinatorRequest } from '../../src/protocol/generated/api/find-coordinator-request.ts'
import { FindCoordinatorResponse } from '../../src/protocol/generated/api/find-coordinator-response.ts'
import { batchOf, clockOf, createTopic, idOf } from './apis/records-setup.ts'
import { ask, startBroker } from './apis/setup.ts'

const stateTopic = '__share_group_state'
const segmentBytes = 1_048_576
const config = {
  'share.coordinator.state.topic.num.partitions': '1',
  'share.coordinator.state.topic.segment.bytes': String(segmentBytes)
}
const groups = ['busy', 'quiet', 'rare'] as const
const pruneIntervalMs = 300_000

const logOf = (broker: Broker) => broker.replica(stateTopic, 0)?.log ?? assert.fail('there is no such partition')
const keyOf = (broker: Broker, groupId: string) => ({ groupId, topicId: idOf(broker, 't1'), partition: 0 })

async function write(broker: Broker, groupId: string, startOffset: number): Promise<void> {
  const stateBatches = Array.from({ length: 20 }, (_, index) => {
    const offset = startOffset + 2 * index
    return { firstOffset: offset, lastOffset: offset, deliveryState: 2, deliveryCount: 1 }
  })
  const epochs = { stateEpoch: 1, leaderEpoch: 1, startOffset, deliveryCompleteCount: 20 }
  const { errorCode } = await broker.shares.persister.write({ key: keyOf(broker, groupId), ...epochs, stateBatches })
  assert.equal(errorCode, ErrorCode.NONE)
}

async function begin(broker: Broker): Promise<void> {
  await createTopic(broker, 't1')
  for (const groupId of groups) {
    const key = keyOf(broker, groupId)
    await broker.shares.persister.initialize({ key, stateEpoch: 1, startOffset: 0 })
    assert.equal((await broker.shares.persister.read(key, 1)).errorCode, ErrorCode.NONE)
  }
}

test('what is written all day takes two segments at most, however seldom others are written to, and a start finds all of it', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker(config, disk)
  await begin(broker)
  let largestBytes = 0
  await write(broker, 'quiet', 7)
  for (let time = 1; time <= 40; time += 1) {
    for (let count = 0; count < 500; count += 1) await write(broker, 'busy', 500 * time + count)
    if (time % 13 === 0) await write(broker, 'rare', time)
    clockOf(broker).advance(pruneIntervalMs)
    for (let turn = 0; turn < 10; turn += 1) await setImmediate()
    largestBytes = Math.max(largestBytes, logOf(broker).sizeBytes)
  }
  assert.ok(logOf(broker).logEndOffset > 20_000)
  assert.ok(largestBytes < 2 * segmentBytes, `${largestBytes} bytes`)
  const told = (of: Broker) => Promise.all(groups.map((groupId) => of.shares.persister.read(keyOf(of, groupId), 1)))
  const before = await told(broker)
  assert.deepEqual(
    before.map(({ startOffset }) => startOffset),
    [20_499, 7, 39]
  )
  await broker.stop()
  const again = await startBroker(config, disk)
  assert.deepEqual(await told(again), before)
  await again.stop()
})

test('a log that holds no states of share partitions is offline, and told', async () => {
  const [disk, lines] = [new MemoryDisk(), [] as string[]]
  const broker = await startBroker(config, disk)
  await begin(broker)
  broker.replica(stateTopic, 0)?.append(batchOf(['no state']), 'coordinator', 'now', {})
  await broker.stop()
  const again = await startBroker(config, disk, { log: (line) => lines.push(line) })
  const key = `busy:${idOf(again, 't1')}:0`
  const body = { key: '', keyType: 2, coordinatorKeys: [key] }
  const found = await ask(again, FindCoordinatorRequest, FindCoordinatorResponse, 6, body)
  assert.equal(found.coordinators[0]?.errorCode, ErrorCode.COORDINATOR_NOT_AVAILABLE)
  const { errorCode } = await again.shares.coordinators.read(keyOf(again, 'busy'), 1)
  assert.equal(errorCode, ErrorCode.NOT_COORDINATOR)
  assert.equal(again.hosted(stateTopic, 0).kind, 'offline')
  assert.match(lines.join('\n'), /__share_group_state-0.*is damaged.*holds no records of __share_group_state/)
  await again.stop()
})

/** A broker compacts its topics by itself: of each key the last record stays, at its offset, also after a restart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Broker } from '../../src/broker/broker.ts'
import type { Disk, DiskFile } from '../../src/host/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { RefusingDisk } from '../../src/host/simulated/refusing-disk.ts'
import { limits } from '../../src/limits.ts'
import { DeleteTopicsRequest } from '../../src/protocol/generated/api/delete-topics-request.ts'
import { DeleteTopicsResponse } from '../../src/protocol/generated/api/delete-topics-response.ts'
import { IncrementalAlterConfigsRequest } from '../../src/protocol/generated/api/incremental-alter-configs-request.ts'
import { IncrementalAlterConfigsResponse } from '../../src/protocol/generated/api/incremental-alter-configs-response.ts'
import { OffsetCommitRequest } from '../../src/protocol/generated/api/offset-commit-request.ts'
import { OffsetCommitResponse } from '../../src/protocol/generated/api/offset-commit-response.ts'
import { OffsetFetchRequest } from '../../src/protocol/generated/api/offset-fetch-request.ts'
import { OffsetFetchResponse } from '../../src/protocol/generated/api/offset-fetch-response.ts'
import { ZERO_UUID } from '../../src/protocol/primitives.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'
import { readAll } from '../log/compaction/modelled-compaction.ts'
import { clockOf, createTopic, produce } from './apis/records-setup.ts'
import { ask, startBroker } from './apis/setup.ts'

const config = { 'log.cleaner.backoff.ms': '1000', 'offsets.topic.num.partitions': '1' }
const compacted = { 'cleanup.policy': 'compact', 'segment.bytes': '1048576' }

async function put(broker: Broker, key: string, value: string | null, topic = 't1'): Promise<number> {
  const timestamp = clockOf(broker).nowMs()
  const record = { timestamp, key: Buffer.from(key), value: value === null ? null : Buffer.from(value), headers: [] }
  const { errorCode, baseOffset } = await produce(broker, { topic, records: buildBatch({ records: [record] }) })
  assert.equal(errorCode, 0)
  return baseOffset
}

/** As much as a third of a segment. */
const large = (text: string): string => `${text} ${'x'.repeat(340_000)}`

/** And as long as a cleaner rests at most. */
async function pass(broker: Broker, milliseconds: number): Promise<void> {
  clockOf(broker).advance(milliseconds)
  await setImmediate()
  clockOf(broker).advance(1000)
  for (let turn = 0; turn < 200; turn++) {
    await setImmediate()
    clockOf(broker).advance(0)
  }
}

const logOf = (broker: Broker) => {
  const log = broker.replica('t1', 0)?.log
  assert.ok(log !== undefined)
  return log
}

const keysIn = (broker: Broker): string[] =>
  readAll(logOf(broker)).map(({ offset, key, value }) => `${offset} ${key} ${String(value).split(' ')[0]}`)

const checkpoint = (disk: Disk): string => disk.readFile('cleaner-offset-checkpoint').toString()

test('a compacted topic keeps the last record of each key', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker(config, disk)
  await createTopic(broker, 't1', compacted)
  for (let round = 0; round < 12; round++) await put(broker, `k${round % 2}`, large(`v${round}`))
  await pass(broker, 1000)
  assert.deepEqual(
    keysIn(broker),
    ['7 k1 v7', '8 k0 v8', '9 k1 v9', '10 k0 v10', '11 k1 v11'].slice(-keysIn(broker).length)
  )
  assert.ok(keysIn(broker).length <= 5)
  assert.match(checkpoint(disk), /^0\n1\nt1 0 9\n$/)
  const before = keysIn(broker)
  await broker.stop()
  const again = await startBroker(config, disk)
  assert.deepEqual(keysIn(again), before)
  assert.equal(await put(again, 'k0', 'v12'), 12)
  await again.stop()
})

test('a tombstone goes when it has been there for so long that everybody has read it', async () => {
  const broker = await startBroker(config)
  await createTopic(broker, 't1', { ...compacted, 'delete.retention.ms': '60000', 'min.cleanable.dirty.ratio': '0' })
  await put(broker, 'gone', large('v'))
  await put(broker, 'gone', null)
  for (let round = 0; round < 4; round++) await put(broker, 'k', large(`v${round}`))
  await pass(broker, 1000)
  assert.deepEqual(
    keysIn(broker).filter((line) => line.includes('gone')),
    ['1 gone null']
  )
  await pass(broker, 60_000)
  for (let round = 0; round < 4; round++) await put(broker, 'k', large(`v${round}`))
  await pass(broker, 1000)
  assert.deepEqual(
    keysIn(broker).filter((line) => line.includes('gone')),
    []
  )
  await broker.stop()
})

test('a topic that is compacted from now on is compacted, and one that is not any more is left as it is', async () => {
  const broker = await startBroker(config)
  await createTopic(broker, 't1', { ...compacted, 'min.compaction.lag.ms': '3600000' })
  for (let round = 0; round < 8; round++) await put(broker, 'k', large(`v${round}`))
  await pass(broker, 5000)
  assert.equal(keysIn(broker).length, 8)
  await pass(broker, 3_600_000)
  assert.ok(keysIn(broker).length < 8)
  await broker.stop()
})

test('a topic of a name that was compacted before is another one', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker(config, disk)
  await createTopic(broker, 't1', compacted)
  for (let round = 0; round < 8; round++) await put(broker, 'k', large(`v${round}`))
  await pass(broker, 1000)
  assert.match(checkpoint(disk), /^t1 0 6$/m)
  const body = { topics: [{ name: 't1', topicId: ZERO_UUID }], timeoutMs: 1000 }
  const { responses } = await ask(broker, DeleteTopicsRequest, DeleteTopicsResponse, 6, body)
  assert.equal(responses[0]?.errorCode, 0)
  await createTopic(broker, 't1', compacted)
  for (let round = 0; round < 12; round++) await put(broker, 'k', large(`w${round}`))
  await pass(broker, 1000)
  assert.ok(keysIn(broker).length < 6, 'nothing of it is taken for clean')
  await broker.stop()
})

test('the offsets that a group commits again and again stay few', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker(config, disk)
  await createTopic(broker, 't1')
  assert.ok(await broker.ensureGroupCoordinators())
  const changed = { name: 'segment.bytes', configOperation: 0, value: '1048576' }
  const resources = [{ resourceType: 2, resourceName: '__consumer_offsets', configs: [changed] }]
  const set = { resources, validateOnly: false }
  await ask(broker, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, 1, set)
  const metadata = 'm'.repeat(3000)
  for (let offset = 0; offset < 1200; offset++) {
    const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: metadata }]
    const asked = { groupId: 'g', memberId: '', generationIdOrMemberEpoch: -1, groupInstanceId: null }
    const body = { ...asked, topics: [{ name: 't1', partitions }] }
    const { topics } = await ask(broker, OffsetCommitRequest, OffsetCommitResponse, 7, body)
    assert.equal(topics[0]?.partitions[0]?.errorCode, 0)
  }
  const { log } = broker.replica('__consumer_offsets', 0) ?? assert.fail('there is no such partition')
  const before = log.sizeBytes
  await pass(broker, 1000)
  assert.ok(log.sizeBytes < 1_200_000 && before > 3_000_000, `${before} bytes are ${log.sizeBytes}`)
  await broker.stop()
  const again = await startBroker(config, disk)
  assert.ok(await again.ensureGroupCoordinators())
  const groups = [{ groupId: 'g', topics: null }]
  const fetched = await ask(again, OffsetFetchRequest, OffsetFetchResponse, 8, { groups, requireStable: false })
  assert.equal(fetched.groups[0]?.topics[0]?.partitions[0]?.committedOffset, 1199)
  await again.stop()
})

test('the log with the largest part that is dirty is compacted first', async () => {
  const begun: string[] = []
  class WatchedDisk extends SimulatedDisk {
    override open(path: string, mode: 'existing' | 'create'): DiskFile {
      if (path.endsWith('.log.cleaned')) begun.push(path.slice(0, path.indexOf('-')))
      return super.open(path, mode)
    }
  }
  const broker = await startBroker(config, new WatchedDisk())
  for (const topic of ['t1', 't2']) await createTopic(broker, topic, { ...compacted, 'min.cleanable.dirty.ratio': '0' })
  const grow = async (topic: string, records: number): Promise<void> => {
    for (let round = 0; round < records; round++) await put(broker, 'k', large(`v${round}`), topic)
  }
  for (const [more1, more2, first] of [
    [8, 8, 't1'],
    [5, 14, 't2'],
    [14, 5, 't1']
  ] as const) {
    begun.length = 0
    await grow('t1', more1)
    await grow('t2', more2)
    await pass(broker, 1000)
    assert.deepEqual(begun[0], first, `${more1} and ${more2} records came`)
    assert.deepEqual(new Set(begun), new Set(['t1', 't2']))
  }
  await broker.stop()
})

test('a disk that refuses a compaction is told of once, and the log serves on and is compacted a minute later', async () => {
  const disk = new RefusingDisk(new SimulatedDisk(), null)
  const told: string[] = []
  const broker = await startBroker(config, disk, { log: (line) => void told.push(line) })
  await createTopic(broker, 't1', compacted)
  for (let round = 0; round < 8; round++) await put(broker, 'k', large(`v${round}`))
  await clockOf(broker).advance(900)
  disk.refuse({ problem: 'full', call: 1, lasts: 'from then on' })
  await pass(broker, 100)
  assert.equal(told.filter((line) => line.startsWith('compaction of t1-0: ')).length, 1, told.join('\n'))
  assert.equal(keysIn(broker).length, 8)
  disk.heal()
  await pass(broker, limits.compactionAgainMs - 10_000)
  assert.equal(keysIn(broker).length, 8, 'until then the others come first')
  await pass(broker, 11_000)
  assert.ok(keysIn(broker).length < 4)
  assert.equal(await put(broker, 'k', 'v8'), 8)
  await broker.stop()
})

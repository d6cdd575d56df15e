/**
 * Records with acks=1 wait for no sync, and cause none by themselves. Here: whoever looks at the end of the log sees them all
 * the same, at once, and nobody ever reads, or is told of, what a power cut then takes back.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { Replica } from '../../src/broker/replication/replica.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { limits } from '../../src/limits.ts'
import { DeleteRecordsRequest } from '../../src/protocol/generated/api/delete-records-request.ts'
import { DeleteRecordsResponse } from '../../src/protocol/generated/api/delete-records-response.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../src/protocol/generated/api/fetch-response.ts'
import { ListOffsetsRequest } from '../../src/protocol/generated/api/list-offsets-request.ts'
import { ListOffsetsResponse } from '../../src/protocol/generated/api/list-offsets-response.ts'
import * as fc from '../harness/properties.ts'
import { append, open } from '../log/setup.ts'
import { batchOf, clockOf, createTopic, produce, valuesIn } from './apis/records-setup.ts'
import { ask, startBroker } from './apis/setup.ts'

/** Counts the syncs and the reads of the records of partition 0. */
class CountingDisk extends SimulatedDisk {
  syncs = 0
  reads = 0

  override open(...where: Parameters<SimulatedDisk['open']>): ReturnType<SimulatedDisk['open']> {
    const file = super.open(...where)
    if (!where[0].startsWith('t1-0/') || !where[0].endsWith('.log')) return file
    const { sync, read } = file
    file.sync = () => {
      this.syncs += 1
      return sync()
    }
    file.read = (...what) => {
      this.reads += 1
      return read(...what)
    }
    return file
  }
}

async function start(): Promise<{ broker: Broker; disk: CountingDisk }> {
  const disk = new CountingDisk()
  const broker = await startBroker({}, disk)
  await createTopic(broker, 't1')
  return { broker, disk }
}

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const send = (broker: Broker, value: string, acks = 1) => produce(broker, { records: batchOf([value]), acks })

async function fetch(broker: Broker, offset: number, how: { maxWaitMs?: number; minBytes?: number } = {}) {
  const partitions = [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1_000_000 }]
  const waiting = { maxWaitMs: 0, minBytes: 1, maxBytes: 1_000_000, sessionEpoch: -1 }
  const request = { ...waiting, ...how, topics: [{ topic: 't1', partitions }] }
  const { responses } = await ask(broker, FetchRequest, FetchResponse, 12, request)
  return valuesIn(responses[0]?.partitions[0]?.records ?? Buffer.alloc(0))
}

async function offsetAt(broker: Broker, timestamp: number, replicaId = -1): Promise<number> {
  const request = { replicaId, topics: [{ name: 't1', partitions: [{ partitionIndex: 0, timestamp }] }] }
  const { topics } = await ask(broker, ListOffsetsRequest, ListOffsetsResponse, 7, request)
  return topics[0]?.partitions[0]?.offset ?? Number.NaN
}

test('acks=1 without a reader syncs nothing until the time is over', async () => {
  const { broker, disk } = await start()
  for (let index = 0; index < 50; index++) assert.equal((await send(broker, 'x')).baseOffset, index)
  await later()
  assert.equal(disk.syncs, 0)
  clockOf(broker).advance(limits.unsyncedMs)
  await later()
  assert.deepEqual([disk.syncs, broker.replica('t1', 0)?.highWatermark], [1, 50])
  await broker.stop()
})

test('a fetch that waits gets a record with acks=1 by one sync, without the time passing', async () => {
  const { broker, disk } = await start()
  const waiting = fetch(broker, 0, { maxWaitMs: 10_000 })
  await send(broker, 'a')
  assert.deepEqual(await waiting, ['a'])
  assert.equal(disk.syncs, 1)
  await broker.stop()
})

test('a fetch gets, and is told of, all that was acknowledged before it, so that nobody takes less for the end', async () => {
  const { broker } = await start()
  await send(broker, 'a', -1)
  await send(broker, 'b')
  await send(broker, 'c')
  assert.deepEqual(await fetch(broker, 0), ['a', 'b', 'c'])
  await broker.stop()
})

test('a fetch that waits for more bytes than one record has gets them all', async () => {
  const { broker } = await start()
  const waiting = fetch(broker, 0, { maxWaitMs: 10_000, minBytes: 2 * batchOf(['a']).length })
  await send(broker, 'a')
  await later()
  await send(broker, 'b')
  assert.deepEqual(await waiting, ['a', 'b'])
  await broker.stop()
})

test('a fetch that comes after the records makes them readable, whether it waits or not', async () => {
  const { broker, disk } = await start()
  for (const value of ['a', 'b', 'c']) await send(broker, value)
  assert.deepEqual(await fetch(broker, 0, { maxWaitMs: 10_000 }), ['a', 'b', 'c'])
  assert.equal(disk.syncs, 1)
  await send(broker, 'd')
  await send(broker, 'e')
  await fetch(broker, 3)
  await later()
  assert.deepEqual(await fetch(broker, 3), ['d', 'e'])
  await broker.stop()
})

test('what is appended while a reader is between two fetches is synced at once, and then no more until it comes back', async () => {
  const { broker, disk } = await start()
  await fetch(broker, 0)
  await send(broker, 'a')
  await later()
  assert.deepEqual([disk.syncs, broker.replica('t1', 0)?.highWatermark], [1, 1])
  for (const value of ['b', 'c']) {
    await send(broker, value)
    await later()
  }
  assert.equal(disk.syncs, 1)
  await broker.stop()
})

test('a fetch that waits for bytes which it may not all read now hears of those that are not readable yet', async () => {
  const { broker } = await start()
  await send(broker, 'a', -1)
  await send(broker, 'b', -1)
  await send(broker, 'c')
  const oneBatch = batchOf(['a']).length
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: oneBatch }]
  const waiting = { maxWaitMs: 10_000, minBytes: 2 * oneBatch, maxBytes: 1_000_000, sessionEpoch: -1 }
  const request = { ...waiting, topics: [{ topic: 't1', partitions }] }
  const { responses } = await ask(broker, FetchRequest, FetchResponse, 12, request)
  assert.deepEqual(valuesIn(responses[0]?.partitions[0]?.records ?? Buffer.alloc(0)), ['a'])
  assert.equal(broker.replica('t1', 0)?.highWatermark, 3)
  await broker.stop()
})

test('a reader that keeps up has each record read once, though the last are not synced when it asks', async () => {
  const { broker, disk } = await start()
  await send(broker, 'a', -1)
  assert.deepEqual(await fetch(broker, 0), ['a'])
  for (let offset = 1; offset < 20; offset += 3) {
    await send(broker, 'b', -1)
    await send(broker, 'c')
    await send(broker, 'd')
    const { highWatermark, log } = broker.replica('t1', 0) ?? assert.fail()
    assert.ok(highWatermark > offset && highWatermark < log.logEndOffset, 'some can be read, and some not yet')
    const before = disk.reads
    assert.deepEqual(await fetch(broker, offset), ['b', 'c', 'd'])
    assert.equal(disk.reads - before, 1)
  }
  await broker.stop()
})

test('a reader that keeps up, and may not read to the end, waits for no sync', async () => {
  const { broker, disk } = await start()
  await send(broker, 'a', -1)
  await fetch(broker, 0)
  await send(broker, 'b', -1)
  await send(broker, 'c', -1)
  const before = disk.syncs
  await send(broker, 'd')
  const partitions = [{ partition: 0, fetchOffset: 1, partitionMaxBytes: batchOf(['b']).length }]
  const request = { maxWaitMs: 0, minBytes: 1, maxBytes: 1000, sessionEpoch: -1, topics: [{ topic: 't1', partitions }] }
  const { responses } = await ask(broker, FetchRequest, FetchResponse, 12, request)
  assert.deepEqual(valuesIn(responses[0]?.partitions[0]?.records ?? Buffer.alloc(0)), ['b'])
  assert.equal(disk.syncs, before)
  await broker.stop()
})

test('a reader of two partitions who has room for the first alone waits for no sync of the second', async () => {
  const { broker, disk } = await start()
  const sizeBytes = batchOf(['a']).length
  const read = async (maxBytes: number, ...offsets: readonly [number, number]) => {
    const partitions = [1, 0].map((partition, index) => ({
      ...{ partition, fetchOffset: offsets[index] ?? 0, partitionMaxBytes: 1_000_000 }
    }))
    const request = { maxWaitMs: 0, minBytes: 1, maxBytes, sessionEpoch: -1, topics: [{ topic: 't1', partitions }] }
    const { responses } = await ask(broker, FetchRequest, FetchResponse, 12, request)
    return responses[0]?.partitions.map(({ records }) => valuesIn(records ?? Buffer.alloc(0)))
  }
  for (const partition of [0, 1]) await produce(broker, { partition, records: batchOf(['a']) })
  assert.deepEqual(await read(1_000_000, 0, 0), [['a'], ['a']])
  for (const value of ['b', 'c']) await produce(broker, { partition: 1, records: batchOf([value]) })
  await send(broker, 'b', -1)
  const before = disk.syncs
  await send(broker, 'c')
  assert.deepEqual(await read(2 * sizeBytes, 1, 1), [['b', 'c'], []])
  await later()
  assert.equal(disk.syncs, before)
  await broker.stop()
})

test('a debugging consumer, who sees what is not safe yet, waits for no sync', async () => {
  const { broker, disk } = await start()
  await send(broker, 'a', -1)
  await fetch(broker, 0)
  await send(broker, 'b')
  await later()
  const before = disk.syncs
  await send(broker, 'c')
  const partitions = [{ partition: 0, fetchOffset: 1, partitionMaxBytes: 1_000_000 }]
  const request = { replicaId: -2, maxWaitMs: 0, minBytes: 1, maxBytes: 1_000_000, sessionEpoch: -1 }
  const topics = [{ topic: 't1', partitions }]
  const { responses } = await ask(broker, FetchRequest, FetchResponse, 12, { ...request, topics })
  assert.deepEqual(valuesIn(responses[0]?.partitions[0]?.records ?? Buffer.alloc(0)), ['b', 'c'])
  assert.equal(disk.syncs, before)
  await broker.stop()
})

test('a reader that is behind causes no sync', async () => {
  const { broker, disk } = await start()
  await send(broker, 'a', -1)
  await send(broker, 'b', -1)
  const before = disk.syncs
  await send(broker, 'c')
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 }]
  const request = { maxWaitMs: 0, minBytes: 1, maxBytes: 1, sessionEpoch: -1, topics: [{ topic: 't1', partitions }] }
  await ask(broker, FetchRequest, FetchResponse, 12, request)
  await later()
  assert.equal(disk.syncs, before)
  await broker.stop()
})

test('ListOffsets tells of what was acknowledged before it: the end, a time, the largest time', async () => {
  for (const [timestamp, expected] of [
    [-1, 1],
    [1_700_000_000_000, 0],
    [-3, 0]
  ] as const) {
    const { broker, disk } = await start()
    await send(broker, 'a')
    assert.equal(await offsetAt(broker, timestamp), expected)
    assert.equal(disk.syncs, 1)
    await broker.stop()
  }
})

test('where the log begins, and what a debugging consumer sees, is told without a sync', async () => {
  const { broker, disk } = await start()
  await send(broker, 'a')
  assert.deepEqual([await offsetAt(broker, -2), await offsetAt(broker, -1, -2)], [0, 1])
  assert.equal(disk.syncs, 0)
  await broker.stop()
})

test('DeleteRecords up to the high watermark takes what was acknowledged before it', async () => {
  const { broker } = await start()
  await send(broker, 'a')
  const trim = { topics: [{ name: 't1', partitions: [{ partitionIndex: 0, offset: -1 }] }], timeoutMs: 1 }
  const { topics } = await ask(broker, DeleteRecordsRequest, DeleteRecordsResponse, 2, trim)
  assert.deepEqual(topics[0]?.partitions[0], { partitionIndex: 0, lowWatermark: 1, errorCode: 0 })
  await broker.stop()
})

test('when the sync fails, ListOffsets tells of what can be read', async () => {
  const { broker, disk } = await start()
  await send(broker, 'a', -1)
  disk.failSyncs()
  await send(broker, 'b')
  assert.equal(await offsetAt(broker, -1), 1)
  await assert.rejects(broker.stop(), /did not keep/)
})

test('a stop keeps what was acknowledged with acks=1, whatever the power does afterwards', async () => {
  const { broker, disk } = await start()
  for (const value of ['a', 'b', 'c']) await send(broker, value)
  await broker.stop()
  const after = await startBroker({}, disk.powerCut(new SeededChance(1)))
  assert.deepEqual(await fetch(after, 0), ['a', 'b', 'c'])
  await after.stop()
})

test('what a kill has left unsynced is not readable before a sync, which begins by itself', async () => {
  const disk = new SimulatedDisk()
  const killed = open({ disk, history: 'new' })
  append(killed, batchOf(['a']))
  await killed.durable(1)
  append(killed, batchOf(['b']))
  killed.abandon()
  const replica = new Replica({
    ...{ topic: 't1', topicId: killed.topicId, partition: 0, leaderEpoch: 0 },
    ...{ minInSyncReplicas: 1, nodeId: 1, monotonicMs: () => 0, highWatermark: null, writeDown: async () => {} },
    log: open({ disk, recoveryPoint: 1 })
  })
  replica.takeRole({ leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [1], inSyncReplicas: [1] })
  assert.deepEqual([replica.log.logEndOffset, replica.highWatermark], [2, 1])
  await later()
  assert.equal(replica.highWatermark, 2)
})

const step = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(1, 1, 0, -1).map((acks) => ({ kind: 'produce' as const, acks })) },
  { weight: 2, arbitrary: fc.constantFrom(0, 10_000).map((maxWaitMs) => ({ kind: 'fetch' as const, maxWaitMs })) },
  { weight: 2, arbitrary: fc.constant({ kind: 'follow' as const }) },
  { weight: 1, arbitrary: fc.constantFrom(-1, -3).map((timestamp) => ({ kind: 'ask' as const, timestamp })) },
  { weight: 2, arbitrary: fc.constantFrom({ kind: 'turn' as const }, { kind: 'time' as const }) }
)

test('a power cut keeps what acks=all acknowledged and whatever anybody read or was told', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(), async (steps, seed) => {
      const { broker, disk } = await start()
      const sent: string[] = []
      let promised = 0
      let followed = 0
      const promise = (endOffset: number): void => {
        promised = Math.max(promised, endOffset)
      }
      const read = (values: readonly string[]): void => {
        assert.deepEqual(values, sent.slice(0, values.length))
        promise(values.length)
      }
      for (const action of steps) {
        if (action.kind === 'produce') {
          const value = `value ${sent.length}`
          sent.push(value)
          // A request with acks=0 has no answer: it is appended as acks=1 is, and nobody waits.
          if (action.acks === 0) broker.replica('t1', 0)?.append(batchOf([value]), 'client', 'in this turn')
          else await send(broker, value, action.acks)
          if (action.acks === -1) promise(sent.length)
        } else if (action.kind === 'fetch') {
          // Nobody else would end a wait for the first record.
          read(await fetch(broker, 0, { maxWaitMs: sent.length > 0 ? action.maxWaitMs : 0 }))
        } else if (action.kind === 'follow') {
          assert.deepEqual(await fetch(broker, followed), sent.slice(followed), 'all that was acknowledged before it')
          followed = sent.length
          promise(followed)
        } else if (action.kind === 'ask') {
          const told = await offsetAt(broker, action.timestamp)
          if (action.timestamp === -1) assert.equal(told, sent.length, 'the end includes what was acknowledged before')
          promise(action.timestamp === -1 ? told : told + 1)
        } else if (action.kind === 'turn') await later()
        else clockOf(broker).advance(limits.unsyncedMs)
      }
      const after = await startBroker({}, disk.powerCut(new SeededChance(seed)))
      const kept = await fetch(after, 0)
      assert.deepEqual(kept, sent.slice(0, kept.length))
      assert.ok(kept.length >= promised, `${kept.length} of ${promised} promised records are there`)
      await after.stop()
    }),
    { numRuns: 200 }
  )
})

/** What is read of a log for a share group: all that can be given out of it, and not much more, however much was asked for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FetchMemory } from '../../../src/broker/fetch-memory.ts'
import { SharePartitions } from '../../../src/broker/share/share-partitions.ts'
import { readShare } from '../../../src/broker/share/share-reading.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { limits } from '../../../src/limits.ts'
import type { PartitionLog } from '../../../src/log/partition-log.ts'
import { batchSizeAt } from '../../../src/protocol/records/batch.ts'
import * as fc from '../../harness/properties.ts'
import { batchOf } from '../../log/setup.ts'
import { defaults } from './reading.ts'
import { ledReplica, UnreliablePersister } from './unreliable-persister.ts'

const settings = {
  ...{ ...defaults, autoOffsetReset: 'earliest', isolationLevel: 'read_uncommitted' as const },
  ...{ deadLetterTopic: null, copiesDeadLetters: false }
}

/** A partition whose batches have so many records each, read by a share group of which nobody has taken anything yet. */
async function shareOver(batches: readonly number[], recordBytes: number, segmentBytes = 200_000) {
  const clock = new ManualClock()
  const persister = await UnreliablePersister.over(clock)
  const replica = ledReplica(0, { segmentBytes })
  for (const records of batches) {
    replica.append(batchOf(Array.from({ length: records }, () => 'x'.repeat(recordBytes))), 'client')
    await replica.committed(replica.log.logEndOffset)
  }
  const key = { groupId: 'g', topicId: replica.topicId, partition: 0 }
  await persister.initialize({ key, stateEpoch: 1, startOffset: 0 })
  const deadLetters = { send: async () => {} }
  const shares = new SharePartitions({
    clock,
    persister,
    mostSessions: () => 10,
    deadLetters,
    settingsOf: () => settings
  })
  const connection = { id: 1, clientHost: '/127.0.0.1', listener: { host: 'localhost', port: 9092 } }
  const partitions = [{ topicId: replica.topicId, partition: 0 }]
  const asked = { groupId: 'g', memberId: 'a', epoch: 0, connection, partitions, forgotten: [] }
  shares.sessions.enterToFetch({ ...asked, says: 'nothing' })
  const share = shares.at('g', replica)
  assert.ok('key' in share)
  while (share.nextFetchOffset === null) await new Promise(setImmediate)
  const close = (): void => {
    shares.close()
    persister.coordinator.close()
  }
  return { share, replica, close }
}

function allBytes(log: PartitionLog, upTo: number): Buffer {
  const chunks: Buffer[] = []
  for (let offset = 0; offset < upTo; ) {
    const read = log.read(offset, { maxBytes: 1_000_000, upTo, atLeastOneBatch: 'yes' })
    assert.ok('chunks' in read)
    chunks.push(...read.chunks)
    offset = read.nextOffset
  }
  return Buffer.concat(chunks)
}

test('as much is read as can be given out, in whole batches, and never more bytes than were asked for', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }),
      fc.constantFrom(1, 100, 3000),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 0, max: 2_000_000 }),
      fc.constantFrom<'yes' | 'no'>('yes', 'no'),
      async (batches, recordBytes, maxRecords, maxBytes, atLeastOneBatch) => {
        const { share, replica, close } = await shareOver(batches, recordBytes)
        const memory = new FetchMemory().lend()
        const read = readShare(share, { maxRecords, maxBytes, atLeastOneBatch, isolation: 'read_uncommitted', memory })
        assert.ok(read !== null && 'read' in read)
        const upTo = replica.highWatermark
        const bytes = Buffer.concat(read.read.chunks)
        assert.equal(bytes.length, read.read.sizeBytes)
        const all = allBytes(replica.log, upTo)
        const isOne = bytes.length === batchSizeAt(all, 0) && atLeastOneBatch === 'yes'
        assert.ok(read.read.sizeBytes <= maxBytes || isOne, 'no more bytes than were asked for')
        const one = replica.log.read(0, { maxBytes, upTo, atLeastOneBatch })
        assert.ok('nextOffset' in one && read.read.nextOffset <= one.nextOffset, 'no more than one read gives')
        assert.ok(read.read.nextOffset >= Math.min(maxRecords, one.nextOffset), 'all of it that can be given out')
        assert.ok(all.subarray(0, bytes.length).equals(bytes), 'as they lie in the log')
        assert.equal(read.left, read.read.nextOffset < upTo ? 'more' : 'nothing')
        close()
      }
    ),
    { numRuns: 100 }
  )
})

test('a member that may take ten records, and asks for 50 MB, has little more than these read', async () => {
  const { share, close } = await shareOver(
    Array.from({ length: 300 }, () => 10),
    1000,
    100_000_000
  )
  const memory = new FetchMemory().lend()
  const wanted = { maxBytes: 50 * 1024 * 1024, atLeastOneBatch: 'yes', isolation: 'read_uncommitted', memory } as const
  for (const maxRecords of [10, 500]) {
    const read = readShare(share, { ...wanted, maxRecords })
    assert.ok(read !== null && 'read' in read)
    const bytes = maxRecords * 1020
    assert.ok(
      read.read.sizeBytes >= bytes && read.read.sizeBytes <= 4 * bytes + limits.sharePieceBytes,
      `${read.read.sizeBytes}`
    )
  }
  close()
})

/** What a reader may see of fetched batches. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordsBatch } from '@platformatic/kafka'
import type { FetchedPartition } from '../../src/cli/cluster.ts'
import { recordsOfBatches } from '../../src/cli/consume/batch-records.ts'

function batch(firstOffset: bigint, values: readonly string[], part: Partial<RecordsBatch> = {}): RecordsBatch {
  return {
    firstOffset,
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes: 0,
    lastOffsetDelta: values.length - 1,
    firstTimestamp: 100n,
    maxTimestamp: 900n,
    producerId: -1n,
    producerEpoch: -1,
    firstSequence: -1,
    records: values.map((value, offsetDelta) => ({
      length: 0,
      attributes: 0,
      timestampDelta: BigInt(offsetDelta),
      offsetDelta,
      key: null,
      value: Buffer.from(value),
      headers: []
    })),
    ...part
  }
}

const transactional = { attributes: 0x10, producerId: 7n }

function marker(firstOffset: bigint, type: 'abort' | 'commit'): RecordsBatch {
  const made = batch(firstOffset, [''], { attributes: 0x30, producerId: 7n })
  const [record] = made.records
  if (record) record.key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1])
  return made
}

function fetched(records: RecordsBatch[], aborted: bigint[] = []): FetchedPartition {
  return {
    partitionIndex: 0,
    errorCode: 0,
    highWatermark: 99n,
    lastStableOffset: 99n,
    logStartOffset: 0n,
    abortedTransactions: aborted.map((firstOffset) => ({ producerId: 7n, firstOffset })),
    preferredReadReplica: -1,
    records
  }
}

const values = (read: ReturnType<typeof recordsOfBatches>) => read.records.map((record) => String(record.value))

test('records before the position are left out, and control batches only move it', () => {
  const read = recordsOfBatches('t', fetched([batch(0n, ['a', 'b']), marker(2n, 'commit')]), 1n, 'uncommitted')
  assert.deepEqual(values(read), ['b'])
  assert.equal(read.nextOffset, 3n)
})

test('a batch that compaction emptied still moves the position over its hole', () => {
  const read = recordsOfBatches('t', fetched([batch(0n, [], { lastOffsetDelta: 9 })]), 0n, 'uncommitted')
  assert.deepEqual(read, { records: [], nextOffset: 10n })
})

test('read_committed leaves out what was aborted, also when its marker is not here yet', () => {
  const batches = [
    batch(0n, ['aborted'], transactional),
    batch(1n, ['other']),
    marker(2n, 'abort'),
    batch(3n, ['committed'], transactional),
    marker(4n, 'commit'),
    batch(5n, ['aborted later'], transactional)
  ]
  assert.deepEqual(values(recordsOfBatches('t', fetched(batches, [5n, 0n]), 0n, 'committed')), ['other', 'committed'])
  assert.equal(recordsOfBatches('t', fetched(batches, [5n, 0n]), 0n, 'uncommitted').records.length, 4)
})

test("the log's append time goes before the producer's time", () => {
  const [byProducer] = recordsOfBatches('t', fetched([batch(0n, ['a'])]), 0n, 'uncommitted').records
  const [byLog] = recordsOfBatches('t', fetched([batch(0n, ['a'], { attributes: 8 })]), 0n, 'uncommitted').records
  assert.equal(byProducer?.timestampMs, 100)
  assert.deepEqual([byLog?.timestampMs, byLog?.timestampType], [900, 'LogAppendTime'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isControl, isTransactional, readBatchHeader } from '../../../src/protocol/records/batch.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { endTransactionMarker, readTransactionEnd } from '../../../src/protocol/records/control-records.ts'
import {
  type RaftControlRecord,
  raftControlBatch,
  readRaftControlRecords
} from '../../../src/protocol/records/raft-control-records.ts'

test('the marker of a transaction says how it ended', () => {
  const marker = { producerId: 9, producerEpoch: 2, coordinatorEpoch: 5, timestampMs: 77 }
  for (const outcome of ['commit', 'abort'] as const) {
    const batch = endTransactionMarker({ ...marker, outcome })
    assert.deepEqual(readTransactionEnd(batch), { outcome, coordinatorEpoch: 5 })
    const { attributes, producerId, producerEpoch } = readBatchHeader(batch)
    assert.ok(isControl(attributes) && isTransactional(attributes))
    assert.deepEqual({ producerId, producerEpoch }, { producerId: 9, producerEpoch: 2 })
  }
})

const records: readonly RaftControlRecord[] = [
  { type: 'snapshotHeader', value: { version: 0, lastContainedLogTimestamp: 1234 } },
  { type: 'kraftVersion', value: { version: 0, kRaftVersion: 1 } },
  { type: 'snapshotFooter', value: { version: 0 } }
]

test('control records of Raft are read back as they were written', () => {
  const batch = raftControlBatch({ baseOffset: 6, partitionLeaderEpoch: 3, timestampMs: 50, records })
  assert.deepEqual(readRaftControlRecords(batch), records)
  const { attributes, baseOffset, partitionLeaderEpoch, recordCount } = readBatchHeader(batch)
  assert.ok(isControl(attributes) && !isTransactional(attributes))
  assert.deepEqual(
    { baseOffset, partitionLeaderEpoch, recordCount },
    { baseOffset: 6, partitionLeaderEpoch: 3, recordCount: 3 }
  )
})

test('control records of another kind are passed over, not mistaken', () => {
  const marker = endTransactionMarker({
    producerId: 9,
    producerEpoch: 2,
    coordinatorEpoch: 5,
    timestampMs: 77,
    outcome: 'abort'
  })
  assert.deepEqual(readRaftControlRecords(marker), [])
  assert.equal(
    readTransactionEnd(raftControlBatch({ baseOffset: 0, partitionLeaderEpoch: 0, timestampMs: 1, records })),
    null
  )
  const later = { timestamp: 1, key: Buffer.from([0, 0, 0, 99]), value: Buffer.from([0, 0]), headers: [] }
  assert.deepEqual(readRaftControlRecords(buildBatch({ isControl: true, records: [later] })), [])
})

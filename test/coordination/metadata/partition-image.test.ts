/** What a partition's records make of it: each field by itself, and what it keeps in common with others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClusterImage } from '../../../src/coordination/metadata/image.ts'
import { encodeMetadataRecord, partitionChangeRecord, topicRecord } from '../../../src/coordination/metadata/records.ts'
import { replayMetadata } from '../../../src/coordination/metadata/replay.ts'
import { ClearElrRecord } from '../../../src/protocol/generated/metadata-log/clear-elr-record.ts'
import type { PartitionChangeRecord } from '../../../src/protocol/generated/metadata-log/partition-change-record.ts'
import { PartitionRecord } from '../../../src/protocol/generated/metadata-log/partition-record.ts'

const topicId = 'J8hKUf_nQQ21LcJpUdYd_g'
const directories = ['s9tppN_69VVX-1KFHLS1dA', 'AAAAAAAAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAAAAAAAg']
const created: PartitionRecord = {
  ...{ topicId, partitionId: 0, replicas: [1, 2, 3], directories, isr: [2], leader: 2, leaderRecoveryState: 1 },
  ...{ leaderEpoch: 4, partitionEpoch: 9, addingReplicas: [3], removingReplicas: [1] },
  ...{ eligibleLeaderReplicas: [3], lastKnownElr: [1] }
}
const image = {
  ...{ partitionId: 0, replicas: [1, 2, 3], directories, inSyncReplicas: [2], leader: 2, leaderRecoveryState: 1 },
  ...{ leaderEpoch: 4, partitionEpoch: 9, addingReplicas: [3], removingReplicas: [1] },
  ...{ eligibleLeaderReplicas: [3], lastKnownEligibleLeaderReplicas: [1] }
}

function imageOf(...partitions: readonly PartitionRecord[]): ClusterImage {
  const cluster = new ClusterImage()
  for (const [name, id] of [
    ['t', topicId],
    ['other', directories[0] ?? '']
  ] as const) {
    replayMetadata(cluster, topicRecord(name, id))
  }
  for (const partition of partitions) replayMetadata(cluster, encodeMetadataRecord(PartitionRecord, 2, partition))
  return cluster
}

test('a partition is what its record says', () => {
  assert.deepEqual(imageOf(created).partition(topicId, 0), image)
})

const changes: readonly (readonly [change: Partial<PartitionChangeRecord>, difference: object])[] = [
  [{}, {}],
  [{ leader: 2 }, { leaderEpoch: 5 }],
  [
    { leader: -1, isr: [] },
    { leader: -1, leaderEpoch: 5, inSyncReplicas: [] }
  ],
  [{ isr: [2, 3] }, { inSyncReplicas: [2, 3] }],
  [
    { replicas: [2, 3], directories: [], addingReplicas: [], removingReplicas: [] },
    { replicas: [2, 3], directories: [], addingReplicas: [], removingReplicas: [] }
  ],
  [{ leaderRecoveryState: 0 }, { leaderRecoveryState: 0 }],
  [{ eligibleLeaderReplicas: [] }, { eligibleLeaderReplicas: [] }],
  [{ eligibleLeaderReplicas: [1, 3] }, { eligibleLeaderReplicas: [1, 3] }],
  [{ lastKnownElr: [] }, { lastKnownEligibleLeaderReplicas: [] }]
]

for (const [change, difference] of changes) {
  test(`a change ${JSON.stringify(change)} changes that, and the epoch`, () => {
    const cluster = imageOf(created)
    replayMetadata(cluster, partitionChangeRecord({ topicId, partitionId: 0, ...change }, 33))
    assert.deepEqual(cluster.partition(topicId, 0), { ...image, partitionEpoch: 10, ...difference })
  })
}

test('ten thousand partitions do not keep what they have in common', () => {
  const plain: PartitionRecord = {
    ...{ topicId, replicas: [1], isr: [1], leader: 1, addingReplicas: [], removingReplicas: [] }
  }
  const cluster = imageOf({ ...plain, partitionId: 0 }, { ...plain, partitionId: 1 })
  const [one, other] = cluster.topicById(topicId)?.partitions ?? []
  assert.equal(one?.inSyncReplicas, one?.replicas)
  assert.equal(one?.addingReplicas, other?.eligibleLeaderReplicas)
})

const cleared = { partitionEpoch: 10, eligibleLeaderReplicas: [], lastKnownEligibleLeaderReplicas: [] }

for (const [topicName, ofOther] of [
  ['t', {}],
  ['', cleared]
] as const) {
  test(`the eligible leaders of ${topicName || 'every topic'} are cleared`, () => {
    const other = { ...created, topicId: directories[0] ?? '' }
    const without = { ...created, partitionId: 1, eligibleLeaderReplicas: null, lastKnownElr: null }
    const cluster = imageOf(created, without, other)
    replayMetadata(cluster, encodeMetadataRecord(ClearElrRecord, 0, { topicName }))
    assert.deepEqual(cluster.partition(topicId, 0), { ...image, ...cleared })
    assert.deepEqual(cluster.partition(topicId, 1)?.partitionEpoch, 9)
    assert.deepEqual(cluster.partition(other.topicId, 0), { ...image, ...ofOther })
  })
}

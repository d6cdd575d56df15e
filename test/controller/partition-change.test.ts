/**
 * How a partition changes: as Apache Kafka 4.4.0's own PartitionChangeBuilder answered in some hundred situations that chance
 * made, one of each kind (the fixture); and where we differ.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { changeOfPartition, type WantedPartition } from '../../src/controller/partition-change.ts'
import { ReplicaEnds } from '../../src/controller/replica-ends.ts'
import { noChange, type PartitionChange } from '../../src/coordination/metadata/partition-image.ts'
import { directoryOf, type Partition, partitionOf, sceneOf, topicIdOf, topicOf } from './setup.ts'

interface KafkasAnswer {
  readonly partition: Partition
  readonly active: readonly number[]
  readonly minInSyncReplicas: number
  readonly metadataVersion: number
  readonly hasEligibleLeaders: boolean
  readonly wanted: WantedPartition
  readonly change: Partial<PartitionChange> | null
}

const answers = JSON.parse(
  gunzipSync(readFileSync(new URL('./fixtures/partition-changes.json.gz', import.meta.url))).toString()
) as KafkasAnswer[]

function changeOf(
  partition: Partition,
  wanted: WantedPartition,
  more: Partial<KafkasAnswer> & { readonly ends?: ReplicaEnds } = {}
) {
  const { active = [1, 2, 3, 4, 5], minInSyncReplicas = 1, ...of } = more
  const scene = sceneOf({
    ...{ topics: { t: [partition] }, configs: { t: { 'min.insync.replicas': String(minInSyncReplicas) } } },
    states: Object.fromEntries([1, 2, 3, 4, 5].map((id) => [id, active.includes(id) ? 'active' : 'fenced'])),
    ...of
  })
  return changeOfPartition(scene, topicOf(scene), partitionOf(0, partition), wanted)
}

const withoutDirectories = (change: PartitionChange | null) =>
  change === null ? null : { ...change, directories: null }

test('a partition changes as in Apache Kafka 4.4.0', () => {
  assert.ok(answers.length > 200)
  for (const { partition, wanted, change, ...more } of answers) {
    const ours = withoutDirectories(changeOf(partition, wanted, more))
    assert.deepEqual(
      ours,
      change === null ? null : { ...noChange, ...change },
      JSON.stringify({ partition, wanted, more })
    )
  }
})

test('replicas keep their directories, and new ones get those of their brokers', () => {
  const moved = { replicas: [4, 2, 1], addingReplicas: [4], removingReplicas: [1] }
  assert.deepEqual(changeOf({ replicas: [1, 2] }, moved)?.directories, [4, 2, 1].map(directoryOf))
  assert.equal(changeOf({ replicas: [1, 2] }, moved, { metadataVersion: 16 })?.directories, null)
  assert.equal(changeOf({ replicas: [1, 2] }, { inSyncReplicas: [1] })?.directories, null)
})

test('a replica whose directory is not its broker’s any more is not elected', () => {
  const elsewhere = { leader: 2, directories: [directoryOf(9), directoryOf(2), directoryOf(3)] }
  assert.equal(changeOf(elsewhere, { election: 'preferred' }), null)
  assert.equal(changeOf({ leader: 2 }, { election: 'preferred' })?.leader, 1)
})

test('who leads begins an epoch when it is asked, and nobody begins none', () => {
  assert.deepEqual(changeOf({}, { beginsEpoch: true }), { ...noChange, leader: 1 })
  const offline = { leader: -1, inSyncReplicas: [1], lastKnownEligibleLeaderReplicas: [1] }
  assert.equal(changeOf(offline, { beginsEpoch: true }, { active: [2] }), null)
})

/** Where Kafka's record would name a node -1 as the last leader. */
test('a partition that nobody led has no last leader', () => {
  const offline = { replicas: [3, 2, 5], inSyncReplicas: [3], leader: -1, removingReplicas: [2, 5] }
  assert.equal(changeOf(offline, {}, { active: [5] })?.lastKnownElr, null)
})

test('who is no replica any more is no eligible leader', () => {
  const reassigned = { replicas: [5, 1, 2, 3], removingReplicas: [1, 2, 3], addingReplicas: [] }
  const partition = { replicas: [3, 1, 5, 2], inSyncReplicas: [5, 2], leader: -1 }
  assert.equal(changeOf(partition, reassigned, { minInSyncReplicas: 2 })?.eligibleLeaderReplicas, null)
})

test('what lies in another directory now was never last known, nor in sync', () => {
  const movedTo = new Map([[1, directoryOf(9)]])
  const wanted = { inSyncReplicas: [], uncleanReplicas: [1], movedTo }
  const change = changeOf({ replicas: [1], inSyncReplicas: [1], leader: 1 }, wanted)
  assert.deepEqual(change, { ...noChange, isr: [], leader: -1, directories: [directoryOf(9)] })
  const away = { replicas: [1], inSyncReplicas: [], leader: -1, lastKnownEligibleLeaderReplicas: [1] }
  assert.deepEqual(changeOf(away, wanted)?.lastKnownElr, [])
})

test('who led last and is no replica any more is not asked for', () => {
  const stranger = { replicas: [2, 3], inSyncReplicas: [], leader: -1, lastKnownEligibleLeaderReplicas: [1] }
  assert.deepEqual(changeOf(stranger, {}), { ...noChange, lastKnownElr: [] })
  const moved = { replicas: [1, 2], inSyncReplicas: [1, 2], removingReplicas: [1] }
  const change = changeOf(moved, { inSyncReplicas: [1, 2] }, { active: [3] })
  assert.deepEqual([change?.leader, change?.replicas, change?.lastKnownElr], [-1, [2], null])
})

/** Who was in sync, or eligible, is as old as the metadata: a leader would write over what was acknowledged since. */
test('nobody leads where a log knows a later epoch than the metadata does, neither who is in sync nor who is eligible', () => {
  const replica = { topicId: topicIdOf('t'), partitionId: 0 }
  for (const candidates of [{ inSyncReplicas: [2] }, { inSyncReplicas: [], eligibleLeaderReplicas: [2] }]) {
    const partition = { leader: -1, ...candidates }
    assert.equal(changeOf(partition, {})?.leader, 2)
    const ends = new ReplicaEnds()
    ends.registered(3, { ends: [], damaged: [], ahead: [replica] }, sceneOf({ topics: { t: [partition] } }).image)
    assert.equal(changeOf(partition, {}, { ends })?.leader ?? -1, -1)
  }
})

test('a replica that is only now added leads nothing, however uncleanly', () => {
  const wanted = { election: 'unclean', replicas: [2, 1], addingReplicas: [2], removingReplicas: [1] } as const
  const offline = { replicas: [1], inSyncReplicas: [1], leader: -1, lastKnownEligibleLeaderReplicas: [1] }
  assert.equal(changeOf(offline, wanted, { active: [2] })?.leader, -2)
})

/** Reassignments: they begin, are completed, are taken back and go another way; and every refusal with Apache Kafka's code and words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideInSyncSet } from '../../src/controller/alter-partition.ts'
import { completedReassignment, reassignmentTo } from '../../src/controller/reassignment.ts'
import {
  decideReassignment,
  ongoingReassignments,
  type WantedReassignment
} from '../../src/controller/reassignments.ts'
import type { Scene } from '../../src/controller/scene.ts'
import type { PartitionImage } from '../../src/coordination/metadata/image.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { after, type Partition, sceneOf, topicIdOf, topicOf } from './setup.ts'

const { INVALID_REPLICA_ASSIGNMENT, INVALID_REPLICATION_FACTOR, NONE } = ErrorCode
const to = (replicas: readonly number[] | null, more: Partial<WantedReassignment> = {}): WantedReassignment => ({
  ...{ topic: 't', partitionId: 0, replicas, allowReplicationFactorChange: true },
  ...more
})
const moving = {
  replicas: [2, 3, 4, 1],
  addingReplicas: [4],
  removingReplicas: [1],
  inSyncReplicas: [1, 2, 3],
  leader: 1
}

/** Replicas, then what is added and removed; then who is in sync, and who leads. */
function inWords(partition: PartitionImage | undefined): string {
  if (partition === undefined) return 'none'
  const { replicas, addingReplicas, removingReplicas, inSyncReplicas, leader } = partition
  return `${replicas} +${addingReplicas} -${removingReplicas} in sync ${inSyncReplicas} leader ${leader}`
}

function granted(scene: Scene, wanted: WantedReassignment): Scene {
  const { records, result } = decideReassignment(scene, wanted)
  assert.deepEqual(result, { error: NONE, message: null })
  return after(scene, records)
}

const partitionIn = (scene: Scene) => topicOf(scene).partitions[0]
const steps: readonly (readonly [what: string, partition: Partition, wanted: WantedReassignment, then: string])[] = [
  ['what is added becomes a replica first', {}, to([2, 3, 4]), '2,3,4,1 +4 -1 in sync 1,2,3 leader 1'],
  ['another order is there at once, and the leader stays', {}, to([3, 2, 1]), '3,2,1 + - in sync 1,2,3 leader 1'],
  ['what only goes is gone at once, and another one leads', {}, to([2, 3]), '2,3 + - in sync 2,3 leader 2'],
  ['what only goes waits for all that stay', { inSyncReplicas: [1, 2] }, to([2, 3]), '2,3,1 + -1 in sync 1,2 leader 1'],
  ['more replicas', { replicas: [1] }, to([1, 2]), '1,2 +2 - in sync 1 leader 1'],
  ['it is taken back', moving, to(null), '2,3,1 + - in sync 1,2,3 leader 1'],
  ['it goes another way', moving, to([2, 3, 5]), '2,3,5,1,4 +5 -1,4 in sync 1,2,3 leader 1'],
  ['the way it goes already', moving, to([2, 3, 4]), '2,3,4,1 +4 -1 in sync 1,2,3 leader 1'],
  ['the way back, named', moving, to([1, 2, 3]), '1,2,3 + - in sync 1,2,3 leader 1'],
  ['everything that was meant stays', moving, to([1, 2, 3, 4]), '1,2,3,4 +4 - in sync 1,2,3 leader 1']
]

for (const [what, partition, wanted, then] of steps) {
  test(`a partition is reassigned: ${what}`, () => {
    assert.equal(inWords(partitionIn(granted(sceneOf({ topics: { t: [partition] } }), wanted))), then)
  })
}

test('a reassignment is complete when what it adds is in sync', () => {
  const begun = granted(sceneOf({ topics: { t: [{}] } }), to([4, 5]))
  assert.equal(inWords(partitionIn(begun)), '4,5,1,2,3 +4,5 -1,2,3 in sync 1,2,3 leader 1')
  const ask = (scene: Scene, ids: readonly number[]) => {
    const { leaderEpoch = -1, partitionEpoch = -1 } = partitionIn(scene) ?? {}
    const inSyncReplicas = ids.map((brokerId) => ({ brokerId, brokerEpoch: -1 }))
    const wanted = { topicId: topicIdOf('t'), partitionId: 0, leaderEpoch, partitionEpoch, inSyncReplicas }
    return after(scene, decideInSyncSet(scene, 1, { ...wanted, leaderRecoveryState: 0 }).records)
  }
  const half = ask(begun, [1, 2, 3, 4])
  assert.equal(inWords(partitionIn(half)), '4,5,1,2,3 +4,5 -1,2,3 in sync 1,2,3,4 leader 1')
  assert.equal(inWords(partitionIn(ask(half, [1, 2, 3, 4, 5]))), '4,5 + - in sync 4,5 leader 4')
})

const refusals: readonly (readonly [
  wanted: WantedReassignment,
  partition: Partition,
  error: ErrorCode,
  /** Null where Kafka leaves the error to speak for itself. */
  message: string | null
])[] = [
  [to([1], { topic: 'other' }), {}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'Unable to find a topic named other.'],
  [to([1], { partitionId: 1 }), {}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'Unable to find partition t:1.'],
  [to(null), {}, ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, null],
  [to([]), {}, INVALID_REPLICA_ASSIGNMENT, 'The manual partition assignment includes an empty replica list.'],
  [
    to([1, 9]),
    {},
    INVALID_REPLICA_ASSIGNMENT,
    'The manual partition assignment includes broker 9, but no such broker is registered.'
  ],
  [
    to([2, 1, 2]),
    {},
    INVALID_REPLICA_ASSIGNMENT,
    'The manual partition assignment includes the broker 2 more than once.'
  ],
  [
    to([1, 2], { allowReplicationFactorChange: false }),
    {},
    INVALID_REPLICATION_FACTOR,
    'The replication factor is changed from 3 to 2'
  ],
  [
    to([1, 2, 3, 4], { allowReplicationFactorChange: false }),
    moving,
    INVALID_REPLICATION_FACTOR,
    'The replication factor is changed from 3 to 4'
  ],
  [
    to(null),
    { ...moving, inSyncReplicas: [4], leader: 4 },
    INVALID_REPLICA_ASSIGNMENT,
    'Unable to revert partition assignment for t:0 because it would require an unclean leader election.'
  ]
]

for (const [wanted, partition, error, message] of refusals) {
  test(`a reassignment is refused: ${message ?? 'there is none to take back'}`, () => {
    const decision = decideReassignment(sceneOf({ topics: { t: [partition] } }), wanted)
    assert.deepEqual(decision, { records: [], result: { error, message } })
  })
}

test('it is taken back uncleanly where the topic allows it', () => {
  const configs = { t: { 'unclean.leader.election.enable': 'true' } }
  const scene = sceneOf({ topics: { t: [{ ...moving, inSyncReplicas: [4], leader: 4 }] }, configs })
  assert.equal(inWords(partitionIn(granted(scene, to(null)))), '2,3,1 + - in sync 2 leader 2')
})

test('reassignments that are under way are told, by topic', () => {
  const { image } = sceneOf({ topics: { t: [{}, moving, moving], other: [{}], more: [moving] } })
  const inShort = (topics: Parameters<typeof ongoingReassignments>[1]) =>
    ongoingReassignments(image, topics).map(({ topic, partitions }) => [topic, partitions.map((p) => p.partitionId)])
  assert.deepEqual(inShort(null), [
    ['t', [1, 2]],
    ['more', [0]]
  ])
  const named = [
    { topic: 't', partitions: [0, 2, 9] },
    { topic: 'other', partitions: [0] },
    { topic: 'absent', partitions: [0] }
  ]
  assert.deepEqual(inShort(named), [['t', [2]]])
})

test('whatever the way, who shall be is there in the end, and nobody else', () => {
  const subsets = Array.from({ length: 31 }, (_, bits) => [1, 2, 3, 4, 5].filter((id) => ((bits + 1) >> (id - 1)) & 1))
  for (const current of subsets) {
    for (const wanted of subsets) {
      const way = reassignmentTo({ replicas: current, addingReplicas: [], removingReplicas: [] }, wanted)
      assert.deepEqual(new Set(way.replicas), new Set([...current, ...wanted]))
      const done = completedReassignment(way, way.replicas)
      if (way.addingReplicas.length + way.removingReplicas.length === 0) assert.equal(done, null)
      else assert.deepEqual(done, { replicas: wanted, inSyncReplicas: wanted })
    }
  }
})

/** New topics and partitions on several brokers: who holds them, who is in sync, and what Apache Kafka says where that cannot be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig } from '../../../src/coordination/config/broker-config.ts'
import {
  decideMorePartitions,
  decideNewTopic,
  type NewTopic,
  type Placement
} from '../../../src/coordination/metadata/create-topics.ts'
import { ClusterImage } from '../../../src/coordination/metadata/image.ts'
import { type BrokerState, livingBrokers } from '../../../src/coordination/metadata/living-brokers.ts'
import { featureLevelRecord } from '../../../src/coordination/metadata/records.ts'
import { replayMetadata } from '../../../src/coordination/metadata/replay.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { newTopic } from './setup.ts'

const directoryOf = (id: number) => Buffer.alloc(16, id).toString('base64url')
const states: readonly BrokerState[] = ['active', 'active', 'fenced', 'in controlled shutdown']

/** Brokers 1 and 2 are there, 3 is fenced, 4 stops. */
const placement = (overrides: Readonly<Record<string, string>> = {}): Placement => ({
  living: livingBrokers(
    states.map((state, index) => ({ id: index + 1, epoch: 0, rack: null, directoryId: directoryOf(index + 1), state }))
  ),
  chance: new SeededChance(1),
  defaults: BrokerConfig.parse(overrides),
  newTopicId: () => 'J8hKUf_nQQ21LcJpUdYd_g'
})

function created(topic: NewTopic, where = placement()): ClusterImage {
  const image = new ClusterImage()
  replayMetadata(image, featureLevelRecord('metadata.version', 33))
  const { records, placed, result } = decideNewTopic(image, topic, where)
  assert.equal(result.error, ErrorCode.NONE)
  for (const record of records) replayMetadata(image, record)
  const partitions = image.topicByName(topic.name)?.partitions ?? []
  assert.deepEqual(
    placed,
    partitions.map(({ partitionId, replicas }) => ({ partitionId, replicas })),
    'what is placed is what is written'
  )
  return image
}

const places = (...placed: number[][]): Partial<NewTopic> => ({
  ...{ partitions: -1, replicationFactor: -1 },
  assignments: placed.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }))
})

test('who is there is in sync and leads; each replica has the directory of its broker', () => {
  const image = created(newTopic('t', places([3, 2, 4, 1], [1, 2, 3, 4])))
  const [one, other] = image.topicByName('t')?.partitions ?? []
  assert.deepEqual(one?.replicas, [3, 2, 4, 1])
  assert.deepEqual(one?.directories, [3, 2, 4, 1].map(directoryOf))
  assert.deepEqual(one?.inSyncReplicas, [2, 1])
  assert.equal(one?.leader, 2)
  assert.deepEqual(other?.inSyncReplicas, [1, 2])
  assert.equal(other?.leader, 1)
})

test('a topic that says nothing gets as many replicas as the broker says, and as many as that there are', () => {
  const silent = newTopic('t', { partitions: 4, replicationFactor: -1 })
  const image = created(silent, placement({ 'default.replication.factor': '2' }))
  for (const { replicas } of image.topicByName('t')?.partitions ?? [])
    assert.deepEqual(new Set(replicas), new Set([1, 2]))
  const { result } = decideNewTopic(image, newTopic('more', { replicationFactor: 4 }), placement())
  const message =
    'Unable to replicate the partition 4 time(s): The target replication factor of 4 cannot be reached because only 3 broker(s) are registered or some brokers have all their log directories cordoned.'
  assert.deepEqual(result, { error: ErrorCode.INVALID_REPLICATION_FACTOR, message })
})

const wrong: readonly (readonly [placed: number[][], message: string])[] = [
  [
    [[3, 4]],
    'All brokers specified in the manual partition assignment for partition 0 are fenced or in controlled shutdown.'
  ],
  [
    [[1, 2], [1]],
    'The manual partition assignment includes a partition with 1 replica(s), but this is not consistent with previous partitions, which have 2 replica(s).'
  ],
  [[[9, 9]], 'The manual partition assignment includes broker 9, but no such broker is registered.'],
  [[[2, 1, 2]], 'The manual partition assignment includes the broker 2 more than once.']
]

for (const [placed, message] of wrong) {
  test(`replicas ${JSON.stringify(placed)} are refused: ${message}`, () => {
    const error = ErrorCode.INVALID_REPLICA_ASSIGNMENT
    const decision = decideNewTopic(new ClusterImage(), newTopic('t', places(...placed)), placement())
    assert.deepEqual(decision, { records: [], placed: [], result: { error, message } })
  })
}

test('more partitions have as many replicas as the first', () => {
  const image = created(newTopic('t', { partitions: 1, replicationFactor: 2 }))
  const grow = (assignments: number[][] | null, count = 3) =>
    decideMorePartitions(
      image,
      { name: 't', count, assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null },
      placement()
    )
  const { placed, records } = grow(null)
  assert.deepEqual(
    placed.map(({ partitionId, replicas }) => [partitionId, replicas.toSorted()]),
    [
      [1, [1, 2]],
      [2, [1, 2]]
    ]
  )
  assert.equal(records.length, 2)
  const error = ErrorCode.INVALID_REPLICA_ASSIGNMENT
  const message =
    'The manual partition assignment includes a partition with 3 replica(s), but this is not consistent with previous partitions, which have 2 replica(s).'
  assert.deepEqual(
    grow([
      [1, 2],
      [1, 2, 3]
    ]).result,
    { error, message }
  )
  const fenced =
    'All brokers specified in the manual partition assignment for partition 2 are fenced or in controlled shutdown.'
  assert.deepEqual(
    grow([
      [1, 2],
      [3, 4]
    ]).result,
    { error, message: fenced }
  )
  const lonely = { ...placement(), living: livingBrokers([]) }
  const nobody = decideMorePartitions(image, { name: 't', count: 2, assignments: null }, lonely)
  assert.deepEqual(nobody.result, {
    error: ErrorCode.INVALID_REPLICATION_FACTOR,
    message: 'All brokers are currently fenced, or have all their log directories cordoned.'
  })
})

/** New topics and new partitions: whole decisions, and every refusal with Apache Kafka's code and words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decideMorePartitions,
  decideNewTopic,
  type NewTopic
} from '../../../src/coordination/metadata/create-topics.ts'
import { ClusterImage } from '../../../src/coordination/metadata/image.ts'
import { featureLevelRecord } from '../../../src/coordination/metadata/records.ts'
import { replayMetadata } from '../../../src/coordination/metadata/replay.ts'
import { limits } from '../../../src/limits.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { directoryId, inWords, newTopic, placement } from './setup.ts'

const topicId = 'J8hKUf_nQQ21LcJpUdYd_g'

function imageWith(...topics: readonly NewTopic[]): ClusterImage {
  const image = new ClusterImage()
  replayMetadata(image, featureLevelRecord('metadata.version', 33))
  for (const topic of topics) {
    const id = Buffer.from(topic.name.padEnd(16, '.')).toString('base64url')
    const { records } = decideNewTopic(image, topic, { ...placement(), newTopicId: () => id })
    for (const record of records) replayMetadata(image, record)
  }
  return image
}

const partition = (partitionId: number, id = topicId) => [
  'PartitionRecord',
  {
    ...{ partitionId, topicId: id, replicas: [1], isr: [1], removingReplicas: [], addingReplicas: [] },
    ...{ leader: 1, leaderRecoveryState: 0, leaderEpoch: 0, partitionEpoch: 0, directories: [directoryId] },
    ...{ eligibleLeaderReplicas: null, lastKnownElr: null }
  }
]

test('a new topic is its record, then its configuration, then its partitions', () => {
  const wanted = newTopic('t1', { partitions: 2, config: new Map([['cleanup.policy', 'compact']]) })
  const { records, result } = decideNewTopic(imageWith(), wanted, placement())
  assert.deepEqual(result, { error: 0, id: topicId, partitions: 2, replicationFactor: 1 })
  assert.deepEqual(inWords(records), [
    ['TopicRecord', { name: 't1', topicId }],
    ['ConfigRecord', { resourceType: 2, resourceName: 't1', name: 'cleanup.policy', value: 'compact' }],
    partition(0),
    partition(1)
  ])
})

test('a topic that says nothing gets the numbers of the broker', () => {
  const wanted = newTopic('t1', { partitions: -1, replicationFactor: -1 })
  const { records, result } = decideNewTopic(imageWith(), wanted, placement({ 'num.partitions': '3' }))
  assert.deepEqual(result, { error: 0, id: topicId, partitions: 3, replicationFactor: 1 })
  assert.equal(records.length, 4)
})

test('replicas that the caller places himself make as many partitions', () => {
  const assignments = [1, 0].map((partitionIndex) => ({ partitionIndex, brokerIds: [1] }))
  const wanted = newTopic('t1', { partitions: -1, replicationFactor: -1, assignments })
  const { records, result } = decideNewTopic(imageWith(), wanted, placement())
  assert.deepEqual(result, { error: 0, id: topicId, partitions: 2, replicationFactor: 1 })
  assert.deepEqual(inWords(records).slice(1), [partition(0), partition(1)])
})

const places = (...placed: [number, number[]][]): Partial<NewTopic> => ({
  ...{ partitions: -1, replicationFactor: -1 },
  assignments: placed.map(([partitionIndex, brokerIds]) => ({ partitionIndex, brokerIds }))
})
const illegalCharacters = "contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
const { INVALID_REPLICA_ASSIGNMENT, INVALID_REPLICATION_FACTOR, INVALID_PARTITIONS, INVALID_CONFIG } = ErrorCode
const { INVALID_TOPIC_EXCEPTION, INVALID_REQUEST, TOPIC_ALREADY_EXISTS } = ErrorCode

/** Asked of a running Apache Kafka 4.4.0 with the same words. */
const refusals: readonly [what: string, wanted: NewTopic, error: ErrorCode, message: string][] = [
  ['an empty name', newTopic(''), INVALID_TOPIC_EXCEPTION, 'Topic name is invalid: the empty string is not allowed'],
  ['one dot', newTopic('.'), INVALID_TOPIC_EXCEPTION, "Topic name is invalid: '.' is not allowed"],
  ['two dots', newTopic('..'), INVALID_TOPIC_EXCEPTION, "Topic name is invalid: '..' is not allowed"],
  ['a space', newTopic('a b'), INVALID_TOPIC_EXCEPTION, `Topic name is invalid: 'a b' ${illegalCharacters}`],
  ['a letter beyond ASCII', newTopic('é'), INVALID_TOPIC_EXCEPTION, `Topic name is invalid: 'é' ${illegalCharacters}`],
  [
    'a name of 250 letters',
    newTopic('a'.repeat(250)),
    INVALID_TOPIC_EXCEPTION,
    `Topic name is invalid: the length of '${'a'.repeat(250)}' is longer than the max allowed length 249`
  ],
  [
    "the metadata log's name",
    newTopic('__cluster_metadata'),
    INVALID_REQUEST,
    'Creation of internal topic __cluster_metadata is prohibited.'
  ],
  ['a topic that is there', newTopic('there.is'), TOPIC_ALREADY_EXISTS, "Topic 'there.is' already exists."],
  [
    'a topic that is there, with all else wrong too',
    newTopic('there.is', { partitions: 0, replicationFactor: 5, config: new Map([['retention.ms', 'x']]) }),
    TOPIC_ALREADY_EXISTS,
    "Topic 'there.is' already exists."
  ],
  [
    'a name that differs from another in a dot only',
    newTopic('there_is'),
    INVALID_TOPIC_EXCEPTION,
    "Topic 'there_is' collides with existing topic: there.is"
  ],
  [
    'no partitions',
    newTopic('t', { partitions: 0 }),
    INVALID_PARTITIONS,
    'Number of partitions was set to an invalid non-positive value.'
  ],
  [
    'no replicas and no partitions',
    newTopic('t', { replicationFactor: 0, partitions: 0 }),
    INVALID_REPLICATION_FACTOR,
    'Replication factor must be larger than 0, or -1 to use the default value.'
  ],
  [
    'three replicas',
    newTopic('t', { replicationFactor: 3 }),
    INVALID_REPLICATION_FACTOR,
    'Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.'
  ],
  [
    'a wrong configuration, before three replicas',
    newTopic('t', { replicationFactor: 3, config: new Map([['retention.ms', 'x']]) }),
    INVALID_CONFIG,
    'Invalid value x for configuration retention.ms: Not a number of type LONG'
  ],
  [
    'configurations without values',
    newTopic('t', {
      config: new Map([
        ['retention.ms', null],
        ['segment.ms', null]
      ])
    }),
    INVALID_CONFIG,
    'Null value not supported for topic configs: retention.ms,segment.ms'
  ],
  [
    'places and a number of replicas',
    newTopic('t', { ...places([0, [1]]), partitions: 1, replicationFactor: 1 }),
    INVALID_REQUEST,
    'A manual partition assignment was specified, but replication factor was not set to -1.'
  ],
  [
    'places and a number of partitions',
    newTopic('t', { ...places([0, [1]]), partitions: 1 }),
    INVALID_REQUEST,
    'A manual partition assignment was specified, but numPartitions was not set to -1.'
  ],
  [
    'a partition placed twice',
    newTopic('t', places([0, [1]], [0, [1]])),
    INVALID_REPLICA_ASSIGNMENT,
    'Found multiple manual partition assignments for partition 0'
  ],
  [
    'places with a gap',
    newTopic('t', places([0, [1]], [2, [1]])),
    INVALID_REPLICA_ASSIGNMENT,
    'partitions should be a consecutive 0-based integer sequence'
  ],
  [
    'a place without brokers',
    newTopic('t', places([0, []])),
    INVALID_REPLICA_ASSIGNMENT,
    'The manual partition assignment includes an empty replica list.'
  ],
  [
    'a place with a broker twice',
    newTopic('t', places([0, [1, 1]])),
    INVALID_REPLICA_ASSIGNMENT,
    'The manual partition assignment includes the broker 1 more than once.'
  ],
  [
    'a place with another broker',
    newTopic('t', places([0, [1, 9]])),
    INVALID_REPLICA_ASSIGNMENT,
    'The manual partition assignment includes broker 9, but no such broker is registered.'
  ]
]

for (const [what, wanted, error, message] of refusals) {
  test(`a new topic is refused for ${what}`, () => {
    const decision = decideNewTopic(imageWith(newTopic('there.is')), wanted, placement())
    assert.deepEqual(decision, { records: [], placed: [], result: { error, message } })
  })
}

test('more partitions come after those that are there', () => {
  const image = imageWith(newTopic('grows', { partitions: 2 }))
  const { records, result } = decideMorePartitions(image, { name: 'grows', count: 4, assignments: null }, placement())
  const id = image.topicByName('grows')?.id
  assert.deepEqual(result, { error: 0 })
  assert.deepEqual(inWords(records), [partition(2, id), partition(3, id)])
})

test('a topic grows as far as one may go, and one partition further it does not', () => {
  const image = imageWith(newTopic('grows', { partitions: 2 }))
  const most = limits.partitionsPerTopic
  const grown = (count: number) => decideMorePartitions(image, { name: 'grows', count, assignments: null }, placement())
  const { records, result } = grown(most + 1)
  assert.deepEqual([records, result.error], [[], INVALID_PARTITIONS])
  assert.deepEqual(grown(most).result, { error: 0 })
})

test('topics grow as far as a broker may go, and one partition further they do not', () => {
  const image = imageWith(newTopic('grows', { partitions: 2 }))
  // As if there were others.
  Object.defineProperty(image, 'partitionCount', { value: limits.partitions - 1 })
  const grown = (count: number) => decideMorePartitions(image, { name: 'grows', count, assignments: null }, placement())
  const { records, result } = grown(4)
  assert.deepEqual([records, result.error], [[], INVALID_PARTITIONS])
  assert.deepEqual(grown(3).result, { error: 0 })
})

const fewer: readonly [count: number, assignments: number[][] | null, error: ErrorCode, message: string][] = [
  [2, null, INVALID_PARTITIONS, 'Topic already has 2 partition(s).'],
  [1, null, INVALID_PARTITIONS, 'The topic grows currently has 2 partition(s); 1 would not be an increase.'],
  [
    3,
    [[1], [1]],
    INVALID_REPLICA_ASSIGNMENT,
    'Attempted to add 1 additional partition(s), but only 2 assignment(s) were specified.'
  ],
  [3, [[]], INVALID_REPLICA_ASSIGNMENT, 'The manual partition assignment includes an empty replica list.'],
  [
    3,
    [[9]],
    INVALID_REPLICA_ASSIGNMENT,
    'The manual partition assignment includes broker 9, but no such broker is registered.'
  ]
]

for (const [count, placed, error, message] of fewer) {
  test(`two partitions do not become ${count} with ${JSON.stringify(placed)}: ${message}`, () => {
    const assignments = placed?.map((brokerIds) => ({ brokerIds })) ?? null
    const image = imageWith(newTopic('grows', { partitions: 2 }))
    const decision = decideMorePartitions(image, { name: 'grows', count, assignments }, placement())
    assert.deepEqual(decision, { records: [], placed: [], result: { error, message } })
  })
}

test('a topic that does not exist gets no partitions', () => {
  const wanted = { name: 'absent', count: 2, assignments: null }
  assert.deepEqual(decideMorePartitions(imageWith(), wanted, placement()), {
    records: [],
    placed: [],
    result: { error: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message: null }
  })
})

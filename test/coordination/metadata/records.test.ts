/** The records of the metadata log are Apache Kafka's, byte for byte. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StateRecord } from '../../../src/coordination/coordinator.ts'
import { ClusterImage } from '../../../src/coordination/metadata/image.ts'
import {
  configRecord,
  featureLevelRecord,
  partitionRecord,
  producerIdsRecord,
  removeTopicRecord,
  topicRecord
} from '../../../src/coordination/metadata/records.ts'
import { replayMetadata } from '../../../src/coordination/metadata/replay.ts'
import { alone, contentsOf, directoryId, inWords } from './setup.ts'

const topicId = 'J8hKUf_nQQ21LcJpUdYd_g'

/** Values as Apache Kafka 4.4.0 wrote them to its `__cluster_metadata`. */
const kafkaRecords: readonly [what: string, hex: string, ours: StateRecord][] = [
  ['a feature', '010c00116d657461646174612e76657273696f6e002100', featureLevelRecord('metadata.version', 33)],
  [
    'a configuration of all brokers',
    '0104000401146d696e2e696e73796e632e7265706c69636173023100',
    configRecord(4, '', 'min.insync.replicas', '1')
  ],
  ['a topic', '01020003743127c84a51ffe7410db52dc26951d61dfe00', topicRecord('t1', topicId)],
  [
    'a configuration of a topic',
    '010400020374310d726574656e74696f6e2e6d73083336303030303000',
    configRecord(2, 't1', 'retention.ms', '3600000')
  ],
  [
    'a partition',
    '0103020000000127c84a51ffe7410db52dc26951d61dfe02000000010200000001010100000001000000000000000002b3db69a4dffaf55557fb52851cb4b57400',
    partitionRecord(alone(topicId, 1), 33)
  ],
  [
    'a configuration of a group',
    '010400200367311c636f6e73756d65722e73657373696f6e2e74696d656f75742e6d7306343630303000',
    configRecord(32, 'g1', 'consumer.session.timeout.ms', '46000')
  ],
  ['a deleted topic', '010900f1b6c18e2d2a4ba480215a38138394ae00', removeTopicRecord('8bbBji0qS6SAIVo4E4OUrg')]
]

for (const [what, hex, ours] of kafkaRecords) {
  test(`${what} is written as the bytes of Apache Kafka`, () => {
    assert.equal(ours.key, null)
    assert.equal(ours.value?.toString('hex'), hex)
  })
}

test('the bytes of Apache Kafka become the image that they speak of', () => {
  const image = new ClusterImage()
  for (const [what, hex] of kafkaRecords) {
    // These bytes are of the second partition; the first is put before it.
    if (what === 'a partition') {
      replayMetadata(image, partitionRecord(alone(topicId, 0), 33))
    }
    replayMetadata(image, { key: null, value: Buffer.from(hex, 'hex') })
  }
  const partition = {
    replicas: [1],
    directories: [directoryId],
    inSyncReplicas: [1],
    leader: 1,
    leaderEpoch: 0,
    partitionEpoch: 0,
    leaderRecoveryState: 0,
    addingReplicas: [],
    removingReplicas: [],
    eligibleLeaderReplicas: [],
    lastKnownEligibleLeaderReplicas: []
  }
  const topic = image.topicByName('t1')
  assert.deepEqual(topic?.partitions, [
    { partitionId: 0, ...partition },
    { partitionId: 1, ...partition }
  ])
  assert.equal(topic?.id, topicId)
  assert.deepEqual([...image.topicConfig('t1')], [['retention.ms', '3600000']])
  assert.deepEqual([...image.configOf(4, '')], [['min.insync.replicas', '1']])
  assert.deepEqual(image.configured(32), ['g1'])
  assert.deepEqual([...image.features], [['metadata.version', 33]])
})

test('a record of a type that has no meaning here changes nothing', () => {
  const image = new ClusterImage()
  const noOp = Buffer.from('01140000', 'hex')
  replayMetadata(image, { key: null, value: noOp })
  assert.deepEqual(contentsOf(image), contentsOf(new ClusterImage()))
})

test('a record of an unknown frame version is refused, not guessed at', () => {
  const image = new ClusterImage()
  assert.throws(() => replayMetadata(image, { key: null, value: Buffer.from('02020000', 'hex') }), /frame version 2/)
})

test('a block of producer ids says where the next one begins', () => {
  assert.deepEqual(inWords([producerIdsRecord(1, 2000)]), [
    ['ProducerIdsRecord', { brokerId: 1, brokerEpoch: 0, nextProducerId: 2000 }]
  ])
})

test("a partition is written in the version that its cluster's metadata has, so that its other nodes can read it", () => {
  for (const [metadataVersion, version] of [
    [7, 0],
    [16, 0],
    [17, 1],
    [22, 1],
    [23, 2],
    [33, 2]
  ] as const) {
    const [, , written] = partitionRecord(alone(topicId, 0), metadataVersion).value ?? []
    assert.equal(written, version, `metadata.version ${metadataVersion}`)
  }
})

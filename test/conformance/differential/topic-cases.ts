/** Topics and records: from creation over writing and reading to deletion. */
import { recordBatch } from '../../harness/record-batch.ts'
import { ABSENT, Api, type Case, TOPIC, ZERO_ID } from './case.ts'
import { fieldOf, type Session } from './session.ts'

/** The same for both brokers. */
const NOW_MS = Date.now()
const SEGMENT_BYTES = 1_048_576
const PRODUCER_ID = 4000
const LONGEST_STRING_BYTES = 32_767
/** The ends of an int64, as the codecs take them. */
const LONG_MAX = 2 ** 63
const LONG_MIN = -(2 ** 63)

export const newTopic = (name: string, more: object = {}) => ({
  name,
  numPartitions: 2,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...more
})

/** A topic as a request names it: by id in newer versions. */
function named(session: Session, version: number, byIdFrom: number, name: string, field = 'name'): object {
  if (version < byIdFrom) return { [field]: name }
  return { topicId: session.known.get(`topic ${name}`) ?? 'absentTopicIdAAAAAAAAA' }
}

export function produced(name: string, records: Buffer, index = 0, acks = -1): Case['request'] {
  return (version, session) => ({
    acks,
    timeoutMs: 5000,
    topicData: [{ ...named(session, version, 13, name), partitionData: [{ index, records }] }]
  })
}

export function fetched(name: string, fetchOffset: number, partition = 0, more: object = {}): Case['request'] {
  return (version, session) => ({
    maxWaitMs: 10,
    minBytes: 1,
    maxBytes: SEGMENT_BYTES,
    ...(version >= 7 && { sessionId: 0, sessionEpoch: -1 }),
    topics: [
      {
        ...named(session, version, 13, name, 'topic'),
        partitions: [{ partition, fetchOffset, partitionMaxBytes: SEGMENT_BYTES }]
      }
    ],
    ...more
  })
}

const batchOf = (value: string) => recordBatch([value], { timestampMs: NOW_MS })
const idempotent = (baseSequence: number, producerEpoch = 0) =>
  recordBatch(['once'], { timestampMs: NOW_MS, producerId: PRODUCER_ID, producerEpoch, baseSequence })

function listed(name: string, timestamp: number, more: object = {}): Case['request'] {
  return () => ({ replicaId: -1, topics: [{ name, partitions: [{ partitionIndex: 0, timestamp }] }], ...more })
}

export const topicCases: readonly Case[] = [
  {
    api: Api.CreateTopics,
    what: 'a topic',
    request: (version) => ({ topics: [newTopic(`created-${version}`)], timeoutMs: 5000 })
  },
  {
    api: Api.CreateTopics,
    what: 'the topic of all that follows',
    to: 2,
    request: () => ({ topics: [newTopic(TOPIC)], timeoutMs: 5000 })
  },
  {
    api: Api.CreateTopics,
    what: 'a topic that is there',
    request: () => ({ topics: [newTopic(TOPIC)], timeoutMs: 5000 })
  },
  {
    api: Api.CreateTopics,
    what: 'an invalid name',
    request: () => ({ topics: [newTopic('no spaces')], timeoutMs: 5000 })
  },
  {
    api: Api.CreateTopics,
    what: 'no partitions',
    request: () => ({ topics: [newTopic('none', { numPartitions: 0 })], timeoutMs: 5000 })
  },
  {
    api: Api.CreateTopics,
    what: 'three copies',
    request: () => ({ topics: [newTopic('three', { replicationFactor: 3 })], timeoutMs: 5000 })
  },
  {
    api: Api.CreateTopics,
    what: 'a config that is unknown',
    request: () => ({
      topics: [newTopic('odd', { configs: [{ name: 'no.such.config', value: '1' }] })],
      timeoutMs: 5000
    })
  },
  {
    api: Api.CreateTopics,
    what: 'only validated',
    request: () => ({ topics: [newTopic('validated')], timeoutMs: 5000, validateOnly: true })
  },
  {
    api: Api.Metadata,
    what: 'a topic',
    request: (version) => ({ topics: [{ name: TOPIC }], ...(version >= 4 && { allowAutoTopicCreation: false }) }),
    note: (answer, version, session) => {
      const id = version >= 10 ? fieldOf(answer, 'topicId') : undefined
      if (typeof id === 'string') session.known.set(`topic ${TOPIC}`, id)
    }
  },
  {
    api: Api.Metadata,
    what: 'an absent and an invalid topic',
    from: 4,
    request: () => ({ topics: [{ name: ABSENT }, { name: 'no spaces' }], allowAutoTopicCreation: false })
  },
  {
    api: Api.Metadata,
    what: 'an unknown topic id',
    from: 12,
    request: () => ({ topics: [{ name: null, topicId: 'absentTopicIdAAAAAAAAA' }] })
  },
  {
    api: Api.Metadata,
    what: 'a topic by its id, or by no name, where only names will do',
    from: 10,
    to: 11,
    request: () => ({ topics: [{ name: null }, { name: TOPIC, topicId: 'absentTopicIdAAAAAAAAA' }] })
  },
  {
    api: Api.Metadata,
    what: 'the longest name there can be',
    request: () => ({ topics: [{ name: 'x'.repeat(LONGEST_STRING_BYTES) }] })
  },
  { api: Api.Metadata, what: 'no topics', from: 1, request: () => ({ topics: [] }) },
  {
    api: Api.DescribeTopicPartitions,
    what: 'a topic and an absent one',
    request: () => ({ topics: [{ name: ABSENT }, { name: TOPIC }] })
  },
  { api: Api.Produce, what: 'a batch', from: 3, request: produced(TOPIC, batchOf('hello')) },
  { api: Api.Produce, what: 'acks=1', from: 3, request: produced(TOPIC, batchOf('one'), 0, 1) },
  { api: Api.Produce, what: 'an absent topic', from: 3, request: produced(ABSENT, batchOf('nowhere')) },
  { api: Api.Produce, what: 'an absent partition', from: 3, request: produced(TOPIC, batchOf('nowhere'), 9) },
  { api: Api.Produce, what: 'acks=5', from: 3, request: produced(TOPIC, batchOf('x'), 0, 5) },
  {
    api: Api.Produce,
    what: 'a first idempotent batch, and its duplicates',
    from: 3,
    request: produced(TOPIC, idempotent(0), 1)
  },
  { api: Api.Produce, what: 'a sequence out of order', from: 3, request: produced(TOPIC, idempotent(7), 1) },
  { api: Api.Fetch, what: 'from the beginning', request: fetched(TOPIC, 0) },
  { api: Api.Fetch, what: 'of the idempotent partition', request: fetched(TOPIC, 0, 1) },
  { api: Api.Fetch, what: 'at the end', request: fetched(TOPIC, 22) },
  { api: Api.Fetch, what: 'beyond the end', request: fetched(TOPIC, 1000) },
  { api: Api.Fetch, what: 'at an offset that no log can have', request: fetched(TOPIC, LONG_MAX) },
  { api: Api.Fetch, what: 'an absent topic', request: fetched(ABSENT, 0) },
  { api: Api.Fetch, what: 'an absent partition', request: fetched(TOPIC, 0, 9) },
  { api: Api.Fetch, what: 'read committed', request: fetched(TOPIC, 0, 0, { isolationLevel: 1 }) },
  {
    api: Api.Fetch,
    what: 'a session is opened',
    from: 7,
    request: fetched(TOPIC, 0, 0, { sessionId: 0, sessionEpoch: 0 })
  },
  {
    api: Api.Fetch,
    what: 'a session that is unknown',
    from: 7,
    request: fetched(TOPIC, 0, 0, { sessionId: 77, sessionEpoch: 4 })
  },
  { api: Api.ListOffsets, what: 'the end', request: listed(TOPIC, -1) },
  { api: Api.ListOffsets, what: 'the beginning', request: listed(TOPIC, -2) },
  { api: Api.ListOffsets, what: 'the largest timestamp', from: 7, request: listed(TOPIC, -3) },
  { api: Api.ListOffsets, what: 'a time', request: listed(TOPIC, 1) },
  { api: Api.ListOffsets, what: 'a time to come', request: listed(TOPIC, NOW_MS + 1_000_000) },
  { api: Api.ListOffsets, what: 'a time beyond all times', request: listed(TOPIC, LONG_MAX) },
  { api: Api.ListOffsets, what: 'a time that means no place', request: listed(TOPIC, LONG_MIN) },
  { api: Api.ListOffsets, what: 'an absent topic', request: listed(ABSENT, -1) },
  {
    api: Api.OffsetForLeaderEpoch,
    what: 'this epoch, a later one, and an absent partition',
    request: (version) => ({
      ...(version >= 3 && { replicaId: -1 }),
      topics: [
        {
          topic: TOPIC,
          partitions: [
            { partition: 0, leaderEpoch: 0 },
            { partition: 1, leaderEpoch: 5 },
            { partition: 9, leaderEpoch: 0 }
          ]
        }
      ]
    })
  },
  {
    api: Api.DescribeProducers,
    what: 'two partitions',
    request: () => ({ topics: [{ name: TOPIC, partitionIndexes: [0, 1] }] })
  },
  {
    api: Api.DescribeLogDirs,
    what: 'a topic twice',
    request: () => ({
      topics: [
        { topic: TOPIC, partitions: [1, 1] },
        { topic: TOPIC, partitions: [0, 1, 99] },
        { topic: ABSENT, partitions: [0] }
      ]
    })
  },
  { api: Api.DescribeLogDirs, what: 'a topic', request: () => ({ topics: [{ topic: TOPIC, partitions: [0, 1] }] }) },
  {
    api: Api.CreatePartitions,
    what: 'more, the same, and of an absent topic',
    request: (version) => ({
      topics: [`created-${version + 2}`, TOPIC, ABSENT].map((name, index) => ({
        name,
        count: index === 1 ? 2 : 4,
        assignments: null
      })),
      timeoutMs: 5000,
      validateOnly: false
    })
  },
  {
    api: Api.DeleteRecords,
    what: 'some, and beyond the end',
    request: (version) => ({
      topics: [
        {
          name: TOPIC,
          partitions: [
            { partitionIndex: 0, offset: version + 1 },
            { partitionIndex: 1, offset: 1000 }
          ]
        },
        { name: ABSENT, partitions: [{ partitionIndex: 0, offset: 0 }] }
      ],
      timeoutMs: 5000
    })
  },
  {
    api: Api.DeleteRecords,
    what: 'offsets that no log can have',
    request: () => ({
      topics: [
        {
          name: TOPIC,
          partitions: [
            { partitionIndex: 0, offset: LONG_MAX },
            { partitionIndex: 1, offset: LONG_MIN }
          ]
        }
      ],
      timeoutMs: 5000
    })
  },
  {
    api: Api.InitProducerId,
    what: 'an id of another producer than there can be',
    from: 3,
    request: () => ({
      transactionalId: null,
      transactionTimeoutMs: 60_000,
      producerId: LONG_MAX,
      producerEpoch: 3
    })
  },
  { api: Api.InitProducerId, what: 'an id', request: () => ({ transactionalId: null, transactionTimeoutMs: 60_000 }) },
  {
    api: Api.DeleteTopics,
    what: 'a topic and an absent one',
    request: (version) => {
      const names = [`created-${version + 1}`, ABSENT]
      if (version < 6) return { topicNames: names, timeoutMs: 5000 }
      return { topics: names.map((name) => ({ name, topicId: ZERO_ID })), timeoutMs: 5000 }
    }
  }
]

/** What no client sends but by mistake, and records without a time. */
import { recordBatch } from '../../harness/record-batch.ts'
import { ABSENT, Api, type Case } from './case.ts'
import { fetched, newTopic, produced } from './topic-cases.ts'
import { knownById } from './zstd-cases.ts'

const STRICT = 'strict'
const KEYED = 'keyed'
const UNTIMED = 'untimed'
const LATER_TIMED = 'later-timed'
const NOW_MS = Date.now()
const DAY_MS = 86_400_000
const NO_TIME = -1
const UNKNOWN_ISOLATION = 2

const configured = (name: string, configs: Record<string, string>) =>
  newTopic(name, { configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })) })

const timed = (timestampMs: number, values = ['x']) => recordBatch(values, { timestampMs })

function damaged(): Buffer {
  const batch = timed(NOW_MS)
  const last = batch.length - 1
  batch.writeUInt8(batch.readUInt8(last) ^ 1, last)
  return batch
}

/** From version 8 on ours says what is wrong, where Apache Kafka gives the code only (docs/differences.md). */
function refused(what: string, records: Buffer, topic = STRICT): Case {
  return { api: Api.Produce, what: `${what} is refused`, from: 3, to: 7, request: produced(topic, records) }
}

function listed(name: string, timestamp: number, more: object = {}): Case['request'] {
  return () => ({ replicaId: -1, topics: [{ name, partitions: [{ partitionIndex: 0, timestamp }] }], ...more })
}

function fetchedUpTo(maxBytes: number, partitionMaxBytes: number, more: object = {}): Case['request'] {
  return (version, session) => {
    const request = fetched(STRICT, 0, 0, { maxBytes, ...more })(version, session)
    return JSON.parse(JSON.stringify(request), (name, value) =>
      name === 'partitionMaxBytes' ? partitionMaxBytes : value
    )
  }
}

/** They come first, so that they have leaders when they are asked. */
export const refusalTopics: readonly Case[] = [
  {
    api: Api.CreateTopics,
    what: 'topics that refuse some records, and topics for records without a time',
    to: 2,
    request: () => ({
      topics: [
        configured(STRICT, { 'max.message.bytes': '400' }),
        configured(KEYED, { 'cleanup.policy': 'compact' }),
        newTopic(UNTIMED),
        newTopic(LATER_TIMED)
      ],
      timeoutMs: 5000
    })
  },
  ...[STRICT, KEYED, UNTIMED, LATER_TIMED].map(knownById)
]

export const refusalCases: readonly Case[] = [
  { api: Api.Produce, what: 'what a strict topic takes', from: 3, request: produced(STRICT, timed(NOW_MS)) },
  refused('a batch that is too large', timed(NOW_MS, ['x'.repeat(500)])),
  refused('a batch whose checksum is wrong', damaged()),
  refused('a record of the day after tomorrow', timed(NOW_MS + 2 * DAY_MS)),
  refused('a record without a key', timed(NOW_MS), KEYED),
  refused('a batch that counts wrongly', recordBatch(['x'], { timestampMs: NOW_MS, count: 2 })),
  refused('a control batch', recordBatch(['x'], { timestampMs: NOW_MS, attributes: 0x20 })),
  refused('two batches', Buffer.concat([timed(NOW_MS), timed(NOW_MS)])),
  refused('no batch', Buffer.alloc(0)),
  refused('half a batch', timed(NOW_MS).subarray(0, 40)),
  refused(
    'an epoch below none',
    recordBatch(['x'], { timestampMs: NOW_MS, producerId: 9, producerEpoch: -3, baseSequence: 0 })
  ),
  { api: Api.Produce, what: 'acks=5 to a strict topic', from: 3, request: produced(STRICT, timed(NOW_MS), 0, 5) },
  {
    api: Api.Fetch,
    what: 'an unknown isolation level',
    request: fetched(STRICT, 0, 0, { isolationLevel: UNKNOWN_ISOLATION })
  },
  { api: Api.Fetch, what: 'a negative isolation level', request: fetched(STRICT, 0, 0, { isolationLevel: -1 }) },
  { api: Api.Fetch, what: 'fewer bytes than none', request: fetchedUpTo(-1, 1_000_000) },
  { api: Api.Fetch, what: 'fewer bytes of a partition than none', request: fetchedUpTo(1_000_000, -1) },
  { api: Api.Fetch, what: 'fewer bytes than none of anything', request: fetchedUpTo(-7, -7) },
  { api: Api.Fetch, what: 'no bytes', request: fetchedUpTo(0, 0) },
  { api: Api.Fetch, what: 'at least fewer bytes than none', request: fetched(STRICT, 0, 0, { minBytes: -1 }) },
  { api: Api.Fetch, what: 'a wait of less than no time', request: fetched(STRICT, 1000, 0, { maxWaitMs: -1 }) },
  {
    api: Api.ListOffsets,
    what: 'an unknown isolation level',
    from: 2,
    request: listed(STRICT, -1, { isolationLevel: UNKNOWN_ISOLATION })
  },
  {
    api: Api.ListOffsets,
    what: 'a negative isolation level',
    from: 2,
    request: listed(STRICT, 0, { isolationLevel: -1 })
  },
  {
    api: Api.DescribeProducers,
    what: 'an absent topic, an absent partition, and a negative one',
    request: () => ({
      topics: [
        { name: ABSENT, partitionIndexes: [0] },
        { name: STRICT, partitionIndexes: [0, 9, -1] }
      ]
    })
  },
  {
    api: Api.DescribeProducers,
    what: 'an invalid topic',
    request: () => ({ topics: [{ name: 'no spaces', partitionIndexes: [0] }] })
  },
  { api: Api.ListOffsets, what: 'the largest time of no records', from: 7, request: listed(UNTIMED, -3) },
  { api: Api.Produce, what: 'a record without a time', from: 3, request: produced(UNTIMED, timed(NO_TIME)) },
  { api: Api.ListOffsets, what: 'the largest time of records without one', from: 7, request: listed(UNTIMED, -3) },
  { api: Api.ListOffsets, what: 'a time where records have none', request: listed(UNTIMED, 0) },
  {
    api: Api.Produce,
    what: 'a record without a time first',
    from: 3,
    to: 4,
    request: produced(LATER_TIMED, timed(NO_TIME))
  },
  { api: Api.Produce, what: 'and then one with a time', from: 3, to: 3, request: produced(LATER_TIMED, timed(NOW_MS)) },
  { api: Api.Produce, what: 'and one without again', from: 3, to: 3, request: produced(LATER_TIMED, timed(NO_TIME)) },
  {
    api: Api.ListOffsets,
    what: 'the largest time where the first has none',
    from: 7,
    request: listed(LATER_TIMED, -3)
  },
  { api: Api.ListOffsets, what: 'a time where the first has none', request: listed(LATER_TIMED, 0) }
]

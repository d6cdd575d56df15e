/** What clients of before zstd (KIP-110) are told: a refusal where they write; where they read, what there is. */
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { Compression } from '../../../src/protocol/records/compression/codec.ts'
import { Api, type Case } from './case.ts'
import { fieldOf } from './session.ts'
import { fetched, newTopic, produced } from './topic-cases.ts'

const PACKED_BY_TOPIC = 'packed-by-topic'
const PACKED_BY_PRODUCER = 'packed-by-producer'
const LAST_OLD_FETCH = 9

const record = { timestamp: Date.now(), key: null, value: Buffer.from('packed'), headers: [] }
const batch = buildBatch({ compression: Compression.zstd, records: [record] })
const zstd = { configs: [{ name: 'compression.type', value: 'zstd' }] }

export function knownById(name: string): Case {
  return {
    api: Api.Metadata,
    what: `the id of ${name}`,
    from: 10,
    request: () => ({ topics: [{ name }], allowAutoTopicCreation: false }),
    note: (answer, _version, session) => {
      const id = fieldOf(answer, 'topicId')
      if (typeof id === 'string') session.known.set(`topic ${name}`, id)
    }
  }
}

export const zstdCases: readonly Case[] = [
  {
    api: Api.CreateTopics,
    what: 'a topic that is packed in zstd, and one that its producers pack',
    to: 2,
    request: () => ({ topics: [newTopic(PACKED_BY_TOPIC, zstd), newTopic(PACKED_BY_PRODUCER)], timeoutMs: 5000 })
  },
  knownById(PACKED_BY_TOPIC),
  knownById(PACKED_BY_PRODUCER),
  { api: Api.Produce, what: 'a batch in zstd', from: 3, request: produced(PACKED_BY_PRODUCER, batch) },
  { api: Api.Produce, what: 'one for a topic in zstd', from: 3, request: produced(PACKED_BY_TOPIC, batch) },
  { api: Api.Produce, what: 'one with acks=5', from: 3, request: produced(PACKED_BY_TOPIC, batch, 0, 5) },
  { api: Api.Fetch, what: 'a batch in zstd', request: fetched(PACKED_BY_PRODUCER, 0) },
  { api: Api.Fetch, what: 'a topic in zstd', request: fetched(PACKED_BY_TOPIC, 0) },
  { api: Api.Fetch, what: 'the end of a topic in zstd', request: fetched(PACKED_BY_TOPIC, 7) },
  { api: Api.Fetch, what: 'beyond the end of a topic in zstd', request: fetched(PACKED_BY_TOPIC, 1000) },
  { api: Api.Fetch, what: 'an empty partition of a topic in zstd', request: fetched(PACKED_BY_TOPIC, 0, 1) },
  {
    api: Api.Fetch,
    what: 'a topic in zstd, in a session',
    from: 7,
    to: LAST_OLD_FETCH,
    request: fetched(PACKED_BY_TOPIC, 0, 0, { sessionId: 0, sessionEpoch: 0 })
  }
]

/**
 * Requests that are well formed and say the most extreme things, of every API in every version: each gets an answer, for a
 * closed connection tells a client nothing. Kafka's one exception is ours as well: a Produce with acks=0 that fails.
 */

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { allApis } from '../../../src/broker/apis/all.ts'
import type { Broker } from '../../../src/broker/broker.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import { ApiKey } from '../../../src/protocol/api-keys.ts'
import { encodeRequest } from '../../../src/protocol/frame.ts'
import { CreateTopicsRequest } from '../../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../../src/protocol/generated/api/create-topics-response.ts'
import { apiCodecs } from '../../../src/protocol/generated/api/registry.ts'
import { ZERO_UUID } from '../../../src/protocol/primitives.ts'
import * as fc from '../../harness/properties.ts'
import { recordBatch } from '../../harness/record-batch.ts'
import { messageArbitrary, models, type PrimitiveArbitrary } from '../../protocol/arbitraries.ts'
import { ask, network, session, settled, startAlone } from './setup.ts'

const runsPerVersion = 60
const longestStringBytes = 32_767
const topicName = 'here'
/** On the wire it becomes bytes that are no UTF-8, which a decoder may only replace by longer ones. */
const notUtf8 = '\u0001'.repeat(longestStringBytes)
/** Longer than any wait of a request that has a bound. */
const batch = recordBatch(['a record'], { timestampMs: new ManualClock().nowMs() })

describe('a request whose fields are extreme is answered', () => {
  let broker: Broker
  let clock: ManualClock
  let topicId: string
  const told: string[] = []

  before(async () => {
    clock = new ManualClock()
    const host = { disk: new MemoryDisk(), clock, network, chance: new SeededChance(1) }
    const config = { 'auto.create.topics.enable': 'true' }
    broker = await startAlone({ host, durability: 'disk', config, advertised: null, log: (line) => told.push(line) })
    const topic = { name: topicName, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }
    const body = { topics: [topic], timeoutMs: 5000 }
    const made = await ask(broker, CreateTopicsRequest, CreateTopicsResponse, 7, body)
    topicId = made.topics[0]?.topicId ?? ''
  })

  for (const api of allApis.values()) {
    test(api.name, async () => {
      for (let version = api.versions[0]; version <= api.versions[1]; version++) await answersAll(api.key, version)
      assert.deepEqual(told, [])
    })
  }

  async function answersAll(key: ApiKey, version: number): Promise<void> {
    const codec = apiCodecs.find((one) => one.key === key)
    const model = models.find(({ facts }) => facts.type === 'request' && facts.apiKey === key)
    assert.ok(codec !== undefined && model !== undefined)
    const answered = fc.asyncProperty(messageArbitrary(model, version, extreme(topicId)), async (body) => {
      const frame = Buffer.concat(encodeRequest(7, 'client', codec.request, version, body)).subarray(4)
      const answer = await settled(clock, broker.answer(session, broken(frame)))
      if (answer.kind !== 'close') return
      const mayClose = isProduceWithoutAnswer(key, body) || /is not UTF-8$/.test(answer.reason)
      assert.ok(mayClose, `v${version} ${answer.reason}`)
    })
    await fc.assert(answered, { seed: 11, numRuns: runsPerVersion, endOnFailure: true, includeErrorInReport: true })
  }
})

function isProduceWithoutAnswer(key: ApiKey, body: unknown): boolean {
  return key === ApiKey.Produce && typeof body === 'object' && body !== null && 'acks' in body && body.acks === 0
}

function broken(frame: Buffer): Buffer {
  const place = frame.indexOf(notUtf8)
  return place < 0 ? frame : broken(Buffer.from(frame).fill(0xff, place, place + longestStringBytes))
}

function extreme(topicId: string): PrimitiveArbitrary {
  return ({ primitive, int64 }) => {
    switch (primitive) {
      case 'bool':
        return fc.boolean()
      case 'int8':
        return fc.constantFrom(-0x80, -1, 0, 1, 2, 3, 0x7f)
      case 'int16':
        return fc.constantFrom(-0x8000, -1, 0, 1, 0x7fff)
      case 'uint16':
        return fc.constantFrom(0, 0xffff)
      case 'int32':
        return fc.constantFrom(-0x8000_0000, -1, 0, 1, 2, 0x7fff_ffff)
      case 'uint32':
        return fc.constantFrom(0, 0xffff_ffff)
      case 'int64':
        return int64 === 'bigint'
          ? fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n)
          : fc.constantFrom(-(2 ** 63), -1, 0, 1, 2 ** 53 + 2, 2 ** 63)
      case 'float64':
        return fc.constantFrom(-Infinity, NaN, 0, Number.MAX_VALUE)
      case 'string':
        return fc.constantFrom(
          topicName,
          '__consumer_offsets',
          '__cluster_metadata',
          'group',
          '',
          'a\u0000b',
          '[',
          'retention.ms',
          'x'.repeat(250),
          'x'.repeat(longestStringBytes),
          'é'.repeat(longestStringBytes / 2),
          notUtf8
        )
      case 'uuid':
        return fc.constantFrom(ZERO_UUID, topicId, `${'_'.repeat(21)}w`)
      case 'bytes':
        return fc.constantFrom(Buffer.alloc(0), Buffer.alloc(100_000))
      case 'records':
        return fc.constantFrom(Buffer.alloc(0), Buffer.alloc(70_000), batch)
    }
  }
}

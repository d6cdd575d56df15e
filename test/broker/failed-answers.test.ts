/**
 * A mistake of ours, planted where its answer is encoded, in every API and version: the client gets an answer that names no other error
 * than UNKNOWN_SERVER_ERROR, or, where that has no place, its connection ends.
 */

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { BrokerAnswer } from '../../src/broker/answer.ts'
import { allApis } from '../../src/broker/apis/all.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { ApiKey } from '../../src/protocol/api-keys.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { decodeResponse, encodeRequest } from '../../src/protocol/frame.ts'
import { apiCodecs } from '../../src/protocol/generated/api/registry.ts'
import type { AnyMessage } from '../../src/protocol/message.ts'
import { Reader } from '../../src/protocol/primitives.ts'
import type { MessageModel, Struct } from '../../tools/generate-protocol/model.ts'
import { contains } from '../../tools/generate-protocol/versions.ts'
import * as fc from '../harness/properties.ts'
import { messageArbitrary, models } from '../protocol/arbitraries.ts'
import { network, session, settled, startAlone } from './apis/setup.ts'

const requestsPerVersion = 20
/** A fetch and a join wait no longer. */
/** In these versions a request may be one for which an answer has no place for an error. */
const mayClose: ReadonlyMap<ApiKey, number> = new Map([
  [ApiKey.Produce, 13],
  [ApiKey.Metadata, 12],
  [ApiKey.DescribeLogDirs, 2],
  [ApiKey.DescribeTopicPartitions, 0]
])

describe('a mistake of ours is answered as an unexpected error', () => {
  const clock = new ManualClock()
  let told: string[] = []
  let broker: Broker

  before(async () => {
    const host = { disk: new MemoryDisk(), clock, network, chance: new SeededChance(1) }
    const log = (line: string): void => void told.push(line)
    broker = await startAlone({ host, durability: 'disk', config: {}, advertised: null, log })
  })

  for (const api of allApis.values()) {
    test(api.name, async () => {
      for (let version = api.versions[0]; version <= api.versions[1]; version++) {
        const codes: number[] = []
        for (const body of requests(api.key, version)) {
          told = []
          const answer = await answerWithMistake(api.key, version, body)
          if (answer.kind === 'none') continue
          if (answer.kind === 'close') {
            assert.ok(version <= (mayClose.get(api.key) ?? -1), `v${version} ${answer.reason}`)
            continue
          }
          assert.match(told.join(), /planted/)
          const response = modelOf('response', api.key).root
          codes.push(...errorCodesIn(decoded(answer.chunks, api.key, version), response, version))
        }
        assert.deepEqual(new Set(codes), new Set(codesExpected(api.key, version)), `v${version}`)
      }
    })
  }

  async function answerWithMistake(key: ApiKey, version: number, body: unknown): Promise<BrokerAnswer> {
    const frame = Buffer.concat(encodeRequest(7, 'client', codecOf(key).request, version, body)).subarray(4)
    const restore = breakOnce(codecOf(key).response)
    try {
      return await settled(clock, broker.answer(session, frame))
    } finally {
      restore()
    }
  }
})

/** Before version 3 the answer of DescribeLogDirs has errors of directories only, and there is none. */
function codesExpected(key: ApiKey, version: number): readonly number[] {
  return key === ApiKey.DescribeLogDirs && version < 3 ? [] : [ErrorCode.UNKNOWN_SERVER_ERROR]
}

function codecOf(key: ApiKey) {
  const codec = apiCodecs.find((one) => one.key === key)
  assert.ok(codec !== undefined)
  return codec
}

function modelOf(type: 'request' | 'response', key: ApiKey): MessageModel {
  const model = models.find(({ facts }) => facts.type === type && facts.apiKey === key)
  assert.ok(model !== undefined)
  return model
}

function requests(key: ApiKey, version: number): unknown[] {
  return fc.sample(messageArbitrary(modelOf('request', key), version), { seed: 5, numRuns: requestsPerVersion })
}

/** The first answer cannot be encoded; those after it can. */
function breakOnce(response: AnyMessage): () => void {
  const { encode } = response
  const restore = (): void => {
    response.encode = encode
  }
  response.encode = () => {
    restore()
    throw new Error('planted')
  }
  return restore
}

function decoded(chunks: readonly Buffer[], key: ApiKey, version: number): unknown {
  return decodeResponse(new Reader(Buffer.concat(chunks), 4), 7, codecOf(key).response, version)
}

/** Those that the version carries; a decoder fills in the others. */
function errorCodesIn(value: unknown, { fields }: Struct, version: number): number[] {
  if (typeof value !== 'object' || value === null) return []
  const fieldsOf = new Map(Object.entries(value))
  return fields.flatMap(({ name, type, versions }) => {
    const field: unknown = fieldsOf.get(name)
    if (!contains(versions, version)) return []
    if (/^(partitionE|e)rrorCode$/.test(name) && typeof field === 'number') return [field]
    const struct = type.kind === 'array' ? type.element : type
    if (struct.kind !== 'struct') return []
    const values: readonly unknown[] = Array.isArray(field) ? field : [field]
    return values.flatMap((element) => errorCodesIn(element, struct.struct, version))
  })
}

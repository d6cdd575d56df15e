/** Topics with records on a whole broker in memory: what the tests of Produce and Fetch begin with. */
import assert from 'node:assert/strict'
import type { Broker } from '../../../src/broker/broker.ts'
import { GuardedClock } from '../../../src/host/guarded-clock.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { CreateTopicsRequest } from '../../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../../src/protocol/generated/api/create-topics-response.ts'
import { ProduceRequest } from '../../../src/protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../../src/protocol/generated/api/produce-response.ts'
import { ZERO_UUID } from '../../../src/protocol/primitives.ts'
import { type BatchContent, buildBatch } from '../../../src/protocol/records/builder.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'
import { ask } from './setup.ts'

export const startOfTimeMs = 1_700_000_000_000

/** Makes a topic of two partitions. */
export async function createTopic(
  broker: Broker,
  name: string,
  config: Readonly<Record<string, string>> = {},
  numPartitions = 2
) {
  const configs = Object.entries(config).map(([key, value]) => ({ name: key, value }))
  const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs }
  const body = { topics: [topic], timeoutMs: 1, validateOnly: false }
  const { topics } = await ask(broker, CreateTopicsRequest, CreateTopicsResponse, 7, body)
  assert.equal(topics[0]?.errorCode, 0)
}

export function batchOf(values: readonly string[], content: Omit<BatchContent, 'records'> = {}): Buffer {
  const records = values.map((value) => ({
    ...{ timestamp: startOfTimeMs, key: null, value: Buffer.from(value), headers: [] }
  }))
  return buildBatch({ ...content, records })
}

export const idOf = (broker: Broker, name: string): string => broker.image.topicByName(name)?.id ?? ZERO_UUID

export function clockOf(broker: Broker): ManualClock {
  const { clock } = broker.host
  assert.ok(clock instanceof GuardedClock && clock.guarded instanceof ManualClock)
  return clock.guarded
}

export interface Produced {
  readonly records: Buffer | null
  readonly topic?: string
  readonly topicId?: string
  readonly partition?: number
  readonly acks?: number
  readonly transactionalId?: string
}

export function producing(version: number, produced: Produced) {
  const { records, topic = 't1', partition = 0, acks = -1, topicId, transactionalId = null } = produced
  const named = version >= 13 ? { topicId: topicId ?? ZERO_UUID } : { name: topic }
  return {
    transactionalId,
    acks,
    timeoutMs: 1000,
    topicData: [{ ...named, partitionData: [{ index: partition, records }] }]
  }
}

/** Sends one batch and gives the answer for its partition. */
export async function produce(broker: Broker, produced: Produced, version = 12) {
  const topicId = produced.topicId ?? idOf(broker, produced.topic ?? 't1')
  const request = producing(version, { ...produced, topicId })
  const { responses } = await ask(broker, ProduceRequest, ProduceResponse, version, request)
  const [answer] = responses[0]?.partitionResponses ?? []
  assert.ok(answer !== undefined)
  return answer
}

/** The values of all records in batches that lie back to back. */
export function valuesIn(batches: Buffer): string[] {
  const values: string[] = []
  for (let rest = batches; rest.length > 0; rest = rest.subarray(12 + rest.readInt32BE(8))) {
    const batch = rest.subarray(0, 12 + rest.readInt32BE(8))
    for (const { value } of readRecords(batch)) values.push(String(value))
  }
  return values
}

/** A share group that reads from a whole broker in memory, in one line for each thing that its members do. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { Broker } from '../../../src/broker/broker.ts'
import type { Session } from '../../../src/broker/session.ts'
import { decodeResponse, encodeRequest } from '../../../src/protocol/frame.ts'
import { IncrementalAlterConfigsRequest } from '../../../src/protocol/generated/api/incremental-alter-configs-request.ts'
import { IncrementalAlterConfigsResponse } from '../../../src/protocol/generated/api/incremental-alter-configs-response.ts'
import { ShareAcknowledgeRequest } from '../../../src/protocol/generated/api/share-acknowledge-request.ts'
import { ShareAcknowledgeResponse } from '../../../src/protocol/generated/api/share-acknowledge-response.ts'
import { ShareFetchRequest } from '../../../src/protocol/generated/api/share-fetch-request.ts'
import { ShareFetchResponse } from '../../../src/protocol/generated/api/share-fetch-response.ts'
import { Reader } from '../../../src/protocol/primitives.ts'
import { clockOf, createTopic, idOf, valuesIn } from './records-setup.ts'
import { ask, session as own, settled, startBroker } from './setup.ts'

const groupId = 'g'
const groupResource = 32

export const connectionOf = (id: number): Session => ({ ...own, id })

interface Said {
  readonly first: number
  readonly last: number
  readonly type: number
}

/** A broker with topic t1, of which the group reads partition 0 from its beginning. */
export async function start(
  settings: Readonly<Record<string, string>> = {},
  {
    config = {},
    log = () => {}
  }: { readonly config?: Record<string, string>; readonly log?: (line: string) => void } = {}
): Promise<Broker> {
  const broker = await startBroker(config, undefined, { log })
  await createTopic(broker, 't1')
  await configure(broker, { 'share.auto.offset.reset': 'earliest', ...settings })
  await initialize(broker, 1)
  return broker
}

export async function configure(broker: Broker, settings: Readonly<Record<string, string>>): Promise<void> {
  const configs = Object.entries(settings).map(([name, value]) => ({ name, configOperation: 0, value }))
  const resources = [{ resourceType: groupResource, resourceName: groupId, configs }]
  const body = { resources, validateOnly: false }
  const { responses } = await ask(broker, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, 1, body)
  assert.equal(responses[0]?.errorCode, 0)
}

export async function initialize(broker: Broker, stateEpoch: number): Promise<void> {
  await broker.shares.coordinators.topic.ensure()
  const key = { groupId, topicId: idOf(broker, 't1'), partition: 0 }
  const answering = broker.shares.persister.initialize({ key, stateEpoch, startOffset: -1 })
  await settledPromise(broker, answering)
  assert.equal((await answering).errorCode, 0)
}

/** What is asked again takes time, which passes here. */
async function settledPromise(broker: Broker, promise: Promise<unknown>): Promise<void> {
  let isSettled = false
  promise.finally(() => {
    isSettled = true
  })
  for (let left = 100; left > 0 && !isSettled; left -= 1) {
    await setImmediate()
    if (!isSettled) clockOf(broker).advance(10)
  }
}

function topicsOf(broker: Broker, said: readonly Said[]) {
  const acknowledgementBatches = said.map(({ first: firstOffset, last: lastOffset, type }) => ({
    ...{ firstOffset, lastOffset, acknowledgeTypes: [type] }
  }))
  return [{ topicId: idOf(broker, 't1'), partitions: [{ partitionIndex: 0, acknowledgementBatches }] }]
}

type Fields = Partial<ShareFetchRequest> & { readonly connection?: Session; readonly said?: readonly Said[] }

export function fetching(broker: Broker, epoch: number, { connection = own, said = [], ...fields }: Fields = {}) {
  const limits = { maxWaitMs: 500, minBytes: 1, maxBytes: 1_000_000, maxRecords: 500, batchSize: 500 }
  const topics = epoch === 0 || said.length > 0 ? topicsOf(broker, said) : []
  const body = {
    groupId,
    memberId: 'a',
    shareSessionEpoch: epoch,
    topics,
    forgottenTopicsData: [],
    ...limits,
    ...fields
  }
  const frame = Buffer.concat(encodeRequest(7, 'client', ShareFetchRequest, 2, body)).subarray(4)
  return broker.answer(connection, frame)
}

export async function fetch(broker: Broker, epoch: number, fields: Fields = {}) {
  const answer = await settled(clockOf(broker), fetching(broker, epoch, fields))
  assert.ok(answer.kind === 'answer')
  return decodeResponse(new Reader(Buffer.concat(answer.chunks), 4), 7, ShareFetchResponse, 2)
}

/** What was acquired, and the values that came with it. */
export async function given(broker: Broker, epoch: number, fields: Fields = {}): Promise<string> {
  const { responses, errorCode } = await fetch(broker, epoch, fields)
  if (errorCode !== 0) return `error ${errorCode}`
  const [partition] = responses[0]?.partitions ?? []
  if (partition === undefined) return ''
  if (partition.errorCode !== 0) return `error ${partition.errorCode} of the partition`
  const acquired = partition.acquiredRecords.map((one) => `${one.firstOffset}-${one.lastOffset}x${one.deliveryCount}`)
  return `${acquired.join(',')} ${valuesIn(partition.records ?? Buffer.alloc(0)).join('')}`.trim()
}

export async function acknowledge(broker: Broker, shareSessionEpoch: number, said: readonly Said[], memberId = 'a') {
  const body = { groupId, memberId, shareSessionEpoch, topics: topicsOf(broker, said) }
  const answer = await ask(broker, ShareAcknowledgeRequest, ShareAcknowledgeResponse, 2, body)
  return answer.errorCode || (answer.responses[0]?.partitions[0]?.errorCode ?? 'nothing said')
}

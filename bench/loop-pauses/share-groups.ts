/**
 * A share group with as many records in flight as is told: they are given out, said of one by one that every second is done, given back as their
 * locks run out together, and given back by a member that goes; and many members that wait for the same partition.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { CreateTopicsRequest } from '../../src/protocol/generated/api/create-topics-request.ts'
import { FindCoordinatorRequest } from '../../src/protocol/generated/api/find-coordinator-request.ts'
import { IncrementalAlterConfigsRequest } from '../../src/protocol/generated/api/incremental-alter-configs-request.ts'
import { InitializeShareGroupStateRequest } from '../../src/protocol/generated/api/initialize-share-group-state-request.ts'
import { InitializeShareGroupStateResponse } from '../../src/protocol/generated/api/initialize-share-group-state-response.ts'
import { MetadataRequest } from '../../src/protocol/generated/api/metadata-request.ts'
import { MetadataResponse } from '../../src/protocol/generated/api/metadata-response.ts'
import { ProduceRequest } from '../../src/protocol/generated/api/produce-request.ts'
import { ShareAcknowledgeRequest } from '../../src/protocol/generated/api/share-acknowledge-request.ts'
import { ShareAcknowledgeResponse } from '../../src/protocol/generated/api/share-acknowledge-response.ts'
import { ShareFetchRequest } from '../../src/protocol/generated/api/share-fetch-request.ts'
import { ShareFetchResponse } from '../../src/protocol/generated/api/share-fetch-response.ts'
import { recordBatch } from '../../test/harness/record-batch.ts'
import { Engine, type EngineClient } from './engine.ts'
import { heapBytes } from './heap.ts'
import type { Pauses } from './jobs.ts'
import { watching } from './watched-loop.ts'

const topic = 'orders'
const groupId = 'sharers'
const groupResource = 32
const shareKey = 2
/** As many as one partition may have in flight. */
const recordsPerPartition = 4000
const lockMs = 4000
const waitingMembers = 1000
const settings = {
  'group.share.partition.max.record.locks': String(recordsPerPartition),
  'group.share.min.record.lock.duration.ms': '1000',
  'group.share.record.lock.duration.ms': String(lockMs),
  'group.share.max.share.sessions': String(waitingMembers + 10)
}

export interface ShareGroupJobs {
  readonly pauses: Pauses
  /** Of the heap, of each record in flight where every second has another state. */
  readonly bytesPerRecord: number
}

export async function shareGroupJobs(directory: string, records: number): Promise<ShareGroupJobs> {
  const pauses: Pauses = {}
  const partitions = Math.ceil(records / recordsPerPartition)
  const engine = await Engine.start(directory, settings)
  const topicId = await prepare(engine, partitions)
  const member = new Member(engine.connect(), topicId, partitions)
  const before = heapBytes()
  pauses['share records'] = await watching(() => member.takeAll())
  pauses['acknowledge every second'] = await watching(() => member.acknowledgeEverySecond())
  const bytesPerRecord = (heapBytes() - before) / records
  pauses['locks run out'] = await watching(() => wait(lockMs + 1000))
  await member.takeAll()
  pauses['member goes'] = await watching(() => member.go())
  pauses['members wait'] = await watching(() => waitTogether(engine, topicId, partitions))
  await engine.stop()
  return { pauses, bytesPerRecord }
}

async function prepare(engine: Engine, partitions: number): Promise<string> {
  const wanted = [{ name: topic, numPartitions: partitions + 1, replicationFactor: 1, assignments: [], configs: [] }]
  await engine.prepared(CreateTopicsRequest, 5, { topics: wanted, timeoutMs: 60_000, validateOnly: false })()
  const records = recordBatch(Array.from({ length: recordsPerPartition }, () => 'x'))
  for (let index = 0; index < partitions; index += 1) await produce(engine, index, records)
  const configs = [{ name: 'share.auto.offset.reset', configOperation: 0, value: 'earliest' }]
  const resources = [{ resourceType: groupResource, resourceName: groupId, configs }]
  await engine.prepared(IncrementalAlterConfigsRequest, 1, { resources, validateOnly: false })()
  const client = engine.connect()
  const asked = { topics: [{ name: topic }], allowAutoTopicCreation: false }
  const { topics } = await client.ask(MetadataRequest, MetadataResponse, 12, asked)
  const topicId = topics[0]?.topicId ?? ''
  const all = Array.from({ length: partitions + 1 }, (_, partition) => ({ partition, stateEpoch: 1, startOffset: 0 }))
  for (let isDone = false; !isDone; await wait(100)) {
    const key = { key: '', keyType: shareKey, coordinatorKeys: [`${groupId}:${topicId}:0`] }
    await engine.prepared(FindCoordinatorRequest, 6, key)()
    const body = { groupId, topics: [{ topicId, partitions: all }] }
    const answer = await client.ask(InitializeShareGroupStateRequest, InitializeShareGroupStateResponse, 0, body)
    isDone = answer.results.every((result) => result.partitions.every(({ errorCode }) => errorCode === 0))
  }
  return topicId
}

function produce(engine: Engine, index: number, records: Buffer): Promise<Buffer> {
  const topicData = [{ name: topic, partitionData: [{ index, records }] }]
  return engine.prepared(ProduceRequest, 9, { acks: -1, timeoutMs: 60_000, topicData })()
}

/** One that reads all partitions but the last. */
class Member {
  readonly #client: EngineClient
  readonly #topicId: string
  readonly #partitions: number
  #epoch = 0

  constructor(client: EngineClient, topicId: string, partitions: number) {
    this.#client = client
    this.#topicId = topicId
    this.#partitions = partitions
  }

  async takeAll(): Promise<void> {
    for (let taken = -1; taken !== 0; ) taken = await this.#fetch(this.#epoch)
  }

  async go(): Promise<void> {
    await this.#fetch(-1)
  }

  async #fetch(shareSessionEpoch: number): Promise<number> {
    const partitions = Array.from({ length: this.#partitions }, (_, partitionIndex) => ({
      ...{ partitionIndex, acknowledgementBatches: [] }
    }))
    const topics = shareSessionEpoch === 0 ? [{ topicId: this.#topicId, partitions }] : []
    const limits = { maxWaitMs: 500, minBytes: 1, maxBytes: 50_000_000, maxRecords: 1_000_000, batchSize: 500 }
    const body = { groupId, memberId: 'a', shareSessionEpoch, topics, forgottenTopicsData: [], ...limits }
    const { responses } = await this.#client.ask(ShareFetchRequest, ShareFetchResponse, 2, body)
    this.#epoch += 1
    const answers = responses.flatMap((one) => one.partitions)
    return answers.filter(({ acquiredRecords }) => acquiredRecords.length > 0).length
  }

  async acknowledgeEverySecond(): Promise<void> {
    const batch = (offset: number) => ({ firstOffset: offset, lastOffset: offset, acknowledgeTypes: [1] })
    const acknowledgementBatches = Array.from({ length: recordsPerPartition / 2 }, (_, index) => batch(2 * index + 1))
    for (let partitionIndex = 0; partitionIndex < this.#partitions; partitionIndex += 1) {
      const topics = [{ topicId: this.#topicId, partitions: [{ partitionIndex, acknowledgementBatches }] }]
      const body = { groupId, memberId: 'a', shareSessionEpoch: this.#epoch, topics }
      await this.#client.ask(ShareAcknowledgeRequest, ShareAcknowledgeResponse, 2, body)
      this.#epoch += 1
    }
  }
}

/** Many members wait for a partition to which one record comes. */
async function waitTogether(engine: Engine, topicId: string, last: number): Promise<void> {
  const partitions = [{ partitionIndex: last, acknowledgementBatches: [] }]
  const limits = { maxWaitMs: 3000, minBytes: 1, maxBytes: 1_000_000, maxRecords: 1, batchSize: 1 }
  const waiting: Promise<Buffer>[] = []
  for (let index = 0; index < waitingMembers; index += 1) {
    const of = { groupId, memberId: `waiting-${index}`, shareSessionEpoch: 0, forgottenTopicsData: [] }
    waiting.push(engine.prepared(ShareFetchRequest, 2, { ...of, topics: [{ topicId, partitions }], ...limits })())
    // Not all in one turn.
    if (index % 50 === 49) await wait(1)
  }
  for (let count = 0; count < 20; count += 1) await produce(engine, last, recordBatch(['x']))
  await Promise.all(waiting)
}

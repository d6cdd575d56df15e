/** A data directory with everything that a broker leaves, what was promised of it, and a look at what a start makes of it. */
import assert from 'node:assert/strict'
import type { Broker } from '../../../src/broker/broker.ts'
import type { Disk } from '../../../src/host/disk.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { CreateTopicsRequest } from '../../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../../src/protocol/generated/api/create-topics-response.ts'
import { DeleteRecordsRequest } from '../../../src/protocol/generated/api/delete-records-request.ts'
import { DeleteRecordsResponse } from '../../../src/protocol/generated/api/delete-records-response.ts'
import { FetchRequest } from '../../../src/protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../../src/protocol/generated/api/fetch-response.ts'
import { ListOffsetsRequest } from '../../../src/protocol/generated/api/list-offsets-request.ts'
import { ListOffsetsResponse } from '../../../src/protocol/generated/api/list-offsets-response.ts'
import { OffsetCommitRequest } from '../../../src/protocol/generated/api/offset-commit-request.ts'
import { OffsetCommitResponse } from '../../../src/protocol/generated/api/offset-commit-response.ts'
import { OffsetFetchRequest } from '../../../src/protocol/generated/api/offset-fetch-request.ts'
import { OffsetFetchResponse } from '../../../src/protocol/generated/api/offset-fetch-response.ts'
import { ProduceRequest } from '../../../src/protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../../src/protocol/generated/api/produce-response.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { ask, startAlone } from '../apis/setup.ts'

const network = { listen: () => Promise.reject(new Error('this broker has no sockets')) }
const config = { 'offsets.topic.num.partitions': '2' }
/** So that a snapshot is the only copy of most of the metadata. */
const restless = { 'metadata.log.max.record.bytes.between.snapshots': '1000', 'metadata.max.retention.bytes': '1' }
const topics: Readonly<Record<string, number>> = { orders: 2, payments: 1 }
export const groups = ['readers', 'writers', 'payers'] as const
export const startMs = 1_700_000_000_000
const secondMs = 1000

export type Stop = 'clean' | 'kill'

export interface PartitionPromise {
  readonly topic: string
  readonly partition: number
  startOffset: number
  endOffset: number
  /** What a consumer got of it. */
  bytes: Buffer
}

/** A directory as a stop left it. */
export interface Scene {
  readonly files: ReadonlyMap<string, Buffer>
  readonly nowMs: number
  readonly promises: readonly PartitionPromise[]
}

export async function makeScene(stop: Stop): Promise<Scene> {
  const disk = new SimulatedDisk()
  const clock = new ManualClock(startMs)
  const broker = await start(disk, clock, { ...config, ...restless })
  await createTopics(broker)
  const promises = Object.entries(topics).flatMap(([topic, partitions]) =>
    Array.from({ length: partitions }, (_, partition) => emptyPromise(topic, partition))
  )
  for (let round = 0; round < 9; round++) {
    for (const [index, promise] of promises.entries()) {
      for (let count = 0; count <= index; count++) await produce(broker, promise, clock.nowMs(), round)
    }
    for (const groupId of groups) assert.equal(await commit(broker, groupId, round), ErrorCode.NONE)
    clock.advance(secondMs)
  }
  for (const promise of promises) await trim(broker, promise, promise.topic === 'orders' ? 4 : 0)
  for (const promise of promises) {
    promise.startOffset = promise.topic === 'orders' ? 4 : 0
    const read = await readAll(broker, promise)
    assert.ok(read.error === ErrorCode.NONE)
    promise.bytes = read.bytes
  }
  // The files that were set aside go, and the checkpoints are written.
  clock.advance(130_000)
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
  if (stop === 'clean') await broker.stop()
  const files = filesOf(disk)
  if (stop === 'kill') await broker.stop()
  return { files, nowMs: clock.nowMs(), promises }
}

export function diskWith(files: ReadonlyMap<string, Buffer>): SimulatedDisk {
  const disk = new SimulatedDisk()
  for (const [path, bytes] of files) {
    disk.createDirectory(path.split('/').slice(0, -1).join('/'))
    disk.replaceFile(path, bytes)
  }
  return disk
}

/** What a start of a broker on this disk comes to. */
export async function startOn(scene: Scene, disk: Disk) {
  const lines: string[] = []
  const clock = new ManualClock(scene.nowMs)
  return { lines, broker: await start(disk, clock, config, (line) => lines.push(line)) }
}

function start(
  disk: Disk,
  clock: ManualClock,
  config: Readonly<Record<string, string>>,
  log: (line: string) => void = () => {}
): Promise<Broker> {
  const host = { disk, clock, network, chance: new SeededChance(5) }
  return startAlone({ host, durability: 'disk', config, advertised: null, log })
}

export function filesOf(disk: Disk, directory = ''): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (const name of disk.list(directory)) {
    const path = directory === '' ? name : `${directory}/${name}`
    if (disk.sizeOf(path) !== null) files.set(path, disk.readFile(path))
    else for (const [inside, bytes] of filesOf(disk, path)) files.set(inside, bytes)
  }
  return files
}

function emptyPromise(topic: string, partition: number): PartitionPromise {
  return { topic, partition, startOffset: 0, endOffset: 0, bytes: Buffer.alloc(0) }
}

async function createTopics(broker: Broker): Promise<void> {
  const configs = [
    { name: 'segment.ms', value: String(2 * secondMs) },
    { name: 'index.interval.bytes', value: '0' }
  ]
  const wanted = Object.entries(topics).map(([name, numPartitions]) => {
    return { name, numPartitions, replicationFactor: 1, assignments: [], configs }
  })
  const body = { topics: wanted, timeoutMs: 1000, validateOnly: false }
  const answer = await ask(broker, CreateTopicsRequest, CreateTopicsResponse, 7, body)
  for (const { errorCode } of answer.topics) assert.equal(errorCode, ErrorCode.NONE)
}

/** Gives the error, or the offset. */
export async function append(broker: Broker, of: PartitionPromise, timestamp: number, text: string) {
  const values = Array.from({ length: 1 + of.partition }, (_, index) => `${of.topic} ${of.partition} ${text} ${index}`)
  const producer = { producerId: 7, producerEpoch: 0, baseSequence: of.endOffset }
  const records = buildBatch({
    ...producer,
    records: values.map((value) => ({ timestamp, key: null, value: Buffer.from(value), headers: [] }))
  })
  const topicData = [{ name: of.topic, partitionData: [{ index: of.partition, records }] }]
  const body = { acks: -1, timeoutMs: 1000, topicData }
  const { responses } = await ask(broker, ProduceRequest, ProduceResponse, 9, body)
  const answer = responses[0]?.partitionResponses[0]
  assert.ok(answer !== undefined)
  return { error: answer.errorCode, offset: answer.baseOffset, count: values.length }
}

async function produce(broker: Broker, promise: PartitionPromise, timestamp: number, round: number): Promise<void> {
  const { error, offset, count } = await append(broker, promise, timestamp, `round ${round}`)
  assert.equal(error, ErrorCode.NONE)
  assert.equal(offset, promise.endOffset)
  promise.endOffset += count
}

async function trim(broker: Broker, { topic, partition }: PartitionPromise, offset: number): Promise<void> {
  const body = { topics: [{ name: topic, partitions: [{ partitionIndex: partition, offset }] }], timeoutMs: 1000 }
  const answer = await ask(broker, DeleteRecordsRequest, DeleteRecordsResponse, 2, body)
  assert.equal(answer.topics[0]?.partitions[0]?.errorCode, ErrorCode.NONE)
}

/** As a consumer reads: a few batches at a time, until the end or the first error. */
export async function readAll(broker: Broker, { topic, partition, startOffset, endOffset }: PartitionPromise) {
  const pieces: Buffer[] = []
  for (let fetchOffset = startOffset; fetchOffset < endOffset; ) {
    const asked = { partition, fetchOffset, partitionMaxBytes: 300 }
    const body = { maxWaitMs: 0, minBytes: 1, topics: [{ topic, partitions: [asked] }], forgottenTopicsData: [] }
    const answer = await ask(broker, FetchRequest, FetchResponse, 11, body)
    const found = answer.responses[0]?.partitions[0]
    assert.ok(found !== undefined)
    const bytes = Buffer.concat('chunks' in (found.records ?? {}) ? [] : [found.records as Buffer])
    if (found.errorCode !== ErrorCode.NONE) return { error: found.errorCode, bytes: Buffer.concat(pieces) }
    assert.ok(bytes.length > 0, `a fetch at ${fetchOffset} of ${topic}-${partition} brings nothing, without an error`)
    pieces.push(bytes)
    for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
      fetchOffset = Number(bytes.readBigInt64BE(at)) + bytes.readInt32BE(at + 23) + 1
    }
  }
  return { error: ErrorCode.NONE, bytes: Buffer.concat(pieces) }
}

/** The offset of a time, or the error. */
export async function offsetOf(broker: Broker, { topic, partition }: PartitionPromise, timestamp: number) {
  const body = { replicaId: -1, topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp }] }] }
  const answer = await ask(broker, ListOffsetsRequest, ListOffsetsResponse, 5, body)
  const found = answer.topics[0]?.partitions[0]
  return { error: found?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR, offset: found?.offset ?? -1 }
}

export async function commit(broker: Broker, groupId: string, offset: number): Promise<number> {
  await broker.ensureGroupCoordinators()
  const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: null }]
  const member = { memberId: '', generationIdOrMemberEpoch: -1, groupInstanceId: null }
  const body = { groupId, ...member, topics: [{ name: 'orders', partitions }] }
  const answer = await ask(broker, OffsetCommitRequest, OffsetCommitResponse, 7, body)
  return answer.topics[0]?.partitions[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
}

export async function committed(broker: Broker, groupId: string) {
  const body = { groups: [{ groupId, topics: null }], requireStable: false }
  const answer = await ask(broker, OffsetFetchRequest, OffsetFetchResponse, 8, body)
  const [found] = answer.groups
  return { error: found?.errorCode ?? 0, offset: found?.topics[0]?.partitions[0]?.committedOffset ?? -1 }
}

/** Who uses the broker in a simulation: producers, readers with a group, and an administrator. Each does one thing after the other. */
import type { World } from '../../src/host/simulated/world.ts'
import { ErrorCode, errorName } from '../../src/protocol/error-codes.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../src/protocol/generated/api/fetch-response.ts'
import { FindCoordinatorRequest } from '../../src/protocol/generated/api/find-coordinator-request.ts'
import { FindCoordinatorResponse } from '../../src/protocol/generated/api/find-coordinator-response.ts'
import { InitProducerIdRequest } from '../../src/protocol/generated/api/init-producer-id-request.ts'
import { InitProducerIdResponse } from '../../src/protocol/generated/api/init-producer-id-response.ts'
import { OffsetCommitRequest } from '../../src/protocol/generated/api/offset-commit-request.ts'
import { OffsetCommitResponse } from '../../src/protocol/generated/api/offset-commit-response.ts'
import { OffsetFetchRequest } from '../../src/protocol/generated/api/offset-fetch-request.ts'
import { OffsetFetchResponse } from '../../src/protocol/generated/api/offset-fetch-response.ts'
import { ProduceRequest } from '../../src/protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../src/protocol/generated/api/produce-response.ts'
import { readBatchHeader } from '../../src/protocol/records/batch.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'
import { readRecords } from '../../src/protocol/records/reader.ts'
import type { Client } from './client.ts'
import type { Acks, Ledger, PartitionLedger, Topic } from './ledger.ts'
import type { Machine } from './machine.ts'

export interface Scene {
  readonly world: World
  readonly ledger: Ledger
  readonly machine: Machine
  /** The end has come: what was begun is finished, nothing new begun. */
  isOver: boolean
}

const againMicros = 200_000
const [leastPauseMicros, mostPauseMicros] = [1_000, 80_000]
const largestBatch = 4
const fetchBytes = 64 * 1024

export function pickPartition({
  world,
  ledger
}: Scene): { topic: Topic; index: number; partition: PartitionLedger } | null {
  const { topics } = ledger
  const topic = topics[world.chance.below(Math.max(1, topics.length))]
  if (topic === undefined) return null
  const index = world.chance.below(topic.partitions.length)
  const partition = topic.partitions[index]
  return partition === undefined ? null : { topic, index, partition }
}

export function pauseAWhile({ world }: Scene): Promise<void> {
  return world.pause(world.between(leastPauseMicros, mostPauseMicros), 'a client rests')
}

interface Identity {
  readonly producerId: number
  readonly producerEpoch: number
  readonly sequences: Map<string, number>
}

/** Sends batches with sequence numbers, each until it is answered; or without, each once. */
export class Producer {
  readonly #scene: Scene
  readonly #client: Client
  readonly #name: string
  readonly #acks: Acks
  #identity: Identity | null = null
  #values = 0

  constructor(scene: Scene, client: Client, name: string, acks: Acks) {
    this.#scene = scene
    this.#client = client
    this.#name = name
    this.#acks = acks
  }

  async run(how: 'idempotent' | 'once'): Promise<void> {
    while (!this.#scene.isOver) {
      const picked = pickPartition(this.#scene)
      if (picked === null) await pauseAWhile(this.#scene)
      else if (how === 'once') await this.#sendOnce(picked.topic, picked.index, picked.partition)
      else await this.#sendUntilAnswered(picked.topic, picked.index, picked.partition)
      await pauseAWhile(this.#scene)
    }
  }

  async #sendOnce(topic: Topic, index: number, partition: PartitionLedger): Promise<void> {
    const values = this.#newValues()
    for (const value of values) partition.send(value, this.#name, -1)
    const body = this.#request(topic.id, index, batchOf(values, null))
    if (this.#acks === 0) return await this.#client.tell(ProduceRequest, 13, body)
    const { powerCuts } = this.#scene.machine
    const answer = await this.#client.ask(ProduceRequest, ProduceResponse, 13, body)
    const result = answer?.responses[0]?.partitionResponses[0]
    if (result?.errorCode === ErrorCode.NONE) this.#acknowledge(partition, values, result.baseOffset, powerCuts)
  }

  async #sendUntilAnswered(topic: Topic, index: number, partition: PartitionLedger): Promise<void> {
    const identity = this.#identity ?? (await this.#newIdentity())
    this.#identity = identity
    const key = `${topic.id}-${index}`
    const sequence = identity.sequences.get(key) ?? 0
    const values = this.#newValues()
    const producer = `${this.#name}, producer id ${identity.producerId}`
    for (const [place, value] of values.entries()) partition.send(value, producer, sequence + place)
    const body = this.#request(topic.id, index, batchOf(values, { ...identity, sequence }))
    identity.sequences.set(key, sequence + values.length)
    for (;;) {
      const { powerCuts } = this.#scene.machine
      const answer = await this.#client.ask(ProduceRequest, ProduceResponse, 13, body)
      const result = answer?.responses[0]?.partitionResponses[0]
      if (result?.errorCode === ErrorCode.NONE)
        return this.#acknowledge(partition, values, result.baseOffset, powerCuts)
      if (topic.state !== 'there') return
      if (result?.errorCode === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER) {
        // What was acknowledged with acks=1 may be gone with the power, and with it the place of the next.
        if (this.#acks !== 1) partition.fail(`${producer} is refused ${sequence}: out of order`)
        this.#identity = null
        return
      }
      if (result?.errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) return
      await this.#scene.world.pause(
        againMicros,
        `${this.#name} sends again (${result === undefined ? 'no answer' : errorName(result.errorCode)})`
      )
    }
  }

  async #newIdentity(): Promise<Identity> {
    for (;;) {
      const body = { transactionalId: null, transactionTimeoutMs: 60_000 }
      const answer = await this.#client.ask(InitProducerIdRequest, InitProducerIdResponse, 5, body)
      if (answer?.errorCode === ErrorCode.NONE) {
        const { producerId, producerEpoch } = answer
        return { producerId, producerEpoch, sequences: new Map() }
      }
      await this.#scene.world.pause(againMicros, `${this.#name} asks for an id again`)
    }
  }

  #acknowledge(partition: PartitionLedger, values: readonly string[], baseOffset: number, powerCuts: number): void {
    // With acks=1 a power cut since may have taken it.
    if (this.#acks === 1 && powerCuts !== this.#scene.machine.powerCuts) return
    for (const [place, value] of values.entries()) partition.acknowledge(baseOffset + place, value, this.#acks)
    this.#scene.ledger.counts.acknowledged += values.length
  }

  #newValues(): string[] {
    return Array.from({ length: this.#scene.world.between(1, largestBatch) }, () => {
      this.#values += 1
      return `${this.#name}/${this.#values}`
    })
  }

  #request(topicId: string, index: number, records: Buffer): ProduceRequest {
    return { acks: this.#acks, timeoutMs: 30_000, topicData: [{ topicId, partitionData: [{ index, records }] }] }
  }
}

function batchOf(
  values: readonly string[],
  order: { producerId: number; producerEpoch: number; sequence: number } | null
): Buffer {
  const records = values.map((value) => ({
    timestamp: 1_700_000_000_000,
    key: null,
    value: Buffer.from(value),
    headers: []
  }))
  return buildBatch({
    records,
    ...(order === null
      ? {}
      : { producerId: order.producerId, producerEpoch: order.producerEpoch, baseSequence: order.sequence })
  })
}

/** What one fetch gave. */
export interface Fetched {
  readonly errorCode: number
  readonly startOffset: number
  readonly endOffset: number
  readonly records: readonly { readonly offset: number; readonly value: string }[]
}

export async function fetchFrom(
  client: Client,
  topicId: string,
  partition: number,
  fetchOffset: number,
  maxWaitMs: number
): Promise<Fetched | null> {
  const answer = await client.ask(FetchRequest, FetchResponse, 17, {
    maxWaitMs,
    minBytes: 1,
    maxBytes: fetchBytes,
    topics: [{ topicId, partitions: [{ partition, fetchOffset, partitionMaxBytes: fetchBytes }] }]
  })
  const result = answer?.responses[0]?.partitions[0]
  if (result === undefined) return null
  const records = [...recordsOf(result.records)].filter(({ offset }) => offset >= fetchOffset)
  return { errorCode: result.errorCode, startOffset: result.logStartOffset, endOffset: result.highWatermark, records }
}

function* recordsOf(bytes: Buffer | null): Generator<{ offset: number; value: string }> {
  for (let position = 0; bytes !== null && position < bytes.length; ) {
    const { sizeBytes } = readBatchHeader(bytes, position)
    for (const { offset, value } of readRecords(bytes.subarray(position, position + sizeBytes))) {
      yield { offset, value: value?.toString() ?? '' }
    }
    position += sizeBytes
  }
}

/** Reads partitions from where its group is, and commits where it has come. */
export class GroupReader {
  readonly #scene: Scene
  readonly #client: Client
  readonly #group: string
  readonly #positions = new Map<string, number>()

  constructor(scene: Scene, client: Client, group: string) {
    this.#scene = scene
    this.#client = client
    this.#group = group
  }

  async run(): Promise<void> {
    while (!this.#scene.isOver) {
      const picked = pickPartition(this.#scene)
      if (picked !== null) await this.#readSome(picked.topic, picked.index, picked.partition)
      await pauseAWhile(this.#scene)
    }
  }

  async #readSome(topic: Topic, index: number, partition: PartitionLedger): Promise<void> {
    const key = `${topic.id}-${index}`
    const { world, ledger } = this.#scene
    const position = world.oneIn(10) ? null : (this.#positions.get(key) ?? null)
    const from = position ?? (await this.#committedOffset(topic, index))
    if (from === null) return
    const { readableEnd } = partition
    const { machine } = this.#scene
    const fetched = await fetchFrom(this.#client, topic.id, index, from, world.oneIn(2) ? 200 : 0)
    if (fetched === null || topic.state !== 'there') return
    if (machine.hasBrokenDisk) return
    if (fetched.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      if (from > partition.startAsked) partition.fail(`${this.#group} cannot read at ${from}, where it has come to`)
      this.#positions.set(key, partition.startAsked)
      return
    }
    if (fetched.errorCode !== ErrorCode.NONE) return
    partition.bounds(fetched.startOffset, fetched.endOffset, readableEnd)
    let next = from
    for (const { offset, value } of fetched.records) {
      partition.see(offset, value, next)
      next = offset + 1
    }
    ledger.counts.read += fetched.records.length
    this.#positions.set(key, next)
    if (next > from && world.oneIn(2)) await this.#commit(topic, index, next)
  }

  async #commit(topic: Topic, partitionIndex: number, committedOffset: number): Promise<void> {
    const { ledger } = this.#scene
    ledger.commitAsked(this.#group, topic.id, partitionIndex, committedOffset)
    const partitions = [{ partitionIndex, committedOffset, committedMetadata: null }]
    const answer = await this.#client.ask(OffsetCommitRequest, OffsetCommitResponse, 10, {
      groupId: this.#group,
      topics: [{ topicId: topic.id, partitions }]
    })
    const errorCode = answer?.topics[0]?.partitions[0]?.errorCode
    if (errorCode === ErrorCode.NONE && topic.state === 'there') {
      ledger.committed(this.#group, topic.id, partitionIndex, committedOffset)
    }
  }

  /** The first who looks for a coordinator makes the topic of the groups. */
  async #findCoordinator(): Promise<void> {
    const body = { keyType: 0, coordinatorKeys: [this.#group] }
    await this.#client.ask(FindCoordinatorRequest, FindCoordinatorResponse, 4, body)
  }

  /** Where the group is, or the beginning; null when nobody says. */
  async #committedOffset(topic: Topic, index: number): Promise<number | null> {
    const answer = await this.#client.ask(OffsetFetchRequest, OffsetFetchResponse, 10, {
      groups: [{ groupId: this.#group, topics: [{ topicId: topic.id, partitionIndexes: [index] }] }],
      requireStable: false
    })
    const group = answer?.groups[0]
    const result = group?.topics[0]?.partitions[0]
    if (group !== undefined && group.errorCode !== ErrorCode.NONE) await this.#findCoordinator()
    if (result === undefined || group?.errorCode !== ErrorCode.NONE || result.errorCode !== ErrorCode.NONE) return null
    if (topic.state !== 'there') return null
    this.#scene.ledger.fetchedCommit(this.#group, topic.id, index, result.committedOffset)
    return Math.max(result.committedOffset, topic.partitions[index]?.startAsked ?? 0)
  }
}

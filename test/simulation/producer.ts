/** A producer of a simulation: it sends to any partition, one batch after the other. */
import { ErrorCode, errorName } from '../../src/protocol/error-codes.ts'
import { InitProducerIdRequest } from '../../src/protocol/generated/api/init-producer-id-request.ts'
import { InitProducerIdResponse } from '../../src/protocol/generated/api/init-producer-id-response.ts'
import { ProduceRequest } from '../../src/protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../src/protocol/generated/api/produce-response.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'
import type { Client } from './client.ts'
import type { Acks, PartitionLedger, Topic } from './ledger.ts'
import { timeOf } from './record-times.ts'
import { type Picked, pauseAWhile, pickPartition, type Scene } from './scene.ts'

const againMicros = 200_000
const largestBatch = 4

/** What acks=1 holds in. */
interface Moment {
  readonly powerCuts: number
  readonly epoch: number | null
}

interface SentBatch {
  readonly topicId: string
  readonly index: number
  readonly partition: PartitionLedger
  readonly values: readonly string[]
  readonly moment: Moment
}

type TopicData = ProduceRequest['topicData'][number]

type PartitionProduceResponse = ProduceResponse['responses'][number]['partitionResponses'][number]

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
  readonly #pick: (scene: Scene) => Picked | null
  #identity: Identity | null = null
  #values = 0

  constructor(scene: Scene, client: Client, name: string, acks: Acks, pick = pickPartition) {
    this.#pick = pick
    this.#scene = scene
    this.#client = client
    this.#name = name
    this.#acks = acks
  }

  /** `widely`: as once, to several partitions in one request. */
  async run(how: 'idempotent' | 'once' | 'widely'): Promise<void> {
    while (!this.#scene.isOver) {
      const picked = this.#pick(this.#scene)
      if (picked === null) await pauseAWhile(this.#scene)
      else if (how === 'widely') await this.#sendWidely(picked)
      else if (how === 'once') await this.#sendOnce(picked.topic, picked.index, picked.partition)
      else await this.#sendUntilAnswered(picked.topic, picked.index, picked.partition)
      await pauseAWhile(this.#scene)
    }
  }

  async #sendOnce(topic: Topic, index: number, partition: PartitionLedger): Promise<void> {
    const values = this.#newValues()
    for (const value of values) partition.send(value, this.#name, -1)
    const leader = await this.#client.leaderOf(topic.id, index)
    if (leader === null) return
    const body = this.#request(topic.id, index, batchOf(values, null))
    if (this.#acks === 0) return await this.#client.tell(ProduceRequest, 13, body, leader.node)
    const moment = this.#moment(topic.id, index, leader.node)
    const result = await this.#produce(topic.id, index, body, leader.node)
    if (result?.errorCode === ErrorCode.NONE) this.#acknowledge(partition, values, result.baseOffset, moment)
  }

  /** A batch for each partition that the same broker leads. */
  async #sendWidely({ topic, index }: { readonly topic: Topic; readonly index: number }): Promise<void> {
    const leader = await this.#client.leaderOf(topic.id, index)
    if (leader === null) return
    const sent: SentBatch[] = []
    for (const { topic, index, partition } of allPartitions(this.#scene)) {
      if ((await this.#client.leaderOf(topic.id, index))?.node !== leader.node || topic.state !== 'there') continue
      const values = this.#newValues()
      for (const value of values) partition.send(value, this.#name, -1)
      const moment = this.#moment(topic.id, index, leader.node)
      sent.push({ topicId: topic.id, index, partition, values, moment })
    }
    const topicData = sent.map(({ topicId, index, values }) => ({
      topicId,
      partitionData: [{ index, records: batchOf(values, null) }]
    }))
    const body = { acks: this.#acks, timeoutMs: 30_000, topicData: inOne(topicData) }
    const answer = await this.#client.ask(ProduceRequest, ProduceResponse, 13, body, leader.node)
    for (const { topicId, index, partition, values, moment } of sent) {
      const { partitionResponses = [] } = answer?.responses.find((response) => response.topicId === topicId) ?? {}
      const result = partitionResponses.find((response) => response.index === index)
      if (result?.errorCode === ErrorCode.NONE) this.#acknowledge(partition, values, result.baseOffset, moment)
      else this.#client.forgetLeader(topicId, index)
    }
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
      const leader = await this.#client.leaderOf(topic.id, index)
      const moment = this.#moment(topic.id, index, leader?.node ?? -1)
      const result = leader === null ? null : await this.#produce(topic.id, index, body, leader.node)
      if (result?.errorCode === ErrorCode.NONE) return this.#acknowledge(partition, values, result.baseOffset, moment)
      if (topic.state !== 'there') return
      if (this.#scene.cluster.isLost(topic.id, index)) {
        // Whoever gives up a batch leaves a hole in its sequence: it begins another (KIP-360).
        this.#identity = null
        return
      }
      if (result?.errorCode === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER) {
        // What was acknowledged with acks=1 may be gone with the power, and with it the place of the next.
        if (this.#acks !== 1) partition.lost(`${producer} is refused ${sequence}: out of order`)
        this.#identity = null
        return
      }
      if (result?.errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) return
      await this.#scene.world.pause(
        againMicros,
        `${this.#name} sends again (${result === null ? 'no answer' : errorName(result.errorCode)})`
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

  /** Null when no answer came. */
  async #produce(
    topicId: string,
    index: number,
    body: ProduceRequest,
    leader: number
  ): Promise<PartitionProduceResponse | null> {
    const answer = await this.#client.ask(ProduceRequest, ProduceResponse, 13, body, leader)
    const result = answer?.responses[0]?.partitionResponses[0] ?? null
    if (result !== null && result.errorCode !== ErrorCode.NONE) this.#client.forgetLeader(topicId, index)
    return result
  }

  #moment(topicId: string, index: number, leader: number): Moment {
    const { cluster } = this.#scene
    return { powerCuts: cluster.powerCuts, epoch: cluster.ledEpochOf(topicId, index, leader) }
  }

  #acknowledge(partition: PartitionLedger, values: readonly string[], baseOffset: number, before: Moment): void {
    // With acks=1 a power cut since may have taken it, or another leader may not have it.
    const sameEpoch = before.epoch !== null && before.epoch === partition.epoch
    const hasHeld = sameEpoch && before.powerCuts === this.#scene.cluster.powerCuts
    if (this.#acks === 1 && !hasHeld) return
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

function allPartitions({ ledger }: Scene) {
  return ledger.topics.flatMap((topic) => topic.partitions.map((partition, index) => ({ topic, index, partition })))
}

/** Each topic once. */
function inOne(topics: readonly TopicData[]): readonly TopicData[] {
  const byId = new Map<string, TopicData>()
  for (const topic of topics) {
    const { partitionData = [] } = byId.get(topic.topicId ?? '') ?? {}
    byId.set(topic.topicId ?? '', { ...topic, partitionData: [...partitionData, ...topic.partitionData] })
  }
  return [...byId.values()]
}

function batchOf(
  values: readonly string[],
  order: { producerId: number; producerEpoch: number; sequence: number } | null
): Buffer {
  const records = values.map((value) => ({
    timestamp: timeOf(value),
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

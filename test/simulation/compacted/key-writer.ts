/** Writes few keys into the compacted topics, again and again, and tombstones; first with times of hours ago, later with those of now. */
import { ErrorCode, errorName } from '../../../src/protocol/error-codes.ts'
import { InitProducerIdRequest } from '../../../src/protocol/generated/api/init-producer-id-request.ts'
import { InitProducerIdResponse } from '../../../src/protocol/generated/api/init-producer-id-response.ts'
import { ProduceRequest } from '../../../src/protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../../src/protocol/generated/api/produce-response.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { Compression } from '../../../src/protocol/records/compression/codec.ts'
import type { Client } from '../client.ts'
import { type Picked, pauseAWhile, pickCompacted, type Scene } from '../scene.ts'
import type { KeyedRecord } from './key-ledger.ts'
import { oldMs } from './key-topics.ts'

const againMicros = 200_000
const largestBatch = 4
const keys = 6
const codecs = [Compression.none, Compression.none, Compression.lz4]
/** When the world began, as clocks say that are right. */
const beganMs = 1_700_000_000_000
/** Old records are written for so long, at most. */
const oldForMicros = 4_000_000

interface Sender {
  readonly producerId: number
  readonly producerEpoch: number
  readonly sequences: Map<string, number>
}

export class KeyWriter {
  readonly #scene: Scene
  readonly #client: Client
  readonly #name: string
  readonly #oldUntilMicros: number
  #sender: Sender | null = null
  #records = 0

  constructor(scene: Scene, client: Client, name: string) {
    this.#scene = scene
    this.#client = client
    this.#name = name
    this.#oldUntilMicros = scene.world.between(0, oldForMicros)
  }

  /** `once`: with acks=1, without sequence numbers, and whatever becomes of it. */
  async run(how: 'idempotent' | 'once'): Promise<void> {
    while (!this.#scene.isOver) {
      const picked = pickCompacted(this.#scene)
      if (picked !== null) await (how === 'once' ? this.#writeOnce(picked) : this.#writeUntilAnswered(picked))
      await pauseAWhile(this.#scene)
    }
  }

  async #writeOnce(picked: Picked): Promise<void> {
    const records = this.#newRecords(picked)
    const leader = await this.#client.leaderOf(picked.topic.id, picked.index)
    if (leader !== null) await this.#produce(picked, this.#batchOf(records, {}), 1, leader.node)
  }

  async #writeUntilAnswered(picked: Picked): Promise<void> {
    const { topic, index, partition } = picked
    const { cluster, world, ledger } = this.#scene
    const sender = this.#sender ?? (await this.#newSender())
    this.#sender = sender
    const place = `${topic.id}-${index}`
    const sequence = sender.sequences.get(place) ?? 0
    const records = this.#newRecords(picked)
    const batch = this.#batchOf(records, { ...sender, baseSequence: sequence })
    sender.sequences.set(place, sequence + records.length)
    for (;;) {
      const leader = await this.#client.leaderOf(topic.id, index)
      const result = leader === null ? null : await this.#produce(picked, batch, -1, leader.node)
      if (result?.errorCode === ErrorCode.NONE) {
        const keys = ledger.keys.of(topic, partition)
        for (const [at, { id }] of records.entries()) keys.acknowledge(result.baseOffset + at, id)
        ledger.keys.counts['keys written'] += records.length
        return
      }
      if (result?.errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) return
      const isOutOfOrder = result?.errorCode === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
      if (isOutOfOrder && !ledger.keys.of(topic, partition).rules.oldAreDeleted)
        partition.lost(`${this.#name}, producer id ${sender.producerId}, is refused ${sequence}: out of order`)
      if (isOutOfOrder || cluster.isLost(topic.id, index)) {
        this.#sender = null
        return
      }
      const why = result === null ? 'no answer' : errorName(result.errorCode)
      await world.pause(againMicros, `${this.#name} writes again (${why})`)
    }
  }

  async #produce({ topic, index }: Picked, records: Buffer, acks: -1 | 1, leader: number) {
    const topicData = [{ topicId: topic.id, partitionData: [{ index, records }] }]
    const answer = await this.#client.ask(
      ProduceRequest,
      ProduceResponse,
      13,
      { acks, timeoutMs: 30_000, topicData },
      leader
    )
    const result = answer?.responses[0]?.partitionResponses[0] ?? null
    if (result?.errorCode !== ErrorCode.NONE) this.#client.forgetLeader(topic.id, index)
    return result
  }

  async #newSender(): Promise<Sender> {
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

  #newRecords({ topic, partition }: Picked): KeyedRecord[] {
    const { world, ledger } = this.#scene
    const isOld = world.nowMicros < this.#oldUntilMicros
    const records = Array.from({ length: world.between(1, largestBatch) }, () => {
      this.#records += 1
      const id = `${this.#name}/${this.#records}`
      return { id, key: `k${world.chance.below(keys)}`, value: world.oneIn(5) ? null : `value of ${id}`, isOld }
    })
    for (const record of records) ledger.keys.of(topic, partition).send(record)
    return records
  }

  #batchOf(records: readonly KeyedRecord[], sender: object): Buffer {
    const { world } = this.#scene
    const nowMs = beganMs + Math.floor(world.nowMicros / 1000)
    const content = records.map(({ id, key, value, isOld }) => ({
      timestamp: isOld ? nowMs - oldMs : nowMs,
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      headers: [{ key: id, value: null }]
    }))
    return buildBatch({
      records: content,
      compression: codecs[world.chance.below(codecs.length)] ?? Compression.none,
      ...sender
    })
  }
}

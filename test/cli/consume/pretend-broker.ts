/**
 * A cluster in this process that answers what a reader asks. What happens to a real one seldom, or at no moment that a test could
 * choose (a log that goes offline while it is read, a leader that moves beside a topic that is deleted), a test does here at will.
 */
import { setTimeout as pause } from 'node:timers/promises'
import * as kafka from '@platformatic/kafka'
import { Cluster, type FetchRequestTopics } from '../../../src/cli/cluster.ts'
import { KnownBrokers } from '../../../src/cli/known-brokers.ts'
import type { LedPartition } from '../../../src/cli/partitions.ts'

/** How long a fetch waits when there is nothing. */
const waitMs = 20
const notLeader = 6
const unknownTopic = 3
const unknownTopicId = 100

interface PretendPartition {
  leader: number
  /** What a fetch of it is answered with. */
  errorCode: number
  /** What its next fetches are answered with before that, one each. */
  readonly nextErrorCodes: number[]
  /** What it is answered with when its offsets are asked for. */
  offsetsErrorCode: number
  readonly values: string[]
}

interface PretendTopic {
  readonly topicId: string
  readonly partitions: readonly PretendPartition[]
}

type ListedTopics = { name: string; partitions: { partitionIndex: number; timestamp: bigint }[] }[]

export class PretendBroker {
  readonly topics = new Map<string, PretendTopic>()
  /** Of each fetch. */
  readonly sessions: (readonly unknown[])[] = []
  /** Each answer to a fetch, as long as somebody holds it. */
  readonly answers: WeakRef<object>[] = []
  /** An answer is full with the records of so many partitions. */
  fullWith = Number.POSITIVE_INFINITY
  readonly cluster: Cluster
  #topicIds = 0

  constructor() {
    const base = new kafka.Base({ clientId: 'test', bootstrapBrokers: ['127.0.0.1:1'] })
    const answer = (name: string, to: unknown, ...request: unknown[]) => this.#answer(name, to, request)
    this.cluster = Object.assign(new Cluster(kafka, base, 1000, new KnownBrokers(['127.0.0.1:1'])), {
      answer,
      call: answer
    })
  }

  /** Where one of that name is, it is deleted before. */
  create(name: string, partitions: number): void {
    const topicId = `00000000-0000-4000-8000-${String(++this.#topicIds).padStart(12, '0')}`
    const empty = () => ({ leader: 1, errorCode: 0, nextErrorCodes: [], offsetsErrorCode: 0, values: [] })
    this.topics.set(name, { topicId, partitions: Array.from({ length: partitions }, empty) })
  }

  partition(name: string, index: number): PretendPartition {
    const found = this.topics.get(name)?.partitions[index]
    if (!found) throw new Error(`there is no ${name}:${index}`)
    return found
  }

  led(name: string): LedPartition[] {
    const { topicId = '', partitions = [] } = this.topics.get(name) ?? {}
    return partitions.map(({ leader }, partition) => ({ topic: name, topicId, partition, leader }))
  }

  async #answer(name: string, to: unknown, request: unknown[]): Promise<unknown> {
    if (name === 'Metadata') return this.#metadata(request[0] as string[] | null)
    if (name === 'ListOffsets') return { topics: this.#offsets(request[2] as ListedTopics) }
    if (name !== 'Fetch') throw new Error(`${name} is not pretended`)
    this.sessions.push(request.slice(4, 6))
    const answer = await this.#fetch(to, request[6] as FetchRequestTopics)
    this.answers.push(new WeakRef(answer))
    return answer
  }

  #metadata(names: string[] | null) {
    const topics = (names ?? [...this.topics.keys()]).map((name) => {
      const { topicId = '', partitions = [] } = this.topics.get(name) ?? {}
      const errorCode = this.topics.has(name) ? 0 : unknownTopic
      const led = partitions.map(({ leader }, partitionIndex) => ({ errorCode: 0, partitionIndex, leaderId: leader }))
      return { errorCode, name, topicId, isInternal: false, partitions: led }
    })
    return { brokers: [], controllerId: 1, topics }
  }

  #offsets(asked: ListedTopics) {
    return asked.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, timestamp }) => {
        const partition = this.topics.get(name)?.partitions[partitionIndex]
        const offset = timestamp === -1n ? BigInt(partition?.values.length ?? 0) : 0n
        return { partitionIndex, errorCode: partition?.offsetsErrorCode ?? unknownTopic, offset }
      })
    }))
  }

  async #fetch(leader: unknown, asked: FetchRequestTopics): Promise<object> {
    const found = asked.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partition, fetchOffset }) => this.#read(leader, topicId, partition, fetchOffset))
    }))
    const withRecords = found.flatMap(({ partitions }) => partitions).filter((one) => one.records.length > 0)
    for (const one of withRecords.slice(this.fullWith)) one.records = []
    const isDue = found.some(({ partitions }) =>
      partitions.some((one) => one.errorCode !== 0 || one.records.length > 0)
    )
    await pause(isDue ? 0 : waitMs)
    return { errorCode: 0, responses: found }
  }

  #read(leader: unknown, topicId: string, partitionIndex: number, offset: bigint) {
    const topic = [...this.topics.values()].find((one) => one.topicId === topicId)
    const partition = topic?.partitions[partitionIndex]
    const end = BigInt(partition?.values.length ?? 0)
    const errorCode = partition ? errorCodeOf(partition, leader) : unknownTopicId
    const values = errorCode === 0 && partition ? partition.values.slice(Number(offset)) : []
    const records = values.length === 0 ? [] : [batchOf(values, offset)]
    return { partitionIndex, errorCode, highWatermark: end, lastStableOffset: end, logStartOffset: 0n, records }
  }
}

function errorCodeOf(partition: PretendPartition, leader: unknown): number {
  return partition.leader === leader ? (partition.nextErrorCodes.shift() ?? partition.errorCode) : notLeader
}

function batchOf(values: readonly string[], firstOffset: bigint): kafka.RecordsBatch {
  const messages = values.map((value) => ({ topic: '', partition: 0, value: Buffer.from(value), timestamp: 0n }))
  const { buffer } = kafka.createRecordsBatch(messages, { compression: 'none' })
  return { ...kafka.readRecordsBatch(kafka.Reader.from(buffer)), firstOffset }
}

/**
 * Sends records in batches, one request at a time while the next batch fills: order is kept, memory is bounded, and with
 * acks=all a repeated request cannot store a record twice (the producer is idempotent).
 */
import type { MessageToProduce, Producer } from '@platformatic/kafka'
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { ExitCode } from '../exit-codes.ts'
import type { RecordToSend } from '../record.ts'
import { partitionOfKey } from './murmur2.ts'

/** Below message.max.bytes, 1,048,588 by default, also if all of it goes to one partition. */
const batchBytesMax = 900_000
const batchRecordsMax = 20_000
/** Records without a key stay with a partition for so long, as Java's sticky partitioner has them. */
const stickyBytes = 16_384
/** The client library writes larger distances from a batch's first timestamp wrongly. */
const timestampDeltaMax = 2n ** 30n
/** A record's own overhead, roughly. */
const recordOverheadBytes = 24

export interface Delivery {
  readonly topic: string
  readonly partition: number
  /** Undefined with acks=0. */
  readonly offset: bigint | undefined
}

export interface SenderOptions {
  readonly topic: string
  readonly partitionCount: number
  readonly acks: 0 | 1 | -1
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  onDelivered(deliveries: Delivery[]): void
}

export class Sender {
  readonly #producer: Producer
  readonly #options: SenderOptions
  #batch: MessageToProduce[] = []
  #batchBytes = 0
  readonly #firstTimestamps = new Map<number, bigint>()
  #sticky: number
  #stickyBytesLeft = stickyBytes
  #sending: Promise<void> = Promise.resolve()

  constructor(producer: Producer, options: SenderOptions) {
    this.#producer = producer
    this.#options = options
    this.#sticky = Math.floor(Math.random() * options.partitionCount)
  }

  /** Resolves when there is room for more. */
  async add(records: readonly RecordToSend[]): Promise<void> {
    for (const record of records) {
      const bytes = recordBytes(record)
      const message = this.#message(record, bytes)
      const isFull = this.#batch.length > 0 && this.#batchBytes + bytes > batchBytesMax
      if (isFull || this.#isFarInTime(message)) await this.#ship()
      this.#rememberTime(message)
      this.#batch.push(message)
      this.#batchBytes += bytes
      if (this.#batch.length >= batchRecordsMax) await this.#ship()
    }
  }

  /** Compared with the first record of its partition in this batch. */
  #isFarInTime({ partition = 0, timestamp = 0n }: MessageToProduce): boolean {
    const delta = timestamp - (this.#firstTimestamps.get(partition) ?? timestamp)
    return delta >= timestampDeltaMax || delta <= -timestampDeltaMax
  }

  #rememberTime({ partition = 0, timestamp = 0n }: MessageToProduce): void {
    if (!this.#firstTimestamps.has(partition)) this.#firstTimestamps.set(partition, timestamp)
  }

  /** Sends what has gathered and waits until all is delivered. */
  async flush(): Promise<void> {
    await this.#ship()
    await this.#sending
  }

  async #ship(): Promise<void> {
    const messages = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    this.#firstTimestamps.clear()
    await this.#sending
    if (messages.length === 0) return
    this.#sending = this.#send(messages)
    // Whoever waits next sees the failure; until then it must not count as unhandled.
    this.#sending.catch(() => {})
  }

  async #send(messages: MessageToProduce[]): Promise<void> {
    const { acks, compression, topic } = this.#options
    const { offsets } = await this.#producer.send({ messages, acks, compression, idempotent: acks === -1 })
    const next = new Map(offsets?.map((one) => [one.partition, one.offset]))
    this.#options.onDelivered(
      messages.map(({ partition = 0 }) => {
        const offset = next.get(partition)
        if (offset !== undefined) next.set(partition, offset + 1n)
        return { topic, partition, offset }
      })
    )
  }

  #message(record: RecordToSend, bytes: number): MessageToProduce {
    const message: MessageToProduce = {
      topic: this.#options.topic,
      partition: this.#partitionOf(record, bytes),
      timestamp: BigInt(record.timestampMs ?? Date.now())
    }
    if (record.key !== null) message.key = record.key
    if (record.value !== null) message.value = record.value
    // Names are buffers, each its own, so that duplicates stay apart in the map.
    if (record.headers.length > 0)
      message.headers = new Map(record.headers.map(([name, value]) => [Buffer.from(name), value])) as Map<
        Buffer,
        Buffer
      >
    return message
  }

  #partitionOf(record: RecordToSend, bytes: number): number {
    const { partitionCount, topic } = this.#options
    if (record.partition !== undefined) {
      if (record.partition >= partitionCount || record.partition < 0)
        throw noSuchPartition(topic, record.partition, partitionCount)
      return record.partition
    }
    if (record.key !== null) return partitionOfKey(record.key, partitionCount)
    this.#stickyBytesLeft -= bytes
    if (this.#stickyBytesLeft < 0) {
      this.#stickyBytesLeft = stickyBytes
      this.#sticky = (this.#sticky + 1) % partitionCount
    }
    return this.#sticky
  }
}

function recordBytes(record: RecordToSend): number {
  const headers = record.headers.reduce((sum, [name, value]) => sum + name.length + (value?.length ?? 0) + 4, 0)
  return recordOverheadBytes + (record.key?.length ?? 0) + (record.value?.length ?? 0) + headers
}

function noSuchPartition(topic: string, partition: number, count: number): CliError {
  return new CliError({
    what: `topic "${topic}" has no partition ${partition}`,
    why: `it has ${count}, numbered from 0`,
    next: `odradek topics alter ${topic} --partitions ${partition + 1}   (or produce with --repartition)`,
    exitCode: ExitCode.notFound
  })
}

/** Until the broker has created the topic, or said that it does not. */
export async function partitionCountOf(cluster: Cluster, topic: string): Promise<number> {
  const deadlineMs = Date.now() + 2000
  for (;;) {
    const { topics } = await cluster.metadata([topic], 'create')
    const [found] = topics
    const ready = found?.errorCode === 0 && found.partitions.every((partition) => partition.leaderId >= 0)
    if (found && ready) return found.partitions.length
    if (Date.now() > deadlineMs || !mayPass.has(found?.errorCode ?? 0))
      throw unusable(cluster, topic, found?.errorCode ?? 3)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** No error but no leader yet, unknown (being created), leader not available. */
const mayPass = new Set([0, 3, 5])

function unusable(cluster: Cluster, topic: string, errorCode: number): CliError {
  const name = cluster.library.protocolErrorsCodesById[errorCode] ?? 'UNKNOWN'
  const unknown = errorCode === 3
  return new CliError({
    what: unknown
      ? `there is no topic "${topic}", and the broker does not create it`
      : `topic "${topic}" cannot be used`,
    why: `${name} (${errorCode})`,
    next: unknown ? `odradek topics create ${topic}` : undefined,
    exitCode: unknown ? ExitCode.notFound : errorCode === 29 ? ExitCode.notAllowed : ExitCode.failed
  })
}

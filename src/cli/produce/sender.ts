/**
 * Gathers records in batches and sends one while the next one fills: order is kept, memory is bounded. delivery.ts sees to it
 * that each record arrives once.
 */
import { CliError } from '../cli-error.ts'
import { timestampDeltaMaxMs } from '../client-library.ts'
import type { Cluster } from '../cluster.ts'
import { ExitCode } from '../exit-codes.ts'
import type { RecordToSend } from '../record.ts'
import type { Delivery, PlacedRecord } from './delivery.ts'
import { partitionOfKey } from './murmur2.ts'

/** Below message.max.bytes, 1,048,588 by default, also if all of it goes to one partition. */
const batchBytesMax = 900_000
const batchRecordsMax = 20_000
/** Records without a key stay with a partition for so long, as Java's sticky partitioner has them. */
const stickyBytes = 16_384
/** A record's own overhead, roughly. */
const recordOverheadBytes = 24

export interface SenderOptions {
  readonly topic: string
  readonly partitionCount: number
}

export class Sender {
  readonly #delivery: Delivery
  readonly #options: SenderOptions
  #batch: PlacedRecord[] = []
  #batchBytes = 0
  readonly #firstTimestampsMs = new Map<number, number>()
  #sticky: number
  #stickyBytesLeft = stickyBytes
  #sending: Promise<void> = Promise.resolve()
  #undelivered = 0

  constructor(delivery: Delivery, options: SenderOptions) {
    this.#delivery = delivery
    this.#options = options
    this.#sticky = Math.floor(Math.random() * options.partitionCount)
  }

  /** How many records an interruption left without an answer, or unsent. */
  get undelivered(): number {
    return this.#undelivered + this.#batch.length
  }

  /** Resolves when there is room for more. */
  async add(records: readonly RecordToSend[]): Promise<void> {
    for (const record of records) {
      const bytes = recordBytes(record)
      const placed: PlacedRecord = {
        ...record,
        partition: this.#partitionOf(record, bytes),
        timestampMs: record.timestampMs ?? Date.now()
      }
      const isFull = this.#batch.length > 0 && this.#batchBytes + bytes > batchBytesMax
      if (isFull || this.#isFarInTime(placed)) await this.#ship()
      if (!this.#firstTimestampsMs.has(placed.partition)) {
        this.#firstTimestampsMs.set(placed.partition, placed.timestampMs)
      }
      this.#batch.push(placed)
      this.#batchBytes += bytes
      if (this.#batch.length >= batchRecordsMax) await this.#ship()
    }
  }

  /** Compared with the first record of its partition in this batch. */
  #isFarInTime({ partition, timestampMs }: PlacedRecord): boolean {
    return Math.abs(timestampMs - (this.#firstTimestampsMs.get(partition) ?? timestampMs)) >= timestampDeltaMaxMs
  }

  /** Sends what has gathered and waits until all is delivered. */
  async flush(): Promise<void> {
    await this.#ship()
    await this.#sending
  }

  async #ship(): Promise<void> {
    const records = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    this.#firstTimestampsMs.clear()
    await this.#sending
    if (records.length === 0) return
    this.#sending = this.#deliver(records)
    // Whoever waits next sees the failure; until then it must not count as unhandled.
    this.#sending.catch(() => {})
  }

  /** After records that nobody answered for nothing more is sent: it would take their sequence numbers. */
  async #deliver(records: readonly PlacedRecord[]): Promise<void> {
    const left = this.#undelivered === 0 ? await this.#delivery.deliver(records) : records
    this.#undelivered += left.length
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

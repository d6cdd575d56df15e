/**
 * Gathers records in batches and sends one while the next one fills: order is kept, memory is bounded. delivery.ts sees to it
 * that each record arrives once.
 */
import { CliError } from '../cli-error.ts'
import { timestampDeltaMaxMs } from '../client-library.ts'
import type { Cluster } from '../cluster.ts'
import { ExitCode } from '../exit-codes.ts'
import { failureOf } from '../partitions.ts'
import { explainFailure } from '../present-error.ts'
import type { RecordToSend } from '../record.ts'
import type { Delivery, PlacedRecord } from './delivery.ts'
import { type Partitioner, recordBytes } from './partitioner.ts'

/** Below message.max.bytes, 1,048,588 by default, also if all of it goes to one partition. */
const batchBytesMax = 900_000
const batchRecordsMax = 20_000

/** What neither arrived nor was refused when the command had to end. */
export interface Leftover {
  /** Sent, and not answered for: they may have arrived. */
  readonly unanswered: number
  readonly unsent: number
  /** The first of them all, where the records are lines. */
  readonly firstLine: number | undefined
}

export class Sender {
  readonly #delivery: Delivery
  readonly #partitioner: Partitioner
  #batch: PlacedRecord[] = []
  #batchBytes = 0
  readonly #firstTimestampsMs = new Map<number, number>()
  #sending: Promise<void> = Promise.resolve()

  constructor(delivery: Delivery, partitioner: Partitioner) {
    this.#delivery = delivery
    this.#partitioner = partitioner
  }

  get leftover(): Leftover {
    const { unanswered, unsent } = this.#delivery
    const lines = [unanswered, unsent, this.#batch].flatMap((records) => records.map((record) => record.line ?? 0))
    const firstLine = lines.reduce((first, line) => Math.min(first, line), Number.POSITIVE_INFINITY)
    return {
      unanswered: unanswered.length,
      unsent: unsent.length + this.#batch.length,
      firstLine: firstLine > 0 && Number.isFinite(firstLine) ? firstLine : undefined
    }
  }

  /** Resolves when there is room for more. */
  async add(records: readonly RecordToSend[]): Promise<void> {
    for (const record of records) {
      const bytes = recordBytes(record)
      const placed: PlacedRecord = {
        ...record,
        partition: this.#partitioner.partitionOf(record, bytes),
        timestampMs: record.timestampMs ?? Date.now(),
        asked: record.partition
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
    await this.#sending
    const records = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    this.#firstTimestampsMs.clear()
    if (records.length === 0) return
    this.#sending = this.#delivery.deliver(records)
    // Whoever waits next sees the failure; until then it must not count as unhandled.
    this.#sending.catch(() => {})
  }
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
  const unknown = errorCode === 3
  return new CliError({
    what: unknown
      ? `there is no topic "${topic}", and the broker does not create it`
      : `topic "${topic}" cannot be used`,
    why: explainFailure(failureOf(cluster, errorCode)),
    next: unknown ? `odradek topics create ${topic}` : undefined,
    exitCode: unknown ? ExitCode.notFound : errorCode === 29 ? ExitCode.notAllowed : ExitCode.failed
  })
}

/**
 * One partition of a service's output: reads from its end how far the service has come, and writes the next answers.
 *
 * Whatever goes wrong with a write (refused because another member wrote first, a leader that moved, no answer at all), the remedy
 * is one: look again what the log says, and write what is still owed. See answers.ts for why that cannot write twice.
 */
import type { Cluster } from '../../cluster.ts'
import { Reader } from '../../consume/reader.ts'
import { kafkaFailure } from '../../kafka-failure.ts'
import {
  type Bounds,
  describeTopics,
  type LedPartition,
  ledPartitions,
  partitionBounds,
  partitionName
} from '../../partitions.ts'
import type { RecordToSend } from '../../record.ts'
import { type Answering, eventOf } from '../events.ts'
import type { Service } from '../services.ts'
import { answersTo, nothingYet, type Progress, progressAfter, type Question, sequenceOf } from './answers.ts'

const allInSyncReplicas = -1
const producerEpoch = 0
const outOfOrderSequenceNumber = 45
/** Most answers stand near the end; from there the way back doubles. */
const firstLookBack = 64n
const patienceMs = 15_000
const pauseMs = 100

export type Render<Content> = (content: Content, answering: Answering) => RecordToSend

export interface OutputOptions {
  readonly service: Service
  /** The service's topic by the name it has on this cluster. */
  readonly topic: string
  readonly partition: number
  /** Of the one producer that all members of the service are. */
  readonly producerId: bigint
  readonly stopped: AbortSignal
  /** Another member had written first. */
  onOvertaken(): void
}

export class Output {
  readonly #cluster: Cluster
  readonly #options: OutputOptions
  #progress: Progress | undefined
  #led: LedPartition | undefined

  constructor(cluster: Cluster, options: OutputOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  /** What the log says, asked once and after each failure; known from then on. */
  async progress(): Promise<Progress> {
    this.#progress ??= await this.#look()
    return this.#progress
  }

  /** Resolves when every one of these questions has its answer in the log. */
  async answer<Content>(questions: readonly Question<Content>[], render: Render<Content>): Promise<void> {
    let troubledSinceMs: number | undefined
    for (;;) {
      try {
        const owed = answersTo(await this.progress(), questions)
        const last = owed.at(-1)
        if (last === undefined) return
        await this.#write(
          owed.map(({ content, ...answering }) => render(content, answering)),
          owed[0]?.number ?? 0
        )
        this.#progress = progressAfter(last)
        return
      } catch (error) {
        this.#progress = undefined
        this.#led = undefined
        troubledSinceMs ??= Date.now()
        if (Date.now() - troubledSinceMs > patienceMs || this.#options.stopped.aborted) throw error
        if (kafkaFailure(error)?.code === outOfOrderSequenceNumber) this.#options.onOvertaken()
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }

  async #write(records: readonly RecordToSend[], firstNumber: number): Promise<void> {
    const { topic, partition, producerId } = this.#options
    const { leader } = await this.#find()
    const { NumericMap } = this.#cluster.library
    const messages = records.map(({ key, value, headers, timestampMs }) => ({
      topic,
      partition,
      timestamp: BigInt(timestampMs ?? Date.now()),
      key: key ?? Buffer.alloc(0),
      value: value ?? Buffer.alloc(0),
      headers: new Map(headers.map(([name, content]) => [name, content ?? Buffer.alloc(0)]))
    }))
    await this.#cluster.call('Produce', leader, allInSyncReplicas, this.#cluster.timeoutMs, messages, {
      producerId,
      producerEpoch,
      sequences: new NumericMap([[`${topic}:${partition}`, sequenceOf(firstNumber)]])
    })
  }

  /** Backwards from the end until the service's last event. */
  async #look(): Promise<Progress> {
    const led = await this.#find()
    const { start, end } = (await partitionBounds(this.#cluster, [led])).get(partitionName(led)) ?? {
      start: 0n,
      end: 0n
    }
    for (let width = firstLookBack; ; width *= 4n) {
      const from = end - width > start ? end - width : start
      const found = await this.#lastAnswering(led, { start: from, end })
      if (found !== undefined) return progressAfter(found)
      if (from === start || this.#options.stopped.aborted) return nothingYet
    }
  }

  async #lastAnswering(led: LedPartition, { start, end }: Bounds): Promise<Answering | undefined> {
    const { service, stopped } = this.#options
    const reader = new Reader(this.#cluster, { isolation: 'uncommitted', interrupted: stopped, onNotice: () => {} })
    reader.add(led, start, end)
    let last: Answering | undefined
    for await (const records of reader.read()) {
      for (const record of records) {
        const event = eventOf(service.writes, record)
        if (event?.status === service.says) last = event
      }
    }
    return last
  }

  async #find(): Promise<LedPartition> {
    const { topic, partition } = this.#options
    this.#led ??= ledPartitions(await describeTopics(this.#cluster, [topic]), [partition])[0]
    if (this.#led === undefined) throw new Error(`${topic} has no partition ${partition}`)
    return this.#led
  }
}

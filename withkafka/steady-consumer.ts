/**
 * The library's consumer, made to last: brokers may go away and come back as often as they like. What ends it is only an error
 * that does not pass, such as a group that may not be read.
 */
import type { Consumer, ConsumerConfig, EachBatchHandler, Kafka } from 'kafkajs'
import { mayPass } from './client-errors.ts'
import { patiently, within } from './connect.ts'

const restartDelayMs = 500

export interface Run {
  readonly topics: readonly string[]
  readonly eachBatch: EachBatchHandler
  /** The library gave up, and the group will be joined anew. */
  onLost(error: Error): void
  /** There is nothing more to do. */
  onFailure(error: unknown): void
}

export class SteadyConsumer {
  readonly consumer: Consumer
  #run: Run | undefined
  #isClosed = false

  constructor(kafka: Kafka, config: Omit<ConsumerConfig, 'retry'>) {
    // The library counts the troubles of a consumer's whole life, so any number of them would end it one day.
    const retry = { ...patiently, retries: Number.MAX_SAFE_INTEGER, restartOnFailure: async () => !this.#isClosed }
    this.consumer = kafka.consumer({ ...config, retry })
    this.consumer.on(this.consumer.events.CRASH, ({ payload }) => this.#crashed(payload.error, payload.restart))
  }

  /** Goes on in the background. Offsets are the caller's to resolve and to commit. */
  start(run: Run): void {
    this.#run = run
    const begin = async () => {
      await this.consumer.connect()
      await this.consumer.subscribe({ topics: [...run.topics], fromBeginning: true })
      await this.#join()
    }
    begin().catch((error) => run.onFailure(error))
  }

  /** Leaves the group, as far as it is still in it, and joins it as a new member. */
  rejoin(): void {
    this.consumer
      .stop()
      .then(() => this.#join())
      .catch((error) => this.#run?.onFailure(error))
  }

  /** Leaves the group. Rejects when that takes longer than the limit. */
  async close(limitMs: number): Promise<void> {
    this.#isClosed = true
    await within(limitMs, this.consumer.disconnect(), 'no answer')
  }

  async #join(): Promise<void> {
    if (this.#isClosed || this.#run === undefined) return
    await this.consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: this.#run.eachBatch })
  }

  /** For some errors the library begins anew by itself, for others we do. */
  #crashed(error: Error, restartsByItself: boolean): void {
    if (this.#isClosed) return
    if (!mayPass(error)) {
      this.#run?.onFailure(error)
      return
    }
    this.#run?.onLost(error)
    if (!restartsByItself)
      setTimeout(() => this.#join().catch((reason) => this.#run?.onFailure(reason)), restartDelayMs)
  }
}

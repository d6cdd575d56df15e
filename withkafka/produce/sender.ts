/**
 * Sends batches and waits until they are safe: acks=all, so every in-sync copy has them before the broker says yes.
 *
 * The producer is idempotent: it numbers its batches, and a broker that gets one again, because the first answer was lost,
 * does not store it twice. The library keeps to that as long as a request holds a single partition: of several, it leaves
 * out those whose leader moved while the others were answered. Hence a request for each partition, all at the same time;
 * and the partition is chosen here, once, so that a repeated request goes where the first one went.
 */
import { type Kafka, Partitioners, type Producer } from 'kafkajs'
import { mayPass } from '../client-errors.ts'
import { lastTrouble, patiently, within } from '../connect.ts'
import { Problem, reasonOf } from '../problem.ts'
import type { Message } from './messages.ts'

export interface Delivery {
  readonly message: Message
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export class Sender {
  readonly #producer: Producer
  readonly #topic: string
  readonly #timeoutMs: number
  readonly #partitionOf: PartitionChooser

  private constructor(producer: Producer, topic: string, partitions: readonly number[], timeoutMs: number) {
    this.#producer = producer
    this.#topic = topic
    this.#timeoutMs = timeoutMs
    this.#partitionOf = partitionChooser(topic, partitions)
  }

  static async open(kafka: Kafka, topic: string, partitions: readonly number[], timeoutMs: number): Promise<Sender> {
    // Not the number of attempts ends them but the time.
    const retry = { ...patiently, retries: Number.MAX_SAFE_INTEGER }
    const { DefaultPartitioner } = Partitioners
    const producer = kafka.producer({ idempotent: true, createPartitioner: DefaultPartitioner, retry })
    await producer.connect()
    return new Sender(producer, topic, partitions, timeoutMs)
  }

  /** Resolves when every message of the batch is acknowledged. Wait for one before you send the next: that keeps the order. */
  async send(batch: readonly Message[]): Promise<Delivery[]> {
    const giveUp = new AbortController()
    const requests = [...this.#byPartition(batch)].map(([partition, messages]) =>
      this.#sendTo(partition, messages, giveUp.signal)
    )
    try {
      const deliveries = await within(this.#timeoutMs, Promise.all(requests), timeUp)
      return deliveries.flat().sort((a, b) => a.message.index - b.message.index)
    } catch (error) {
      throw notDelivered(this.#topic, error)
    } finally {
      giveUp.abort()
    }
  }

  async close(): Promise<void> {
    await this.#producer.disconnect()
  }

  #byPartition(batch: readonly Message[]): Map<number, Message[]> {
    const groups = new Map<number, Message[]>()
    for (const message of batch) {
      const partition = this.#partitionOf(message, batch)
      const group = groups.get(partition)
      if (group) group.push(message)
      else groups.set(partition, [message])
    }
    return groups
  }

  async #sendTo(partition: number, messages: readonly Message[], giveUp: AbortSignal): Promise<Delivery[]> {
    const topic = this.#topic
    const timestamp = String(Date.now())
    const records = messages.map(({ key, value, headers = {} }) => ({ key, value, headers, partition, timestamp }))
    for (;;) {
      try {
        const [acknowledged] = await this.#producer.send({ topic, acks: -1, messages: records })
        const baseOffset = Number(acknowledged?.baseOffset)
        return messages.map((message, at) => ({ message, topic, partition, offset: baseOffset + at }))
      } catch (error) {
        if (giveUp.aborted || !mayPass(error)) throw error
      }
    }
  }
}

type PartitionChooser = (message: Message, batch: readonly Message[]) => number

/** With a key: by its hash (murmur2, as Java's client has it). Without: a batch stays together, the next goes elsewhere. */
function partitionChooser(topic: string, partitions: readonly number[]): PartitionChooser {
  const byKey = Partitioners.DefaultPartitioner()
  const leader = { partitionErrorCode: 0, leader: 0, replicas: [], isr: [] }
  const partitionMetadata = partitions.map((partitionId) => ({ ...leader, partitionId }))
  let turn = Math.floor(Math.random() * partitions.length)
  let current: readonly Message[] | undefined
  return (message, batch) => {
    if (message.key !== null) return byKey({ topic, partitionMetadata, message })
    if (batch !== current) turn = (turn + 1) % partitions.length
    current = batch
    return partitions[turn] ?? 0
  }
}

const timeUp = 'the time was over before the brokers acknowledged them'

function notDelivered(topic: string, error: unknown): Problem {
  const isLate = error instanceof Error && error.message === timeUp
  return new Problem({
    what: `messages were not delivered to ${topic}; all that were are reported`,
    why: isLate && lastTrouble !== undefined ? `${timeUp}; ${lastTrouble}` : reasonOf(error),
    next: isLate ? 'start the brokers and send again, with --resume what is there is left out' : undefined
  })
}

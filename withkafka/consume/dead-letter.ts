/**
 * What becomes of a message whose command or call failed. It is shown in any case. Then either the consumer stops, and the
 * message comes again because its offset is not committed; or it is kept in the topic NAME.dead-letter, with what is known
 * about it in its headers, and the consumer goes on.
 */
import type { IHeaders, Kafka, Producer } from 'kafkajs'
import { createTopicIfMissing } from '../client/topic.ts'
import { type Address, addresser, sendToEachPartition } from '../produce/delivery.ts'
import { forTheEye, tell } from '../program/output.ts'
import { Problem } from '../program/problem.ts'
import type { ConsumedMessage } from './message.ts'
import type { OnFailure } from './options.ts'
import type { ActionFailure } from './processing.ts'

const timeoutMs = 120_000

interface Sender {
  readonly producer: Producer
  readonly address: Address
}

export class FailedMessages {
  readonly #kafka: Kafka
  readonly #group: string
  readonly #onFailure: OnFailure
  /** By the name of the topic. */
  readonly #senders = new Map<string, Sender>()

  constructor(kafka: Kafka, group: string, onFailure: OnFailure) {
    this.#kafka = kafka
    this.#group = group
    this.#onFailure = onFailure
  }

  /** Resolves when the message is safe elsewhere; rejects when the consumer is to stop. */
  async take(message: ConsumedMessage, failure: ActionFailure): Promise<void> {
    const what = `this message failed: ${describe(message)}`
    if (this.#onFailure === 'stop') {
      const next = 'it comes again at the next start; --on-failure dead-letter keeps it aside and goes on'
      throw new Problem({ what, why: failure.message, next })
    }
    const topic = `${message.topic}.dead-letter`
    await this.#send(topic, message, this.#headers(message, failure))
    tell(`${what}; ${failure.message}; it is kept in ${topic}`)
  }

  async close(): Promise<void> {
    for (const { producer } of this.#senders.values()) await producer.disconnect()
  }

  async #send(topic: string, { key, value }: ConsumedMessage, headers: IHeaders): Promise<void> {
    const { producer, address } = this.#senders.get(topic) ?? (await this.#open(topic))
    const letter = address([{ index: 0, key, value, headers }])
    const { problem } = await sendToEachPartition(letter, { topic, timeoutMs }, (messages) =>
      producer.send({ topic, messages, acks: -1 })
    )
    if (problem) throw problem
  }

  async #open(topic: string): Promise<Sender> {
    const address = addresser(topic, await createTopicIfMissing(this.#kafka, topic))
    const producer = this.#kafka.producer({ idempotent: true })
    await producer.connect()
    const sender = { producer, address }
    this.#senders.set(topic, sender)
    return sender
  }

  #headers(message: ConsumedMessage, failure: ActionFailure): IHeaders {
    const headers: Record<string, Buffer[]> = {}
    for (const [name, value] of message.headers) headers[name] = [...(headers[name] ?? []), value ?? Buffer.alloc(0)]
    return {
      ...headers,
      'dead-letter.topic': message.topic,
      'dead-letter.partition': String(message.partition),
      'dead-letter.offset': String(message.offset),
      'dead-letter.group': this.#group,
      'dead-letter.error': failure.message
    }
  }
}

function describe({ topic, partition, offset, key, value }: ConsumedMessage): string {
  const where = `${topic}, partition ${partition}, offset ${offset}`
  return `${where}${key === null ? '' : `, key ${forTheEye(key)}`}: ${forTheEye(value)}`
}

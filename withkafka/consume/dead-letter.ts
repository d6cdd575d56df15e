/**
 * What becomes of a message whose command or call failed. It is shown in any case. Then either the consumer stops, and the
 * message comes again because its offset is not committed; or it is kept in the topic NAME.dead-letter, with what is known
 * about it in its headers, and the consumer goes on.
 */
import type { IHeaders, Kafka } from 'kafkajs'
import { tell } from '../output.ts'
import { Problem } from '../problem.ts'
import { Sender } from '../produce/sender.ts'
import { forTheEye } from '../record-json.ts'
import { openTopic } from '../topic.ts'
import type { ConsumedMessage } from './message.ts'
import type { OnFailure } from './options.ts'
import type { ActionFailure } from './processing.ts'

const deliveryTimeoutMs = 120_000

export class FailedMessages {
  readonly #kafka: Kafka
  readonly #group: string
  readonly #onFailure: OnFailure
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
    const { topic } = message
    const sender = this.#senders.get(topic) ?? (await this.#open(topic))
    this.#senders.set(topic, sender)
    await sender.send([{ index: 0, key: message.key, value: message.value, headers: this.#headers(message, failure) }])
    tell(`${what}; ${failure.message}; it is kept in ${deadLetterTopic(topic)}`)
  }

  async close(): Promise<void> {
    for (const sender of this.#senders.values()) await sender.close()
  }

  async #open(topic: string): Promise<Sender> {
    const name = deadLetterTopic(topic)
    return await Sender.open(this.#kafka, name, await openTopic(this.#kafka, name), deliveryTimeoutMs)
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

export function deadLetterTopic(topic: string): string {
  return `${topic}.dead-letter`
}

function describe({ topic, partition, offset, key, value }: ConsumedMessage): string {
  const where = `${topic}, partition ${partition}, offset ${offset}`
  return `${where}${key === null ? '' : `, key ${forTheEye(key)}`}: ${forTheEye(value)}`
}

/** A message as it comes out of a topic: where it lies, and what it holds. */
import type { KafkaMessage } from 'kafkajs'
import { textOrBytes } from '../program/output.ts'

export interface Partition {
  readonly topic: string
  readonly partition: number
}

export interface ConsumedMessage extends Partition {
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In their order; a name may come more than once. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

export function consumedMessage({ topic, partition }: Partition, message: KafkaMessage): ConsumedMessage {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: Object.entries(message.headers ?? {}).flatMap(([name, values]) =>
      [values].flat().map((value) => [name, value === undefined || value === null ? null : Buffer.from(value)] as const)
    )
  }
}

export function nameOf({ topic, partition }: Partition): string {
  return `${topic}-${partition}`
}

/** One line, with its end. */
export function jsonLineOf(message: ConsumedMessage): string {
  const { topic, partition, offset, timestampMs, key, value } = message
  const headers = message.headers.map(([name, bytes]) => ({ key: name, value: textOrBytes(bytes) }))
  const content = { key: textOrBytes(key), value: textOrBytes(value), headers }
  return `${JSON.stringify({ topic, partition, offset, timestamp: timestampMs, ...content })}\n`
}

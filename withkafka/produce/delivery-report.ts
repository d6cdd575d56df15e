/**
 * Tells where each message is stored, as soon as that is acknowledged and never before: a line for people, JSON lines in a
 * pipe, for programs that want to know what is safe.
 */
import { counted, paint, stdoutIsTerminal, tell, write } from '../output.ts'
import { forTheEye, textOrBytes } from '../record-json.ts'
import type { Delivery } from './sender.ts'

export class DeliveryReport {
  readonly #topic: string
  readonly #startMs = performance.now()
  #count = 0

  constructor(topic: string) {
    this.#topic = topic
  }

  async delivered(deliveries: readonly Delivery[]): Promise<void> {
    this.#count += deliveries.length
    await write(deliveries.map(stdoutIsTerminal ? lineForPeople : lineForPrograms).join(''))
  }

  finish(leftOut: number): void {
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(1)
    const already = leftOut === 0 ? '' : `, ${counted(leftOut, 'message')} left out: the topic has them`
    tell(`${counted(this.#count, 'message')} delivered to ${this.#topic} in ${seconds} s${already}`)
  }
}

function lineForPeople({ topic, partition, offset, message }: Delivery): string {
  const key = message.key === null ? '' : `, key ${forTheEye(message.key)}`
  return `${paint.green('delivered')} to ${topic}, partition ${partition}, offset ${offset}${paint.dim(key)}\n`
}

function lineForPrograms({ topic, partition, offset, message }: Delivery): string {
  return `${JSON.stringify({ index: message.index, topic, partition, offset, key: textOrBytes(message.key) })}\n`
}

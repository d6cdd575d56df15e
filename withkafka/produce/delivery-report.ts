/**
 * Tells where each message is stored, as soon as that is acknowledged and never before: a line for people, JSON lines in a
 * pipe, for programs that want to know what is safe.
 */
import { counted, forTheEye, paint, stdoutIsTerminal, tell, textOrBytes, write } from '../program/output.ts'
import type { Delivery } from './delivery.ts'

export class DeliveryReport {
  readonly #topic: string
  readonly #startMs = performance.now()
  #delivered = 0
  #leftOut = 0

  constructor(topic: string) {
    this.#topic = topic
  }

  async delivered(deliveries: readonly Delivery[]): Promise<void> {
    this.#delivered += deliveries.length
    const line = stdoutIsTerminal ? lineForPeople : lineForPrograms
    await write(deliveries.map((delivery) => line(this.#topic, delivery)).join(''))
  }

  leftOut(count: number): void {
    this.#leftOut += count
  }

  finish(): void {
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(1)
    const already = this.#leftOut === 0 ? '' : `, ${counted(this.#leftOut, 'message')} left out: the topic has them`
    tell(`${counted(this.#delivered, 'message')} delivered to ${this.#topic} in ${seconds} s${already}`)
  }
}

function lineForPeople(topic: string, { message: { key, partition }, offset }: Delivery): string {
  const keyed = key === null ? '' : `, key ${forTheEye(key)}`
  return `${paint.green('delivered')} to ${topic}, partition ${partition}, offset ${offset}${paint.dim(keyed)}\n`
}

function lineForPrograms(topic: string, { message: { index, key, partition }, offset }: Delivery): string {
  return `${JSON.stringify({ index, topic, partition, offset, key: textOrBytes(key) })}\n`
}

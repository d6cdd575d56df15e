/** Lines for words to be counted in, written once each while brokers die: idempotent, and tried for as long as it takes. */
import kafkaJs, { type Producer } from 'kafkajs'

const { Kafka, logLevel, Partitioners } = kafkaJs
const partitions = 3
const linesPerSend = 4
const paceMs = 60
const vocabulary = Array.from({ length: 24 }, (_, index) => `word${String.fromCharCode(97 + index)}`)

/** The same for the same number, with a word that is in all of them. */
export function lineOf(number: number): string {
  return [1, 5, 7]
    .map((step) => vocabulary[(number * step) % vocabulary.length])
    .concat('every')
    .join(' ')
}

export class Lines {
  /** How many lines are acknowledged; their numbers begin at 0. */
  written = 0
  readonly #producer: Producer
  readonly #finished: Promise<void>
  #isEnough = false

  static async start(bootstrap: string, topic: string): Promise<Lines> {
    const retry = { initialRetryTime: 20, maxRetryTime: 500, retries: Number.MAX_SAFE_INTEGER }
    const client = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING, retry })
    const producer = client.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    return new Lines(producer, topic)
  }

  private constructor(producer: Producer, topic: string) {
    this.#producer = producer
    this.#finished = this.#write(topic)
    // Heard of when it is awaited.
    this.#finished.catch(() => {})
  }

  /** So many are written, or none any more. */
  async reach(count: number): Promise<void> {
    while (this.written < count && !this.#isEnough) await Promise.race([pause(paceMs), this.#finished])
  }

  async end(): Promise<void> {
    this.#isEnough = true
    await this.#finished
    await this.#producer.disconnect()
  }

  /** One partition for each send: kafkajs cannot send again to several of which one has answered. */
  async #write(topic: string): Promise<void> {
    for (let send = 0; !this.#isEnough; send += 1) {
      const numbers = Array.from({ length: linesPerSend }, (_, index) => this.written + index)
      const messages = numbers.map((number) => ({ partition: send % partitions, value: lineOf(number) }))
      await this.#producer.send({ topic, acks: -1, messages })
      this.written += linesPerSend
      await pause(paceMs)
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** A topic whose records are numbered: record n has the value `n` and lies in partition n modulo the number of partitions. */
import kafkaJs, { type Admin, type Producer } from 'kafkajs'

export const PARTITIONS = 4

export class NumberedTopic {
  readonly name: string
  private readonly admin: Admin
  private readonly producer: Producer
  private written = 0

  private constructor(name: string, admin: Admin, producer: Producer) {
    this.name = name
    this.admin = admin
    this.producer = producer
  }

  static async create(bootstrap: string, name: string): Promise<NumberedTopic> {
    const kafka = new kafkaJs.Kafka({ brokers: [bootstrap], logLevel: kafkaJs.logLevel.NOTHING })
    const admin = kafka.admin()
    const producer = kafka.producer({ createPartitioner: kafkaJs.Partitioners.DefaultPartitioner })
    await admin.connect()
    await producer.connect()
    await admin.createTopics({ topics: [{ topic: name, numPartitions: PARTITIONS }], waitForLeaders: true })
    return new NumberedTopic(name, admin, producer)
  }

  /** Writes the next `count` records and answers their values. */
  async write(count: number): Promise<string[]> {
    const numbers = Array.from({ length: count }, (_, index) => this.written + index)
    this.written += count
    const messages = numbers.map((number) => ({ partition: number % PARTITIONS, value: String(number) }))
    await this.producer.send({ topic: this.name, acks: -1, messages })
    return numbers.map(String)
  }

  /** Resolves when the group has committed everything that was written. */
  async committedBy(group: string, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const [topic] = await this.admin.fetchOffsets({ groupId: group, topics: [this.name] })
      const committed = (topic?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
      if (committed === this.written) return
      if (Date.now() > deadline) throw new Error(`${group} has committed ${committed} of ${this.written} records`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async close(): Promise<void> {
    await this.producer.disconnect()
    await this.admin.disconnect()
  }
}

/**
 * The producer with no Kafka and no server to start. It is withkafka/kafkaprod.ts, line by line, but for the two that open a
 * directory instead of asking for an address.
 *
 *     npm install          # once: builds the package that is imported here
 *     npx tsx withoutkafka/prod.ts 'hello'
 */
import { Kafka } from 'kafkajs'
import { openKafka } from 'odradek'
import { lasting, reachable } from '../withkafka/client/connection.ts'
import { acknowledged } from '../withkafka/produce/delivery.ts'
import { DeliveryReport } from '../withkafka/produce/delivery-report.ts'
import { producerUsage } from '../withkafka/produce/options.ts'
import { outgoing } from '../withkafka/produce/outgoing.ts'
import { directory } from '../withkafka/program/options.ts'
import { runProgram } from '../withkafka/program/run.ts'

await runProgram(producerUsage('withoutkafka/prod.ts', directory), async (options, stop) => {
  const { topic } = options

  // Connect. There is no server: the broker lives in this process, or in another that has the same directory open.
  await using shared = await openKafka({ directory: options.place })
  const brokers = await reachable(() => shared.brokers)
  const kafka = new Kafka({ clientId: 'kafkaprod', brokers, ...lasting })
  // Idempotent: when an answer is lost and a batch is sent again, the broker notices, and does not store it twice.
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()

  const report = new DeliveryReport(topic)
  try {
    // A batch is a list of { key, value, partition, … }: the key's hash chose the partition, so one key stays in order.
    for await (const batch of outgoing(kafka, options, report, stop)) {
      // Send, to each partition what is its own, and again while brokers are away. acks: -1 means all: every copy that is in
      // sync has the messages before the broker says yes.
      const { deliveries, problem } = await acknowledged(batch, options, (messages) =>
        producer.send({ topic, messages, acks: -1 })
      )
      // The delivery report tells for each message the partition and the offset at which it is stored.
      await report.delivered(deliveries)
      if (problem) throw problem
    }
    report.finish()
  } finally {
    await producer.disconnect()
  }
})

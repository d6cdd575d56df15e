/**
 * The producer with no Kafka, and no server to start: line by line it is
 * withkafka/kafkaprod.ts, but for the lines that open a directory.
 *
 *     npm install      # once: builds the package that is imported here
 *     npx tsx withoutkafka/prod.ts 'hello'
 */
import { Kafka } from 'kafkajs'
import { openKafka } from 'odradek'
import { reachable, retryForever } from '../withkafka/client/connection.ts'
import { sendToEachPartition } from '../withkafka/produce/delivery.ts'
import { DeliveryReport } from '../withkafka/produce/delivery-report.ts'
import { producerUsage } from '../withkafka/produce/options.ts'
import { batchesToSend } from '../withkafka/produce/outgoing.ts'
import { directory } from '../withkafka/program/options.ts'
import { runProgram } from '../withkafka/program/run.ts'

const usage = producerUsage('withoutkafka/prod.ts', directory)
// The options are those of the command line; Ctrl-C aborts `stop`.
await runProgram(usage, async (options, stop) => {
  const { topic } = options
  // Connect. A directory has one broker: in this process, or in another.
  await using shared = await openKafka({ directory: options.place })
  const brokers = await reachable(() => shared.brokers)
  const kafka = new Kafka({ clientId: 'kafkaprod', brokers, ...retryForever })
  // Idempotent: the broker does not store a batch twice that is sent again.
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()

  const report = new DeliveryReport(topic)
  try {
    // The input as lists of { key, value, partition, … }. This makes the topic
    // if it is missing, and hashes each key to choose the partition, as Java's
    // client does: messages of one key stay in order.
    for await (const batch of batchesToSend(kafka, options, report, stop)) {
      // Send: one request for each partition, again while its broker is away.
      // acks -1 means all: each copy in sync has it before the broker says yes.
      const { deliveries, problem } = await sendToEachPartition(
        batch,
        options,
        (messages) => producer.send({ topic, messages, acks: -1 })
      )
      // Delivery report: prints the partition and the offset of each message.
      await report.delivered(deliveries)
      if (problem) throw problem
    }
    report.finish()
  } finally {
    await producer.disconnect()
  }
})

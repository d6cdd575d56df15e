/**
 * A Kafka producer: someone who sends letters. The calls of the client
 * library (KafkaJS) are all here. Behind them: the command line (./program),
 * brokers that go away (./client), what the messages are read from (./produce).
 *
 *     npx tsx withkafka/kafkaprod.ts 'hello'
 *
 * withoutkafka/prod.ts is the same program with no Kafka to start.
 */
import { Kafka } from 'kafkajs'
import { reachable, retryForever } from './client/connection.ts'
import { sendToEachPartition } from './produce/delivery.ts'
import { DeliveryReport } from './produce/delivery-report.ts'
import { producerUsage } from './produce/options.ts'
import { batchesToSend } from './produce/outgoing.ts'
import { bootstrapServer, parseBrokers } from './program/options.ts'
import { runProgram } from './program/run.ts'

const usage = producerUsage('withkafka/kafkaprod.ts', bootstrapServer)
// The options are those of the command line; Ctrl-C aborts `stop`.
await runProgram(usage, async (options, stop) => {
  const { topic } = options
  // Connect. The brokers that are named tell of all the others.
  const brokers = await reachable(parseBrokers(options.place))
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

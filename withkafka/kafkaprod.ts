/**
 * A Kafka producer: someone who sends letters. Connect, send, and a delivery report for each message: the client library's
 * calls for that are in this file. Behind it are the options and the words (./program), brokers that go away (./client),
 * and what becomes of the input (./produce).
 *
 *     npx tsx withkafka/kafkaprod.ts 'hello'
 *
 * withoutkafka/prod.ts is the same program with no Kafka to start.
 */
import { Kafka } from 'kafkajs'
import { lasting, reachable } from './client/connection.ts'
import { acknowledged } from './produce/delivery.ts'
import { DeliveryReport } from './produce/delivery-report.ts'
import { producerUsage } from './produce/options.ts'
import { outgoing } from './produce/outgoing.ts'
import { bootstrapServer, parseBrokers } from './program/options.ts'
import { runProgram } from './program/run.ts'

await runProgram(producerUsage('withkafka/kafkaprod.ts', bootstrapServer), async (options, stop) => {
  const { topic } = options

  // Connect. The brokers that are named are only the first to be asked: they tell of all the others.
  const brokers = await reachable(parseBrokers(options.place))
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

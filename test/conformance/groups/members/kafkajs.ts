/** A member of a group in a process of its own, with kafkajs. Arguments: BOOTSTRAP GROUP TOPIC. See ../member.ts. */
import kafkaJs from 'kafkajs'
import { tell, whenToldToLeave } from './tell.ts'

const [bootstrap = '', groupId = '', topic = ''] = process.argv.slice(2)
const kafka = new kafkaJs.Kafka({ brokers: [bootstrap], logLevel: kafkaJs.logLevel.NOTHING })
const consumer = kafka.consumer({
  groupId,
  sessionTimeout: 6000,
  rebalanceTimeout: 10_000,
  heartbeatInterval: 300,
  maxWaitTimeInMs: 100
})
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  tell({ event: 'assigned', partitions: [...(payload.memberAssignment[topic] ?? [])] })
})
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  autoCommitInterval: 100,
  eachMessage: async ({ partition, message }) => {
    tell({ event: 'record', partition, offset: Number(message.offset), value: String(message.value) })
  }
})
whenToldToLeave(async () => {
  await consumer.disconnect()
})

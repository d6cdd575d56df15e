/** A member of a group in a process of its own, with @platformatic/kafka. Arguments: BOOTSTRAP GROUP TOPIC. See ../member.ts. */
import { Consumer, stringDeserializers } from '@platformatic/kafka'
import { tell, whenToldToLeave } from './tell.ts'

const [bootstrap = '', groupId = '', topic = ''] = process.argv.slice(2)
const consumer = new Consumer({
  clientId: 'conformance',
  groupId,
  bootstrapBrokers: [bootstrap],
  deserializers: stringDeserializers,
  sessionTimeout: 6000,
  rebalanceTimeout: 10_000,
  heartbeatInterval: 300,
  maxWaitTime: 100
})
consumer.on('consumer:group:join', ({ assignments }) => {
  const own = assignments?.find((assignment) => assignment.topic === topic)
  tell({ event: 'assigned', partitions: own?.partitions ?? [] })
})
whenToldToLeave(async () => {
  await consumer.close(true)
})
const stream = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest', autocommit: 100 })
for await (const { partition, offset, value } of stream) {
  tell({ event: 'record', partition, offset: Number(offset), value })
}

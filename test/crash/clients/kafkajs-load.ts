/**
 * The load of the crash test, with kafkajs. Stops when a line comes on stdin.
 *
 * produce BOOTSTRAP TOPIC         writes 0, 1, 2, … to three partitions, idempotent and with acks=all; tells `acked PARTITION
 *                                 OFFSET NUMBER`, at the end `written COUNT`
 * consume BOOTSTRAP TOPIC GROUP   reads as a group and commits; tells `read PARTITION OFFSET NUMBER`, `committed PARTITION OFFSET`
 *
 * What is thrown to the user of the library is told: `failed WHY`.
 */
import kafkaJs, { type Kafka as KafkaClient } from 'kafkajs'

const { Kafka, logLevel, Partitioners } = kafkaJs
const PARTITIONS = 3
const RECORDS_PER_SEND = 10
const PAUSE_MS = 5

const [verb, bootstrap = '', topic = '', group = ''] = process.argv.slice(2)
let isStopping = false
process.stdin.once('data', () => {
  isStopping = true
})

const tell = (line: string): void => void process.stdout.write(`${line}\n`)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const client = new Kafka({
  brokers: bootstrap.split(','),
  clientId: 'crash',
  logLevel: logLevel.NOTHING,
  // It goes on for as long as it takes, which is what an idempotent producer is asked to do.
  retry: { initialRetryTime: 20, maxRetryTime: 200, retries: Number.MAX_SAFE_INTEGER }
})

if (verb === 'produce') await produce(client)
else await consume(client)
// What was told and not taken yet would be lost with the process.
process.stdout.write('', () => process.exit(0))

async function produce(kafka: KafkaClient): Promise<void> {
  const producer = kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  let written = 0
  const numbers = (): number[] => Array.from({ length: RECORDS_PER_SEND }, () => written++)
  // A send to several partitions of which one fails and moves is beyond what kafkajs can send again: one partition each.
  const write = async (partition: number): Promise<void> => {
    while (!isStopping) {
      const batch = numbers()
      const messages = batch.map((number) => ({ partition, value: String(number) }))
      const [sent] = await producer.send({ topic, acks: -1, messages })
      const base = Number(sent?.baseOffset ?? -1)
      for (const [index, number] of batch.entries())
        tell(`acked ${partition} ${base < 0 ? -1 : base + index} ${number}`)
      await pause(PAUSE_MS)
    }
  }
  try {
    await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => write(partition)))
  } catch (error) {
    tell(`failed ${String(error)}`)
  }
  tell(`written ${written}`)
  await producer.disconnect()
}

async function consume(kafka: KafkaClient): Promise<void> {
  const consumer = kafka.consumer({ groupId: group, sessionTimeout: 6000, heartbeatInterval: 300, maxWaitTimeInMs: 50 })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) tell(`failed ${String(payload.error)}`)
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    async eachBatch({ batch, resolveOffset }) {
      const { partition, messages } = batch
      for (const { offset, value } of messages) tell(`read ${partition} ${offset} ${value}`)
      const next = String(Number(batch.lastOffset()) + 1)
      resolveOffset(batch.lastOffset())
      await consumer.commitOffsets([{ topic, partition, offset: next }])
      tell(`committed ${partition} ${next}`)
    }
  })
  while (!isStopping) await pause(50)
  await consumer.disconnect()
}

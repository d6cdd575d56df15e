/** kafkajs: the most used client of Node, frozen at 2.2.4, so at the request versions of 2021. */
import kafkaJs, { type EachMessagePayload, type Kafka as KafkaClient } from 'kafkajs'
import snappyCodec from 'kafkajs-snappy'
import { acksNumber, type Client, type Codec, type ConsumedRecord, READ_TIMEOUT_MS, uniqueGroup } from './client.ts'

// The package is CommonJS, and not all of its names can be imported one by one.
const { CompressionCodecs, CompressionTypes, Kafka, logLevel, Partitioners } = kafkaJs

CompressionCodecs[CompressionTypes.Snappy] = snappyCodec

const compressionTypes: Partial<Record<Codec, number>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy
}

export const kafkajs: Client = {
  name: 'kafkajs',
  tool: () => ({ found: 'kafkajs' }),
  writes: ['none', 'gzip', 'snappy'],
  reads: ['none', 'gzip', 'snappy'],
  headers: 'each',

  async produce(bootstrap, records, { topic, codec, acks }) {
    const producer = connect(bootstrap).producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    try {
      const messages = records.map(({ key, value, headers }) => ({ key, value, headers }))
      await producer.send({ topic, acks: acksNumber(acks), compression: compressionTypes[codec], messages })
    } finally {
      await producer.disconnect()
    }
  },

  async consume(bootstrap, { topic, count, group }) {
    const consumer = connect(bootstrap).consumer({ groupId: group ?? uniqueGroup(), maxWaitTimeInMs: 100 })
    const consumed: ConsumedRecord[] = []
    await consumer.connect()
    try {
      await consumer.subscribe({ topic, fromBeginning: true })
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${consumed.length} of ${count} records came`)),
          READ_TIMEOUT_MS
        )
        const eachMessage = async ({ partition, message }: EachMessagePayload) => {
          consumed.push({
            partition,
            offset: Number(message.offset),
            key: message.key,
            value: message.value,
            headers: Object.fromEntries(
              Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)])
            )
          })
          if (consumed.length < count) return
          clearTimeout(timer)
          resolve()
        }
        consumer.run({ eachMessage }).catch(reject)
      })
    } finally {
      await consumer.disconnect()
    }
    return consumed
  }
}

function connect(bootstrap: string): KafkaClient {
  return new Kafka({ brokers: [bootstrap], clientId: 'conformance', logLevel: logLevel.NOTHING })
}

/** @platformatic/kafka: the newest client of Node, at the newest request versions. zstd needs a Node that has it. */
import zlib from 'node:zlib'
import { Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'
import { acksNumber, type Client, type Codec, type ConsumedRecord, READ_TIMEOUT_MS, uniqueGroup } from './client.ts'

const hasZstd = 'zstdCompressSync' in zlib
const available: readonly Codec[] = hasZstd
  ? ['none', 'gzip', 'snappy', 'lz4', 'zstd']
  : ['none', 'gzip', 'snappy', 'lz4']

export const platformatic: Client = {
  name: '@platformatic/kafka',
  tool: () => ({ found: '@platformatic/kafka' }),
  writes: available,
  reads: available,
  headers: 'each',

  async produce(bootstrap, records, { topic, codec, acks }) {
    const producer = new Producer({
      clientId: 'conformance',
      bootstrapBrokers: [bootstrap],
      serializers: stringSerializers,
      autocreateTopics: true
    })
    try {
      const messages = records.map(({ key, value, headers }) => ({ topic, key, value, headers }))
      await producer.send({ messages, acks: acksNumber(acks), compression: codec })
    } finally {
      await producer.close()
    }
  },

  async consume(bootstrap, { topic, count, group }) {
    const consumer = new Consumer({
      clientId: 'conformance',
      groupId: group ?? uniqueGroup(),
      bootstrapBrokers: [bootstrap],
      deserializers: stringDeserializers
    })
    const consumed: ConsumedRecord[] = []
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', maxWaitTime: 100, autocommit: true })
    const timer = setTimeout(
      () => stream.destroy(new Error(`${consumed.length} of ${count} records came`)),
      READ_TIMEOUT_MS
    )
    try {
      for await (const message of stream) {
        consumed.push({
          partition: message.partition,
          offset: Number(message.offset),
          key: Buffer.from(message.key),
          value: Buffer.from(message.value),
          headers: Object.fromEntries(message.headers)
        })
        if (consumed.length === count) break
      }
    } finally {
      clearTimeout(timer)
      await consumer.close(true)
    }
    return consumed
  }
}

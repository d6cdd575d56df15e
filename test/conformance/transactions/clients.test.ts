/**
 * Clients with transactions, each in its own words: what was committed is read, what was aborted is not, and an offset counts with its
 * transaction.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Producer as PlatformaticProducer, stringSerializers } from '@platformatic/kafka'
import { Kafka, logLevel } from 'kafkajs'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { runToSuccess } from '../../harness/child-process.ts'
import { quickJava } from '../../harness/quick-java.ts'
import { startTarget, target } from '../../harness/target.ts'
import { classPath, confluentPython, found, kafkaJars, skipUnless } from '../../harness/tools.ts'

describe('transactions of clients', { skip: skipUnless(target()) }, () => {
  let broker: BrokerProcess
  let kafka: Kafka

  before(async () => {
    broker = await startTarget()
    kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
  })

  after(async () => {
    await broker?.stop()
  })

  /** As a reader of what is committed sees it (kafkajs reads nothing else): up to this value. */
  async function valuesUpTo(topic: string, last: string): Promise<string[]> {
    const consumer = kafka.consumer({ groupId: `reader of ${topic}`, maxWaitTimeInMs: 100 })
    const values: string[] = []
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) })
    for (let left = 600; !values.includes(last) && left > 0; left -= 1) await setTimeout(50)
    await consumer.disconnect()
    return values
  }

  async function makeTopic(topic: string): Promise<void> {
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
    await admin.disconnect()
  }

  test('kafkajs', async () => {
    await makeTopic('by-kafkajs')
    const producer = kafka.producer({ transactionalId: 'kafkajs', maxInFlightRequests: 1, idempotent: true })
    await producer.connect()
    for (const outcome of ['commit', 'abort', 'commit again'] as const) {
      const transaction = await producer.transaction()
      await transaction.send({ topic: 'by-kafkajs', messages: [{ value: outcome }] })
      const offsets = [
        { topic: 'by-kafkajs', partitions: [{ partition: 0, offset: outcome === 'abort' ? '77' : '1' }] }
      ]
      await transaction.sendOffsets({ consumerGroupId: 'kafkajs group', topics: offsets })
      await (outcome === 'abort' ? transaction.abort() : transaction.commit())
    }
    await producer.disconnect()
    assert.deepEqual(await valuesUpTo('by-kafkajs', 'commit again'), ['commit', 'commit again'])
    const admin = kafka.admin()
    await admin.connect()
    const [told] = await admin.fetchOffsets({ groupId: 'kafkajs group', topics: ['by-kafkajs'] })
    await admin.disconnect()
    assert.equal(told?.partitions[0]?.offset, '1')
  })

  test('@platformatic/kafka', async () => {
    await makeTopic('by-platformatic')
    const producer = new PlatformaticProducer({
      ...{ clientId: 'transactions', bootstrapBrokers: [broker.bootstrap], serializers: stringSerializers },
      ...{ idempotent: true, transactionalId: 'platformatic' }
    })
    for (const outcome of ['commit', 'abort', 'commit again'] as const) {
      const transaction = await producer.beginTransaction()
      await transaction.send({ messages: [{ topic: 'by-platformatic', value: outcome }] })
      await (outcome === 'abort' ? transaction.abort() : transaction.commit())
    }
    await producer.close()
    assert.deepEqual(await valuesUpTo('by-platformatic', 'commit again'), ['commit', 'commit again'])
  })

  test('confluent-kafka for Python, on librdkafka', { skip: skipUnless(confluentPython()) }, async () => {
    await makeTopic('by-librdkafka')
    await runToSuccess(found(confluentPython()), [
      join(import.meta.dirname, 'confluent_transactions.py'),
      ...[broker.bootstrap, 'by-librdkafka']
    ])
    assert.deepEqual(await valuesUpTo('by-librdkafka', 'commit again'), ['commit', 'commit again'])
  })

  test(
    'Java: a topic is copied, each record once, and who takes the transactional id fences the other',
    { skip: skipUnless(kafkaJars('tools')) },
    async () => {
      for (const topic of ['copied-from', 'copied-to']) await makeTopic(topic)
      const program = join(import.meta.dirname, 'Transactions.java')
      const output = await runToSuccess(
        'java',
        [...quickJava('tools'), '-cp', classPath('tools'), program, broker.bootstrap, 'copied-from', 'copied-to', '60'],
        { timeoutMs: 180_000 }
      )
      const lines = output.toString().split('\n')
      assert.ok(lines.includes('fenced'), output.toString())
      const values = lines.filter((line) => line.startsWith('read ')).map((line) => line.slice('read '.length))
      assert.deepEqual(
        values,
        Array.from({ length: 60 }, (_, index) => `value ${index}`)
      )
    }
  )
})

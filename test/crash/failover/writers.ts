/** Producers of several clients, idempotent and with acks=all, that write numbered values to one partition while brokers come and go. */
import { once } from 'node:events'
import { Producer, stringSerializers } from '@platformatic/kafka'
import kafkaJs from 'kafkajs'
import { LineProcess } from '../../harness/child-process.ts'
import { found, kcat, type Tool } from '../../harness/tools.ts'

const { Kafka, logLevel, Partitioners } = kafkaJs

/** What is written, and what is known to be there. */
export interface Numbers {
  /** The next one; null when it is enough. */
  next(): number | null
  /** All up to this one, and this one, are acknowledged. */
  acknowledged(value: number): void
}

export interface Writer {
  readonly name: string
  tool(): Tool
  /** When it tells of acknowledgements while a leader is away. */
  readonly progress: 'at once' | 'when the leader is back' | 'at its end'
  /** Resolves when all are written; rejects when the client gives one up. */
  write(brokers: string[], topic: string, numbers: Numbers): Promise<void>
}

/** A broker comes back within seconds: no client has to give up. */
const [retries, firstRetryMs, longestRetryMs] = [100, 20, 200]
const kcatPaceMs = 4

const kafkajs: Writer = {
  name: 'kafkajs',
  tool: () => ({ found: 'kafkajs' }),
  progress: 'at once',
  /**
   * One partition for each send: in a send to several, kafkajs takes a leader that has answered once for one that has answered all, so
   * that what moves to it is never sent (sendMessages.js, brokersWithoutResponse), with any Kafka.
   */
  async write(brokers, topic, numbers) {
    const retry = { retries, initialRetryTime: firstRetryMs, maxRetryTime: longestRetryMs }
    const client = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry })
    const createPartitioner = Partitioners.DefaultPartitioner
    const producer = client.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner })
    await producer.connect()
    for (let value = numbers.next(); value !== null; value = numbers.next()) {
      await producer.send({ topic, acks: -1, messages: [{ partition: 0, value: String(value) }] })
      numbers.acknowledged(value)
    }
    await producer.disconnect()
  }
}

const platformatic: Writer = {
  name: 'platformatic',
  tool: () => ({ found: '@platformatic/kafka' }),
  /**
   * An idempotent producer of it tries a leader that cannot be reached for ever, and asks nobody who leads now (producer.js,
   * performSingleDestinationSend), with any Kafka: it goes on when that broker is back.
   */
  progress: 'when the leader is back',
  async write(brokers, topic, numbers) {
    const options = { clientId: 'failover', bootstrapBrokers: brokers, serializers: stringSerializers }
    const producer = new Producer({ ...options, idempotent: true, retryDelay: firstRetryMs })
    for (let value = numbers.next(); value !== null; value = numbers.next()) {
      await producer.send({ messages: [{ topic, partition: 0, value: String(value) }], acks: -1 })
      numbers.acknowledged(value)
    }
    await producer.close()
  }
}

/** librdkafka: it keeps several requests on their way, and says at its end whether all were delivered. */
const librdkafka: Writer = {
  name: 'librdkafka',
  tool: kcat,
  progress: 'at its end',
  async write(brokers, topic, numbers) {
    const settings = ['enable.idempotence=true', 'acks=all', 'linger.ms=1', 'retry.backoff.ms=20']
    const options = settings.flatMap((setting) => ['-X', setting])
    // -E: what librdkafka tries again does not end kcat.
    const place = ['-E', '-P', '-b', brokers.join(','), '-t', topic, '-p', '0']
    const process = new LineProcess(found(kcat()), [...place, ...options])
    let last = -1
    for (let value = numbers.next(); value !== null; value = numbers.next()) {
      process.child.stdin.write(`${value}\n`)
      last = value
      await new Promise((resolve) => setTimeout(resolve, kcatPaceMs))
    }
    process.child.stdin.end()
    const code = process.child.exitCode ?? (await once(process.child, 'exit'))[0]
    if (code !== 0) throw new Error(`kcat ended with ${code}: ${process.stderr}`)
    numbers.acknowledged(last)
  }
}

export const writers: readonly Writer[] = [kafkajs, platformatic, librdkafka]

/**
 * Three brokers in this process, and single ones of them killed, stopped and restarted under the clients that people use: no client sees
 * an error that it does not retry, and nothing that was acknowledged is lost, doubled or in another order. The rounds are those of the
 * crash test.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import kafkaJs, { type Admin, type Consumer } from 'kafkajs'
import { type Kafka, startKafka } from '../../../src/index.ts'
import { kafkajs as reader } from '../../conformance/clients/kafkajs.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { type Numbers, writers } from './writers.ts'

const { Kafka: Client, logLevel } = kafkaJs

const rounds = Number(process.env.ODRADEK_CRASH_ROUNDS ?? 5)
/** So much is written through each client while a broker is away, before it comes back. */
const progress = 5
const patienceMs = 90_000
const leaveMs = 10_000
const ways = ['kill', 'stop', 'kill', 'restart'] as const

class Ledger implements Numbers {
  isEnough = false
  written = 0
  acknowledgedCount = 0

  next(): number | null {
    return this.isEnough ? null : this.written++
  }

  acknowledged(value: number): void {
    this.acknowledgedCount = value + 1
  }
}

/** What a consumer group has read of a topic: it may read again, and may not pass over. */
class Reading {
  next = 0
  again = 0
  passedOver: string | null = null

  read(value: number): void {
    if (value === this.next) this.next += 1
    else if (value < this.next) this.again += 1
    else this.passedOver ??= `${value} came after ${this.next - 1}`
  }
}

const present = writers.filter((writer) => 'found' in writer.tool())
const topics = present.map(({ name }) => name)

async function until(isSo: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const sinceMs = performance.now()
  while (!(await isSo())) {
    if (performance.now() - sinceMs > patienceMs) throw new Error(`it did not come to this: ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

suite('brokers of three go and come back under clients that write and read', () => {
  const directory = temporaryDirectory('failover')
  const lines: string[] = []
  let kafka: Kafka
  let admin: Admin

  before(async () => {
    const config = { 'min.insync.replicas': '2' }
    kafka = await startKafka({
      brokers: 3,
      directory: directory.path,
      topics: Object.fromEntries(topics.map((topic) => [topic, { partitions: 1, config }])),
      log: (line) => lines.push(line)
    })
    admin = clientOf(kafka).admin()
    await admin.connect()
  })
  after(async () => {
    await admin?.disconnect()
    await kafka?.stop()
    directory.remove()
    // After a failure some client tries for ever to reach brokers that are gone.
    setTimeout(() => process.exit(1), leaveMs).unref()
  })

  /** Who asks the broker that goes is not answered. */
  const partitions = async () => {
    const metadata = await admin.fetchTopicMetadata({ topics: [...topics] }).catch(() => null)
    return metadata?.topics.flatMap((topic) => topic.partitions) ?? []
  }

  test(`${rounds} rounds with ${topics.join(', ')}: nothing is lost, doubled, reordered or passed over`, async () => {
    const ledgers = new Map(topics.map((topic) => [topic, new Ledger()]))
    const readings = new Map(topics.map((topic) => [topic, new Reading()]))
    const consumer = await readAll(kafka, readings)
    const writing = Promise.all(
      present.map((writer) => writer.write(kafka.brokers, writer.name, ledgers.get(writer.name) ?? assert.fail()))
    )
    try {
      // A client that gives up ends the round in which it does.
      for (let round = 0; round < rounds; round++)
        await Promise.race([goAndComeBack(round, [...ledgers.values()]), writing])
    } finally {
      for (const ledger of ledgers.values()) ledger.isEnough = true
    }
    await writing
    await until(
      () => topics.every((topic) => readings.get(topic)?.next === ledgers.get(topic)?.written),
      () => `everything is read: ${JSON.stringify([...readings])}`
    )
    await consumer.disconnect()
    for (const [topic, { passedOver }] of readings) assert.equal(passedOver, null, topic)
    for (const topic of topics) await assertWhole(topic, ledgers.get(topic)?.acknowledgedCount ?? 0)
    assert.deepEqual(lines, [])
  })

  async function goAndComeBack(round: number, ledgers: readonly Ledger[]): Promise<void> {
    const broker = kafka.broker(1 + (round % 3))
    const way = ways[round % ways.length] ?? 'kill'
    await broker[way]()
    await progressOf(['at once'], ledgers, `broker ${broker.id} is away (round ${round}, ${way})`)
    await broker.start()
    const isWhole = async () => (await partitions()).filter(({ isr }) => isr.length === 3).length === topics.length
    await until(isWhole, () => `broker ${broker.id} is in sync again (round ${round}, ${way})`)
    await progressOf(['at once', 'when the leader is back'], ledgers, `broker ${broker.id} is back`)
  }

  async function progressOf(kinds: readonly string[], ledgers: readonly Ledger[], when: string): Promise<void> {
    const told = ledgers.filter((_, index) => kinds.includes(present[index]?.progress ?? ''))
    const goals = told.map(({ acknowledgedCount }) => acknowledgedCount + progress)
    await until(
      () => told.every(({ acknowledgedCount }, index) => acknowledgedCount >= (goals[index] ?? 0)),
      () => `writing goes on while ${when}: ${JSON.stringify(told)}, and wanted were ${goals}`
    )
  }

  async function assertWhole(topic: string, count: number): Promise<void> {
    const [{ low, high } = assert.fail()] = await admin.fetchTopicOffsets(topic)
    assert.deepEqual([topic, low, high], [topic, '0', String(count)])
    const records = await reader.consume(kafka.brokers[0] ?? '', { topic, count })
    for (const [index, { offset, value }] of records.entries())
      assert.deepEqual([topic, offset, String(value)], [topic, index, String(index)])
  }
})

function clientOf({ brokers }: Kafka) {
  return new Client({
    brokers,
    logLevel: logLevel.NOTHING,
    retry: { retries: 100, initialRetryTime: 20, maxRetryTime: 200 }
  })
}

/** A group that reads everything, from its bookmarks where it was interrupted. */
async function readAll(kafka: Kafka, readings: ReadonlyMap<string, Reading>): Promise<Consumer> {
  const consumer = clientOf(kafka).consumer({ groupId: 'readers', maxWaitTimeInMs: 100, sessionTimeout: 10_000 })
  await consumer.connect()
  await consumer.subscribe({ topics: [...readings.keys()], fromBeginning: true })
  await consumer.run({
    autoCommitInterval: 50,
    eachMessage: async ({ topic, message }) => readings.get(topic)?.read(Number(message.value))
  })
  return consumer
}

/**
 * The programs without Kafka, and 20,000 orders: whichever of them serves is killed (-9), ten times, and started again. Every
 * acknowledged order is in the log where the report says, and each order is in the log, and in what the consumer stores, once.
 *
 * Once in the log: the broker drops what an idempotent producer sends again; a producer that was killed looks first what the
 * topic holds (--resume). Once in what is stored: the offset to go on at is stored with the data.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openKafka } from '../../src/index.ts'
import type { LineProcess } from '../harness/child-process.ts'
import { odradek } from '../harness/odradek-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { kafkaJars, skipUnless } from '../harness/tools.ts'
import { type Row, rowsOf, startProgram } from '../withkafka/programs.ts'
import { dumpLogs } from './dump-log.ts'
import { endOffsets } from './partition-requests.ts'

const ORDERS = 20_000
const KILLS = 10
const PARTITIONS = 3
const TOPIC = 'orders'
const PATIENCE_MS = 120_000
const perRound = ORDERS / (KILLS + 1)

test(
  `${ORDERS} orders while whoever serves is killed ${KILLS} times: none lost, each once`,
  {
    skip: skipUnless(odradek())
  },
  async (context) => {
    using data = temporaryDirectory('without')
    using store = temporaryDirectory('without-store')
    await makeTopic(data.path)
    const shop = new Shop(data.path, store.path)
    const killed = { producer: 0, consumer: 0 }
    try {
      for (let kill = 1; kill <= KILLS; kill++) {
        await shop.isBusyWith(Math.floor(kill * perRound))
        // Not at the moment of an answer: anywhere in the work.
        await new Promise((resolve) => setTimeout(resolve, (kill * 7) % 20))
        killed[await shop.killWhoServes()] += 1
      }
      shop.order(ORDERS)
      await shop.finish()
    } finally {
      await shop.close()
    }
    context.diagnostic(`killed while it served: the producer ${killed.producer}, the consumer ${killed.consumer} times`)
    assert.ok(killed.producer > 0 && killed.consumer > 0, 'both served and were killed')
    assert.deepEqual(faultsOf(shop.reports, storedIn(store.path)), [])
    assert.equal(await recordsIn(data.path), ORDERS, 'records in the log')
    if ('found' in kafkaJars('tools')) assert.deepEqual((await dumpLogs(data.path)).faults, [])
  }
)

test('the ledger sees what is lost, doubled, and elsewhere than reported', () => {
  const all = Array.from({ length: ORDERS }, (_, id) => row(id % PARTITIONS, Math.floor(id / PARTITIONS), id))
  assert.deepEqual(faultsOf(all, all), [])
  assert.deepEqual(faultsOf([], all.slice(1)), ['order 0 is lost'])
  assert.deepEqual(faultsOf([], [...all, row(0, 9_000, 7)]), ['order 7 is stored 2 times'])
  assert.deepEqual(faultsOf([row(1, 5, 4)], all), ['order 4 was reported at 1@5, where 16 is'])
})

async function makeTopic(directory: string): Promise<void> {
  const kafka = await openKafka({ directory, topics: { [TOPIC]: PARTITIONS } })
  await kafka.stop()
}

/** The producer and the consumer over one directory, whatever happens to them. */
class Shop {
  readonly #directory: string
  readonly #store: string
  #producer: LineProcess
  #consumer: LineProcess
  /** The lines of producers that were killed. */
  #earlierLines: string[] = []
  #ordered = 0
  #storedBefore = 0

  constructor(directory: string, store: string) {
    this.#directory = directory
    this.#store = store
    this.#producer = this.#startProducer()
    this.#consumer = this.#startConsumer()
  }

  /** What was reported as delivered, by all producers. The last line of one that was killed may be torn. */
  get reports(): Row[] {
    const lines = [...this.#earlierLines, ...this.#producer.lines].filter((line) => line.endsWith('}'))
    return rowsOf(lines.join('\n'))
  }

  /** More orders for the producer, up to this number in all. */
  order(count: number): void {
    this.#feed(this.#ordered, count)
    this.#ordered = count
  }

  /** Orders up to this number are on their way: some are stored, some delivered, most of the last ones are not yet. */
  async isBusyWith(count: number): Promise<void> {
    this.order(Math.floor((this.#ordered + count) / 2))
    await this.#until(() => storedBytesIn(this.#store) > this.#storedBefore, 'more is stored')
    this.#storedBefore = storedBytesIn(this.#store)
    const { length } = this.#producer.lines
    this.order(this.#ordered + 100)
    await this.#producer.until(({ length: now }) => now > length || undefined, 'deliveries', PATIENCE_MS)
    this.order(count)
  }

  async killWhoServes(): Promise<'producer' | 'consumer'> {
    const holder = Number.parseInt(readFileSync(join(this.#directory, '.lock'), 'utf8'), 10)
    if (holder === this.#producer.pid) {
      await this.#producer.kill()
      this.#earlierLines.push(...this.#producer.lines)
      this.#producer = this.#startProducer()
      this.#feed(0, this.#ordered)
      return 'producer'
    }
    assert.equal(holder, this.#consumer.pid, 'one of both serves')
    await this.#consumer.kill()
    this.#consumer = this.#startConsumer()
    return 'consumer'
  }

  async finish(): Promise<void> {
    this.#producer.child.stdin.end()
    assert.equal(await this.#producer.exited, 0, this.#producer.stderr)
    await this.#until(() => storedIn(this.#store).length >= ORDERS, 'everything is stored')
    assert.equal(await this.#consumer.stop(), 130, this.#consumer.stderr)
  }

  async close(): Promise<void> {
    await Promise.all([this.#producer.kill(), this.#consumer.kill()])
  }

  #startProducer(): LineProcess {
    const how = ['--topic', TOPIC, '--key-field', 'order_id', '--resume']
    return startProgram('withoutkafka/prod.ts', ['--directory', this.#directory, ...how])
  }

  #startConsumer(): LineProcess {
    const how = ['--topic', TOPIC, '--store', this.#store]
    return startProgram('withoutkafka/cons.ts', ['--directory', this.#directory, ...how])
  }

  #feed(from: number, to: number): void {
    for (let id = from; id < to; id++) this.#producer.send(JSON.stringify({ order_id: id, status: 'placed' }))
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS
    while (!condition()) {
      const said = `${this.#producer.stderr.slice(-2000)}\n${this.#consumer.stderr.slice(-2000)}`
      if (performance.now() > deadlineMs) throw new Error(`not within ${PATIENCE_MS} ms: ${what}\n${said}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

function row(partition: number, offset: number, id: number): Row {
  return { topic: TOPIC, partition, offset, key: String(id) }
}

/** The faults of what is stored, in words; none when each order is there once, and each report is true. */
function faultsOf(reports: readonly Row[], stored: readonly Row[]): string[] {
  const times = new Map<string, number>()
  const keyAt = new Map<string, string>()
  for (const { partition, offset, key } of stored) {
    times.set(String(key), (times.get(String(key)) ?? 0) + 1)
    keyAt.set(`${partition}@${offset}`, String(key))
  }
  const orders = Array.from({ length: ORDERS }, (_, id) => String(id))
  const lost = orders.filter((key) => !times.has(key)).map((key) => `order ${key} is lost`)
  const doubled = [...times].flatMap(([key, count]) => (count > 1 ? [`order ${key} is stored ${count} times`] : []))
  const misplaced = reports.flatMap(({ partition, offset, key }) => {
    const found = keyAt.get(`${partition}@${offset}`)
    // A producer that learns from the answer to a repetition that its batch is there may not learn where.
    if (offset < 0 || found === String(key)) return []
    return [`order ${key} was reported at ${partition}@${offset}, where ${found} is`]
  })
  return [...lost, ...doubled, ...misplaced].slice(0, 20)
}

function filesIn(store: string): string[] {
  if (!existsSync(store)) return []
  return readdirSync(store).filter((name) => name.endsWith('.jsonl'))
}

/** Whole lines only: the last one may be on its way. */
function storedIn(store: string): Row[] {
  return filesIn(store).flatMap((name) => {
    const text = readFileSync(join(store, name), 'utf8')
    return rowsOf(text.slice(0, text.lastIndexOf('\n') + 1))
  })
}

function storedBytesIn(store: string): number {
  return filesIn(store).reduce((sum, name) => sum + readFileSync(join(store, name)).length, 0)
}

async function recordsIn(directory: string): Promise<number> {
  await using kafka = await openKafka({ directory })
  const ends = await endOffsets(kafka.brokers[0] ?? '', TOPIC, PARTITIONS)
  return [...ends.values()].reduce((sum, end) => sum + end, 0)
}

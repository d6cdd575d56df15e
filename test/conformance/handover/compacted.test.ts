/**
 * A compacted topic under Odradek and Apache Kafka in turns, on one directory, beginning with either: each compacts what the other has
 * written and compacted, and at each step every record lies at its offset, and each key has its last one.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { dumpLogs } from '../../crash/dump-log.ts'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { Client, type StoredRecord } from './orders/client.ts'

const topic = 'orders'
const keys = 12
const batches = 40
const perBatch = 5
/** What is left of a stay's records is less: the last of each key, and what lies in the segment that is written to. */
const fewRecords = 3 * keys
const patienceMs = 60_000
const settings = new Map([
  ['cleanup.policy', 'compact'],
  ['segment.ms', '1'],
  ['min.cleanable.dirty.ratio', '0.01']
])
const configs = { 'log.cleaner.backoff.ms': '200', 'log.cleaner.dedupe.buffer.size': '8388608' }

type By = 'odradek' | 'kafka'

interface Written extends StoredRecord {
  readonly isAborted: boolean
}

/** What was written, by offset. */
class Model {
  readonly #written = new Map<number, Written>()
  end = 0

  add(baseOffset: number, records: readonly { key: string; value: string | null }[], isAborted: boolean): void {
    for (const [index, record] of records.entries())
      this.#written.set(baseOffset + index, { ...record, offset: baseOffset + index, isAborted })
  }

  /** What is there is what was written, where it was written, and the last of each key is. */
  holds(records: readonly StoredRecord[]): void {
    let before = -1
    for (const record of records) {
      assert.ok(record.offset > before, `offset ${record.offset} behind ${before}`)
      before = record.offset
      const { isAborted: _, ...written } =
        this.#written.get(record.offset) ?? assert.fail(`nobody wrote ${record.offset}`)
      assert.deepEqual(record, written)
    }
    const there = new Set(records.map(({ offset }) => offset))
    const last = new Map<string | null, Written>()
    for (const record of this.#written.values()) if (!record.isAborted) last.set(record.key, record)
    for (const { offset, key, value } of last.values())
      assert.ok(there.has(offset), `${key}=${value} at ${offset} is gone`)
  }
}

function startBroker(by: By, dataDirectory: string): Promise<BrokerProcess> {
  return by === 'odradek' ? startOdradek({ dataDirectory, configs }) : startRealKafka({ dataDirectory, configs })
}

const recordsOf = (what: string) =>
  Array.from({ length: perBatch }, (_, index) => {
    const key = `key ${Math.floor(Math.random() * keys)}`
    return { key, value: index === 0 && Math.random() < 0.3 ? null : `${what}, ${index}` }
  })

async function write(client: Client, model: Model, stay: number): Promise<void> {
  const { id, epoch } = await client.producer(null)
  for (let batch = 0; batch < batches; batch++) {
    const records = recordsOf(`stay ${stay}, batch ${batch}`)
    const sequenced = { id, epoch, sequence: batch * perBatch, isTransactional: false }
    model.add(await client.produce(topic, 0, records, sequenced), records, false)
    // The time of the next one is another: it begins a segment.
    await setTimeout(3)
  }
}

/** One that is committed and one that is aborted. */
async function writeTransactions(client: Client, model: Model, stay: number): Promise<void> {
  const transactionalId = `stay-${stay}`
  await client.findCoordinator('transaction')
  const by = await client.producer(transactionalId)
  for (const [index, outcome] of (['commit', 'abort'] as const).entries()) {
    const records = recordsOf(`stay ${stay}, ${outcome}`)
    await client.addToTransaction(transactionalId, by, topic, 0)
    const sequenced = { ...by, sequence: index * perBatch, isTransactional: true, transactionalId }
    model.add(await client.produce(topic, 0, records, sequenced), records, outcome === 'abort')
    await client.endTransaction(transactionalId, by, outcome)
    await setTimeout(3)
  }
}

/**
 * One stay of each. Not the last one: a Kafka that was killed leaves an index of zeros at its full size beside an empty log, and its own
 * DumpLogSegments does not read that (NoSuchElementException).
 */
const killed = [1, 2]

async function untilCompacted(client: Client, model: Model): Promise<void> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const { records } = await client.fetchAll(topic, 0, model.end)
    model.holds(records)
    if (records.length < fewRecords) return
    assert.ok(Date.now() < deadline, `${records.length} records are left`)
    await setTimeout(200)
  }
}

async function stayOf(by: By, stay: number, directory: string, model: Model): Promise<void> {
  const broker = await startBroker(by, directory)
  try {
    const client = await Client.open(broker.bootstrap)
    if (stay === 0) await client.createTopic(topic, 1, settings)
    else {
      assert.equal(await client.offset(topic, 0, -1), model.end)
      model.holds((await client.fetchAll(topic, 0, model.end)).records)
    }
    await writeTransactions(client, model, stay)
    await write(client, model, stay)
    model.end = await client.offset(topic, 0, -1)
    await untilCompacted(client, model)
    client.close()
  } finally {
    await (killed.includes(stay) ? broker.kill() : broker.stop())
  }
}

for (const first of ['odradek', 'kafka'] as const) {
  const skip = skipUnless(odradek(), kafkaJars('broker'))
  test(`each compacts what the other has left, beginning with ${first}`, { skip }, async () => {
    using data = temporaryDirectory('compacted')
    const model = new Model()
    const second: By = first === 'odradek' ? 'kafka' : 'odradek'
    for (const [stay, by] of [first, second, first, second, first].entries()) {
      await stayOf(by, stay, data.path, model).catch((error: unknown) => {
        throw new Error(`stay ${stay + 1}, ${by}: ${String(error)}`, { cause: error })
      })
    }
    assert.deepEqual((await dumpLogs(data.path)).faults, [])
  })
}

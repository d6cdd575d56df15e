/** Odradek, Apache Kafka, and Odradek again on one directory: what each acknowledged outlives the kill of the next. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { Client } from './orders/client.ts'

const TOPIC = 'turns'
const GROUP = 'readers'
const PARTITIONS = 3
const PER_STAY = 300

const stays: readonly { readonly by: 'odradek' | 'kafka'; readonly end: 'stop' | 'kill' }[] = [
  { by: 'odradek', end: 'stop' },
  { by: 'kafka', end: 'stop' },
  { by: 'odradek', end: 'kill' },
  { by: 'odradek', end: 'stop' },
  { by: 'kafka', end: 'kill' },
  { by: 'odradek', end: 'kill' },
  { by: 'odradek', end: 'stop' }
]

test('each stay finds all records and offsets', { skip: skipUnless(odradek(), kafkaJars('broker')) }, async () => {
  using data = temporaryDirectory('turns')
  for (const [before, stay] of stays.entries()) {
    await carryOut(stay, before, data.path).catch((error: unknown) => {
      throw new Error(`stay ${before + 1}, ${stay.by}: ${String(error)}`, { cause: error })
    })
  }
})

async function carryOut({ by, end }: (typeof stays)[number], before: number, directory: string): Promise<void> {
  const broker = await startBroker(by, directory)
  try {
    const client = await Client.open(broker.bootstrap)
    if (before === 0) await client.createTopic(TOPIC, PARTITIONS, new Map())
    else await lookAtAll(client, before)
    await client.findCoordinator('group')
    await writeAndCommit(client, before)
    client.close()
  } finally {
    if (end === 'stop') await broker.stop()
    else await broker.kill()
  }
}

function startBroker(by: 'odradek' | 'kafka', dataDirectory: string): Promise<BrokerProcess> {
  return by === 'odradek' ? startOdradek({ dataDirectory }) : startRealKafka({ dataDirectory })
}

async function writeAndCommit(client: Client, stay: number): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    for (let index = 0; index < PER_STAY; index += 10) {
      const records = Array.from({ length: 10 }, (_, place) => ({
        key: null,
        value: valueAt(partition, stay, index + place)
      }))
      await client.produce(TOPIC, partition, records)
    }
    await client.commit(GROUP, TOPIC, partition, (stay + 1) * PER_STAY)
    await client.commit(`${GROUP}-${stay}`, TOPIC, partition, stay)
  }
}

async function lookAtAll(client: Client, staysBefore: number): Promise<void> {
  const written = staysBefore * PER_STAY
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    assert.equal(await client.offset(TOPIC, partition, -1), written)
    assert.equal(await client.committed(GROUP, TOPIC, partition), written)
    for (let stay = 0; stay < staysBefore; stay += 1) {
      assert.equal(await client.committed(`${GROUP}-${stay}`, TOPIC, partition), stay)
    }
    const { records } = await client.fetchAll(TOPIC, partition, written)
    assert.deepEqual(
      records.map(({ value }) => value),
      Array.from({ length: written }, (_, offset) =>
        valueAt(partition, Math.floor(offset / PER_STAY), offset % PER_STAY)
      )
    )
  }
}

function valueAt(partition: number, stay: number, index: number): string {
  return `${partition}/${stay}/${index}`
}

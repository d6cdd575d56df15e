/** A Kafka drops the segments of its metadata log that a snapshot stands for: what is left says as much as all of it did. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { Client } from './orders/client.ts'

/** Segments of a few records, a snapshot after each few, and little room for both. */
const restlessMetadata = {
  'metadata.log.max.record.bytes.between.snapshots': '600',
  'internal.metadata.log.segment.bytes': '1024',
  'metadata.max.retention.bytes': '2048',
  'metadata.max.idle.interval.ms': '100'
}
const records = [{ key: null, value: 'of Apache Kafka' }]

test('a trimmed metadata log is taken over', { skip: skipUnless(odradek(), kafkaJars('broker')) }, async () => {
  using data = temporaryDirectory('trimmed')
  const kafka = await startRealKafka({ dataDirectory: data.path, configs: restlessMetadata })
  const client = await Client.open(kafka.bootstrap)
  for (let index = 0; index < 10; index += 1) {
    await client.createTopic(`of-kafka-${index}`, 2, new Map([['retention.ms', `${1_000_000 + index}`]]))
    await client.produce(`of-kafka-${index}`, 1, records)
  }
  client.close()
  await untilTrimmed(join(data.path, '__cluster_metadata-0')).finally(() => kafka.stop())

  for (const [stay, topicsOfOurs] of [0, 1, 2].entries()) {
    const ours = await startOdradek({ dataDirectory: data.path })
    const asked = await Client.open(ours.bootstrap)
    assert.equal((await asked.topics()).length, 10 + topicsOfOurs)
    for (let index = 0; index < 10; index += 1) {
      assert.equal((await asked.configOf(`of-kafka-${index}`)).get('retention.ms'), `${1_000_000 + index}`)
      assert.equal(await asked.offset(`of-kafka-${index}`, 1, -1), 1 + stay)
      await asked.produce(`of-kafka-${index}`, 1, records)
    }
    await asked.createTopic(`of-ours-${stay}`, 1, new Map())
    asked.close()
    await ours.kill()
  }
})

/** Kafka looks once a minute for what it may drop. */
async function untilTrimmed(directory: string): Promise<void> {
  const deadline = Date.now() + 100_000
  while (readdirSync(directory).includes('00000000000000000000.log')) {
    assert.ok(Date.now() < deadline, 'Apache Kafka has not trimmed its metadata log')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

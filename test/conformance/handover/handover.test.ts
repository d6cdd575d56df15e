/** Whoever outgrows one machine starts Apache Kafka on the same directory: it serves every record and knows every group. */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { test } from 'node:test'
import { committedOffsets } from '../../crash/partition-requests.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { earthquakes, flights } from '../../harness/real-data.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { startTarget, target } from '../../harness/target.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { kafkajs } from '../clients/kafkajs.ts'
import { assertSameRecords } from '../round-trip/fidelity.ts'

const TOPIC = 'handed-over'
const GROUP = 'readers'
const PARTITIONS = 3

test('Apache Kafka opens the directory and goes on', { skip: skipUnless(target(), kafkaJars('broker')) }, async () => {
  using own = temporaryDirectory('handover')
  using copy = temporaryDirectory('handover-kafka')
  const records = [...flights('2k'), ...earthquakes()]
  const ours = await startTarget({ dataDirectory: own.path, configs: { 'num.partitions': String(PARTITIONS) } })
  await kafkajs.produce(ours.bootstrap, records, { topic: TOPIC, codec: 'gzip', acks: 'all' })
  await kafkajs.consume(ours.bootstrap, { topic: TOPIC, count: records.length, group: GROUP })
  const committed = await committedOffsets(ours.bootstrap, GROUP, TOPIC, PARTITIONS)
  await ours.stop()

  cpSync(own.path, copy.path, { recursive: true })
  await using kafka = await startRealKafka({ dataDirectory: copy.path })
  const read = await kafkajs.consume(kafka.bootstrap, { topic: TOPIC, count: records.length })
  assertSameRecords(records, kafkajs, read)
  assert.deepEqual(await committedOffsets(kafka.bootstrap, GROUP, TOPIC, PARTITIONS), committed)
  await kafkajs.produce(kafka.bootstrap, records.slice(0, 10), { topic: TOPIC, codec: 'none', acks: 'all' })
})

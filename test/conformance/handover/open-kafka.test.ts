/** A directory that programs shared, and Apache Kafka: it opens it, and whoever opens it then is told, or uses that Kafka. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openKafka, StartError } from '../../../src/index.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { earthquakes } from '../../harness/real-data.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { kafkajs } from '../clients/kafkajs.ts'
import { assertSameRecords } from '../round-trip/fidelity.ts'

const TOPIC = 'shared'

test(
  'Apache Kafka serves a directory that openKafka served',
  { skip: skipUnless(kafkaJars('broker')) },
  async (context) => {
    using data = temporaryDirectory('open-handover')
    const records = earthquakes()
    const ours = await openKafka({ directory: data.path, topics: { [TOPIC]: 2 } })
    const address = ours.brokers[0] ?? ''
    await kafkajs.produce(address, records, { topic: TOPIC, codec: 'none', acks: 'all' })
    await ours.stop()
    assert.ok(existsSync(join(data.path, '.address')))

    await context.test('and who opens it is told that Apache Kafka has it', async () => {
      await using kafka = await startRealKafka({ dataDirectory: data.path })
      assertSameRecords(
        records,
        kafkajs,
        await kafkajs.consume(kafka.bootstrap, { topic: TOPIC, count: records.length })
      )
      const error = await openKafka({ directory: data.path }).catch((reason: unknown) => reason)
      assert.ok(error instanceof StartError)
      assert.equal(error.problem, 'directory-in-use')
      assert.deepEqual(error.message.split('\n'), [
        `The directory ${data.path} is in use by process ${kafka.pid}.`,
        '  why: it is locked as Apache Kafka does it, which does not say where it listens',
        '  try: Connect to it by its own address, or stop it and start this program again.'
      ])
    })

    await context.test('or uses it, when it listens where the directory was served before', async () => {
      await using kafka = await startRealKafka({ dataDirectory: data.path, port: ours.port })
      const handle = await openKafka({ directory: data.path, topics: { [TOPIC]: 2, another: 1 } })
      assert.equal(handle.isServing, false)
      assert.deepEqual(handle.brokers, [address])
      assert.equal(kafka.bootstrap, address)
      assertSameRecords(records, kafkajs, await kafkajs.consume(address, { topic: TOPIC, count: records.length }))
      await handle.stop()
    })
  }
)

/**
 * Confluent's Python client, the one that the seed's own programs used: it consumes what kafkaprod.ts wrote, and
 * kafkacons.ts consumes what it wrote, whatever it compressed it with.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { confluentPython as pythonTool, skipUnless } from '../../harness/tools.ts'
import { brokerKinds, consume, produce } from '../../withkafka/programs.ts'
import { codecs } from '../clients/client.ts'
import { confluentPython } from '../clients/confluent-python.ts'

for (const kind of brokerKinds)
  describe(
    `Confluent's Python client and the programs, with ${kind.name}`,
    {
      skip: kind.skip || skipUnless(pythonTool())
    },
    () => {
      let broker: BrokerProcess

      before(async () => {
        broker = await kind.start({ configs: { 'num.partitions': '3' } })
      })

      after(async () => {
        await broker?.stop()
      })

      test('it consumes what kafkaprod.ts wrote: keys, text, JSON and bytes', async () => {
        const topic = 'from-typescript'
        const reports = [
          ...(await produce(broker, ['--topic', topic, '--example', 'order'])),
          ...(await produce(broker, ['--topic', topic, '--example', 'login'])),
          ...(await produce(broker, ['--topic', topic, 'grüße', ''])),
          ...(await produce(broker, ['--topic', topic, '--key', 'k', '--format', 'hex', '00ff0a']))
        ]
        const read = await confluentPython.consume(broker.bootstrap, { topic, count: reports.length })
        const at = new Map(read.map((record) => [`${record.partition}@${record.offset}`, record]))
        const seen = reports.map(({ partition, offset }) => {
          const { key, value } = at.get(`${partition}@${offset}`) ?? assert.fail(`${partition}@${offset} is missing`)
          return [key?.toString() ?? null, value?.toString('latin1')]
        })
        assert.deepEqual(seen, [
          ['123', '{"order_id": 123, "status": "placed", "timestamp": "2025-09-19T12:00:00Z"}'],
          ['alice', '{"user": "alice", "action": "login", "time": "2025-09-19T12:01:00Z"}'],
          [null, Buffer.from('grüße').toString('latin1')],
          [null, ''],
          ['k', '\x00\xff\x0a']
        ])
      })

      for (const codec of codecs)
        test(`kafkacons.ts consumes what it wrote, compression ${codec}`, async () => {
          const topic = `from-python-${codec}`
          const records = Array.from({ length: 500 }, (_, index) => ({
            key: `key-${index % 7}`,
            value: `{"order_id": ${index}, "status": "${'placed again and again '.repeat(index % 50)}"}`,
            headers: { source: 'python' }
          }))
          await confluentPython.produce(broker.bootstrap, records, { topic, codec, acks: 'all' })
          const read = await consume(broker, ['--topic', topic])
          const content = ({ key, value }: { key: unknown; value?: unknown }) => `${key} ${value}`
          assert.deepEqual(read.map(content).sort(), records.map(content).sort())
          assert.deepEqual(read[0]?.headers, [{ key: 'source', value: 'python' }])
        })
    }
  )

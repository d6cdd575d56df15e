/**
 * Round trips of real data: every client writes flights and earthquakes with every codec it has, and every client that has
 * the codec reads them, its own and the others'.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { earthquakes, flights } from '../../harness/real-data.ts'
import { startTarget, target } from '../../harness/target.ts'
import { skipUnless } from '../../harness/tools.ts'
import { clients } from '../clients/all.ts'
import type { Acks, Client, Codec } from '../clients/client.ts'
import { javaVerifiable, produceNumbers } from '../clients/java-verifiable.ts'
import { assertSameRecords } from './fidelity.ts'
import { isReadable } from './known-limits.ts'

const records = [...flights('2k'), ...earthquakes()]
const writers = clients.filter((client) => client.writes.length > 0)

describe('round trips of real data', { skip: skipUnless(target()) }, () => {
  let broker: BrokerProcess

  before(async () => {
    broker = await startTarget({ configs: { 'num.partitions': '3' } })
  })

  after(async () => {
    await broker?.stop()
  })

  for (const writer of writers) {
    for (const codec of writer.writes) writesAndAllRead(writer, codec)
    for (const acks of [0, 1] as const) writesWithAcks(writer, acks)
  }

  function writesAndAllRead(writer: Client, codec: Codec): void {
    const name = `what ${writer.name} writes (${codec}) every client reads`
    test(name, { skip: skipUnless(writer.tool()), concurrency: 2 }, async (context) => {
      const topic = `matrix-${writers.indexOf(writer)}-${codec}`
      await writer.produce(broker.bootstrap, records, { topic, codec, acks: 'all' })
      const readers = clients.filter((client) => client.reads.includes(codec) && isReadable(client, writer, codec))
      await Promise.all(
        readers.map((reader) =>
          context.test(`${reader.name} reads it`, { skip: skipUnless(reader.tool()) }, async () => {
            const read = await reader.consume(broker.bootstrap, { topic, count: records.length })
            assertSameRecords(records, writer, read)
          })
        )
      )
    })
  }

  function writesWithAcks(writer: Client, acks: Acks): void {
    test(`${writer.name} writes with acks=${acks}`, { skip: skipUnless(writer.tool()) }, async () => {
      const topic = `acks-${writers.indexOf(writer)}-${acks}`
      await writer.produce(broker.bootstrap, records, { topic, codec: 'none', acks })
      assertSameRecords(records, writer, await writer.consume(broker.bootstrap, { topic, count: records.length }))
    })
  }

  const skip = skipUnless(javaVerifiable.tool())
  test('what Java VerifiableProducer was acknowledged every client reads', { skip }, async (context) => {
    const acknowledged = await produceNumbers(broker.bootstrap, 'numbers', 2000)
    const place = ({ partition, offset, key, value }: (typeof acknowledged)[number]) =>
      `${partition}@${offset} ${key?.toString()}=${value?.toString()}`
    for (const reader of clients) {
      await context.test(`${reader.name} reads them`, { skip: skipUnless(reader.tool()) }, async () => {
        const read = await reader.consume(broker.bootstrap, { topic: 'numbers', count: acknowledged.length })
        assert.deepEqual(read.map(place).sort(), acknowledged.map(place).sort())
      })
    }
  })
})

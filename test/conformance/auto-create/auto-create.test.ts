/** Topics that come into being because someone asked for them. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { createByAsking } from '../../harness/raw-requests.ts'
import { startTarget, target, targetName } from '../../harness/target.ts'
import { skipUnless } from '../../harness/tools.ts'
import { RawConnection } from '../../harness/wire.ts'
import { kafkajs } from '../clients/kafkajs.ts'

const RACERS = 20

describe('creating topics by asking for them', { skip: skipUnless(target()) }, () => {
  let broker: BrokerProcess

  before(async () => {
    broker = await startTarget({ configs: { 'num.partitions': '3' } })
  })

  after(async () => {
    await broker?.stop()
  })

  test('racing clients all get the topic with a leader', async () => {
    const connections = await Promise.all(Array.from({ length: RACERS }, () => RawConnection.open(broker.bootstrap)))
    const asked = await Promise.all(connections.map((connection) => createByAsking(connection, 'raced')))
    for (const connection of connections) connection.close()
    // Apache Kafka answers before its controller has made the topic; ours has made it when it answers.
    if (targetName === 'odradek') assert.ok(asked.every((times) => times === 1))
  })

  test('racing producers all write to the topic that their first records create', async () => {
    const writers = Array.from({ length: 8 }, (_, index) => {
      const record = { key: `writer-${index}`, value: `value-${index}`, headers: {} }
      return kafkajs.produce(broker.bootstrap, [record], { topic: 'written', codec: 'none', acks: 'all' })
    })
    await Promise.all(writers)
    const read = await kafkajs.consume(broker.bootstrap, { topic: 'written', count: 8 })
    assert.equal(new Set(read.map((record) => record.value?.toString())).size, 8)
  })
})

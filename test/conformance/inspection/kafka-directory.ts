/** Makes a data directory in which a real Kafka has left something of everything that `dump` and `check` know. */
import { earthquakes } from '../../harness/real-data.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkajs } from '../clients/kafkajs.ts'
import { Client } from '../handover/orders/client.ts'
import { ShareStatesClient } from '../share-states/client.ts'

/** Segments, indexes and snapshots of the metadata in plenty. */
const configs = {
  'metadata.log.max.record.bytes.between.snapshots': '600',
  'metadata.max.idle.interval.ms': '100',
  'transaction.state.log.num.partitions': '3',
  'share.coordinator.state.topic.num.partitions': '1',
  'share.coordinator.snapshot.update.records.per.snapshot': '2'
}

export async function fillByKafka(dataDirectory: string): Promise<void> {
  await using kafka = await startRealKafka({ dataDirectory, configs })
  const client = await Client.open(kafka.bootstrap)
  await client.createTopic(
    'orders',
    2,
    new Map([
      ['segment.bytes', '1048576'],
      ['index.interval.bytes', '512']
    ])
  )
  for (let index = 0; index < 20; index += 1) {
    await client.produce('orders', 0, [
      { key: `key ${index}`, value: 'x'.repeat(300) },
      { key: null, value: null }
    ])
  }
  await client.findCoordinator('transaction')
  for (const outcome of ['abort', 'commit', 'abort'] as const) {
    const transactionalId = `transaction to ${outcome}`
    const by = await client.producer(transactionalId)
    await client.addToTransaction(transactionalId, by, 'orders', 0)
    const sequenced = { ...by, sequence: 0, isTransactional: true, transactionalId }
    await client.produce('orders', 0, [{ key: 'in a transaction', value: outcome }], sequenced)
    await client.endTransaction(transactionalId, by, outcome)
  }
  await client.findCoordinator('group')
  await client.commit('readers', 'orders', 0, 5)
  await kafkajs.produce(kafka.bootstrap, earthquakes(), { topic: 'quakes', codec: 'gzip', acks: 'all' })
  await kafkajs.consume(kafka.bootstrap, { topic: 'quakes', count: earthquakes().length, group: 'watchers' })
  await client.growTopic('orders', 3)
  await fillShareStates(kafka.bootstrap)
  client.close()
}

/** A snapshot, updates, and a tombstone. */
async function fillShareStates(bootstrap: string): Promise<void> {
  const share = { groupId: 'cooks', partition: 0 }
  const client = await ShareStatesClient.open(bootstrap, 'orders', [share])
  await client.initialize(share, 1, 0)
  await client.read(share, 2)
  for (const startOffset of [1, 2, 3, 4]) {
    const batch = { firstOffset: startOffset + 1, lastOffset: startOffset + 5, deliveryState: 2, deliveryCount: 3 }
    const written = { startOffset, deliveryCompleteCount: 5, stateBatches: [batch] }
    await client.write(share, { stateEpoch: 1, leaderEpoch: 2 }, written)
  }
  await client.remove(share)
  client.close()
}

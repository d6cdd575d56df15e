/** The topics that hold the state of coordinators: what is in force in each as it is made, whatever the broker says of topics in general. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig } from '../../../src/coordination/config/broker-config.ts'
import type { NewStateTopic } from '../../../src/coordination/config/new-state-topic.ts'

/** A mistake for any of them: state would be deleted with time, or be that of a replica that lacks what was acknowledged. */
const forOthers = {
  ...{ 'log.cleanup.policy': 'delete', 'log.retention.ms': '1000', 'log.segment.bytes': '2097152' },
  ...{ 'compression.type': 'zstd', 'unclean.leader.election.enable': 'true', 'min.insync.replicas': '3' }
}

function made(topicOf: (broker: BrokerConfig) => NewStateTopic, settings: Readonly<Record<string, string>> = {}) {
  const broker = BrokerConfig.parse({ ...forOthers, ...settings })
  const { partitions, replicationFactor, config } = topicOf(broker)
  const own = new Map(Object.entries(config))
  return { partitions, replicationFactor, inForce: (name: string) => broker.topicValue(name, own) }
}

test('what is known of transactional ids is compacted, and whoever leads it has all of it', () => {
  const { partitions, replicationFactor, inForce } = made(({ transactionsTopic }) => transactionsTopic)
  assert.deepEqual([partitions, replicationFactor], [5, 1])
  assert.equal(inForce('cleanup.policy'), 'compact')
  assert.equal(inForce('unclean.leader.election.enable'), 'false')
  assert.equal(inForce('min.insync.replicas'), '1')
  assert.equal(inForce('segment.bytes'), '104857600')
  assert.equal(inForce('compression.type'), 'uncompressed')
})

test('what is known of groups is compacted', () => {
  const { partitions, replicationFactor, inForce } = made(({ offsetsTopic }) => offsetsTopic)
  assert.deepEqual([partitions, replicationFactor], [5, 1])
  assert.equal(inForce('cleanup.policy'), 'compact')
  assert.equal(inForce('segment.bytes'), '104857600')
  assert.equal(inForce('compression.type'), 'producer')
})

test('what is known of share partitions stays until its coordinator deletes it', () => {
  const { inForce } = made(({ shareStateTopic }) => shareStateTopic)
  assert.equal(inForce('cleanup.policy'), 'delete')
  assert.equal(inForce('retention.ms'), '-1')
  assert.equal(inForce('segment.bytes'), '104857600')
  assert.equal(inForce('compression.type'), 'producer')
})

test('each has its own settings of the broker', () => {
  const transactions = made(({ transactionsTopic }) => transactionsTopic, {
    ...{ 'transaction.state.log.num.partitions': '7', 'transaction.state.log.replication.factor': '3' },
    ...{ 'transaction.state.log.min.isr': '2', 'transaction.state.log.segment.bytes': '1048577' }
  })
  assert.deepEqual([transactions.partitions, transactions.replicationFactor], [7, 3])
  assert.equal(transactions.inForce('min.insync.replicas'), '2')
  assert.equal(transactions.inForce('segment.bytes'), '1048577')
  const offsets = made(({ offsetsTopic }) => offsetsTopic, {
    ...{ 'offsets.topic.num.partitions': '6', 'offsets.topic.replication.factor': '2' },
    'offsets.topic.segment.bytes': '1048578'
  })
  assert.deepEqual([offsets.partitions, offsets.replicationFactor], [6, 2])
  assert.equal(offsets.inForce('segment.bytes'), '1048578')
})

/** The broker's configuration: what it refuses and why, whose value is in force, and what a topic's logs obey. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig, ConfigError } from '../../../src/coordination/config/broker-config.ts'
import { brokerConfigDefinitions } from '../../../src/coordination/config/broker-config-definitions.ts'
import { clientMetricsConfigDefinitions } from '../../../src/coordination/config/client-metrics-config-definitions.ts'
import { canonical, objectionTo } from '../../../src/coordination/config/definition.ts'
import { groupConfigDefinitions } from '../../../src/coordination/config/group-config-definitions.ts'
import { topicConfigDefinitions } from '../../../src/coordination/config/topic-config-definitions.ts'

const none: ReadonlyMap<string, string> = new Map()

test('a name that does not exist is refused, with the one that was probably meant', () => {
  assert.throws(() => BrokerConfig.parse({ 'log.retention.milliseconds': '1' }), {
    name: 'ConfigError',
    message: /There is no broker configuration log\.retention\.milliseconds here\. Did you mean log\.retention\.\w+\?/
  })
  assert.throws(() => BrokerConfig.parse({ 'retention.ms': '1' }), /Did you mean log\.retention\.ms\?/)
  assert.throws(() => BrokerConfig.parse({ 'quite.another.matter': '1' }), { message: /here\.$/ })
  assert.throws(() => BrokerConfig.parse({ constructor: '1' }), ConfigError)
})

test('a value that a configuration does not take is refused in the words of Kafka', () => {
  assert.throws(() => BrokerConfig.parse({ 'num.partitions': '0' }), {
    name: 'ConfigError',
    message: 'Invalid value 0 for configuration num.partitions: Value must be at least 1'
  })
})

for (const [kind, definitions] of Object.entries({
  broker: brokerConfigDefinitions,
  topic: topicConfigDefinitions,
  group: groupConfigDefinitions,
  'client metrics': clientMetricsConfigDefinitions
})) {
  test(`every ${kind} configuration accepts its own default, and writes it as Kafka does`, () => {
    for (const [name, definition] of Object.entries(definitions)) {
      if (definition.default === null) continue
      assert.equal(objectionTo(name, definition.default, definition), null)
      assert.equal(canonical(definition.default, definition), definition.default, name)
    }
  })
}

test('every default of a topic that a broker gives comes from a configuration that the broker has, with the same type', () => {
  for (const [name, { brokerName, type }] of Object.entries(topicConfigDefinitions)) {
    if (brokerName !== undefined) assert.equal(brokerConfigDefinitions[brokerName]?.type, type, name)
  }
})

test('a topic that sets nothing obeys the defaults of Kafka', () => {
  assert.deepEqual(BrokerConfig.parse({}).logConfigFor(none), {
    segmentBytes: 1_073_741_824,
    segmentMs: 604_800_000,
    retentionBytes: -1,
    retentionMs: 604_800_000,
    maxMessageBytes: 1_048_588,
    indexIntervalBytes: 4096,
    segmentIndexBytes: 10_485_760,
    fileDeleteDelayMs: 60_000,
    cleanupDelete: true,
    cleanupCompact: false,
    deleteRetentionMs: 86_400_000,
    minCleanableDirtyRatio: 0.5,
    minCompactionLagMs: 0,
    maxCompactionLagMs: 2 ** 63,
    compressionType: 'producer',
    compressionLevel: null,
    messageTimestampType: 'CreateTime',
    messageTimestampBeforeMaxMs: Number(2n ** 63n - 1n),
    messageTimestampAfterMaxMs: 3_600_000
  })
})

test("the level is that of the topic's own compression", () => {
  const levelOf = (type: string) => {
    const levels = { 'compression.gzip.level': '7', 'compression.lz4.level': '12', 'compression.zstd.level': '19' }
    const topic = new Map(Object.entries({ ...levels, 'compression.type': type }))
    return BrokerConfig.parse({}).logConfigFor(topic).compressionLevel
  }
  const types = ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd']
  assert.deepEqual(types.map(levelOf), [null, null, 7, null, 12, 19])
})

test('the topic comes before the broker, and a value is read whatever space stands around it', () => {
  const config = BrokerConfig.parse({ 'log.segment.bytes': '2097152', 'log.cleanup.policy': 'compact' })
  const topic = new Map([
    ['segment.bytes', ' +1048576 '],
    ['cleanup.policy', 'delete, compact']
  ])
  const { segmentBytes, cleanupDelete, cleanupCompact } = config.logConfigFor(topic)
  assert.deepEqual(
    { segmentBytes, cleanupDelete, cleanupCompact },
    {
      segmentBytes: 1_048_576,
      cleanupDelete: true,
      cleanupCompact: true
    }
  )
  assert.equal(config.topicValue('cleanup.policy', topic), 'delete,compact')
  assert.equal(config.logConfigFor(none).segmentBytes, 2_097_152)
})

test('of a time in several units the finest holds, and -1 is without end in each', () => {
  const retention = (overrides: Record<string, string>) => BrokerConfig.parse(overrides).logConfigFor(none).retentionMs
  assert.equal(retention({ 'log.retention.hours': '2' }), 7_200_000)
  assert.equal(retention({ 'log.retention.hours': '2', 'log.retention.minutes': '3' }), 180_000)
  assert.equal(retention({ 'log.retention.minutes': '3', 'log.retention.ms': '4' }), 4)
  assert.equal(retention({ 'log.retention.hours': '-1' }), -1)
  assert.equal(BrokerConfig.parse({ 'log.roll.hours': '1' }).logConfigFor(none).segmentMs, 3_600_000)
})

test('what is set while the broker runs is stronger than what it was started with', () => {
  const running = new Map([['log.retention.ms', '5']])
  const config = BrokerConfig.parse({ 'log.retention.ms': '4', 'log.retention.hours': '1' })
  config.follow((name) => running.get(name))
  assert.equal(config.logConfigFor(none).retentionMs, 5)
  running.clear()
  assert.equal(config.logConfigFor(none).retentionMs, 4)
})

/** The broker's configuration: what it refuses and why, whose value is in force, and what a topic's logs obey. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig, ConfigError } from '../../../src/coordination/config/broker-config.ts'
import {
  brokerConfigDefinitions,
  rackAwareReplicaSelector
} from '../../../src/coordination/config/broker-config-definitions.ts'
import { clientMetricsConfigDefinitions } from '../../../src/coordination/config/client-metrics-config-definitions.ts'
import { canonical, objectionTo } from '../../../src/coordination/config/definition.ts'
import { objectionToBrokerGroups, objectionToGroup } from '../../../src/coordination/config/group-bounds.ts'
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
    segmentJitterMs: 0,
    flushMessages: 2 ** 63,
    flushMs: 2 ** 63,
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

/** Settings that do less here than with Kafka, as docs/differences.md says. */
const doLess = new Set(['compression.lz4.level', 'max.decompressed.message.bytes'])

const trials = [
  'false',
  'true',
  '2',
  '3',
  '20',
  '1500',
  '3000',
  '10000',
  '50000',
  '1048577',
  '8388609',
  '0.7',
  'compact',
  'gzip',
  'LogAppendTime',
  'range',
  'disabled',
  rackAwareReplicaSelector,
  'x'
]

const defaults = BrokerConfig.parse({})

/** Another value than the default, which is of the right form, and goes with the defaults of the others. */
function otherValue(name: string): string {
  const { noEffect: _, ...definition } = brokerConfigDefinitions[name] ?? assert.fail(name)
  const isOther = (value: string): boolean => {
    const isTaken = objectionTo(name, value, definition) === null && canonical(value, definition) !== definition.default
    return isTaken && objectionToBrokerGroups((one) => (one === name ? value : defaults.get(one))) === null
  }
  return trials.find(isOther) ?? assert.fail(`no value for ${name} is among those tried`)
}

/** What is said to groups that ask for little and for much. */
function objectionsToGroups(config: BrokerConfig): readonly (string | null)[] {
  const names = Object.keys(groupConfigDefinitions).filter((name) => /^(consumer|share|streams)\./.test(name))
  const values = ['1', '2', '3', '15', '150', '3500', '10000', '20000', '50000', '100000']
  const asked = names.flatMap((name) => values.map((value) => new Map([[name, value]])))
  return asked.map((own) => objectionToGroup(own, (name) => config.get(name)))
}

/** All that anybody can ask a configuration for. */
function everythingIn(config: BrokerConfig): unknown {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(BrokerConfig.prototype))
  const getters = properties.filter(([, { get }]) => get !== undefined).map(([name]) => name)
  const compressed = (type: string) => config.logConfigFor(new Map([['compression.type', type]]))
  return {
    getters: getters.map((name) => [name, Reflect.get(config, name)]),
    rates: [config.replicationRate('leader'), config.replicationRate('follower')],
    groups: [config.consumerGroupSettings(none), ...objectionsToGroups(config)],
    shares: [config.shareGroupSettings(none), config.sharePartitionSettings(none)],
    streams: [
      config.streamsGroupSettings(none),
      config.streamsGroupSettings(new Map([['streams.num.standby.replicas', '2']]))
    ],
    logs: [config.logConfigFor(none), compressed('gzip'), compressed('zstd')],
    topics: [config.minInSyncReplicasFor(none), config.topicValue('unclean.leader.election.enable', none)]
  }
}

test('every setting of a broker changes something that it reads, or is refused with what holds instead', () => {
  const byDefault = everythingIn(defaults)
  for (const [name, { noEffect }] of Object.entries(brokerConfigDefinitions)) {
    const overrides = { [name]: otherValue(name) }
    if (noEffect !== undefined) {
      assert.throws(() => BrokerConfig.parse(overrides), {
        name: 'ConfigError',
        message: RegExp(`^${name} has no effect here.*${noEffect}$`)
      })
    } else if (!doLess.has(name)) {
      assert.notDeepEqual(everythingIn(BrokerConfig.parse(overrides)), byDefault, `${name} changes nothing`)
    }
  }
})

test('a setting without effect is taken with the value that it has anyway', () => {
  BrokerConfig.parse({ 'log.preallocate': 'FALSE', 'process.roles': 'broker, controller', listeners: '' })
})

test('settings that do not go together are refused at the start, in the words of Kafka', () => {
  const refusal = (overrides: Record<string, string>) => {
    try {
      BrokerConfig.parse(overrides)
      return null
    } catch (error) {
      return error instanceof ConfigError ? error.message : error
    }
  }
  for (const kind of ['consumer', 'share'])
    for (const name of ['heartbeat.interval.ms', 'session.timeout.ms', 'assignment.interval.ms']) {
      const [value, min, max] = [`group.${kind}.${name}`, `group.${kind}.min.${name}`, `group.${kind}.max.${name}`]
      assert.equal(refusal({ [min]: '1000000' }), `${max} must be greater than or equal to ${min}`)
      assert.equal(refusal({ [value]: '1000000' }), `${value} must be less than or equal to ${max}`)
      assert.equal(refusal({ [min]: '2', [value]: '1' }), `${value} must be greater than or equal to ${min}`)
    }
  assert.equal(
    refusal({ 'group.share.max.heartbeat.interval.ms': '60000', 'group.share.heartbeat.interval.ms': '45000' }),
    'group.share.heartbeat.interval.ms must be less than group.share.session.timeout.ms'
  )
  assert.equal(
    refusal({ 'group.share.max.share.sessions': '199' }),
    'group.share.max.share.sessions must be greater than or equal to group.share.max.size'
  )
  assert.equal(refusal({ 'group.share.max.share.sessions': '10', 'group.share.max.size': '10' }), null)
})

test('a share group has what it sets, else what the broker says, else the defaults of Kafka', () => {
  const config = BrokerConfig.parse({
    'group.share.delivery.count.limit': '7',
    'group.share.record.lock.duration.ms': '20000'
  })
  const own = new Map([
    ['share.record.lock.duration.ms', '16000'],
    ['share.isolation.level', 'read_committed'],
    ['share.renew.acknowledge.enable', 'FALSE'],
    ['errors.deadletterqueue.topic.name', 'dlq.orders']
  ])
  assert.deepEqual(config.sharePartitionSettings(own), {
    maxRecordLocks: 2000,
    deliveryCountLimit: 7,
    recordLockDurationMs: 16_000,
    renewsLocks: false,
    autoOffsetReset: 'latest',
    isolationLevel: 'read_committed',
    deadLetterTopic: 'dlq.orders',
    copiesDeadLetters: false
  })
  assert.equal(config.sharePartitionSettings(none).deadLetterTopic, null)
  assert.deepEqual(config.shareGroupSettings(new Map([['share.session.timeout.ms', '50000']])), {
    sessionTimeoutMs: 50_000,
    heartbeatIntervalMs: 5000,
    isHeartbeatIntervalChosen: false,
    assignmentIntervalMs: 1000
  })
})

test('an interval between heartbeats is chosen where the group or the broker has set it, also to what it would be', () => {
  const [none, byDefault] = [new Map<string, string>(), BrokerConfig.parse({})]
  for (const kind of ['consumer', 'share', 'streams'] as const) {
    const isChosen = (config: BrokerConfig, own: ReadonlyMap<string, string>) =>
      config[`${kind}GroupSettings`](own).isHeartbeatIntervalChosen
    assert.equal(isChosen(byDefault, none), false)
    assert.equal(isChosen(byDefault, new Map([[`${kind}.session.timeout.ms`, '50000']])), false)
    assert.equal(isChosen(byDefault, new Map([[`${kind}.heartbeat.interval.ms`, '5000']])), true)
    const byBroker = BrokerConfig.parse({ [`group.${kind}.heartbeat.interval.ms`]: '5000' })
    assert.equal(isChosen(byBroker, none), true)
    const byMinimum = BrokerConfig.parse({ [`group.${kind}.min.heartbeat.interval.ms`]: '5000' })
    assert.equal(isChosen(byMinimum, none), true, 'nobody beats more often than that')
  }
})

test('a group that has asked for what it may have no more gets the nearest that it may have', () => {
  const config = BrokerConfig.parse({
    'group.share.max.heartbeat.interval.ms': '10000',
    'group.share.min.record.lock.duration.ms': '20000',
    'group.consumer.max.session.timeout.ms': '46000'
  })
  const own = new Map([
    ['share.heartbeat.interval.ms', '14000'],
    ['share.record.lock.duration.ms', '16000'],
    ['consumer.session.timeout.ms', '55000'],
    ['consumer.heartbeat.interval.ms', '14000']
  ])
  assert.equal(config.shareGroupSettings(own).heartbeatIntervalMs, 10_000)
  assert.equal(config.sharePartitionSettings(own).recordLockDurationMs, 20_000)
  const { sessionTimeoutMs, heartbeatIntervalMs } = config.consumerGroupSettings(own)
  assert.deepEqual([sessionTimeoutMs, heartbeatIntervalMs], [46_000, 14_000])
})

test("what a group may choose is bounded by the broker's settings", () => {
  const config = BrokerConfig.parse({
    'group.share.min.session.timeout.ms': '1000',
    'group.share.max.delivery.count.limit': '20'
  })
  const objection = (name: string, value: string) =>
    objectionToGroup(new Map([[name, value]]), (one) => config.get(one))
  assert.equal(
    objection('share.delivery.count.limit', '21'),
    'share.delivery.count.limit must be in the range 2 to 20 inclusive.'
  )
  assert.equal(objection('share.delivery.count.limit', '20'), null)
  assert.equal(
    objection('share.session.timeout.ms', '5000'),
    'share.session.timeout.ms must be greater than share.heartbeat.interval.ms'
  )
  assert.equal(objection('share.session.timeout.ms', '5001'), null)
})

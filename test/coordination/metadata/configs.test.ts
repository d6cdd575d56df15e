/** Changes of configurations: what Apache Kafka 4.4.0 answered to the same requests, and the records of what it accepts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig } from '../../../src/coordination/config/broker-config.ts'
import type { ConfigScene } from '../../../src/coordination/metadata/config-rules.ts'
import {
  type ConfigDecision,
  ConfigOperation,
  decideChangedConfig,
  decideReplacedConfig
} from '../../../src/coordination/metadata/configs.ts'
import { ClusterImage, ResourceType } from '../../../src/coordination/metadata/image.ts'
import { clearElrRecord, configRecord, topicRecord } from '../../../src/coordination/metadata/records.ts'
import { replayMetadata } from '../../../src/coordination/metadata/replay.ts'
import { limits } from '../../../src/limits.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { inWords, nodeId } from './setup.ts'

const { set, delete: remove, append, subtract } = ConfigOperation
const { topic, broker, brokerLogger, clientMetrics, group } = ResourceType

/** A topic `t1`, and whatever else was set. */
function scene(...settings: readonly [type: number, resource: string, name: string, value: string][]): ConfigScene {
  const image = new ClusterImage()
  replayMetadata(image, topicRecord('t1', 'J8hKUf_nQQ21LcJpUdYd_g'))
  replayMetadata(image, configRecord(broker, '', 'min.insync.replicas', '1'))
  for (const setting of settings) replayMetadata(image, configRecord(...setting))
  return { image, nodeId, defaults: BrokerConfig.parse({}) }
}

function change(type: number, name: string, ...changes: [string, number, string | null][]): ConfigDecision {
  const named = changes.map(([key, operation, value]) => ({ name: key, operation, value }))
  return decideChangedConfig(scene(), { type, name, changes: named })
}

const inKafka: readonly [type: number, resource: string, name: string, value: string, error: number, why: string][] = [
  [
    topic,
    't1',
    'retention.ms',
    '99999999999999999999',
    40,
    'Invalid value 99999999999999999999 for configuration retention.ms: Not a number of type LONG'
  ],
  [topic, 't1', 'retention.ms', '', 40, 'Invalid value  for configuration retention.ms: Not a number of type LONG'],
  [
    topic,
    't1',
    'segment.bytes',
    '5000000000',
    40,
    'Invalid value 5000000000 for configuration segment.bytes: Not a number of type INT'
  ],
  [
    topic,
    't1',
    'segment.bytes',
    '14',
    40,
    'Invalid value 14 for configuration segment.bytes: Value must be at least 1048576'
  ],
  [topic, 't1', 'cleanup.policy', 'delete,,compact', 40, "Configuration 'cleanup.policy' values must not be empty."],
  [
    topic,
    't1',
    'preallocate',
    'x',
    40,
    'Invalid value x for configuration preallocate: Expected value to be either true or false'
  ],
  [
    topic,
    't1',
    'min.cleanable.dirty.ratio',
    '2',
    40,
    'Invalid value 2.0 for configuration min.cleanable.dirty.ratio: Value must be no more than 1'
  ],
  [
    topic,
    't1',
    'compression.gzip.level',
    '0',
    40,
    'Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1'
  ],
  [
    topic,
    't1',
    'leader.replication.throttled.replicas',
    '*,0:1',
    40,
    "Invalid value [*, 0:1] for configuration leader.replication.throttled.replicas: leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],..."
  ],
  [
    topic,
    't1',
    'remote.storage.enable',
    'true',
    40,
    'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.'
  ],
  [topic, 't1', 'no.such.config', '1', 40, 'Unknown topic config name: no.such.config'],
  [topic, 't1', 'constructor', '1', 40, 'Unknown topic config name: constructor'],
  [topic, 'absent', 'retention.ms', '1', 3, "The topic 'absent' does not exist."],
  [topic, 'absent', 'no.such.config', '1', 40, 'Unknown topic config name: no.such.config'],
  [
    topic,
    'bad name',
    'retention.ms',
    '1',
    17,
    "Topic name is invalid: 'bad name' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
  ],
  [topic, '', 'retention.ms', '1', 42, 'Default topic resources are not allowed.'],
  [64, 't1', 'retention.ms', '1', 42, 'Unknown resource type 64'],
  [broker, '1', 'num.partitions', '3', 42, 'Cannot update these configs dynamically: [num.partitions]'],
  [
    broker,
    '1',
    'log.retention.ms',
    'x',
    42,
    'Invalid value x for configuration log.retention.ms: Not a number of type LONG'
  ],
  [
    broker,
    '1',
    'log.retention.ms',
    '0',
    42,
    'requirement failed: log.retention.ms must be unlimited (-1) or, greater than or equal to 1'
  ],
  [broker, '99999999999', 'log.retention.ms', '1', 42, 'Node id must be an integer, but it is: 99999999999'],
  [broker, '7', 'log.retention.ms', '1', 42, 'Unexpected broker id, expected 1, but received 7'],
  [broker, 'abc', 'log.retention.ms', '1', 42, 'Node id must be an integer, but it is: abc'],
  [
    broker,
    '1',
    'min.insync.replicas',
    '2',
    40,
    'Broker-level min.insync.replicas cannot be altered while ELR is enabled.'
  ],
  [brokerLogger, '1', 'root', 'INFO', 40, 'Logger root does not exist!'],
  [brokerLogger, '9', 'root', 'INFO', 42, 'Unexpected node id. Expected 1, but received 9'],
  [
    group,
    'g1',
    'consumer.session.timeout.ms',
    '1',
    40,
    'consumer.session.timeout.ms must be in the range 45000 to 60000 inclusive.'
  ],
  [group, 'g1', 'no.such.config', '1', 40, 'Unknown group config name: no.such.config'],
  [
    group,
    'g1',
    'streams.num.standby.replicas',
    '5',
    40,
    'streams.num.standby.replicas must be less than or equal to 2'
  ],
  [
    group,
    'g1',
    'share.record.lock.duration.ms',
    '1',
    40,
    'Invalid value 1 for configuration share.record.lock.duration.ms: Value must be at least 1000'
  ],
  [group, '', 'consumer.session.timeout.ms', '46000', 42, 'Default group resources are not allowed.'],
  [
    clientMetrics,
    'm1',
    'interval.ms',
    '50',
    42,
    'Invalid value 50 for interval.ms, interval must be between 100 and 3600000 (1 hour)'
  ],
  [
    clientMetrics,
    'm1',
    'interval.ms',
    'x',
    40,
    'Invalid value x for configuration interval.ms: Not a number of type INT'
  ],
  [clientMetrics, 'm1', 'match', 'client_id=[', 40, 'Illegal client matching pattern: client_id=['],
  [clientMetrics, 'm1', 'no.such.config', 'x', 42, 'Unknown client metrics configuration: no.such.config'],
  [clientMetrics, '', 'interval.ms', '5000', 42, "Subscription name can't be empty"]
]

for (const [type, resource, name, value, error, message] of inKafka) {
  test(`${name}=${value} of type ${type} '${resource}' is refused: ${message.slice(0, 100)}`, () => {
    assert.deepEqual(change(type, resource, [name, set, value]), { records: [], result: { error, message } })
  })
}

const accepted: readonly [type: number, resource: string, name: string, value: string][] = [
  [topic, 't1', 'retention.ms', ' 5 '],
  [topic, 't1', 'retention.ms', '+5'],
  [topic, 't1', 'retention.bytes', '-2'],
  [topic, 't1', 'cleanup.policy', ''],
  [topic, 't1', 'cleanup.policy', 'delete, compact'],
  [topic, 't1', 'preallocate', ' TRUE '],
  [topic, 't1', 'leader.replication.throttled.replicas', '*'],
  [topic, 't1', 'follower.replication.throttled.replicas', '0:1,1:1'],
  [broker, '1', 'log.retention.ms', '3600001'],
  [broker, '', 'log.retention.ms', '7200000'],
  [group, 'g1', 'consumer.session.timeout.ms', '46000'],
  [group, 'g1', 'share.auto.offset.reset', 'by_duration:P3D'],
  [clientMetrics, 'm1', 'match', 'client_id=a.*']
]

for (const [type, resource, name, value] of accepted) {
  test(`${name}='${value}' of type ${type} '${resource}' is kept as it was given`, () => {
    const { records, result } = change(type, resource, [name, set, value])
    assert.deepEqual(result, { error: 0 })
    assert.deepEqual(inWords(records), [['ConfigRecord', { resourceType: type, resourceName: resource, name, value }]])
  })
}

test('settings that contradict each other are refused together', () => {
  const decision = change(topic, 't1', ['min.compaction.lag.ms', set, '10'], ['max.compaction.lag.ms', set, '5'])
  const message = 'conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)'
  assert.deepEqual(decision, { records: [], result: { error: 40, message } })
})

test('a resource with one wrong setting is not changed at all', () => {
  const decision = change(topic, 't1', ['retention.ms', set, '10'], ['segment.ms', set, 'x'])
  assert.equal(decision.records.length, 0)
  assert.equal(decision.result.error, 40)
})

test('a setting that stands twice, has no value, or an unknown operation is refused before all else', () => {
  const messages = [
    change(topic, 't1', ['retention.ms', set, '1'], ['retention.ms', set, '2']),
    change(topic, 't1', ['retention.ms', set, null], ['segment.ms', append, null]),
    change(topic, 't1', ['retention.ms', 7, '1'])
  ].map(({ result }) => result)
  assert.deepEqual(messages, [
    { error: 42, message: 'Error due to duplicate config keys' },
    { error: 42, message: 'Null value not supported for : retention.ms, segment.ms' },
    { error: 42, message: 'Unknown operations type 7' }
  ])
})

test('lists grow and shrink from what is in force; what is no list does not', () => {
  const fieldsOf = (decision: ConfigDecision) => inWords(decision.records).map(([, fields]) => fields)
  const record = { resourceType: topic, resourceName: 't1', name: 'cleanup.policy' }
  assert.deepEqual(fieldsOf(change(topic, 't1', ['cleanup.policy', append, 'compact'])), [
    { ...record, value: 'delete,compact' }
  ])
  const both = { type: topic, name: 't1', changes: [{ name: 'cleanup.policy', operation: subtract, value: 'delete' }] }
  const decision = decideChangedConfig(scene([topic, 't1', 'cleanup.policy', 'compact,delete']), both)
  assert.deepEqual(fieldsOf(decision), [{ ...record, value: 'compact' }])
  assert.deepEqual(change(topic, 't1', ['retention.ms', append, '5']).result, {
    error: 40,
    message: "Can't APPEND to key retention.ms because its type is not LIST."
  })
  assert.deepEqual(change(broker, '1', ['log.retention.ms', append, '5']).result, {
    error: 40,
    message: 'Config value append is not allowed for config key: log.retention.ms'
  })
})

test('what is taken back goes, and what was never set makes no record', () => {
  const here = scene([topic, 't1', 'retention.ms', '5'])
  const changes = ['retention.ms', 'segment.ms', 'no.such.config'].map((name) => ({
    name,
    operation: remove,
    value: null
  }))
  const { records, result } = decideChangedConfig(here, { type: topic, name: 't1', changes })
  assert.deepEqual(result, { error: 0 })
  assert.deepEqual(inWords(records), [
    ['ConfigRecord', { resourceType: topic, resourceName: 't1', name: 'retention.ms', value: null }]
  ])
})

test('AlterConfigs sets what it names and takes the rest back', () => {
  const here = scene([topic, 't1', 'retention.ms', '5'], [topic, 't1', 'segment.ms', '6'])
  const config = [
    { name: 'segment.ms', value: '6' },
    { name: 'cleanup.policy', value: 'compact' }
  ]
  const { records, result } = decideReplacedConfig(here, { type: topic, name: 't1', config })
  const record = { resourceType: topic, resourceName: 't1' }
  assert.deepEqual(result, { error: 0 })
  assert.deepEqual(inWords(records), [
    ['ConfigRecord', { ...record, name: 'cleanup.policy', value: 'compact' }],
    ['ConfigRecord', { ...record, name: 'retention.ms', value: null }]
  ])
})

test('AlterConfigs cannot take the minimum of in-sync replicas from the cluster, nor speak of loggers', () => {
  const cluster = decideReplacedConfig(scene(), { type: broker, name: '', config: [] })
  const message = 'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.'
  assert.deepEqual(cluster, { records: [], result: { error: 40, message } })
  const logger = decideReplacedConfig(scene(), { type: brokerLogger, name: '1', config: [] })
  assert.deepEqual(logger, { records: [], result: { error: 42, message: 'Unknown resource type 8' } })
})

for (const [type, name, topicName] of [
  [2, 't1', 't1'],
  [4, '', '']
] as const) {
  test(`another minimum of in-sync replicas of ${name || 'the cluster'} makes nobody eligible who was`, () => {
    const changes = [{ name: 'min.insync.replicas', operation: 0, value: '2' }]
    const cluster = scene()
    const { records } = decideChangedConfig(cluster, { type, name, changes })
    assert.equal(records.length, 1, 'where nobody remembers who is eligible')
    cluster.image.putFeature('eligible.leader.replicas.version', 1)
    const decided = decideChangedConfig(cluster, { type, name, changes }).records
    assert.deepEqual(decided, [...records, clearElrRecord(topicName)])
    const others = [{ name: 'compression.type', operation: 0, value: 'gzip' }]
    assert.equal(decideChangedConfig(cluster, { type, name, changes: others }).records.length, 1)
  })
}

test('so many groups have a configuration of their own; a new one is refused, a known one and a topic are not', () => {
  const known = Array.from({ length: limits.configuredResources + 1 }, (_, index): [number, string, string, string] => [
    group,
    `g${index}`,
    'consumer.session.timeout.ms',
    '50000'
  ])
  const full = scene(...known)
  const asked = (type: number, name: string, key: string) =>
    decideChangedConfig(full, { type, name, changes: [{ name: key, operation: set, value: '50000' }] }).result.error
  assert.equal(asked(group, 'new', 'consumer.session.timeout.ms'), ErrorCode.POLICY_VIOLATION)
  assert.equal(asked(clientMetrics, 'new', 'interval.ms'), ErrorCode.POLICY_VIOLATION)
  assert.equal(asked(group, 'g1', 'consumer.heartbeat.interval.ms'), ErrorCode.INVALID_CONFIG, 'known, and looked at')
  assert.equal(asked(group, 'g1', 'consumer.session.timeout.ms'), ErrorCode.NONE)
  assert.equal(asked(topic, 't1', 'retention.ms'), ErrorCode.NONE)
  assert.equal(
    change(group, 'g'.repeat(limits.idBytes + 1), ['consumer.session.timeout.ms', set, '50000']).result.error,
    ErrorCode.POLICY_VIOLATION
  )
})

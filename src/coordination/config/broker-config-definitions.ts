/**
 * The configurations of a broker that have a meaning here, under Kafka's names, with Kafka 4.4.0's types and defaults.
 *
 * Two defaults differ. `offsets.topic.num.partitions` is 5, not 50: one broker needs no fifty logs, and a real Kafka that
 * takes over keeps the topic's own number. `group.initial.rebalance.delay.ms` is 0, not 3000: a group of one is assigned at
 * once. The replication factors of the internal topics are 1, since there is one broker.
 */
import { type ConfigDefinitions, checkGzipLevel, invalid } from './definition.ts'
import { shareConfigDefinitions } from './share-config-definitions.ts'
import { streamsConfigDefinitions } from './streams-config-definitions.ts'

/** Kafka: AbstractKafkaConfig.validateValues. Nothing would be kept for no time at all. */
function checkRetention(value: string, name: string): string | null {
  return Number(value) === 0
    ? `requirement failed: ${name} must be unlimited (-1) or, greater than or equal to 1`
    : null
}

/** Kafka: AbstractKafkaConfig.validateValues. */
function checkDedupeBuffer(value: string): string | null {
  return Number(value) > 1024 * 1024
    ? null
    : 'requirement failed: log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.'
}

/** In capitals or not, as Kafka takes it (ConsumerGroupMigrationPolicy). */
function checkMigrationPolicy(value: string, name: string): string | null {
  const allowed = ['DISABLED', 'DOWNGRADE', 'UPGRADE', 'BIDIRECTIONAL']
  if (allowed.includes(value.toUpperCase())) return null
  return invalid(name, value, `String must be one of (case insensitive): ${allowed.join(', ')}`)
}

/** The one of Kafka's selectors that does something (KIP-392); others are Java classes of whoever writes them. */
export const rackAwareReplicaSelector = 'org.apache.kafka.common.replica.RackAwareReplicaSelector'

/** What holds where a setting of Kafka's would do nothing. */
const instead = {
  address: 'Say where to listen with --host, --port and --advertise; in a program with host, port and advertise.',
  directory: 'Say where the data lives with --data; in a program with directory.',
  roles: 'The broker is its own controller; of several brokers, the process has one.',
  remoteStorage: 'There is no tiered storage.',
  preallocation: 'Files grow as they are written.'
}

export const brokerConfigDefinitions: ConfigDefinitions = {
  ...shareConfigDefinitions,
  ...streamsConfigDefinitions,
  'advertised.listeners': { type: 'list', default: '', isReadOnly: true, noEffect: instead.address },
  'auto.create.topics.enable': { type: 'boolean', default: 'true', isReadOnly: true },
  'auto.leader.rebalance.enable': { type: 'boolean', default: 'true', isReadOnly: true },
  'broker.heartbeat.interval.ms': { type: 'int', default: '2000', min: 1, isReadOnly: true },
  'broker.id': { type: 'int', default: '1', isReadOnly: true },
  'broker.rack': { type: 'string', default: null, isReadOnly: true },
  'broker.session.timeout.ms': { type: 'int', default: '9000', min: 1, isReadOnly: true },
  'compression.gzip.level': { type: 'int', default: '-1', check: checkGzipLevel },
  'compression.lz4.level': { type: 'int', default: '9', min: 1, max: 17 },
  'compression.type': {
    type: 'string',
    default: 'producer',
    allowed: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer']
  },
  'compression.zstd.level': { type: 'int', default: '3', min: -131072, max: 22 },
  'default.replication.factor': { type: 'int', default: '1', min: 1, isReadOnly: true },
  'delete.topic.enable': { type: 'boolean', default: 'true', isReadOnly: true },
  'follower.replication.throttled.rate': { type: 'long', default: '9223372036854775807', min: 0 },
  'group.consumer.assignment.interval.ms': { type: 'int', default: '1000', min: 0 },
  'group.consumer.assignors': {
    type: 'list',
    default: 'uniform,range',
    allowed: ['uniform', 'range'],
    isReadOnly: true
  },
  'group.consumer.heartbeat.interval.ms': { type: 'int', default: '5000', min: 1, isReadOnly: true },
  'group.consumer.max.assignment.interval.ms': { type: 'int', default: '15000', min: 0, isReadOnly: true },
  'group.consumer.max.heartbeat.interval.ms': { type: 'int', default: '15000', min: 1, isReadOnly: true },
  'group.consumer.max.session.timeout.ms': { type: 'int', default: '60000', min: 1, isReadOnly: true },
  'group.consumer.max.size': { type: 'int', default: '2147483647', min: 1, isReadOnly: true },
  'group.consumer.migration.policy': {
    type: 'string',
    default: 'BIDIRECTIONAL',
    check: checkMigrationPolicy,
    isReadOnly: true
  },
  'group.consumer.min.assignment.interval.ms': { type: 'int', default: '0', min: 0, isReadOnly: true },
  'group.consumer.min.heartbeat.interval.ms': { type: 'int', default: '5000', min: 1, isReadOnly: true },
  'group.consumer.min.session.timeout.ms': { type: 'int', default: '45000', min: 1, isReadOnly: true },
  'group.consumer.regex.refresh.interval.ms': { type: 'int', default: '600000', min: 10_000, isReadOnly: true },
  'group.consumer.session.timeout.ms': { type: 'int', default: '45000', min: 1, isReadOnly: true },
  'group.initial.rebalance.delay.ms': { type: 'int', default: '0', min: 0, isReadOnly: true },
  'group.max.session.timeout.ms': { type: 'int', default: '1800000', isReadOnly: true },
  'group.max.size': { type: 'int', default: '2147483647', min: 1, isReadOnly: true },
  'group.min.session.timeout.ms': { type: 'int', default: '6000', isReadOnly: true },
  'leader.replication.throttled.rate': { type: 'long', default: '9223372036854775807', min: 0 },
  listeners: { type: 'list', default: '', isReadOnly: true, noEffect: instead.address },
  'log.cleaner.backoff.ms': { type: 'long', default: '15000', min: 0 },
  'log.cleaner.dedupe.buffer.size': { type: 'long', default: '134217728', check: checkDedupeBuffer },
  'log.cleaner.delete.retention.ms': { type: 'long', default: '86400000' },
  'log.cleaner.enable': { type: 'boolean', default: 'true', isReadOnly: true },
  'log.cleaner.io.buffer.load.factor': { type: 'double', default: '0.9' },
  'log.cleaner.io.max.bytes.per.second': { type: 'double', default: '1.7976931348623157E308' },
  'log.cleaner.max.compaction.lag.ms': { type: 'long', default: '9223372036854775807' },
  'log.cleaner.min.cleanable.ratio': { type: 'double', default: '0.5' },
  'log.cleaner.min.compaction.lag.ms': { type: 'long', default: '0' },
  'leader.imbalance.check.interval.seconds': { type: 'long', default: '300', min: 1, isReadOnly: true },
  'log.cleanup.policy': { type: 'list', default: 'delete', allowed: ['compact', 'delete'] },
  'log.dirs': { type: 'list', default: '', isReadOnly: true, noEffect: instead.directory },
  'log.flush.interval.messages': { type: 'long', default: '9223372036854775807' },
  'log.flush.interval.ms': { type: 'long', default: null },
  'log.flush.offset.checkpoint.interval.ms': { type: 'int', default: '60000', min: 0, isReadOnly: true },
  'log.index.interval.bytes': { type: 'int', default: '4096', min: 0 },
  'log.index.size.max.bytes': { type: 'int', default: '10485760', min: 4 },
  'log.local.retention.bytes': { type: 'long', default: '-2', noEffect: instead.remoteStorage },
  'log.local.retention.ms': { type: 'long', default: '-2', noEffect: instead.remoteStorage },
  'log.message.timestamp.after.max.ms': { type: 'long', default: '3600000' },
  'log.message.timestamp.before.max.ms': { type: 'long', default: '9223372036854775807' },
  'log.message.timestamp.type': { type: 'string', default: 'CreateTime', allowed: ['CreateTime', 'LogAppendTime'] },
  'log.preallocate': { type: 'boolean', default: 'false', noEffect: instead.preallocation },
  'log.remote.copy.lag.bytes': { type: 'long', default: '-1', noEffect: instead.remoteStorage },
  'log.remote.copy.lag.ms': { type: 'long', default: '0', noEffect: instead.remoteStorage },
  'log.retention.bytes': { type: 'long', default: '-1' },
  'log.retention.check.interval.ms': { type: 'long', default: '300000', min: 1, isReadOnly: true },
  'log.retention.hours': { type: 'int', default: '168', check: checkRetention, isReadOnly: true },
  'log.retention.minutes': { type: 'int', default: null, check: checkRetention, isReadOnly: true },
  'log.retention.ms': { type: 'long', default: null, min: -1, check: checkRetention },
  'log.roll.hours': { type: 'int', default: '168', min: 1, isReadOnly: true },
  'log.roll.jitter.ms': { type: 'long', default: null },
  'log.roll.ms': { type: 'long', default: null, min: 1 },
  'log.segment.bytes': { type: 'int', default: '1073741824', min: 1048576 },
  'log.segment.delete.delay.ms': { type: 'long', default: '60000' },
  'max.decompressed.message.bytes': { type: 'int', default: '2147483639', min: 1 },
  'message.max.bytes': { type: 'int', default: '1048588', min: 0 },
  'metadata.log.max.record.bytes.between.snapshots': { type: 'long', default: '20971520', min: 1, isReadOnly: true },
  'metadata.log.max.snapshot.interval.ms': { type: 'long', default: '3600000', min: 0, isReadOnly: true },
  'metadata.log.segment.bytes': { type: 'int', default: '1073741824', min: 8388608, isReadOnly: true },
  'metadata.log.segment.ms': { type: 'long', default: '604800000', isReadOnly: true },
  'metadata.max.retention.bytes': { type: 'long', default: '104857600', isReadOnly: true },
  'metadata.max.retention.ms': { type: 'long', default: '604800000', isReadOnly: true },
  'min.insync.replicas': { type: 'int', default: '1', min: 1 },
  'node.id': { type: 'int', default: '1', min: 0, isReadOnly: true },
  'num.partitions': { type: 'int', default: '1', min: 1, isReadOnly: true },
  'offset.metadata.max.bytes': { type: 'int', default: '4096', isReadOnly: true },
  'offsets.retention.check.interval.ms': { type: 'long', default: '600000', min: 1, isReadOnly: true },
  'offsets.retention.minutes': { type: 'int', default: '10080', min: 1, isReadOnly: true },
  'offsets.topic.num.partitions': { type: 'int', default: '5', min: 1, isReadOnly: true },
  'offsets.topic.replication.factor': { type: 'short', default: '1', min: 1, isReadOnly: true },
  // Kafka takes less, and then cannot make the topic: no topic has smaller segments.
  'offsets.topic.segment.bytes': { type: 'int', default: '104857600', min: 1048576, isReadOnly: true },
  'process.roles': { type: 'list', default: 'broker,controller', isReadOnly: true, noEffect: instead.roles },
  'replica.lag.time.max.ms': { type: 'long', default: '30000', isReadOnly: true },
  'replica.selector.class': { type: 'string', default: null, isReadOnly: true, allowed: [rackAwareReplicaSelector] },
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': {
    type: 'int',
    default: '10000',
    min: 1,
    isReadOnly: true
  },
  'transaction.max.timeout.ms': { type: 'int', default: '900000', min: 1, isReadOnly: true },
  'transaction.remove.expired.transaction.cleanup.interval.ms': {
    type: 'int',
    default: '3600000',
    min: 1,
    isReadOnly: true
  },
  'transaction.state.log.min.isr': { type: 'int', default: '1', min: 1, isReadOnly: true },
  'transaction.state.log.num.partitions': { type: 'int', default: '5', min: 1, isReadOnly: true },
  'transaction.state.log.replication.factor': { type: 'short', default: '1', min: 1, isReadOnly: true },
  'transaction.state.log.segment.bytes': { type: 'int', default: '104857600', min: 1, isReadOnly: true },
  'transactional.id.expiration.ms': { type: 'int', default: '604800000', min: 1, isReadOnly: true },
  'unclean.leader.election.enable': { type: 'boolean', default: 'false' },
  'unclean.leader.election.interval.ms': { type: 'long', default: '300000', min: 1, isReadOnly: true }
}

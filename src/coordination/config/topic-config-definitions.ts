/**
 * The configurations of topics: every name that Apache Kafka 4.4.0 knows, its type, default and bounds, and the broker's
 * configuration that gives the default. Read from DescribeConfigs of a running Kafka 4.4.0.
 */
import { type ConfigDefinitions, checkGzipLevel, invalid, listOf } from './definition.ts'

/** Kafka: ThrottledReplicaListValidator. */
function checkThrottledReplicas(value: string, name: string): string | null {
  const items = listOf(value)
  if (value === '*' || items.every((item) => /^\d+:\d+$/.test(item))) return null
  const form = '[partitionId]:[brokerId],[partitionId]:[brokerId],...'
  const why = `${name} must be the literal '*' or a list of replicas in the following format: ${form}`
  return invalid(name, `[${items.join(', ')}]`, why)
}

export const topicConfigDefinitions: ConfigDefinitions = {
  'cleanup.policy': {
    type: 'list',
    default: 'delete',
    allowed: ['compact', 'delete'],
    brokerName: 'log.cleanup.policy'
  },
  'compression.gzip.level': {
    type: 'int',
    default: '-1',
    check: checkGzipLevel,
    brokerName: 'compression.gzip.level'
  },
  'compression.lz4.level': { type: 'int', default: '9', min: 1, max: 17, brokerName: 'compression.lz4.level' },
  'compression.type': {
    type: 'string',
    default: 'producer',
    allowed: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    brokerName: 'compression.type'
  },
  'compression.zstd.level': { type: 'int', default: '3', min: -131072, max: 22, brokerName: 'compression.zstd.level' },
  'delete.retention.ms': { type: 'long', default: '86400000', min: 0, brokerName: 'log.cleaner.delete.retention.ms' },
  'errors.deadletterqueue.group.enable': { type: 'boolean', default: 'false' },
  'file.delete.delay.ms': { type: 'long', default: '60000', min: 0, brokerName: 'log.segment.delete.delay.ms' },
  'flush.messages': { type: 'long', default: '9223372036854775807', min: 1, brokerName: 'log.flush.interval.messages' },
  'flush.ms': { type: 'long', default: '9223372036854775807', min: 0, brokerName: 'log.flush.interval.ms' },
  'follower.replication.throttled.replicas': { type: 'list', default: '', check: checkThrottledReplicas },
  'index.interval.bytes': { type: 'int', default: '4096', min: 0, brokerName: 'log.index.interval.bytes' },
  'leader.replication.throttled.replicas': { type: 'list', default: '', check: checkThrottledReplicas },
  'local.retention.bytes': { type: 'long', default: '-2', min: -2, brokerName: 'log.local.retention.bytes' },
  'local.retention.ms': { type: 'long', default: '-2', min: -2, brokerName: 'log.local.retention.ms' },
  'max.compaction.lag.ms': {
    type: 'long',
    default: '9223372036854775807',
    min: 1,
    brokerName: 'log.cleaner.max.compaction.lag.ms'
  },
  'max.decompressed.message.bytes': {
    type: 'int',
    default: '2147483639',
    min: 1,
    brokerName: 'max.decompressed.message.bytes'
  },
  'max.message.bytes': { type: 'int', default: '1048588', min: 0, brokerName: 'message.max.bytes' },
  'message.timestamp.after.max.ms': {
    type: 'long',
    default: '3600000',
    min: 0,
    brokerName: 'log.message.timestamp.after.max.ms'
  },
  'message.timestamp.before.max.ms': {
    type: 'long',
    default: '9223372036854775807',
    min: 0,
    brokerName: 'log.message.timestamp.before.max.ms'
  },
  'message.timestamp.type': {
    type: 'string',
    default: 'CreateTime',
    allowed: ['CreateTime', 'LogAppendTime'],
    brokerName: 'log.message.timestamp.type'
  },
  'min.cleanable.dirty.ratio': {
    type: 'double',
    default: '0.5',
    min: 0,
    max: 1,
    brokerName: 'log.cleaner.min.cleanable.ratio'
  },
  'min.compaction.lag.ms': { type: 'long', default: '0', min: 0, brokerName: 'log.cleaner.min.compaction.lag.ms' },
  'min.insync.replicas': { type: 'int', default: '1', min: 1, brokerName: 'min.insync.replicas' },
  preallocate: { type: 'boolean', default: 'false', brokerName: 'log.preallocate' },
  'remote.copy.lag.bytes': { type: 'long', default: '-1', min: -1, brokerName: 'log.remote.copy.lag.bytes' },
  'remote.copy.lag.ms': { type: 'long', default: '0', min: -1, brokerName: 'log.remote.copy.lag.ms' },
  'remote.log.copy.disable': { type: 'boolean', default: 'false' },
  'remote.log.delete.on.disable': { type: 'boolean', default: 'false' },
  'remote.storage.enable': { type: 'boolean', default: 'false' },
  'retention.bytes': { type: 'long', default: '-1', brokerName: 'log.retention.bytes' },
  'retention.ms': { type: 'long', default: '604800000', min: -1, brokerName: 'log.retention.ms' },
  'segment.bytes': { type: 'int', default: '1073741824', min: 1048576, brokerName: 'log.segment.bytes' },
  'segment.index.bytes': { type: 'int', default: '10485760', min: 4, brokerName: 'log.index.size.max.bytes' },
  'segment.jitter.ms': { type: 'long', default: '0', min: 0, brokerName: 'log.roll.jitter.ms' },
  'segment.ms': { type: 'long', default: '604800000', min: 1, brokerName: 'log.roll.ms' },
  'unclean.leader.election.enable': { type: 'boolean', default: 'false', brokerName: 'unclean.leader.election.enable' }
}

/**
 * The configurations of groups (Kafka: GroupConfig, KIP-848, KIP-932, KIP-1071): every name that Apache Kafka 4.4.0 knows, its
 * type, default and bounds, and the broker's configuration that gives the default. Read from DescribeConfigs and from the
 * refusals of a running Kafka 4.4.0. Classic groups, whose members bring their own timeouts, obey none of them.
 */
import { type ConfigDefinitions, invalid } from './definition.ts'

/** Kafka refuses a length of time that Java's Duration cannot read, or that is negative. */
function checkOffsetReset(value: string, name: string): string | null {
  if (value === 'earliest' || value === 'latest' || durationReset.test(value)) return null
  const forms = "either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'"
  return invalid(name, value, `Invalid value \`${value}\` for configuration ${name}. The value must be ${forms}.`)
}

const durationReset = /^by_duration:P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d{0,9})?S)?)?$/i

/** Errors and dead letters of a group go to a topic of the user's, never to one of the broker's. */
function checkDeadLetterTopic(value: string, name: string): string | null {
  return value.startsWith('__') ? `${name}: DLQ topic name must not start with '__'` : null
}

function checkAssignor(value: string, name: string): string | null {
  if (value === 'sticky') return null
  return `${name} '${value}' is not a registered task assignor. Registered assignors are: [sticky].`
}

export const groupConfigDefinitions: ConfigDefinitions = {
  'consumer.assignment.interval.ms': {
    type: 'int',
    default: '1000',
    min: 0,
    brokerName: 'group.consumer.assignment.interval.ms'
  },
  'consumer.heartbeat.interval.ms': {
    type: 'int',
    default: '5000',
    min: 1,
    brokerName: 'group.consumer.heartbeat.interval.ms'
  },
  'consumer.session.timeout.ms': {
    type: 'int',
    default: '45000',
    min: 1,
    brokerName: 'group.consumer.session.timeout.ms'
  },
  'errors.deadletterqueue.copy.record.enable': {
    type: 'boolean',
    default: 'false',
    brokerName: 'errors.deadletterqueue.copy.record.enable'
  },
  'errors.deadletterqueue.topic.name': {
    type: 'string',
    default: '',
    check: checkDeadLetterTopic,
    brokerName: 'errors.deadletterqueue.topic.name'
  },
  'share.assignment.interval.ms': {
    type: 'int',
    default: '1000',
    min: 0,
    brokerName: 'group.share.assignment.interval.ms'
  },
  'share.auto.offset.reset': {
    type: 'string',
    default: 'latest',
    check: checkOffsetReset,
    brokerName: 'share.auto.offset.reset'
  },
  'share.delivery.count.limit': {
    type: 'int',
    default: '5',
    min: 2,
    brokerName: 'group.share.delivery.count.limit'
  },
  'share.heartbeat.interval.ms': {
    type: 'int',
    default: '5000',
    min: 1,
    brokerName: 'group.share.heartbeat.interval.ms'
  },
  'share.isolation.level': {
    type: 'string',
    default: 'read_uncommitted',
    allowed: ['read_committed', 'read_uncommitted'],
    brokerName: 'share.isolation.level'
  },
  'share.partition.max.record.locks': {
    type: 'int',
    default: '2000',
    min: 100,
    brokerName: 'group.share.partition.max.record.locks'
  },
  'share.record.lock.duration.ms': {
    type: 'int',
    default: '30000',
    min: 1000,
    brokerName: 'group.share.record.lock.duration.ms'
  },
  'share.renew.acknowledge.enable': {
    type: 'boolean',
    default: 'true',
    brokerName: 'share.renew.acknowledge.enable'
  },
  'share.session.timeout.ms': { type: 'int', default: '45000', min: 1, brokerName: 'group.share.session.timeout.ms' },
  'streams.assignment.interval.ms': {
    type: 'int',
    default: '1000',
    min: 0,
    brokerName: 'group.streams.assignment.interval.ms'
  },
  'streams.assignor.name': {
    type: 'string',
    default: 'sticky',
    check: checkAssignor,
    brokerName: 'group.streams.assignors'
  },
  'streams.heartbeat.interval.ms': {
    type: 'int',
    default: '5000',
    min: 1,
    brokerName: 'group.streams.heartbeat.interval.ms'
  },
  'streams.initial.rebalance.delay.ms': {
    type: 'int',
    default: '3000',
    min: 0,
    brokerName: 'group.streams.initial.rebalance.delay.ms'
  },
  'streams.num.standby.replicas': {
    type: 'int',
    default: '0',
    min: 0,
    brokerName: 'group.streams.num.standby.replicas'
  },
  'streams.rack.aware.assignment.tags': {
    type: 'list',
    default: '',
    brokerName: 'group.streams.rack.aware.assignment.tags'
  },
  'streams.session.timeout.ms': {
    type: 'int',
    default: '45000',
    min: 1,
    brokerName: 'group.streams.session.timeout.ms'
  }
}

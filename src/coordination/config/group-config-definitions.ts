/**
 * The configurations of groups (Kafka: GroupConfig, KIP-848, KIP-932, KIP-1071): every name that Apache Kafka 4.4.0 knows, its
 * type, default and bounds, and the broker's configuration that gives the default. Read from DescribeConfigs and from the
 * refusals of a running Kafka 4.4.0. Classic groups, whose members bring their own timeouts, obey none of them.
 */
import { type ConfigDefinition, type ConfigDefinitions, invalid } from './definition.ts'

/** The broker bounds what a group may ask for; these are the bounds of a broker that sets none. */
function within(least: number, most: number): NonNullable<ConfigDefinition['check']> {
  return (value, name) =>
    Number(value) >= least && Number(value) <= most
      ? null
      : `${name} must be in the range ${least} to ${most} inclusive.`
}

function checkOffsetReset(value: string, name: string): string | null {
  if (value === 'earliest' || value === 'latest' || /^by_duration:P(?=.)(\d+D)?(T(?=.)[\dHMS.]+)?$/.test(value))
    return null
  const forms = "either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'"
  return invalid(name, value, `Invalid value \`${value}\` for configuration ${name}. The value must be ${forms}.`)
}

function checkAssignor(value: string, name: string): string | null {
  if (value === 'sticky') return null
  return `${name} '${value}' is not a registered task assignor. Registered assignors are: [sticky].`
}

function checkStandbyReplicas(value: string, name: string): string | null {
  return Number(value) <= 2 ? null : `${name} must be less than or equal to 2`
}

const sessionTimeout = { type: 'int', default: '45000', min: 1, check: within(45_000, 60_000) } as const
const heartbeatInterval = { type: 'int', default: '5000', min: 1, check: within(5000, 15_000) } as const
const assignmentInterval = { type: 'int', default: '1000', min: 0, check: within(0, 15_000) } as const

export const groupConfigDefinitions: ConfigDefinitions = {
  'consumer.assignment.interval.ms': { ...assignmentInterval, brokerName: 'group.consumer.assignment.interval.ms' },
  'consumer.heartbeat.interval.ms': { ...heartbeatInterval, brokerName: 'group.consumer.heartbeat.interval.ms' },
  'consumer.session.timeout.ms': { ...sessionTimeout, brokerName: 'group.consumer.session.timeout.ms' },
  'errors.deadletterqueue.copy.record.enable': {
    type: 'boolean',
    default: 'false',
    brokerName: 'errors.deadletterqueue.copy.record.enable'
  },
  'errors.deadletterqueue.topic.name': {
    type: 'string',
    default: '',
    brokerName: 'errors.deadletterqueue.topic.name'
  },
  'share.assignment.interval.ms': { ...assignmentInterval, brokerName: 'group.share.assignment.interval.ms' },
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
    check: within(2, 10),
    brokerName: 'group.share.delivery.count.limit'
  },
  'share.heartbeat.interval.ms': { ...heartbeatInterval, brokerName: 'group.share.heartbeat.interval.ms' },
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
    check: within(100, 4000),
    brokerName: 'group.share.partition.max.record.locks'
  },
  'share.record.lock.duration.ms': {
    type: 'int',
    default: '30000',
    min: 1000,
    check: within(15_000, 60_000),
    brokerName: 'group.share.record.lock.duration.ms'
  },
  'share.renew.acknowledge.enable': {
    type: 'boolean',
    default: 'true',
    brokerName: 'share.renew.acknowledge.enable'
  },
  'share.session.timeout.ms': { ...sessionTimeout, brokerName: 'group.share.session.timeout.ms' },
  'streams.assignment.interval.ms': { ...assignmentInterval, brokerName: 'group.streams.assignment.interval.ms' },
  'streams.assignor.name': {
    type: 'string',
    default: 'sticky',
    check: checkAssignor,
    brokerName: 'group.streams.assignors'
  },
  'streams.heartbeat.interval.ms': { ...heartbeatInterval, brokerName: 'group.streams.heartbeat.interval.ms' },
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
    check: checkStandbyReplicas,
    brokerName: 'group.streams.num.standby.replicas'
  },
  'streams.rack.aware.assignment.tags': {
    type: 'list',
    default: '',
    brokerName: 'group.streams.rack.aware.assignment.tags'
  },
  'streams.session.timeout.ms': { ...sessionTimeout, brokerName: 'group.streams.session.timeout.ms' }
}

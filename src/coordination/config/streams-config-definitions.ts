/** What streams groups obey at a broker (KIP-1071): types, defaults and bounds as in Apache Kafka 4.4.0 (GroupCoordinatorConfig). */
import type { ConfigDefinition, ConfigDefinitions } from './definition.ts'

function int(value: number, min: number): ConfigDefinition {
  return { type: 'int', default: String(value), min }
}

function fixed(definition: ConfigDefinition): ConfigDefinition {
  return { ...definition, isReadOnly: true }
}

/** Kafka does not show it. */
function internal(definition: ConfigDefinition): ConfigDefinition {
  return { ...fixed(definition), isInternal: true }
}

export const streamsConfigDefinitions: ConfigDefinitions = {
  'group.streams.acceptable.recovery.lag': internal({ type: 'long', default: '10000', min: 0 }),
  'group.streams.assignment.interval.ms': int(1000, 0),
  'group.streams.assignors': {
    ...fixed({ type: 'list', default: 'sticky' }),
    noEffect: 'There is no other assignor than sticky, and none can be added.'
  },
  'group.streams.heartbeat.interval.ms': fixed(int(5000, 1)),
  'group.streams.initial.rebalance.delay.ms': fixed(int(3000, 0)),
  'group.streams.max.assignment.interval.ms': fixed(int(15_000, 0)),
  'group.streams.max.heartbeat.interval.ms': fixed(int(15_000, 1)),
  'group.streams.max.session.timeout.ms': fixed(int(60_000, 1)),
  'group.streams.max.size': fixed(int(2_147_483_647, 1)),
  'group.streams.max.standby.replicas': fixed(int(2, 0)),
  'group.streams.min.assignment.interval.ms': fixed(int(0, 0)),
  'group.streams.min.heartbeat.interval.ms': fixed(int(5000, 1)),
  'group.streams.min.session.timeout.ms': fixed(int(45_000, 1)),
  'group.streams.num.standby.replicas': fixed(int(0, 0)),
  'group.streams.rack.aware.assignment.tags': fixed({ type: 'list', default: '' }),
  'group.streams.session.timeout.ms': fixed(int(45_000, 1)),
  'group.streams.task.offset.interval.ms': internal(int(60_000, 1))
}

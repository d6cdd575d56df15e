/**
 * What share groups obey at a broker (KIP-932, KIP-1191): types, defaults and bounds as in Apache Kafka 4.4.0 (GroupCoordinatorConfig,
 * ShareGroupConfig, ShareCoordinatorConfig). As with the other internal topics `__share_group_state` has 5 partitions, not 50, and one copy.
 */
import type { ConfigDefinition, ConfigDefinitions } from './definition.ts'

/** What holds where a setting of Kafka's would do nothing. */
const instead = {
  threads: 'A broker has one thread.',
  batches: 'What one request comes to is written at once, in one batch.',
  buffers: 'A buffer is as large as the batch that is in it.',
  compression: 'The records are written as they are.',
  purgatory: 'A fetch that is done leaves nothing behind that would have to be purged.'
}

/** Five settings that belong together: what groups have that set nothing, and between what a group may choose. */
function bounded(
  name: string,
  bounds: { readonly value: ConfigDefinition; readonly min: ConfigDefinition; readonly max: ConfigDefinition }
): ConfigDefinitions {
  return {
    [`group.share.${name}`]: bounds.value,
    [`group.share.max.${name}`]: { ...bounds.max, isReadOnly: true },
    [`group.share.min.${name}`]: { ...bounds.min, isReadOnly: true }
  }
}

function int(value: number, min: number, max?: number): ConfigDefinition {
  return max === undefined
    ? { type: 'int', default: String(value), min }
    : { type: 'int', default: String(value), min, max }
}

function fixed(definition: ConfigDefinition, noEffect?: string): ConfigDefinition {
  return noEffect === undefined ? { ...definition, isReadOnly: true } : { ...definition, isReadOnly: true, noEffect }
}

export const shareConfigDefinitions: ConfigDefinitions = {
  'errors.deadletterqueue.auto.create.topics.enable': { type: 'boolean', default: 'false' },
  'errors.deadletterqueue.topic.name.prefix': { type: 'string', default: 'dlq.' },
  ...bounded('assignment.interval.ms', { value: int(1000, 0), min: int(0, 0), max: int(15_000, 0) }),
  ...bounded('delivery.count.limit', { value: fixed(int(5, 2, 10)), min: int(2, 2, 5), max: int(10, 5, 25) }),
  ...bounded('heartbeat.interval.ms', { value: fixed(int(5000, 1)), min: int(5000, 1), max: int(15_000, 1) }),
  ...bounded('partition.max.record.locks', {
    value: fixed(int(2000, 100, 10_000)),
    min: int(100, 100, 2000),
    max: int(4000, 2000, 10_000)
  }),
  ...bounded('record.lock.duration.ms', {
    value: fixed(int(30_000, 1000, 3_600_000)),
    min: int(15_000, 1000, 30_000),
    max: int(60_000, 30_000, 3_600_000)
  }),
  ...bounded('session.timeout.ms', { value: fixed(int(45_000, 1)), min: int(45_000, 1), max: int(60_000, 1) }),
  'group.share.assignors': fixed(
    { type: 'list', default: 'simple' },
    'There is no other assignor than simple, and none can be added.'
  ),
  'group.share.max.share.sessions': fixed(int(2000, 1)),
  'group.share.max.size': fixed(int(200, 1, 1000)),
  'share.coordinator.append.linger.ms': fixed(int(-1, -1), instead.batches),
  'share.coordinator.cached.buffer.max.bytes': { ...int(1_048_588, 524_288), noEffect: instead.buffers },
  'share.coordinator.cold.partition.snapshot.interval.ms': { ...fixed(int(300_000, 1)), isInternal: true },
  'share.coordinator.load.buffer.size': fixed(int(5_242_880, 1), instead.buffers),
  'share.coordinator.snapshot.update.records.per.snapshot': fixed(int(500, 0, 500)),
  'share.coordinator.state.topic.compression.codec': fixed(int(0, 0, 4), instead.compression),
  'share.coordinator.state.topic.min.isr': fixed({ type: 'short', default: '1', min: 1 }),
  'share.coordinator.state.topic.num.partitions': fixed(int(5, 1)),
  'share.coordinator.state.topic.prune.interval.ms': { ...fixed(int(300_000, 1)), isInternal: true },
  'share.coordinator.state.topic.replication.factor': fixed({ type: 'short', default: '1', min: 1 }),
  // Kafka takes less, and then cannot make the topic: no topic has smaller segments.
  'share.coordinator.state.topic.segment.bytes': fixed(int(104_857_600, 1_048_576)),
  'share.coordinator.threads': fixed(int(1, 1), instead.threads),
  'share.coordinator.write.timeout.ms': fixed(int(5000, 1)),
  'share.fetch.purgatory.purge.interval.requests': fixed({ type: 'int', default: '1000' }, instead.purgatory)
}

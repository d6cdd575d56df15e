/** What share groups, the partitions that they read, and share coordinators obey (Kafka: GroupConfig, ShareGroupConfig, ShareCoordinatorConfig). */
import type { ShareCoordinatorConfig } from '../share-states/share-coordinator-config.ts'
import type { NewStateTopic } from './new-state-topic.ts'

/** What the members of a share group obey. */
export interface ShareGroupSettings {
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** Somebody has set it, for the group or for the broker. */
  readonly isHeartbeatIntervalChosen: boolean
  readonly assignmentIntervalMs: number
}

/** What holds in each partition that a share group reads. */
export interface SharePartitionSettings {
  /** share.partition.max.record.locks: so many records are between start and end, give or take what the log holds in one batch. */
  readonly maxRecordLocks: number
  /** share.delivery.count.limit */
  readonly deliveryCountLimit: number
  /** share.record.lock.duration.ms */
  readonly recordLockDurationMs: number
  /** share.renew.acknowledge.enable */
  readonly renewsLocks: boolean
  /** share.auto.offset.reset, as it is written: earliest, latest, by_duration:PT1H. */
  readonly autoOffsetReset: string
  /** share.isolation.level */
  readonly isolationLevel: 'read_uncommitted' | 'read_committed'
  /** errors.deadletterqueue.topic.name; null: nowhere. */
  readonly deadLetterTopic: string | null
  /** errors.deadletterqueue.copy.record.enable */
  readonly copiesDeadLetters: boolean
}

/** Of which topics dead letters may be, and whether they are made where they are missing (KIP-1191). */
export interface DeadLetterTopics {
  /** errors.deadletterqueue.topic.name.prefix */
  readonly prefix: string
  /** errors.deadletterqueue.auto.create.topics.enable */
  readonly areMade: boolean
}

/** The value that is in force under a name; null when there is none. */
type SettingOf = (name: string) => string | null

export function shareGroupSettings(settingOf: SettingOf, isChosen: (name: string) => boolean): ShareGroupSettings {
  const number = (name: string): number => Number(settingOf(`share.${name}`))
  return {
    sessionTimeoutMs: number('session.timeout.ms'),
    heartbeatIntervalMs: number('heartbeat.interval.ms'),
    isHeartbeatIntervalChosen: isChosen('share.heartbeat.interval.ms'),
    assignmentIntervalMs: number('assignment.interval.ms')
  }
}

export function sharePartitionSettings(settingOf: SettingOf): SharePartitionSettings {
  const deadLetterTopic = settingOf('errors.deadletterqueue.topic.name')
  return {
    maxRecordLocks: Number(settingOf('share.partition.max.record.locks')),
    deliveryCountLimit: Number(settingOf('share.delivery.count.limit')),
    recordLockDurationMs: Number(settingOf('share.record.lock.duration.ms')),
    renewsLocks: settingOf('share.renew.acknowledge.enable') === 'true',
    autoOffsetReset: settingOf('share.auto.offset.reset') ?? '',
    isolationLevel: settingOf('share.isolation.level') as SharePartitionSettings['isolationLevel'],
    deadLetterTopic: deadLetterTopic === '' ? null : deadLetterTopic,
    copiesDeadLetters: settingOf('errors.deadletterqueue.copy.record.enable') === 'true'
  }
}

export function deadLetterTopics(settingOf: SettingOf): DeadLetterTopics {
  return {
    prefix: settingOf('errors.deadletterqueue.topic.name.prefix') ?? '',
    areMade: settingOf('errors.deadletterqueue.auto.create.topics.enable') === 'true'
  }
}

export function shareCoordinatorConfig(settingOf: SettingOf): ShareCoordinatorConfig {
  const number = (name: string): number => Number(settingOf(`share.coordinator.${name}`))
  return {
    updatesPerSnapshot: number('snapshot.update.records.per.snapshot'),
    writeTimeoutMs: number('write.timeout.ms'),
    pruneIntervalMs: number('state.topic.prune.interval.ms'),
    coldSnapshotIntervalMs: number('cold.partition.snapshot.interval.ms')
  }
}

/** It is not compacted: its coordinators delete what they need no more. */
export function shareStateTopic(settingOf: SettingOf): NewStateTopic {
  const text = (name: string): string => settingOf(`share.coordinator.state.topic.${name}`) ?? ''
  return {
    partitions: Number(text('num.partitions')),
    replicationFactor: Number(text('replication.factor')),
    config: {
      'cleanup.policy': 'delete',
      'compression.type': 'producer',
      'min.insync.replicas': text('min.isr'),
      'retention.ms': '-1',
      'segment.bytes': text('segment.bytes')
    }
  }
}

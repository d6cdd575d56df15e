/**
 * The broker's configuration: Kafka's names, what was set over Kafka's defaults, and the values that the broker itself reads.
 */
import type { LogConfig } from '../../log/types.ts'
import type { ConsumerGroupSettings } from '../groups/consumer/draft.ts'
import type { GroupConfig } from '../groups/group-config.ts'
import type { StreamsGroupSettings } from '../groups/streams/draft.ts'
import type { MetadataLogConfig } from '../metadata/metadata-log-config.ts'
import type { ShareCoordinatorConfig } from '../share-states/share-coordinator-config.ts'
import type { TransactionConfig } from '../transactions/transaction-config.ts'
import { brokerConfigDefinitions, rackAwareReplicaSelector } from './broker-config-definitions.ts'
import { canonical, definitionOf, listOf, objectionTo } from './definition.ts'
import { objectionToBrokerGroups, withinBounds } from './group-bounds.ts'
import { groupConfigDefinitions } from './group-config-definitions.ts'
import type { NewStateTopic } from './new-state-topic.ts'
import { noSuchName } from './no-such-name.ts'
import {
  type DeadLetterTopics,
  deadLetterTopics,
  type ShareGroupSettings,
  type SharePartitionSettings,
  shareCoordinatorConfig,
  shareGroupSettings,
  sharePartitionSettings,
  shareStateTopic
} from './share-config.ts'
import { streamsGroupSettings } from './streams-config.ts'
import { topicConfigDefinitions } from './topic-config-definitions.ts'

/** How logs are compacted. */
export interface LogCleanerConfig {
  readonly isEnabled: boolean
  /** Between two looks for something to compact, where there was nothing. */
  readonly backoffMs: number
  /** Memory for the keys of one log. */
  readonly dedupeBufferBytes: number
  readonly dedupeBufferLoadFactor: number
  /** What may be read and written in a second. */
  readonly bytesPerSecond: number
}

/** A configuration that does not exist, or a value that it does not take. The message says what to write instead. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const msPerHour = 3_600_000
const msPerMinute = 60_000

export interface UnitOfTime {
  readonly brokerName: string
  readonly factor: number
}

/** Times that a broker takes in several units, the finest first: it holds when it is set. */
const timesInUnits: readonly (readonly UnitOfTime[])[] = [
  [
    { brokerName: 'log.retention.ms', factor: 1 },
    { brokerName: 'log.retention.minutes', factor: msPerMinute },
    { brokerName: 'log.retention.hours', factor: msPerHour }
  ],
  [
    { brokerName: 'log.roll.ms', factor: 1 },
    { brokerName: 'log.roll.hours', factor: msPerHour }
  ]
]

/** A broker's configuration with the same in other units; alone when there are none. */
export function unitsOf(brokerName: string): readonly UnitOfTime[] {
  const family = timesInUnits.find((units) => units.some((unit) => unit.brokerName === brokerName))
  return family ?? [{ brokerName, factor: 1 }]
}

const hasLevel: ReadonlySet<LogConfig['compressionType']> = new Set(['gzip', 'lz4', 'zstd'])

export class BrokerConfig {
  /** What was set when the broker was started. */
  readonly overrides: ReadonlyMap<string, string>

  /** Throws ConfigError. */
  static parse(overrides: Readonly<Record<string, string>>): BrokerConfig {
    for (const [name, value] of Object.entries(overrides)) {
      const definition = definitionOf(name, brokerConfigDefinitions)
      if (definition === undefined) throw new ConfigError(noSuchName(name))
      const objection = objectionTo(name, value, definition)
      if (objection !== null) throw new ConfigError(objection)
    }
    const config = new BrokerConfig(new Map(Object.entries(overrides)))
    const objection = objectionToBrokerGroups((name) => config.get(name))
    if (objection !== null) throw new ConfigError(objection)
    return config
  }

  /** What was set while the broker runs, which is stronger than what it was started with. */
  #whileRunning: (name: string) => string | undefined = () => undefined

  private constructor(overrides: ReadonlyMap<string, string>) {
    this.overrides = overrides
  }

  /** With what the data directory decides: it belongs to one node, whatever was asked for. */
  in(directory: { readonly nodeId: number; readonly path: string }): BrokerConfig {
    const id = String(directory.nodeId)
    return new BrokerConfig(
      new Map([...this.overrides, ['node.id', id], ['broker.id', id], ['log.dirs', directory.path]])
    )
  }

  /** The same settings, for somebody who follows another image. */
  own(): BrokerConfig {
    return new BrokerConfig(this.overrides)
  }

  /** Looks first at what is set while the broker runs: the metadata log knows it. */
  follow(whileRunning: (name: string) => string | undefined): void {
    this.#whileRunning = whileRunning
  }

  /** The value in force; null when there is none. */
  get(name: string): string | null {
    const definition = definitionOf(name, brokerConfigDefinitions)
    const value = this.#set(name) ?? definition?.default ?? null
    return value === null || definition === undefined ? value : canonical(value, definition)
  }

  get nodeId(): number {
    return this.nodeIdAsked ?? this.#number('node.id')
  }

  /** The node id that somebody set, under either of its names; null when nobody did. Kafka makes one up for a negative broker.id. */
  get nodeIdAsked(): number | null {
    const asked = this.overrides.get('node.id') ?? this.overrides.get('broker.id')
    return asked === undefined || Number(asked) < 0 ? null : Number(asked)
  }

  get numPartitions(): number {
    return this.#number('num.partitions')
  }

  get defaultReplicationFactor(): number {
    return this.#number('default.replication.factor')
  }

  get autoCreateTopicsEnable(): boolean {
    return this.#boolean('auto.create.topics.enable')
  }

  get deleteTopicEnable(): boolean {
    return this.#boolean('delete.topic.enable')
  }

  get autoLeaderRebalanceEnable(): boolean {
    return this.#boolean('auto.leader.rebalance.enable')
  }

  get brokerHeartbeatIntervalMs(): number {
    return this.#number('broker.heartbeat.interval.ms')
  }

  /** How long a broker may be silent before it is fenced. */
  get brokerSessionTimeoutMs(): number {
    return this.#number('broker.session.timeout.ms')
  }

  get leaderImbalanceCheckIntervalMs(): number {
    return this.#number('leader.imbalance.check.interval.seconds') * 1000
  }

  get uncleanLeaderElectionIntervalMs(): number {
    return this.#number('unclean.leader.election.interval.ms')
  }

  get rack(): string | null {
    return this.get('broker.rack')
  }

  /** Bytes of throttled replicas in a second, as a leader gives them or as a follower takes them. */
  replicationRate(side: 'leader' | 'follower'): number {
    return this.#number(`${side}.replication.throttled.rate`)
  }

  /** Whether consumers are sent to a replica near them. */
  get hasRackAwareReplicas(): boolean {
    return this.get('replica.selector.class') === rackAwareReplicaSelector
  }

  /** How long a follower may lag before it is in sync no more. */
  get replicaLagTimeMaxMs(): number {
    return this.#number('replica.lag.time.max.ms')
  }

  get logRetentionCheckIntervalMs(): number {
    return this.#number('log.retention.check.interval.ms')
  }

  get logFlushOffsetCheckpointIntervalMs(): number {
    return this.#number('log.flush.offset.checkpoint.interval.ms')
  }

  get logCleaner(): LogCleanerConfig {
    return {
      isEnabled: this.#boolean('log.cleaner.enable'),
      backoffMs: this.#number('log.cleaner.backoff.ms'),
      dedupeBufferBytes: this.#number('log.cleaner.dedupe.buffer.size'),
      dedupeBufferLoadFactor: this.#number('log.cleaner.io.buffer.load.factor'),
      bytesPerSecond: this.#number('log.cleaner.io.max.bytes.per.second')
    }
  }

  get metadataLog(): MetadataLogConfig {
    return {
      segmentBytes: this.#number('metadata.log.segment.bytes'),
      segmentMs: this.#number('metadata.log.segment.ms'),
      bytesBetweenSnapshots: this.#number('metadata.log.max.record.bytes.between.snapshots'),
      snapshotIntervalMs: this.#number('metadata.log.max.snapshot.interval.ms'),
      retentionBytes: this.#number('metadata.max.retention.bytes'),
      retentionMs: this.#number('metadata.max.retention.ms')
    }
  }

  get groups(): GroupConfig {
    return {
      minSessionTimeoutMs: this.#number('group.min.session.timeout.ms'),
      maxSessionTimeoutMs: this.#number('group.max.session.timeout.ms'),
      initialRebalanceDelayMs: this.#number('group.initial.rebalance.delay.ms'),
      maxSize: this.#number('group.max.size'),
      offsetMetadataMaxSizeBytes: this.#number('offset.metadata.max.bytes'),
      offsetsRetentionMs: this.#number('offsets.retention.minutes') * msPerMinute,
      offsetsRetentionCheckIntervalMs: this.#number('offsets.retention.check.interval.ms'),
      consumerAssignors: listOf(this.get('group.consumer.assignors') ?? ''),
      consumerMaxSize: this.#number('group.consumer.max.size'),
      consumerRegexRefreshIntervalMs: this.#number('group.consumer.regex.refresh.interval.ms'),
      shareAssignors: listOf(this.get('group.share.assignors') ?? ''),
      shareMaxSize: this.#number('group.share.max.size'),
      streamsMaxSize: this.#number('group.streams.max.size'),
      migrationPolicy: this.get('group.consumer.migration.policy')?.toLowerCase() as GroupConfig['migrationPolicy']
    }
  }

  /** What a consumer group obeys that sets these of its own. */
  consumerGroupSettings(own: ReadonlyMap<string, string>): ConsumerGroupSettings {
    const number = (name: string): number => Number(this.groupValue(`consumer.${name}`, own))
    return {
      sessionTimeoutMs: number('session.timeout.ms'),
      heartbeatIntervalMs: number('heartbeat.interval.ms'),
      isHeartbeatIntervalChosen: this.#isChosen('consumer.heartbeat.interval.ms', own),
      assignmentIntervalMs: number('assignment.interval.ms')
    }
  }

  /** What a share group obeys that sets these of its own. */
  shareGroupSettings(own: ReadonlyMap<string, string>): ShareGroupSettings {
    return shareGroupSettings(
      (name) => this.groupValue(name, own),
      (name) => this.#isChosen(name, own)
    )
  }

  /** What a streams group obeys that sets these of its own. */
  streamsGroupSettings(own: ReadonlyMap<string, string>): StreamsGroupSettings {
    return streamsGroupSettings(
      (name) => this.groupValue(name, own),
      (name) => this.#isChosen(name, own),
      (name) => this.get(name)
    )
  }

  /** What holds in each partition that a share group reads, when the group sets these of its own. */
  sharePartitionSettings(own: ReadonlyMap<string, string>): SharePartitionSettings {
    return sharePartitionSettings((name) => this.groupValue(name, own))
  }

  /** The value of a group's configuration that is in force when the group sets these: its own, the broker's, or Kafka's. */
  groupValue(name: string, own: ReadonlyMap<string, string>): string | null {
    const definition = definitionOf(name, groupConfigDefinitions)
    const set = own.get(name)
    if (definition !== undefined && set !== undefined)
      return withinBounds(name, canonical(set, definition), (broker) => this.get(broker))
    return this.get(definition?.brokerName ?? name) ?? definition?.default ?? null
  }

  /**
   * Whether somebody has set a group's configuration: the group that has these of its own, or whoever runs the broker, who may have set no more
   * than its minimum.
   */
  #isChosen(name: string, own: ReadonlyMap<string, string>): boolean {
    const ofBroker = definitionOf(name, groupConfigDefinitions)?.brokerName ?? name
    const minimum = ofBroker.replace('.heartbeat.', '.min.heartbeat.')
    return own.has(name) || this.#set(ofBroker) !== undefined || this.#set(minimum) !== undefined
  }

  get deadLetterTopics(): DeadLetterTopics {
    return deadLetterTopics((name) => this.get(name))
  }

  /** group.share.max.share.sessions: share sessions of this broker. */
  get shareMaxSessions(): number {
    return this.#number('group.share.max.share.sessions')
  }

  get shareCoordinator(): ShareCoordinatorConfig {
    return shareCoordinatorConfig((name) => this.get(name))
  }

  /** `__share_group_state`, as it is made. */
  get shareStateTopic(): NewStateTopic {
    return shareStateTopic((name) => this.get(name))
  }

  get transactions(): TransactionConfig {
    return {
      maxTimeoutMs: this.#number('transaction.max.timeout.ms'),
      transactionalIdExpirationMs: this.#number('transactional.id.expiration.ms'),
      abortTimedOutIntervalMs: this.#number('transaction.abort.timed.out.transaction.cleanup.interval.ms'),
      removeExpiredIntervalMs: this.#number('transaction.remove.expired.transaction.cleanup.interval.ms')
    }
  }

  /** `__transaction_state`, as it is made: whoever leads it has all that was acknowledged (Kafka: transactionTopicConfigs). */
  get transactionsTopic(): NewStateTopic {
    return {
      partitions: this.#number('transaction.state.log.num.partitions'),
      replicationFactor: this.#number('transaction.state.log.replication.factor'),
      config: {
        'cleanup.policy': 'compact',
        'compression.type': 'uncompressed',
        'min.insync.replicas': String(this.#number('transaction.state.log.min.isr')),
        'segment.bytes': String(this.#number('transaction.state.log.segment.bytes')),
        'unclean.leader.election.enable': 'false'
      }
    }
  }

  /** `__consumer_offsets`, as it is made. */
  get offsetsTopic(): NewStateTopic {
    return {
      partitions: this.#number('offsets.topic.num.partitions'),
      replicationFactor: this.#number('offsets.topic.replication.factor'),
      config: {
        'cleanup.policy': 'compact',
        'compression.type': 'producer',
        'segment.bytes': String(this.#number('offsets.topic.segment.bytes'))
      }
    }
  }

  /** The value of a topic's configuration that is in force when the topic sets these. */
  topicValue(name: string, topic: ReadonlyMap<string, string>): string | null {
    const value = topic.get(name) ?? this.topicDefault(name)
    const definition = definitionOf(name, topicConfigDefinitions)
    return value === null || definition === undefined ? value : canonical(value, definition)
  }

  /** What a topic that sets nothing gets: the broker's value, or Kafka's default. */
  topicDefault(name: string): string | null {
    const definition = definitionOf(name, topicConfigDefinitions)
    const units = definition?.brokerName === undefined ? [] : unitsOf(definition.brokerName)
    for (const { brokerName, factor } of units) {
      const value = this.#set(brokerName)
      if (value !== undefined) return factor === 1 ? value : times(value, factor)
    }
    return definition?.default ?? null
  }

  minInSyncReplicasFor(topic: ReadonlyMap<string, string>): number {
    return Number(this.topicValue('min.insync.replicas', topic))
  }

  /** What the logs of a topic obey. */
  logConfigFor(topic: ReadonlyMap<string, string>): LogConfig {
    const text = (name: string): string => this.topicValue(name, topic) ?? ''
    const number = (name: string): number => Number(text(name))
    const policies = listOf(text('cleanup.policy'))
    const compressionType = text('compression.type') as LogConfig['compressionType']
    return {
      segmentBytes: number('segment.bytes'),
      segmentMs: number('segment.ms'),
      retentionBytes: number('retention.bytes'),
      segmentJitterMs: number('segment.jitter.ms'),
      flushMessages: number('flush.messages'),
      flushMs: number('flush.ms'),
      retentionMs: number('retention.ms'),
      maxMessageBytes: number('max.message.bytes'),
      indexIntervalBytes: number('index.interval.bytes'),
      segmentIndexBytes: number('segment.index.bytes'),
      fileDeleteDelayMs: number('file.delete.delay.ms'),
      cleanupDelete: policies.includes('delete'),
      cleanupCompact: policies.includes('compact'),
      deleteRetentionMs: number('delete.retention.ms'),
      minCleanableDirtyRatio: number('min.cleanable.dirty.ratio'),
      minCompactionLagMs: number('min.compaction.lag.ms'),
      maxCompactionLagMs: number('max.compaction.lag.ms'),
      compressionType,
      compressionLevel: hasLevel.has(compressionType) ? number(`compression.${compressionType}.level`) : null,
      messageTimestampType: text('message.timestamp.type') as LogConfig['messageTimestampType'],
      messageTimestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
      messageTimestampAfterMaxMs: number('message.timestamp.after.max.ms')
    }
  }

  #set(name: string): string | undefined {
    return this.#whileRunning(name) ?? this.overrides.get(name)
  }

  #number(name: string): number {
    return Number(this.get(name))
  }

  #boolean(name: string): boolean {
    return this.get(name)?.toLowerCase() === 'true'
  }
}

/** -1 stays -1: it means without end in every unit. */
function times(value: string, factor: number): string {
  return Number(value) < 0 ? '-1' : String(Number(value) * factor)
}

/** The broker settings that groups obey (Kafka: GroupCoordinatorConfig). */
export interface GroupConfig {
  /** group.min.session.timeout.ms */
  readonly minSessionTimeoutMs: number
  /** group.max.session.timeout.ms */
  readonly maxSessionTimeoutMs: number
  /** group.initial.rebalance.delay.ms: how long the first member of a group waits for company; 0: not at all. */
  readonly initialRebalanceDelayMs: number
  /** group.max.size */
  readonly maxSize: number
  /** offset.metadata.max.bytes */
  readonly offsetMetadataMaxSizeBytes: number
  /** offsets.retention.minutes */
  readonly offsetsRetentionMs: number
  /** offsets.retention.check.interval.ms */
  readonly offsetsRetentionCheckIntervalMs: number
  /** group.consumer.assignors, the default first. */
  readonly consumerAssignors: readonly string[]
  /** group.consumer.max.size */
  readonly consumerMaxSize: number
  /** group.consumer.regex.refresh.interval.ms */
  readonly consumerRegexRefreshIntervalMs: number
  /** group.share.assignors: the one that share groups have. */
  readonly shareAssignors: readonly string[]
  /** group.share.max.size */
  readonly shareMaxSize: number
  /** group.streams.max.size */
  readonly streamsMaxSize: number
  /** group.consumer.migration.policy: whether classic groups become consumer groups while members are in them, and back. */
  readonly migrationPolicy: 'disabled' | 'upgrade' | 'downgrade' | 'bidirectional'
}

/** The broker settings that share coordinators obey; names and meaning as in Kafka's (ShareCoordinatorConfig). */
export interface ShareCoordinatorConfig {
  /** share.coordinator.snapshot.update.records.per.snapshot */
  readonly updatesPerSnapshot: number
  /** share.coordinator.write.timeout.ms: how long an answer waits until what it rests on is safe. */
  readonly writeTimeoutMs: number
  /** share.coordinator.state.topic.prune.interval.ms */
  readonly pruneIntervalMs: number
  /** share.coordinator.cold.partition.snapshot.interval.ms */
  readonly coldSnapshotIntervalMs: number
}

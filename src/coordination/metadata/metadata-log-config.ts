/** The broker settings that the metadata log and its snapshots obey (Kafka: MetadataLogConfig, KRaftConfigs). */
export interface MetadataLogConfig {
  /** metadata.log.segment.bytes */
  readonly segmentBytes: number
  /** metadata.log.segment.ms */
  readonly segmentMs: number
  /** metadata.log.max.record.bytes.between.snapshots */
  readonly bytesBetweenSnapshots: number
  /** metadata.log.max.snapshot.interval.ms; 0: none is written because of the time. */
  readonly snapshotIntervalMs: number
  /** metadata.max.retention.bytes, of the log and its snapshots; negative: without bound. */
  readonly retentionBytes: number
  /** metadata.max.retention.ms; negative: without bound. */
  readonly retentionMs: number
}

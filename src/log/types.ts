/** The words that the log and those above it share: what goes into an append and a read, and what comes back. */
import type { ErrorCode } from '../protocol/error-codes.ts'
import type { TimestampType } from '../protocol/records/batch.ts'
import type { RecordError } from '../protocol/records/record-checks.ts'

/** The part of a topic's configuration that its logs obey; names and meaning as in Kafka's topic configuration. */
export interface LogConfig {
  readonly segmentBytes: number
  readonly segmentMs: number
  /** A segment lives for up to so much less, so that those of many logs do not end at once. */
  readonly segmentJitterMs: number
  /** So many offsets are synced at the latest, and after so long, whether or not anybody waits for it. */
  readonly flushMessages: number
  readonly flushMs: number
  /** -1: no limit. */
  readonly retentionBytes: number
  /** -1: no limit. */
  readonly retentionMs: number
  readonly maxMessageBytes: number
  readonly indexIntervalBytes: number
  readonly segmentIndexBytes: number
  readonly fileDeleteDelayMs: number
  readonly cleanupDelete: boolean
  readonly cleanupCompact: boolean
  /** How long a record without a value is kept by compaction (`delete.retention.ms`). */
  readonly deleteRetentionMs: number
  readonly minCleanableDirtyRatio: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  /** Kafka's level of that compression; null where it has none. */
  readonly compressionLevel: number | null
  readonly messageTimestampType: TimestampType
  readonly messageTimestampBeforeMaxMs: number
  readonly messageTimestampAfterMaxMs: number
}

/**
 * When an acknowledged record is safe: `disk` after a sync (survives a power cut), `os` when the operating system has it
 * (survives the process), as Kafka does by default.
 */
export type Durability = 'disk' | 'os'

/**
 * What was written cannot be made safe now, which passes, or not any more, which is final; it can again; or the log is closed or deleted,
 * and is in no trouble any more.
 */
export type Trouble = { readonly is: 'passing' | 'final'; readonly reason: Error } | 'over' | 'ended'

/** Who appends: a client (everything is checked), or the broker's own coordinators (control batches allowed, no producer checks). */
export type AppendOrigin = 'client' | 'coordinator'

/** When the bytes go to the file: at once, or together with whatever else is appended in this turn of the event loop. */
export type AppendMoment = 'now' | 'in this turn'

export interface AppendOptions {
  readonly leaderEpoch: number
  readonly origin: AppendOrigin
  readonly write?: AppendMoment
  readonly within?: Within
}

/** What an append says of the transaction that it is in. */
export interface Within {
  /**
   * Says that a batch which begins a transaction is taken only with the guard of its verification (`PartitionLog.beginVerification`).
   * Who appends for clients says so.
   */
  readonly verified?: { readonly guard: VerificationGuard | null }
  /** Of a marker: from 2 on its epoch has to be above that of the producer's records (KIP-890). */
  readonly transactionVersion?: number
}

/**
 * Stands for one question to a transaction's coordinator, whether the transaction has this partition: its answer counts only as long as
 * nothing of the producer was written here since it was asked (Kafka: VerificationGuard).
 */
export interface VerificationGuard {
  readonly producerId: number
}

/** What ends a producer's transaction in a partition. */
export interface TransactionMarker {
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly outcome: 'commit' | 'abort'
  readonly transactionVersion: number
}

export type AppendResult =
  | {
      readonly ok: true
      readonly firstOffset: number
      readonly lastOffset: number
      /** -1 when the topic keeps the producer's times. */
      readonly logAppendTimeMs: number
      readonly logStartOffset: number
      /** True when this batch was there already (idempotent producer's retry): nothing was written. */
      readonly isDuplicate: boolean
    }
  | {
      readonly ok: false
      readonly error: ErrorCode
      readonly message: string
      readonly recordErrors: readonly RecordError[]
    }

/** What a follower has taken from its leader; of nothing the last offset is the one before the first. */
export interface FollowerAppend {
  readonly firstOffset: number
  readonly lastOffset: number
  readonly sizeBytes: number
}

export interface ReadResult {
  /** Whole batches, back to back, as they lie on disk; the first contains the offset asked for. */
  readonly chunks: readonly Buffer[]
  readonly sizeBytes: number
  /** The offset after the last batch; the offset asked for when there was nothing. */
  readonly nextOffset: number
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/** What DescribeProducers tells of one producer. */
export interface ActiveProducer {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastTimestampMs: number
  readonly coordinatorEpoch: number
  /** -1 when no transaction is open. */
  readonly currentTransactionStartOffset: number
}

export interface TimestampedOffset {
  readonly offset: number
  readonly timestampMs: number
  readonly leaderEpoch: number
}

/**
 * Whether records may enter the log, and in what form: the checks of bytes, times, keys and sequence numbers, and the
 * changes that a topic's configuration asks for (Kafka: LogValidator, UnifiedLog.analyzeAndValidateProducerState).
 * Decides without changing the log; only bytes that the topic wants otherwise are made anew.
 */
import { ErrorCode } from '../protocol/error-codes.ts'
import { type BatchHeader, compressionOf, patchLogAppendTime, readBatchHeader } from '../protocol/records/batch.ts'
import { checkClientBatches, checkOwnBatches } from '../protocol/records/batch-checks.ts'
import { recompress } from '../protocol/records/builder.ts'
import { Compression, CompressionError } from '../protocol/records/compression/codec.ts'
import { hasRecordWithoutKey, InvalidRecordsError } from '../protocol/records/reader.ts'
import type { ProducerState, RememberedBatch } from './producer-state.ts'
import type { AppendOrigin, LogConfig } from './types.ts'

export type Admission =
  | { readonly kind: 'accepted'; readonly bytes: Buffer; readonly batches: readonly BatchHeader[] }
  | { readonly kind: 'duplicate'; readonly batch: RememberedBatch }
  | { readonly kind: 'refused'; readonly error: ErrorCode; readonly message: string }

export function admit(
  records: Buffer,
  origin: AppendOrigin,
  config: LogConfig,
  producers: ProducerState,
  nowMs: number
): Admission {
  if (origin === 'coordinator') return admitOwn(records)
  const checked = checkClientBatches(records, config.maxMessageBytes)
  const [header] = checked.ok ? checked.batches : []
  if (!checked.ok) return refused(checked.error, checked.message)
  if (header === undefined) return refused(ErrorCode.INVALID_RECORD, 'There is no record batch.')
  const batch = records.subarray(0, header.sizeBytes)
  const objection = objectionToTimes(header, config, nowMs) ?? objectionToKeys(batch, config)
  if (objection !== null) return objection
  const standing = producers.check(header)
  if (standing.kind === 'refused') return refused(standing.error, standing.message)
  if (standing.kind === 'duplicate') return standing
  try {
    const bytes = asTheTopicWants(batch, header, config, nowMs)
    const isChanged = bytes !== batch || config.messageTimestampType === 'LogAppendTime'
    return { kind: 'accepted', bytes, batches: isChanged ? [readBatchHeader(bytes)] : checked.batches }
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error
    return refused(ErrorCode.INVALID_RECORD, `The records of the batch cannot be unpacked: ${error.message}`)
  }
}

function admitOwn(records: Buffer): Admission {
  const checked = checkOwnBatches(records)
  if (!checked.ok) return refused(checked.error, checked.message)
  return { kind: 'accepted', bytes: records, batches: checked.batches }
}

function objectionToTimes(header: BatchHeader, config: LogConfig, nowMs: number): Admission | null {
  if (config.messageTimestampType === 'LogAppendTime') return null
  if (header.maxTimestamp - nowMs > config.messageTimestampAfterMaxMs) {
    const ahead = `The timestamp ${header.maxTimestamp} lies ${header.maxTimestamp - nowMs} ms in the future`
    return refused(
      ErrorCode.INVALID_TIMESTAMP,
      `${ahead}; message.timestamp.after.max.ms is ${config.messageTimestampAfterMaxMs}.`
    )
  }
  if (header.baseTimestamp >= 0 && nowMs - header.baseTimestamp > config.messageTimestampBeforeMaxMs) {
    const behind = `The timestamp ${header.baseTimestamp} lies ${nowMs - header.baseTimestamp} ms in the past`
    return refused(
      ErrorCode.INVALID_TIMESTAMP,
      `${behind}; message.timestamp.before.max.ms is ${config.messageTimestampBeforeMaxMs}.`
    )
  }
  return null
}

/** KIP-467: compaction keeps the last record of each key, so that a record without one has no place. */
function objectionToKeys(batch: Buffer, config: LogConfig): Admission | null {
  if (!config.cleanupCompact) return null
  try {
    if (!hasRecordWithoutKey(batch)) return null
    return refused(ErrorCode.INVALID_RECORD, 'A compacted topic does not take a record without a key.')
  } catch (error) {
    if (!(error instanceof InvalidRecordsError)) throw error
    return refused(ErrorCode.INVALID_RECORD, `The records of the batch cannot be read: ${error.message}`)
  }
}

const codecOf = {
  uncompressed: Compression.none,
  gzip: Compression.gzip,
  snappy: Compression.snappy,
  lz4: Compression.lz4,
  zstd: Compression.zstd
} as const

function asTheTopicWants(records: Buffer, header: BatchHeader, config: LogConfig, nowMs: number): Buffer {
  const { compressionType } = config
  const keepsCompression =
    compressionType === 'producer' || codecOf[compressionType] === compressionOf(header.attributes)
  const bytes = keepsCompression ? records : recompress(records, codecOf[compressionType])
  if (config.messageTimestampType === 'LogAppendTime') patchLogAppendTime(bytes, 0, nowMs)
  return bytes
}

function refused(error: ErrorCode, message: string): Admission {
  return { kind: 'refused', error, message }
}

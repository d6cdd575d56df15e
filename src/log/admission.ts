/**
 * Whether records may enter the log, and in what form: the checks of bytes, records and sequence numbers, and the changes that
 * a topic's configuration asks for (Kafka: UnifiedLog.append, LogValidator). Decides without changing the log. What a client
 * sent is changed where it lies, and made anew only for a topic that wants another compression.
 */
import { limits } from '../limits.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import {
  type BatchHeader,
  batchHeaderBytes,
  compressionOf,
  isControl,
  isLogAppendTime,
  patchMaxTimestamp,
  readBatchHeader
} from '../protocol/records/batch.ts'
import { checkClientBatches, checkOwnBatches } from '../protocol/records/batch-checks.ts'
import { Compression, CompressionError, decompress } from '../protocol/records/compression/codec.ts'
import { writesZstdDensely } from '../protocol/records/compression/zstd.ts'
import { readTransactionEnd } from '../protocol/records/control-records.ts'
import { rebuildBatch, UnwritableBatchError } from '../protocol/records/rebuild.ts'
import { checkRecords, type RecordError } from '../protocol/records/record-checks.ts'
import type { ProducerState, RememberedBatch } from './producer-state.ts'
import type { AppendOptions, LogConfig } from './types.ts'

export interface Refusal {
  readonly kind: 'refused'
  readonly error: ErrorCode
  readonly message: string
  /** The records that are at fault, where it is a few of them. */
  readonly recordErrors: readonly RecordError[]
}

export type Admission =
  | { readonly kind: 'accepted'; readonly bytes: Buffer; readonly batches: readonly BatchHeader[] }
  | { readonly kind: 'duplicate'; readonly batch: RememberedBatch }
  | Refusal

/** What decides about records beside the records themselves. */
export interface AdmissionRules {
  /** 'topic-partition', for messages. */
  readonly topicPartition: string
  readonly config: LogConfig
  readonly producers: ProducerState
  readonly nowMs: number
  /** As whoever appends says. */
  readonly options: Pick<AppendOptions, 'origin' | 'within'>
}

export function admit(records: Buffer, rules: AdmissionRules): Admission {
  if (rules.options.origin === 'coordinator') return admitOwn(records, rules)
  const checked = checkClientBatches(records, rules.config.maxMessageBytes)
  const [header] = checked.ok ? checked.batches : []
  if (!checked.ok) return refused(checked.error, checked.message)
  if (header === undefined) return refused(ErrorCode.INVALID_RECORD, 'There is no record batch.')
  const validated = validate(records.subarray(0, header.sizeBytes), header, rules)
  if (validated.kind === 'refused') return validated
  const standing = rules.producers.check(header, rules.options.within?.verified)
  if (standing.kind === 'refused') return refused(standing.error, standing.message)
  return standing.kind === 'duplicate' ? standing : validated
}

function admitOwn(records: Buffer, { producers, options }: AdmissionRules): Admission {
  const checked = checkOwnBatches(records)
  if (!checked.ok) return refused(checked.error, checked.message)
  let position = 0
  for (const header of checked.batches) {
    const isMarker = isControl(header.attributes)
    const end = isMarker ? readTransactionEnd(records.subarray(position, position + header.sizeBytes)) : null
    const objection = end
      ? producers.checkEnd(header, end, options.within?.transactionVersion ?? 0)
      : isMarker
        ? null
        : producers.checkOwn(header, options.within?.verified)
    if (objection !== null) return refused(objection.error, objection.message)
    position += header.sizeBytes
  }
  return { kind: 'accepted', bytes: records, batches: checked.batches }
}

type Accepted = Extract<Admission, { kind: 'accepted' }>

function validate(batch: Buffer, header: BatchHeader, rules: AdmissionRules): Accepted | Refusal {
  try {
    return validateUnpacked(batch, header, rules)
  } catch (error) {
    // What Kafka trips over (KafkaException, IllegalArgumentException) has no code of its own.
    if (!(error instanceof CompressionError || error instanceof UnwritableBatchError)) throw error
    return refused(ErrorCode.UNKNOWN_SERVER_ERROR, `The batch cannot be taken apart: ${error.message}`)
  }
}

function validateUnpacked(batch: Buffer, header: BatchHeader, rules: AdmissionRules): Accepted | Refusal {
  const { config, nowMs } = rules
  const compression = compressionOf(header.attributes)
  const wanted = config.compressionType === 'producer' ? compression : codecOf[config.compressionType]
  const isPacked = compression !== Compression.none
  const records = isPacked
    ? decompress(compression, batch.subarray(batchHeaderBytes), limits.decompressedBatchBytes)
    : batch
  const position = isPacked ? 0 : batchHeaderBytes
  const timestampType = config.messageTimestampType
  const checked = checkRecords(batch, header, records, position, rules)
  if (checked.kind === 'refused') return checked
  const maxTimestamp = timestampType === 'LogAppendTime' ? nowMs : checked.maxTimestamp
  if (wanted === compression) {
    // Kafka would make the batch anew, of records that it did not keep, and fails (UnsupportedOperationException).
    if (isPacked && !checked.areConsecutive) {
      return refused(
        ErrorCode.UNKNOWN_SERVER_ERROR,
        'The records of a compressed batch must count their offsets from 0.'
      )
    }
    return accept(batch, header, maxTimestamp, config)
  }
  const made = rebuildBatch(batch, header, isPacked ? records : records.subarray(position), {
    compression: wanted,
    level: config.compressionLevel,
    timestampType,
    maxTimestamp
  })
  if (made.length > config.maxMessageBytes) {
    // A record that Kafka would take may not be refused for ever because of how it is packed here: it stays as it came.
    const isOurs = wanted === Compression.zstd && !writesZstdDensely()
    if (isOurs && isPacked && checked.areConsecutive) return accept(batch, header, maxTimestamp, config)
    const message = `The record batch has ${made.length} bytes in the topic's compression (${config.compressionType}); it takes at most ${config.maxMessageBytes} (max.message.bytes).`
    return refused(ErrorCode.MESSAGE_TOO_LARGE, message)
  }
  return fitting(made, readBatchHeader(made), config)
}

/** The batch as it came, with the right largest time. */
function accept(
  batch: Buffer,
  header: BatchHeader,
  maxTimestamp: number | bigint,
  config: LogConfig
): Accepted | Refusal {
  const type = config.messageTimestampType
  const isRight =
    header.maxTimestamp === maxTimestamp && isLogAppendTime(header.attributes) === (type === 'LogAppendTime')
  const isChanged = !isRight && patchMaxTimestamp(batch, type, maxTimestamp)
  return fitting(batch, isChanged ? readBatchHeader(batch) : header, config)
}

function fitting(bytes: Buffer, header: BatchHeader, config: LogConfig): Accepted | Refusal {
  if (bytes.length <= config.segmentBytes) return { kind: 'accepted', bytes, batches: [header] }
  const message = `The record batch has ${bytes.length} bytes; a segment of this topic has at most ${config.segmentBytes} (segment.bytes).`
  return refused(ErrorCode.RECORD_LIST_TOO_LARGE, message)
}

const codecOf = {
  uncompressed: Compression.none,
  gzip: Compression.gzip,
  snappy: Compression.snappy,
  lz4: Compression.lz4,
  zstd: Compression.zstd
} as const

function refused(error: ErrorCode, message: string): Refusal {
  return { kind: 'refused', error, message, recordErrors: [] }
}

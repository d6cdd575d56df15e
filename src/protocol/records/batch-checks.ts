/**
 * Whether bytes are record batches that may enter a log, as far as that can be said without decoding a record. The checks
 * and their order are Kafka's (ProduceRequest.validateRecords, ByteBufferLogInputStream,
 * UnifiedLog.analyzeAndValidateRecords, LogValidator.validateBatch); the error codes were compared with a running 4.4.0.
 */
import { limits } from '../../limits.ts'
import { ErrorCode } from '../error-codes.ts'
import {
  type BatchHeader,
  batchHeaderBytes,
  batchPrefixBytes,
  compressionOf,
  currentMagic,
  forEachBatch,
  hasValidCrc,
  isControl,
  isTransactional,
  lengthPosition,
  magicPosition,
  noProducerId,
  readBatchHeader
} from './batch.ts'
import { Compression } from './compression/codec.ts'

export type BatchCheck =
  | { readonly ok: true; readonly batches: readonly BatchHeader[] }
  | { readonly ok: false; readonly error: ErrorCode; readonly message: string }

type Refusal = Extract<BatchCheck, { ok: false }>

/** What the oldest format needs after offset and length; less cannot be a batch of any magic. */
const oldestOverheadBytes = 14
/** Sizes of the record, of key, value, and headers, attributes, and the two deltas: a byte each. */
const smallestRecordBytes = 7

/**
 * The records of a Produce request: one batch of magic 2. As in Kafka, the beginning of a second batch that is cut short
 * is passed over: only the first `sizeBytes` of the batch that comes back may be appended.
 */
export function checkClientBatches(records: Buffer, maxBatchBytes: number): BatchCheck {
  const first = frameAt(records, 0)
  if (typeof first !== 'number') return first
  if (first === 0) return refused(ErrorCode.INVALID_RECORD, noBatch(records))
  if (records.readInt8(magicPosition) !== currentMagic) {
    return refused(ErrorCode.INVALID_RECORD, 'Only record batches of magic 2 are accepted, not the older message sets.')
  }
  const second = frameAt(records, first)
  if (typeof second !== 'number') return second
  if (second > 0) {
    return refused(ErrorCode.INVALID_RECORD, 'A Produce request must hold exactly one record batch for a partition.')
  }
  if (first < batchHeaderBytes)
    return refused(ErrorCode.CORRUPT_MESSAGE, 'The record batch is shorter than its header.')
  const header = readBatchHeader(records)
  return (
    objectionToWhole(records, header, maxBatchBytes) ?? objectionToHeader(header) ?? { ok: true, batches: [header] }
  )
}

/** Checks the batches that the broker's own coordinators append: whole, and with a right CRC. */
export function checkOwnBatches(records: Buffer): BatchCheck {
  const batches: BatchHeader[] = []
  const validBytes = forEachBatch(records, (header) => batches.push(header))
  if (validBytes === records.length) return { ok: true, batches }
  return refused(ErrorCode.CORRUPT_MESSAGE, `At byte ${validBytes} stands no whole record batch with a right CRC.`)
}

/** The size of the batch of any magic that begins here; 0 when it is not there as a whole. */
function frameAt(records: Buffer, position: number): number | Refusal {
  const available = records.length - position
  if (available < batchPrefixBytes) return 0
  const length = records.readInt32BE(position + lengthPosition)
  if (length < oldestOverheadBytes) {
    return refused(ErrorCode.CORRUPT_MESSAGE, `A record batch cannot have ${length} bytes.`)
  }
  if (available <= magicPosition) return 0
  const magic = records.readInt8(position + magicPosition)
  if (magic < 0 || magic > currentMagic) {
    return refused(ErrorCode.CORRUPT_MESSAGE, `There is no record batch of magic ${magic}.`)
  }
  return batchPrefixBytes + length > available ? 0 : batchPrefixBytes + length
}

function noBatch(records: Buffer): string {
  if (records.length === 0) return 'A Produce request must hold exactly one record batch for a partition, not none.'
  return `The record batch is cut short: ${records.length} bytes are there.`
}

/** What UnifiedLog looks at, in its order: the offset, the size, and the CRC. */
function objectionToWhole(records: Buffer, header: BatchHeader, maxBatchBytes: number): Refusal | null {
  if (header.baseOffset !== 0) {
    const message = `The base offset of a producer's batch must be 0, not ${header.baseOffset}.`
    return refused(ErrorCode.INVALID_RECORD, message)
  }
  if (header.sizeBytes > maxBatchBytes) {
    const message = `The record batch has ${header.sizeBytes} bytes; this topic takes at most ${maxBatchBytes} (max.message.bytes).`
    return refused(ErrorCode.MESSAGE_TOO_LARGE, message)
  }
  if (!hasValidCrc(records, 0, header.sizeBytes)) {
    return refused(ErrorCode.CORRUPT_MESSAGE, 'The record batch does not match its CRC.')
  }
  return null
}

/** What LogValidator looks at. */
function objectionToHeader(header: BatchHeader): Refusal | null {
  const { recordCount, lastOffsetDelta } = header
  if (recordCount <= 0 || recordCount !== lastOffsetDelta + 1) {
    const message = `The batch says ${recordCount} records, and a last offset delta of ${lastOffsetDelta}.`
    return refused(ErrorCode.INVALID_RECORD, message)
  }
  if (isControl(header.attributes)) return refused(ErrorCode.INVALID_RECORD, 'Clients must not write control records.')
  return objectionToCompression(header) ?? objectionToProducer(header)
}

/**
 * Kafka counts the records by decoding them. Here it is seen that so many can fit: a batch of a few bytes that claims two
 * thousand million records would use up the offsets.
 */
function objectionToCompression({ attributes, recordCount, sizeBytes }: BatchHeader): Refusal | null {
  const compression = compressionOf(attributes)
  if (compression > Compression.zstd) {
    // Kafka trips over it (IllegalArgumentException). CORRUPT_MESSAGE would have clients try again.
    return refused(ErrorCode.UNKNOWN_SERVER_ERROR, `There is no compression type ${compression}.`)
  }
  const recordBytes = compression === Compression.none ? sizeBytes - batchHeaderBytes : limits.decompressedBatchBytes
  if (recordCount * smallestRecordBytes <= recordBytes) return null
  return refused(ErrorCode.INVALID_RECORD, `The batch says ${recordCount} records, which do not fit into its bytes.`)
}

function objectionToProducer(header: BatchHeader): Refusal | null {
  if (header.producerId === noProducerId) {
    if (!isTransactional(header.attributes)) return null
    return refused(ErrorCode.INVALID_RECORD, 'A transactional batch needs a producer id.')
  }
  if (header.producerId > noProducerId && header.baseSequence >= 0) return null
  const message = `A batch of producer ${header.producerId} cannot have the sequence number ${header.baseSequence}.`
  return refused(ErrorCode.INVALID_RECORD, message)
}

function refused(error: ErrorCode, message: string): Refusal {
  return { ok: false, error, message }
}

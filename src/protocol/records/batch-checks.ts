/**
 * Whether bytes are record batches that may enter a log, as far as their headers say; `record-checks.ts` looks inside. The checks
 * and their order are Kafka's (ProduceRequest.validateRecords, ByteBufferLogInputStream,
 * UnifiedLog.analyzeAndValidateRecords, LogValidator.validateBatch); the error codes were compared with a running 4.4.0.
 */
import { ErrorCode } from '../error-codes.ts'
import {
  type BatchHeader,
  batchHeaderBytes,
  batchPrefixBytes,
  batchSizeAt,
  compressionOf,
  currentMagic,
  forEachBatch,
  hasProducerId,
  hasValidCrc,
  isControl,
  lengthPosition,
  magicPosition,
  readBatchHeader
} from './batch.ts'
import { Compression } from './compression/codec.ts'

export type BatchCheck =
  | { readonly ok: true; readonly batches: readonly BatchHeader[] }
  | { readonly ok: false; readonly error: ErrorCode; readonly message: string }

type Refusal = Extract<BatchCheck, { ok: false }>

/** What the oldest format needs after offset and length; less cannot be a batch of any magic. */
const oldestOverheadBytes = 14

/**
 * The records of a Produce request: one batch of magic 2. As in Kafka, the beginning of a second batch that is cut short
 * is passed over: only the first `sizeBytes` of the batch that comes back may be appended.
 */
export function checkClientBatches(records: Buffer, maxBatchBytes: number): BatchCheck {
  const objection = objectionToRequest(records)
  if (objection !== null) return objection
  if (batchSizeAt(records, 0) < batchHeaderBytes)
    return refused(ErrorCode.CORRUPT_MESSAGE, 'The record batch is shorter than its header.')
  const header = readBatchHeader(records)
  return (
    objectionToWhole(records, header, maxBatchBytes) ?? objectionToHeader(header) ?? { ok: true, batches: [header] }
  )
}

/** What is wrong before a log is looked at: the records are not one batch of magic 2 (ProduceRequest.validateRecords). */
export function objectionToRequest(records: Buffer): Refusal | null {
  const first = frameAt(records, 0)
  if (typeof first !== 'number') return first
  if (first === 0) return refused(ErrorCode.INVALID_RECORD, noBatch(records))
  if (records.readInt8(magicPosition) !== currentMagic) {
    return refused(ErrorCode.INVALID_RECORD, 'Only record batches of magic 2 are accepted, not the older message sets.')
  }
  const second = frameAt(records, first)
  if (typeof second !== 'number') return second
  if (second === 0) return null
  return refused(ErrorCode.INVALID_RECORD, 'A Produce request must hold exactly one record batch for a partition.')
}

/** Whether the records begin with a whole batch that says it is packed in this way: what is looked at before all else. */
export function beginInCompression(records: Buffer, compression: Compression): boolean {
  const first = frameAt(records, 0)
  if (typeof first !== 'number' || first < batchHeaderBytes) return false
  const { magic, attributes } = readBatchHeader(records)
  return magic === currentMagic && compressionOf(attributes) === compression
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

/** What UnifiedLog looks at, in its order: the offset, the size, the CRC, and the compression. */
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
  if (compressionOf(header.attributes) > Compression.zstd) {
    // Kafka trips over it (IllegalArgumentException). CORRUPT_MESSAGE would have clients try again.
    const message = `There is no compression type ${compressionOf(header.attributes)}.`
    return refused(ErrorCode.UNKNOWN_SERVER_ERROR, message)
  }
  return null
}

/** What LogValidator looks at in a header. */
function objectionToHeader(header: BatchHeader): Refusal | null {
  const { recordCount, lastOffsetDelta } = header
  if (recordCount <= 0 || recordCount !== lastOffsetDelta + 1) {
    const message = `The batch says ${recordCount} records, and a last offset delta of ${lastOffsetDelta}.`
    return refused(ErrorCode.INVALID_RECORD, message)
  }
  if (isControl(header.attributes)) return refused(ErrorCode.INVALID_RECORD, 'Clients must not write control records.')
  return objectionToProducer(header)
}

function objectionToProducer(header: BatchHeader): Refusal | null {
  if (!hasProducerId(header)) return null
  if (header.producerId > Number.MAX_SAFE_INTEGER) {
    // Two of them may be the same double, and one would be taken for the other's repetition.
    return refused(ErrorCode.INVALID_RECORD, 'No broker gives out producer ids of 2^53 and more.')
  }
  if (header.baseSequence >= 0) return null
  const message = `A batch of producer ${header.producerId} cannot have the sequence number ${header.baseSequence}.`
  return refused(ErrorCode.INVALID_RECORD, message)
}

function refused(error: ErrorCode, message: string): Refusal {
  return { ok: false, error, message }
}

/**
 * Whether the records inside a batch may enter a log, and the largest of their timestamps (Kafka: LogValidator.validateRecord
 * and what it calls). The header of a batch is its producer's word; what a topic promises (times in order of retention, a key
 * for each record that compaction will look at) rests on the records themselves.
 */
import { limits } from '../../limits.ts'
import { ErrorCode } from '../error-codes.ts'
import { type BatchHeader, isLogAppendTime, readExactTimes, type TimestampType } from './batch.ts'
import { InvalidRecordsError, RecordCursor } from './record-cursor.ts'

/** What a topic asks of each record. The names are those of its configuration. */
export interface RecordRules {
  /** 'topic-partition', for messages. */
  readonly topicPartition: string
  readonly nowMs: number
  readonly config: {
    /** Compaction keeps the last record of each key, so that a record without one has no place. */
    readonly cleanupCompact: boolean
    readonly messageTimestampType: TimestampType
    /** How far behind and ahead of now a record's own time may be. */
    readonly messageTimestampBeforeMaxMs: number
    readonly messageTimestampAfterMaxMs: number
  }
}

/** Which record of a batch is at fault, and why (KIP-467). */
export interface RecordError {
  readonly batchIndex: number
  readonly batchIndexErrorMessage: string
}

export type RecordsCheck =
  | {
      readonly kind: 'sound'
      /** -1 when no record has a time. A bigint where a number would not be exact. */
      readonly maxTimestamp: number | bigint
      /** Whether the records count their offsets 0, 1, 2 and so on. */
      readonly areConsecutive: boolean
    }
  | {
      readonly kind: 'refused'
      readonly error: ErrorCode
      readonly message: string
      readonly recordErrors: readonly RecordError[]
    }

const noTimestamp = -1
/** The sum of two numbers up to here is exact. */
const exactBaseMs = 2 ** 52
const largestInt64 = 2n ** 63n - 1n

/** Looks at each record of a batch. */
export function checkRecords(
  batch: Buffer,
  header: BatchHeader,
  records: Buffer,
  position: number,
  rules: RecordRules
): RecordsCheck {
  try {
    return (
      checkInNumbers(header, new RecordCursor(records, position), rules) ??
      checkInBigints(batch, header, new RecordCursor(records, position), rules)
    )
  } catch (error) {
    if (!(error instanceof InvalidRecordsError)) throw error
    const message = `The records of the batch cannot be read: ${error.message}`
    return { kind: 'refused', error: ErrorCode.INVALID_RECORD, message, recordErrors: [] }
  }
}

/**
 * For all times that a number holds exactly; null when there is another one. Works on what is added to the base timestamp:
 * small numbers, which V8 makes without memory.
 */
function checkInNumbers(header: BatchHeader, cursor: RecordCursor, rules: RecordRules): RecordsCheck | null {
  const { baseTimestamp, recordCount } = header
  if (isLogAppendTime(header.attributes) || Math.abs(baseTimestamp) > exactBaseMs) return null
  const { config, nowMs } = rules
  const needsKeys = config.cleanupCompact
  const hasBounds = config.messageTimestampType === 'CreateTime'
  const earliest = hasBounds ? nowMs - config.messageTimestampBeforeMaxMs - baseTimestamp : -Infinity
  const latest = hasBounds ? nowMs + config.messageTimestampAfterMaxMs - baseTimestamp : Infinity
  const none = noTimestamp - baseTimestamp
  let largest = none
  let areConsecutive = true
  let errors: RecordErrors | null = null
  for (let index = 0; index < recordCount; index++) {
    cursor.next()
    const delta = cursor.timestampDelta
    if (needsKeys && !cursor.hasKey) {
      errors ??= new RecordErrors(rules)
      errors.addKeyless(index)
    } else if ((delta < earliest || delta > latest) && delta !== none) {
      errors ??= new RecordErrors(rules)
      errors.addOutOfRange(index, baseTimestamp + delta, cursor.offsetDelta)
    } else if (delta > largest) largest = delta
    else if (Number.isNaN(delta)) return null
    if (cursor.offsetDelta !== index) areConsecutive = false
  }
  cursor.expectEnd(recordCount)
  return errors?.asRefusal() ?? { kind: 'sound', maxTimestamp: baseTimestamp + largest, areConsecutive }
}

/** As Kafka calculates, in 64 bits that overflow; and for batches that claim to have the broker's time already. */
function checkInBigints(batch: Buffer, header: BatchHeader, cursor: RecordCursor, rules: RecordRules): RecordsCheck {
  const { baseTimestamp, maxTimestamp: brokerTimestamp } = readExactTimes(batch)
  const claimsBrokerTime = isLogAppendTime(header.attributes)
  const { cleanupCompact, messageTimestampType } = rules.config
  const errors = new RecordErrors(rules)
  let maxTimestamp = BigInt(noTimestamp)
  let areConsecutive = true
  for (let index = 0; index < header.recordCount; index++) {
    cursor.next()
    const own = BigInt.asIntN(64, baseTimestamp + cursor.exactTimestampDelta())
    const timestamp = claimsBrokerTime ? brokerTimestamp : own
    if (cleanupCompact && !cursor.hasKey) errors.addKeyless(index)
    else if (messageTimestampType === 'CreateTime' && timestamp !== BigInt(noTimestamp)) {
      if (isOutOfRange(timestamp, rules)) errors.addOutOfRange(index, timestamp, cursor.offsetDelta)
    } else if (claimsBrokerTime) errors.addBrokerTime(index, cursor.offsetDelta)
    if (timestamp > maxTimestamp) maxTimestamp = timestamp
    if (cursor.offsetDelta !== index) areConsecutive = false
  }
  cursor.expectEnd(header.recordCount)
  return errors.asRefusal() ?? { kind: 'sound', maxTimestamp, areConsecutive }
}

function isOutOfRange(timestamp: bigint, rules: RecordRules): boolean {
  const age = BigInt.asIntN(64, BigInt(rules.nowMs) - timestamp)
  const { messageTimestampBeforeMaxMs, messageTimestampAfterMaxMs } = rules.config
  return age > int64(messageTimestampBeforeMaxMs) || BigInt.asIntN(64, -age) > int64(messageTimestampAfterMaxMs)
}

/** A configured duration; the largest that Kafka allows is one less than what a number makes of it. */
function int64(value: number): bigint {
  const exact = BigInt(value)
  return exact > largestInt64 ? largestInt64 : exact
}

/** What is wrong with records, in Kafka's words, which tools and people search for. */
class RecordErrors {
  readonly #rules: RecordRules
  readonly #listed: RecordError[] = []
  #count = 0
  #areTimes = false

  constructor(rules: RecordRules) {
    this.#rules = rules
  }

  addKeyless(batchIndex: number): void {
    const { topicPartition } = this.#rules
    this.#add(batchIndex, `Compacted topic cannot accept message without key in topic partition ${topicPartition}`)
  }

  addOutOfRange(batchIndex: number, timestamp: number | bigint, offset: number): void {
    const { nowMs, config } = this.#rules
    const earliest = BigInt.asIntN(64, BigInt(nowMs) - int64(config.messageTimestampBeforeMaxMs))
    const latest = BigInt.asIntN(64, BigInt(nowMs) + int64(config.messageTimestampAfterMaxMs))
    const place = `Timestamp ${timestamp} of message with offset ${offset} is out of range.`
    this.#areTimes = true
    this.#add(batchIndex, `${place} The timestamp should be within [${earliest}, ${latest}]`)
  }

  addBrokerTime(batchIndex: number, offset: number): void {
    this.#areTimes = true
    const place = `Invalid timestamp type in message with offset ${offset}.`
    this.#add(batchIndex, `${place} Producer should not set timestamp type to LogAppendTime.`)
  }

  asRefusal(): RecordsCheck | null {
    if (this.#count === 0) return null
    const recordErrors = this.#listed
    if (this.#areTimes) {
      const message = 'One or more records have been rejected due to invalid timestamp'
      return { kind: 'refused', error: ErrorCode.INVALID_TIMESTAMP, message, recordErrors }
    }
    const shown = recordErrors.slice(0, 3).map(inWords).join(', ')
    const message = `One or more records have been rejected due to ${this.#count} record errors in total, and only showing the first three errors at most: [${shown}]`
    return { kind: 'refused', error: ErrorCode.INVALID_RECORD, message, recordErrors }
  }

  #add(batchIndex: number, batchIndexErrorMessage: string): void {
    this.#count += 1
    if (this.#listed.length < limits.recordErrors) this.#listed.push({ batchIndex, batchIndexErrorMessage })
  }
}

function inWords({ batchIndex, batchIndexErrorMessage }: RecordError): string {
  return `RecordError(batchIndex=${batchIndex}, message='${batchIndexErrorMessage}')`
}

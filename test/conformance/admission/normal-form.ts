/** What may differ between two brokers that do the same with a batch: their clocks, the place in the log, how well they pack. */
import { decompress } from '../../../src/protocol/records/compression/codec.ts'
import type { Answer } from './exchange.ts'
import type { MadeUpBatch } from './made-up-batch.ts'

const logAppendTimeFlag = 0x08
const largestBytes = 100_000_000

/** The kept batch, readable, with base offset, leader epoch, CRC, size and the broker's own time left out. */
export function keptForm(batch: Buffer, isRepacked: boolean): Record<string, string | number> {
  const attributes = batch.readInt16BE(21)
  const hasBrokerTime = (attributes & logAppendTimeFlag) !== 0
  const packed = batch.subarray(61)
  return {
    attributes,
    lastOffsetDelta: batch.readInt32BE(23),
    baseTimestamp: String(batch.readBigInt64BE(27)),
    maxTimestamp: hasBrokerTime ? 'of the broker' : String(batch.readBigInt64BE(35)),
    producer: batch.toString('hex', 43, 57),
    count: batch.readInt32BE(57),
    records: (isRepacked ? unpacked(attributes & 7, packed) : packed).toString('hex')
  }
}

function unpacked(compression: number, packed: Buffer): Buffer {
  try {
    return decompress(compression, packed, largestBytes)
  } catch {
    return packed
  }
}

/**
 * For a batch that cannot be read Apache Kafka has two codes. Which one it gives to a batch that is damaged twice over is its own
 * affair, and so is UNKNOWN_SERVER_ERROR for a record whose size takes too many bytes (docs/differences.md).
 */
export function answerForm(answer: Answer, endBefore: number, sent: MadeUpBatch): Record<string, unknown> {
  const { errorCode, recordErrors } = answer
  const isPacked = sent.bytes.length > 22 && (sent.bytes.readInt16BE(21) & 7) !== 0
  const mayHaveEither = isPacked || sent.changes.some((change) => /more bytes than it needs|noise/.test(change))
  const isUnreadable = mayHaveEither && recordErrors.length === 0 && (errorCode === -1 || errorCode === 87)
  return {
    errorCode: isUnreadable ? 'cannot be read' : errorCode,
    offset: errorCode === 0 ? answer.baseOffset - endBefore : answer.baseOffset,
    hasBrokerTime: answer.logAppendTimeMs >= 0,
    // Where it is told: old records may be dropped by one broker a little before the other, in a run of minutes.
    logStartOffset: isUnreadable ? 'as its error' : answer.logStartOffset >= 0 ? 'told' : 'not told',
    recordErrors: recordErrors.map(({ batchIndex, message }) => [batchIndex, inWords(message)]),
    // Of the other errors Apache Kafka says nothing, where ours says what is wrong.
    message: recordErrors.length > 0 ? inWords(answer.errorMessage) : ''
  }
}

/** Without the time of day, and what a record looks like to Java. */
function inWords(message: string | null): string | null {
  if (message === null) return null
  return message
    .replaceAll(/\[-?\d+, -?\d+\]/g, '[…]')
    .replaceAll(/message (Default|PartialDefault)Record\(offset=(-?\d+)[^)]*\)/g, 'message with offset $2')
}

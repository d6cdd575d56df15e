/**
 * Whether a snapshot of the producers is of this log and of its offset: one that is whole may be another partition's, and then
 * a retry would be written twice and a producer that is right be refused. (Kafka believes it.) Held against the log are the
 * batch that stands last before the offset, and the one that was written last as the snapshot has it.
 */
import { type BatchHeader, hasProducerId, isControl, lastOffsetOf, lastSequenceOf } from '../protocol/records/batch.ts'
import { type ProducerEntry, producerExpirationMs } from './producer-state.ts'
import type { Segment } from './segment.ts'
import { segmentIndexOf } from './segment-reading.ts'

export interface CheckedLog {
  readonly segments: readonly Segment[]
  readonly nowMs: number
}

/** Throws DamageError where the log itself cannot be read. */
export function areProducersOf(log: CheckedLog, entries: readonly ProducerEntry[], offset: number): boolean {
  if (entries.some((entry) => entry.transactionStartOffset >= offset || lastOffsetBy(entry) >= offset)) return false
  return haveLastBatch(log, entries, offset) && haveWritten(log, entries)
}

function haveLastBatch({ segments, nowMs }: CheckedLog, entries: readonly ProducerEntry[], offset: number): boolean {
  const last = batchWith(segments, offset - 1)
  if (last === null || !hasProducerId(last)) return true
  const entry = entries.find(({ producerId }) => producerId === last.producerId)
  if (entry === undefined) return last.maxTimestamp < nowMs - producerExpirationMs
  return isControl(last.attributes) || hasWritten(entry, last)
}

function haveWritten({ segments }: CheckedLog, entries: readonly ProducerEntry[]): boolean {
  const [first, ...others] = entries
  if (first === undefined) return true
  const newest = others.reduce((latest, entry) => (lastOffsetBy(entry) > lastOffsetBy(latest) ? entry : latest), first)
  const batch = batchWith(segments, lastOffsetBy(newest))
  // What it wrote may be deleted by now, or compacted away.
  if (batch === null || batch.baseOffset > lastOffsetBy(newest)) return true
  return hasWritten(newest, batch)
}

function hasWritten({ producerId, producerEpoch, batches }: ProducerEntry, header: BatchHeader): boolean {
  const last = batches.at(-1)
  if (header.producerId !== producerId || header.producerEpoch !== producerEpoch || last === undefined) return false
  return last.lastOffset === lastOffsetOf(header) && last.lastSequence === lastSequenceOf(header)
}

/** -1 when it has written nothing in its epoch. */
function lastOffsetBy({ batches }: ProducerEntry): number {
  return batches.at(-1)?.lastOffset ?? -1
}

function batchWith(segments: readonly Segment[], offset: number): BatchHeader | null {
  return segments[segmentIndexOf(segments, offset)]?.batchWith(offset)?.header ?? null
}

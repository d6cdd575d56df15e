/**
 * Which aborted transactions a reader of committed records has to leave out: each is listed in the index of the segment that
 * it ended in.
 *
 * A segment without aborted transactions has no such file, so that nobody misses one that was lost, and a start cannot read
 * all segments to find out. So the first reader who gets records of a transaction has the markers of that segment held
 * against its index, once. (Kafka believes what is there. What an entry says: ProducerStateManager.completeTxn.)
 */
import { batchSizeAt, isControl, lastOffsetOf, mayBeTransactional, noProducerId } from '../protocol/records/batch.ts'
import { type LogWithProducers, producersBefore, transactionEndIn } from './producer-loading.ts'
import type { ProducerState } from './producer-state.ts'
import type { Segment } from './segment.ts'
import { segmentIndexOf } from './segment-reading.ts'
import type { AbortedEntry } from './transaction-index.ts'
import type { AbortedTransaction, ReadResult } from './types.ts'

/** Those that touch what was read from this offset on. Throws DamageError. */
export function abortedTransactions(
  fromOffset: number,
  { chunks, nextOffset }: Pick<ReadResult, 'chunks' | 'nextOffset'>,
  log: LogWithProducers
): AbortedTransaction[] {
  const { segments } = log
  const aborted: AbortedTransaction[] = []
  for (const segment of segments.slice(Math.max(0, segmentIndexOf(segments, fromOffset)))) {
    if (!segment.hasKnownTransactions && chunks.some(hasTransactions)) checkTransactions(segment, log)
    for (const { producerId, firstOffset, lastOffset, lastStableOffset } of segment.transactionIndex.entries()) {
      if (lastOffset >= fromOffset && firstOffset < nextOffset) aborted.push({ producerId, firstOffset })
      // Whatever ends later began at or behind this offset.
      if (lastStableOffset >= nextOffset) return aborted
    }
    if (segment.laterTransactionsFrom >= nextOffset) return aborted
  }
  return aborted
}

function hasTransactions(chunk: Buffer): boolean {
  for (let position = 0; position < chunk.length; position += batchSizeAt(chunk, position)) {
    if (mayBeTransactional(chunk.subarray(position))) return true
  }
  return false
}

/** Makes the index anew when it lacks a transaction that the records tell of. Throws DamageError. */
function checkTransactions(segment: Segment, log: LogWithProducers): void {
  const producers = producersBefore(segment, log)
  const told = abortedIn(segment, producers)
  const known = new Set(Array.from(segment.transactionIndex.entries(), (entry) => textOf(entry)))
  if (!told.every((entry) => known.has(textOf(entry)))) segment.replaceTransactions(told)
  segment.hasKnownTransactions = true
  // The last segment grows: what begins in it later is not known yet.
  if (segment !== log.segments.at(-1)) segment.laterTransactionsFrom = producers.firstUnstableOffset() ?? Infinity
}

/** The transactions that were aborted in this segment, when the producers are as they were before it; they are then as behind it. */
function abortedIn(segment: Segment, producers: ProducerState): AbortedEntry[] {
  const aborted: AbortedEntry[] = []
  for (const batch of segment.batchesFrom(segment.start)) {
    const { header } = batch
    if (header.producerId === noProducerId) continue
    if (!isControl(header.attributes)) {
      producers.record(header)
      continue
    }
    const end = transactionEndIn(segment, batch, segment.readBatch(batch))
    const completed = end === null ? null : producers.recordEnd(header, end)
    if (completed?.outcome !== 'abort') continue
    const { producerId, firstOffset, lastOffset } = completed
    const lastStableOffset = producers.firstUnstableOffset() ?? lastOffsetOf(header) + 1
    aborted.push({ producerId, firstOffset, lastOffset, lastStableOffset })
  }
  return aborted
}

function textOf({ producerId, firstOffset, lastOffset, lastStableOffset }: AbortedEntry): string {
  return `${producerId} ${firstOffset} ${lastOffset} ${lastStableOffset}`
}

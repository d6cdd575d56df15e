/**
 * Which aborted transactions a reader of committed records has to leave out: each is listed in the index of the segment that
 * it ended in.
 *
 * A segment without aborted transactions has no such file, so that nobody misses one that was lost, and a start cannot read
 * all segments to find out. So the first reader who gets records of a transaction has the markers of that segment held
 * against its index, once. (Kafka believes what is there. What an entry says: ProducerStateManager.completeTxn.)
 */
import { batchSizeAt, isControl, lastOffsetOf, mayBeTransactional, noProducerId } from '../protocol/records/batch.ts'
import type { Gaps } from './continuity.ts'
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
  const check = (segment: Segment): void => {
    if (!segment.hasKnownTransactions && chunks.some(hasTransactions)) runToEnd(checkTransactions(segment, log))
  }
  return abortedEntries(fromOffset, nextOffset, log.segments, check).map(({ producerId, firstOffset }) => ({
    producerId,
    firstOffset
  }))
}

/** What the indexes say of those that touch the records between two offsets. Each segment that is looked at is told before. */
export function abortedEntries(
  fromOffset: number,
  endOffset: number,
  segments: readonly Segment[],
  onSegment: (segment: Segment) => void = () => {}
): AbortedEntry[] {
  const aborted: AbortedEntry[] = []
  for (const segment of segments.slice(Math.max(0, segmentIndexOf(segments, fromOffset)))) {
    onSegment(segment)
    for (const entry of segment.transactionIndex.entries()) {
      if (entry.lastOffset >= fromOffset && entry.firstOffset < endOffset) aborted.push(entry)
      // Whatever ends later began at or behind this offset.
      if (entry.lastStableOffset >= endOffset) return aborted
    }
    if (segment.laterTransactionsFrom >= endOffset) return aborted
  }
  return aborted
}

/** Sees to it, in steps, that the indexes name all that touch the records between two offsets. Throws DamageError. */
export function* transactionChecks(fromOffset: number, endOffset: number, log: LogWithProducers): Generator<void> {
  const { segments } = log
  for (const segment of segments.slice(Math.max(0, segmentIndexOf(segments, fromOffset)))) {
    if (!segment.hasKnownTransactions) yield* checkTransactions(segment, log)
    for (const { lastStableOffset } of segment.transactionIndex.entries()) if (lastStableOffset >= endOffset) return
    if (segment.laterTransactionsFrom >= endOffset) return
  }
}

function runToEnd(steps: Generator<void>): void {
  for (const _ of steps) {
    // All at once.
  }
}

function hasTransactions(chunk: Buffer): boolean {
  for (let position = 0; position < chunk.length; position += batchSizeAt(chunk, position)) {
    if (mayBeTransactional(chunk.subarray(position))) return true
  }
  return false
}

/** Makes the index anew when it lacks a transaction that the records tell of. Throws DamageError. */
function* checkTransactions(segment: Segment, log: LogWithProducers): Generator<void> {
  const producers = producersBefore(segment, log)
  const told = yield* abortedIn(segment, producers)
  if (yield* lacksOne(segment, told, log)) segment.replaceTransactions(told)
  segment.hasKnownTransactions = true
  // The last segment grows: what begins in it later is not known yet. Of a transaction that goes on in the next one compaction may have
  // taken all that was here.
  const next = log.segments[log.segments.indexOf(segment) + 1]
  if (next === undefined) return
  segment.laterTransactionsFrom = Math.min(producers.firstUnstableOffset() ?? Infinity, next.baseOffset)
}

/** The transactions that were aborted in this segment, when the producers are as they were before it; they are then as behind it. */
function* abortedIn(segment: Segment, producers: ProducerState): Generator<void, AbortedEntry[]> {
  const aborted: AbortedEntry[] = []
  for (const batch of segment.batchesFrom(segment.start)) {
    yield
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

/**
 * Whether the index lacks one of those that the markers tell of. Compaction drops an entry with the last record of its transaction, and
 * its marker stays for a time (Kafka: CleanedTransactionMetadata).
 */
function* lacksOne(segment: Segment, told: readonly AbortedEntry[], log: LogWithProducers): Generator<void, boolean> {
  const known = new Map(Array.from(segment.transactionIndex.entries(), (entry) => [nameOf(entry), entry]))
  for (const entry of told) {
    if (isKnown(entry, known.get(nameOf(entry)), segment.gaps)) continue
    if (segment.gaps === 'none' || (yield* hasRecords(entry, log))) return true
  }
  return false
}

function* hasRecords(
  { producerId, firstOffset, lastOffset }: AbortedEntry,
  { segments }: LogWithProducers
): Generator<void, boolean> {
  for (const segment of segments.slice(Math.max(0, segmentIndexOf(segments, firstOffset)))) {
    for (const { header } of segment.batchesFrom(segment.placeBefore(firstOffset))) {
      yield
      // Retention does not wait for who looks: what it has dropped meanwhile is closed, and hides nothing from anybody.
      if (!segments.includes(segment)) break
      if (header.baseOffset >= lastOffset) return false
      if (header.producerId === producerId && lastOffsetOf(header) >= firstOffset && header.recordCount > 0) return true
    }
  }
  return false
}

/** Where compaction has taken the first batches of transactions, they seem to begin later than they did. */
function isKnown(entry: AbortedEntry, known: AbortedEntry | undefined, gaps: Gaps): boolean {
  if (known === undefined) return false
  const { firstOffset, lastStableOffset } = known
  if (gaps === 'none') return firstOffset === entry.firstOffset && lastStableOffset === entry.lastStableOffset
  return firstOffset <= entry.firstOffset && lastStableOffset <= entry.lastStableOffset
}

function nameOf({ producerId, lastOffset }: AbortedEntry): string {
  return `${producerId} ${lastOffset}`
}

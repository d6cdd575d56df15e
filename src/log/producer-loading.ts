/**
 * Producer state at start: the newest snapshot that can be read, and the batches behind it. A snapshot tells each producer's
 * last batch only; the four before it, which a retry may still name, are read back from the log before it.
 *
 * Which transactions were aborted follows from the same state: a segment that has lost its index of them gets it back here
 * (Kafka: UnifiedLog.rebuildProducerState, LogSegment.recover).
 */
import type { Disk } from '../host/disk.ts'
import { limits } from '../limits.ts'
import { isControl, lastOffsetOf, noProducerId } from '../protocol/records/batch.ts'
import { readTransactionEnd } from '../protocol/records/control-records.ts'
import { readProducerSnapshot, removeProducerSnapshot } from './producer-snapshot.ts'
import { type ProducerEntry, type ProducerState, rememberedBatches, rememberedBatchOf } from './producer-state.ts'
import type { Segment, WholeBatch } from './segment.ts'
import { segmentIndexOf } from './segment-reading.ts'

export interface ProducerSources {
  readonly disk: Disk
  readonly directory: string
  /** The offsets of the snapshots that there are, growing. */
  readonly snapshots: readonly number[]
  readonly segments: readonly Segment[]
  readonly logEndOffset: number
}

export function loadProducers(state: ProducerState, sources: ProducerSources): void {
  const { segments } = sources
  const from = restoreSnapshot(state, sources)
  rememberEarlierBatches(state, segments, from)
  for (const segment of segments.slice(Math.max(0, segmentIndexOf(segments, from)))) {
    const start = from <= segment.baseOffset ? 0 : segment.offsetIndex.positionBefore(from)
    for (const batch of segment.wholeBatchesFrom(start)) {
      if (batch.header.baseOffset >= from && batch.header.producerId !== noProducerId) take(state, segment, batch)
    }
    segment.transactionsLostFrom = null
  }
}

function take(state: ProducerState, segment: Segment, batch: WholeBatch): void {
  if (!isControl(batch.header.attributes)) {
    state.record(batch.header)
    return
  }
  const end = readTransactionEnd(batch.bytes)
  if (end === null) return
  if (batch.header.baseOffset >= (segment.transactionsLostFrom ?? Infinity)) segment.recordEnd(state, batch.header, end)
  else state.recordEnd(batch.header, end)
}

/** Gives the offset from which on the log itself has to be read: no later than where a segment lacks something. */
function restoreSnapshot(state: ProducerState, sources: ProducerSources): number {
  const { disk, directory, snapshots, segments, logEndOffset } = sources
  const lost = segments.find((segment) => segment.transactionsLostFrom !== null)?.transactionsLostFrom
  const newest = lost ?? logEndOffset
  for (const offset of snapshots.toReversed()) {
    if (offset > newest && offset <= logEndOffset) continue
    const entries = offset <= logEndOffset ? readProducerSnapshot(disk, directory, offset) : null
    if (entries === null) {
      removeProducerSnapshot(disk, directory, offset)
      continue
    }
    for (const entry of entries) state.restore(entry)
    return offset
  }
  return segments[0]?.baseOffset ?? 0
}

/** Looks through the end of what lies before the offset, in the one segment where that is. */
function rememberEarlierBatches(state: ProducerState, segments: readonly Segment[], before: number): void {
  const producers = new Map<number, ProducerEntry>()
  for (const entry of state.entries()) producers.set(entry.producerId, entry)
  const segment = segments[segmentIndexOf(segments, before - 1)]
  if (producers.size === 0 || segment === undefined) return
  for (const { header } of segment.batchesFrom(tailPosition(segment, before))) {
    if (lastOffsetOf(header) >= before) return
    const entry = producers.get(header.producerId)
    const newest = entry?.batches.at(-1)
    if (entry === undefined || newest === undefined || isControl(header.attributes)) continue
    if (header.producerEpoch !== entry.producerEpoch || newest.firstOffset <= header.baseOffset) continue
    const earlier = entry.batches.slice(0, -1).slice(2 - rememberedBatches)
    entry.batches = [...earlier, rememberedBatchOf(header), newest]
  }
}

/** An indexed position about as far before the offset as is worth reading. */
function tailPosition(segment: Segment, before: number): number {
  const wanted = segment.offsetIndex.positionBefore(before) - limits.producerTailBytes
  return wanted <= 0 ? 0 : segment.offsetIndex.positionAtOrBefore(wanted)
}

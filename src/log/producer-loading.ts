/**
 * Producer state at start: the newest snapshot that can be read, and the batches behind it. A snapshot tells each producer's
 * last batch only; the four before it, which a retry may still name, are read back from the log before it.
 *
 * Which transactions were aborted follows from the same state: a segment that has lost its index of them gets it back here
 * (Kafka: UnifiedLog.rebuildProducerState, LogSegment.recover).
 */
import { limits } from '../limits.ts'
import { isControl, lastOffsetOf, noProducerId } from '../protocol/records/batch.ts'
import { readTransactionEnd } from '../protocol/records/control-records.ts'
import { isUnreadable } from '../protocol/records/reader.ts'
import type { PlacedBatch, WalkStart, WholeBatch } from './batch-walk.ts'
import { damageMessage } from './damage.ts'
import { areProducersOf, type CheckedLog } from './producer-check.ts'
import {
  listProducerSnapshots,
  producerSnapshotPath,
  readProducerSnapshot,
  removeProducerSnapshot
} from './producer-snapshot.ts'
import { type ProducerEntry, ProducerState, rememberedBatches, rememberedBatchOf } from './producer-state.ts'
import type { Segment, SegmentSurroundings } from './segment.ts'
import { segmentIndexOf } from './segment-reading.ts'

/** A log whose batches say what its producers have written. */
export interface LogWithProducers extends CheckedLog {
  readonly surroundings: SegmentSurroundings
}

export interface ProducerSources extends LogWithProducers {
  /** The offsets of the snapshots that there are, growing. */
  readonly snapshots: readonly number[]
  readonly logEndOffset: number
}

/** What became of the snapshots that there were. */
type SnapshotsThen = 'kept all' | 'removed some'

/** Throws DiskError. */
export function loadProducers(state: ProducerState, sources: ProducerSources): SnapshotsThen {
  const { surroundings, segments } = sources
  const snapshots = sources.snapshots.filter((offset) => isFounded(offset, sources))
  for (const offset of sources.snapshots) {
    if (!snapshots.includes(offset)) removeProducerSnapshot(surroundings.disk, surroundings.directory, offset)
  }
  const from = restoreSnapshot(state, { ...sources, snapshots })
  rememberEarlierBatches(state, segments, from)
  for (const segment of segments.slice(Math.max(0, segmentIndexOf(segments, from)))) {
    const start = from <= segment.baseOffset ? segment.start : segment.placeBefore(from)
    for (const batch of segment.soundBatchesFrom(start)) {
      if (batch.header.baseOffset >= from && batch.header.producerId !== noProducerId) take(state, segment, batch)
    }
    segment.transactionsLostFrom = null
  }
  return snapshots.length < sources.snapshots.length ? 'removed some' : 'kept all'
}

/**
 * A snapshot behind the end of the log speaks of records that were lost. One within a segment is a checkpoint as well
 * (`segments.ts`): it says that the indexes below its offset are on the disk, and they are not while they are made anew, and go
 * there in pieces.
 */
function isFounded(offset: number, { segments, logEndOffset }: ProducerSources): boolean {
  if (offset > logEndOffset) return false
  const segment = segments[segmentIndexOf(segments, offset)]
  const remadeFrom = segment?.transactionsLostFrom ?? null
  return segment === undefined || remadeFrom === null || offset <= Math.max(remadeFrom, segment.baseOffset)
}

/** The producers as they were when the segment began. */
export function producersBefore({ baseOffset }: Segment, log: LogWithProducers): ProducerState {
  const { disk, directory } = log.surroundings
  const state = new ProducerState()
  loadProducers(state, {
    ...log,
    snapshots: listProducerSnapshots(disk, directory).filter((offset) => offset <= baseOffset),
    segments: log.segments.filter((segment) => segment.baseOffset < baseOffset),
    logEndOffset: baseOffset
  })
  return state
}

function take(state: ProducerState, segment: Segment, batch: WholeBatch): void {
  if (!isControl(batch.header.attributes)) {
    state.record(batch.header)
    return
  }
  const end = transactionEndIn(segment, batch, batch.bytes)
  if (end === null) return
  if (batch.header.baseOffset >= (segment.transactionsLostFrom ?? Infinity)) segment.recordEnd(state, batch.header, end)
  else state.recordEnd(batch.header, end)
}

/** How a control batch ends a transaction; null for any other kind. Throws DamageError when it says nothing that can be read. */
export function transactionEndIn(segment: Segment, { header, position }: PlacedBatch, bytes: Buffer) {
  try {
    return readTransactionEnd(bytes)
  } catch (error) {
    if (!isUnreadable(error)) throw error
    const what = `The control batch with offset ${header.baseOffset} is none: ${error.message}.`
    throw segment.damageAt({ position, what })
  }
}

/** Gives the offset from which on the log itself has to be read: no later than where a segment lacks something. */
function restoreSnapshot(state: ProducerState, sources: ProducerSources): number {
  const { surroundings, snapshots, segments, logEndOffset } = sources
  const { disk, directory } = surroundings
  const lost = segments.find((segment) => segment.transactionsLostFrom !== null)?.transactionsLostFrom
  const newest = lost ?? logEndOffset
  for (const offset of snapshots.toReversed()) {
    if (offset > newest) continue
    const entries = readProducerSnapshot(disk, directory, offset)
    if (entries !== null && areProducersOf(sources, entries, offset)) {
      for (const entry of entries) state.restore(entry)
      return offset
    }
    reportUnfit(surroundings, offset)
    removeProducerSnapshot(disk, directory, offset)
  }
  return segments[0]?.baseOffset ?? 0
}

function reportUnfit({ disk, directory, report }: SegmentSurroundings, offset: number): void {
  const path = producerSnapshotPath(directory, offset)
  const what = 'It does not tell what the producers had written up to there.'
  const advice = 'That is read from the records instead; nothing is lost.'
  report(damageMessage(disk, { path, position: null, what, advice }))
}

/** Looks through the end of what lies before the offset, in the one segment where that is. */
function rememberEarlierBatches(state: ProducerState, segments: readonly Segment[], before: number): void {
  const producers = new Map<number, ProducerEntry>()
  for (const entry of state.entries()) producers.set(entry.producerId, entry)
  const segment = segments[segmentIndexOf(segments, before - 1)]
  if (producers.size === 0 || segment === undefined) return
  for (const { header } of segment.batchesFrom(tailOf(segment, before))) {
    if (lastOffsetOf(header) >= before) return
    const entry = producers.get(header.producerId)
    const newest = entry?.batches.at(-1)
    if (entry === undefined || newest === undefined || isControl(header.attributes)) continue
    if (header.producerEpoch !== entry.producerEpoch || newest.firstOffset <= header.baseOffset) continue
    const earlier = entry.batches.slice(0, -1).slice(2 - rememberedBatches)
    entry.batches = [...earlier, rememberedBatchOf(header), newest]
  }
}

/** An indexed place about as far before the offset as is worth reading. */
function tailOf(segment: Segment, before: number): WalkStart {
  const wanted = segment.placeBefore(before).position - limits.producerTailBytes
  return wanted <= 0 ? segment.start : segment.placeAtOrBefore(wanted)
}

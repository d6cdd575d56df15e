/**
 * Producer state at start: the newest snapshot that can be read, and the batches behind it. A snapshot tells each producer's
 * last batch only; the four before it, which a retry may still name, are read back from the end of the log.
 */
import type { Disk } from '../host/disk.ts'
import { limits } from '../limits.ts'
import { isControl, lastOffsetOf, lastSequenceOf, noProducerId } from '../protocol/records/batch.ts'
import { readTransactionEnd } from '../protocol/records/control-records.ts'
import { listProducerSnapshots, readProducerSnapshot, removeProducerSnapshot } from './producer-snapshot.ts'
import type { ProducerEntry, ProducerState } from './producer-state.ts'
import type { Segment } from './segment.ts'

export interface ProducerSources {
  readonly disk: Disk
  readonly directory: string
  readonly segments: readonly Segment[]
  readonly logEndOffset: number
}

export function loadProducers(state: ProducerState, sources: ProducerSources): void {
  const from = restoreSnapshot(state, sources)
  rememberEarlierBatches(state, sources, from)
  for (const segment of sources.segments) {
    const next = sources.segments[sources.segments.indexOf(segment) + 1]
    if (next !== undefined && next.baseOffset <= from) continue
    const start = from <= segment.baseOffset ? 0 : segment.offsetIndex.positionBefore(from)
    for (const batch of segment.batchesFrom(start)) {
      const { header } = batch
      if (header.baseOffset < from || header.producerId === noProducerId) continue
      if (!isControl(header.attributes)) {
        state.record(header)
        continue
      }
      const end = readTransactionEnd(segment.readBatch(batch))
      if (end !== null) state.recordEnd(header, end)
    }
  }
}

/** Gives the offset from which on the log itself has to be read. */
function restoreSnapshot(state: ProducerState, { disk, directory, segments, logEndOffset }: ProducerSources): number {
  for (const offset of listProducerSnapshots(disk, directory).reverse()) {
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

function rememberEarlierBatches(state: ProducerState, { segments }: ProducerSources, before: number): void {
  const producers = new Map<number, ProducerEntry>()
  for (const entry of state.entries()) producers.set(entry.producerId, entry)
  const last = segments.at(-1)
  if (producers.size === 0 || last === undefined) return
  for (const segment of last.sizeBytes === 0 ? segments.slice(-2) : [last]) {
    for (const { header } of segment.batchesFrom(tailPosition(segment))) {
      const entry = producers.get(header.producerId)
      if (entry === undefined || header.baseOffset >= before || isControl(header.attributes)) continue
      const newest = entry.batches.at(-1)
      if (
        header.producerEpoch !== entry.producerEpoch ||
        newest === undefined ||
        newest.firstOffset <= header.baseOffset
      )
        continue
      const batch = {
        firstSequence: header.baseSequence,
        lastSequence: lastSequenceOf(header),
        firstOffset: header.baseOffset,
        lastOffset: lastOffsetOf(header),
        timestampMs: header.maxTimestamp
      }
      entry.batches = [...entry.batches.slice(0, -1).slice(-3), batch, newest]
    }
  }
}

/** An indexed position about as far from the end as is worth reading. */
function tailPosition(segment: Segment): number {
  const wanted = segment.sizeBytes - limits.producerTailBytes
  return wanted <= 0 ? 0 : segment.offsetIndex.positionAtOrBefore(wanted)
}

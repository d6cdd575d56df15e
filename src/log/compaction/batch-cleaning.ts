/**
 * What of one batch stays: pure decisions of a cleaner that has the newest offset of each dirty key
 * (Kafka: Cleaner.cleanInto, shouldRetainRecord; MemoryRecords.filterTo).
 *
 * - The last record of each key stays. One without a value, a tombstone, goes when its delete horizon has passed, which it gets when it
 *   is cleaned for the first time (KIP-534): until then everybody who reads the log learns that the key is gone.
 * - The records of an aborted transaction go; the marker of a transaction, as a tombstone does, when nothing else is left of it.
 * - A batch that loses all its records goes, too, but for the last one of each producer, which says its sequence number, and the last one
 *   of what is cleaned, which says to followers how far the log reaches.
 */
import {
  type BatchHeader,
  hasDeleteHorizon,
  hasProducerId,
  isControl,
  lastOffsetOf
} from '../../protocol/records/batch.ts'
import { KeyCursor } from '../../protocol/records/key-cursor.ts'
import { emptiedBatch, type KeptRecord, thinnedBatch } from '../../protocol/records/thinned.ts'
import type { ProducerEntry } from '../producer-state.ts'
import type { NewestPlaces } from './newest-places.ts'
import type { OffsetMap } from './offset-map.ts'

export interface CleaningRules {
  /** Of the keys of the dirty records. */
  readonly newest: OffsetMap
  /** Where these newest records lie. */
  readonly places: NewestPlaces
  /** The offset of the last record whose key is in it: what lies behind is left as it is. */
  readonly newestOffset: number
  /** Where that ends which is cleaned in this run. */
  readonly endOffset: number
  readonly producers: ReadonlyMap<number, LastOfProducer>
  readonly nowMs: number
  readonly deleteRetentionMs: number
}

export type LastOfProducer = Pick<ProducerEntry, 'producerEpoch' | 'batches'>

/** What is left of a batch. */
export interface Cleaned {
  /** The batch itself where nothing of it goes; null when it goes. */
  readonly bytes: Buffer | null
  readonly recordsKept: number
}

/** Given a whole batch; `isOver`: its transaction was aborted, or it is a marker of one of which nothing is left. */
export function cleanBatch(batch: Buffer, header: BatchHeader, isOver: boolean, rules: CleaningRules): Cleaned {
  const isMarker = isControl(header.attributes)
  const hasHorizon = hasDeleteHorizon(header.attributes)
  const isPastHorizon = hasHorizon && header.baseTimestamp <= rules.nowMs
  if (isOver && (!isMarker || isPastHorizon)) return emptied(batch, header, rules)
  if (!isMarker && isFollowed(header, rules)) return emptied(batch, header, rules)
  const cursor = new KeyCursor(batch, header)
  const kept: KeptRecord[] = []
  let hasTombstones = false
  while (cursor.next()) {
    if (!isMarker && !isKept(cursor, isPastHorizon, rules)) continue
    kept.push({ start: cursor.start, end: cursor.end, timestampDelta: cursor.timestampDelta })
    hasTombstones ||= !cursor.hasValue
  }
  if (kept.length === 0) return emptied(batch, header, rules)
  const needsHorizon = !hasHorizon && (hasTombstones || (isMarker && isOver))
  const recordsKept = kept.length
  if (recordsKept === header.recordCount && !needsHorizon) return { bytes: batch, recordsKept }
  const horizonMs = needsHorizon ? rules.nowMs + rules.deleteRetentionMs : null
  return { bytes: thinnedBatch(batch, header, cursor.records, kept, horizonMs), recordsKept }
}

/** Whether a newer record of its key follows each of its records. */
function isFollowed(header: BatchHeader, { newestOffset, places }: CleaningRules): boolean {
  const lastOffset = lastOffsetOf(header)
  return lastOffset <= newestOffset && places.hasNone(header.baseOffset, lastOffset)
}

function isKept(record: KeyCursor, isPastHorizon: boolean, rules: CleaningRules): boolean {
  if (record.offset > rules.newestOffset) return true
  // Nobody can have been promised that it is kept: the topic was not compacted when it was written.
  if (record.keyStart < 0) return false
  if (!record.hasValue && isPastHorizon) return false
  return record.offset >= rules.newest.offsetOf(record.records, record.keyStart, record.keyEnd)
}

function emptied(batch: Buffer, header: BatchHeader, rules: CleaningRules): Cleaned {
  const isLast = lastOffsetOf(header) + 1 === rules.endOffset
  const stays = isLast || isLastOfProducer(header, rules.producers)
  return { bytes: stays ? emptiedBatch(batch, header) : null, recordsKept: 0 }
}

/** Of a producer that has written nothing in its epoch a marker tells the epoch. */
function isLastOfProducer(header: BatchHeader, producers: CleaningRules['producers']): boolean {
  const producer = hasProducerId(header) ? producers.get(header.producerId) : undefined
  if (producer === undefined) return false
  const last = producer.batches.at(-1)
  if (last !== undefined) return lastOffsetOf(header) === last.lastOffset
  return isControl(header.attributes) && header.producerEpoch === producer.producerEpoch
}

/** A group of segments is written anew as one, without what goes (Kafka: Cleaner.cleanSegments, cleanInto). */
import type { Clock } from '../../host/clock.ts'
import { attempt } from '../../host/disk.ts'
import { readBatchHeader } from '../../protocol/records/batch.ts'
import type { ProducerState } from '../producer-state.ts'
import type { Segment, SegmentSurroundings } from '../segment.ts'
import type { LogConfig } from '../types.ts'
import { cleanBatch, type LastOfProducer } from './batch-cleaning.ts'
import { CleanedSegment } from './cleaned-segment.ts'
import type { CleaningWalk, WalkedSegment } from './cleaning-walk.ts'
import type { DirtyKeys } from './dirty-keys.ts'
import type { Pace } from './pace.ts'

/** What a run has come through, and what it has left of it. */
export interface CleaningCounts {
  bytesBefore: number
  bytesAfter: number
  recordsBefore: number
  recordsAfter: number
}

export interface CleaningTools extends DirtyKeys {
  readonly walk: CleaningWalk
  readonly pace: Pace
  readonly counts: CleaningCounts
  /** When the run has begun. */
  readonly nowMs: number
  /** Where what is cleaned in the run ends. */
  readonly endOffset: number
}

interface GroupsLog {
  readonly producers: ProducerState
  readonly clock: Clock
  surroundings(): SegmentSurroundings
  config(): LogConfig
  hasEnded(): boolean
}

/** Gives the segment that they become, safe but for its names. Rejects as the walk does, and with DiskError; nothing of it is left then. */
export async function cleanGroup(
  log: GroupsLog,
  group: readonly WalkedSegment[],
  tools: CleaningTools
): Promise<Segment> {
  const [first] = group
  if (first === undefined) throw new RangeError('a group has a segment')
  const { indexIntervalBytes } = log.config()
  const { baseOffset, createdMs } = first.segment
  const cleaned = CleanedSegment.begin(log.surroundings(), baseOffset, createdMs, indexIntervalBytes)
  try {
    await cleanInto(cleaned, log, group, tools)
    await cleaned.finish()
    tools.walk.told = () => {}
    // Where no record has a time, retention goes by when they were written.
    cleaned.segment.writtenMs = group.at(-1)?.segment.writtenMs ?? cleaned.segment.writtenMs
    return cleaned.segment
  } catch (error) {
    // Of a log that is gone the directory may be another's.
    if (log.hasEnded()) cleaned.segment.close()
    else attempt(() => cleaned.discard())
    throw error
  }
}

async function cleanInto(
  cleaned: CleanedSegment,
  log: GroupsLog,
  group: readonly WalkedSegment[],
  tools: CleaningTools
): Promise<void> {
  const { walk, pace, counts } = tools
  const { deleteRetentionMs } = log.config()
  const rules = { ...tools, deleteRetentionMs, producers: lastOfEach(log.producers) }
  walk.told = (entry) => cleaned.segment.transactionIndex.append(entry)
  for (const walked of group) {
    await walk.through(walked, walked.segment.start, ({ bytes, header }, isOver) => {
      const left = cleanBatch(bytes, header, isOver, rules)
      counts.bytesBefore += bytes.length
      counts.recordsBefore += header.recordCount
      counts.recordsAfter += left.recordsKept
      if (left.bytes === null) return 'go on'
      counts.bytesAfter += left.bytes.length
      pace.count(left.bytes.length)
      cleaned.append(left.bytes, left.bytes === bytes ? header : readBatchHeader(left.bytes))
      return 'go on'
    })
  }
}

/** As they are now: what they write meanwhile lies behind what is cleaned. */
function lastOfEach(producers: ProducerState): ReadonlyMap<number, LastOfProducer> {
  const last = new Map<number, LastOfProducer>()
  for (const { producerId, producerEpoch, batches } of producers.entries())
    last.set(producerId, { producerEpoch, batches })
  return last
}

/**
 * What a leader's Fetch gave, looked at before it goes into a follower's log: whole batches, each as it was written, one after the
 * other behind what is there. Offsets and leader epochs are the leader's, and nothing of the bytes is changed. Neither producers nor
 * sizes are judged again: the leader has done it (Kafka: UnifiedLog.appendAsFollower).
 */
import { hasValidCrc, lastOffsetOf, readBatchHeader } from '../protocol/records/batch.ts'
import { isUnreadable } from '../protocol/records/reader.ts'
import { follows, type Gaps, isBatchAt } from './continuity.ts'
import { type AppendedBatch, withEnd } from './placing.ts'
import { relativeOffsetMax } from './rolling.ts'

/**
 * The batches do not continue this log, or are not what a leader wrote. Nothing was changed: whoever follows has to find out where
 * the two logs part. (Kafka: CorruptRecordException, UnexpectedAppendOffsetException, OffsetsOutOfOrderException.)
 */
export class UnfitBatchError extends Error {
  override readonly name = 'UnfitBatchError'
}

/** Batches that go into one segment with one write. */
export interface LeaderChunk {
  readonly bytes: Buffer
  readonly batches: readonly AppendedBatch[]
}

/** The log that the batches should continue. */
export interface FollowingLog {
  /** For messages. */
  readonly directory: string
  readonly logEndOffset: number
  /** -1 when none is known. */
  readonly latestEpoch: number
  readonly gaps: Gaps
}

/** Throws UnfitBatchError. */
export function leaderChunks(chunks: readonly Buffer[], log: FollowingLog): LeaderChunk[] {
  const found: LeaderChunk[] = []
  let { logEndOffset, latestEpoch } = log
  for (const bytes of chunks) {
    const batches = batchesIn(bytes, { ...log, logEndOffset, latestEpoch })
    const [first] = batches
    const last = batches.at(-1)
    if (first === undefined || last === undefined) continue
    if (lastOffsetOf(last.header) - first.header.baseOffset > relativeOffsetMax) {
      throw unfit(log, 0, 'What begins here reaches further than the offsets of one segment.')
    }
    found.push({ bytes, batches })
    logEndOffset = lastOffsetOf(last.header) + 1
    latestEpoch = last.header.partitionLeaderEpoch
  }
  return found
}

function batchesIn(bytes: Buffer, log: FollowingLog): AppendedBatch[] {
  const batches: AppendedBatch[] = []
  let { logEndOffset, latestEpoch } = log
  for (let position = 0; position < bytes.length; ) {
    if (!isBatchAt(bytes, position, bytes.length - position)) throw unfit(log, position, 'No whole batch begins here.')
    const header = readBatchHeader(bytes, position)
    const { baseOffset, partitionLeaderEpoch, sizeBytes } = header
    if (!Number.isSafeInteger(lastOffsetOf(header)) || !follows(baseOffset, logEndOffset, log.gaps)) {
      throw unfit(log, position, `The batch here has the offset ${baseOffset}, and ${logEndOffset} should follow.`)
    }
    if (partitionLeaderEpoch < latestEpoch) {
      throw unfit(
        log,
        position,
        `The batch here is of the leader epoch ${partitionLeaderEpoch}, behind ${latestEpoch}.`
      )
    }
    if (!hasValidCrc(bytes, position, sizeBytes)) throw unfit(log, position, 'The checksum of the batch here is wrong.')
    batches.push(readable(bytes, log, { header, position }))
    logEndOffset = lastOffsetOf(header) + 1
    latestEpoch = partitionLeaderEpoch
    position += sizeBytes
  }
  return batches
}

function readable(bytes: Buffer, log: FollowingLog, batch: Omit<AppendedBatch, 'end'>): AppendedBatch {
  try {
    return withEnd(bytes, batch)
  } catch (error) {
    if (!isUnreadable(error)) throw error
    throw unfit(log, batch.position, `The control batch here is none: ${error.message}.`)
  }
}

function unfit({ directory }: FollowingLog, position: number, what: string): UnfitBatchError {
  return new UnfitBatchError(`${directory} does not go on with what its leader sent, at byte ${position}: ${what}`)
}

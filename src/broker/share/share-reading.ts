/** What is read of one partition for a share group: whole batches, which of them were aborted, and the part of them that goes out. */
import { DiskError, type ReadMemory } from '../../host/disk.ts'
import { limits as bounds } from '../../limits.ts'
import type { AbortedTransaction, ReadResult } from '../../log/types.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { Records } from '../../protocol/primitives.ts'
import {
  baseOffsetAt,
  batchSizeAt,
  hasProducerId,
  isControl,
  isTransactional,
  lastOffsetAt,
  lastOffsetOf,
  readBatchHeader
} from '../../protocol/records/batch.ts'
import { readTransactionEnd } from '../../protocol/records/control-records.ts'
import type { IsolationLevel } from '../read-partition.ts'
import type { Replica } from '../replication/replica.ts'
import type { FetchedRecords } from './acquisition.ts'
import type { LedSharePartition } from './led-share-partition.ts'
import type { OffsetRange } from './run.ts'
import type { ShareFailure } from './share-failure.ts'

export interface ReadLimits {
  /** No more records than that are given out of it. */
  readonly maxRecords: number
  readonly maxBytes: number
  readonly atLeastOneBatch: 'yes' | 'no'
  readonly isolation: IsolationLevel
  readonly memory: ReadMemory
}

export interface ShareRead {
  readonly fetchOffset: number
  readonly read: ReadResult
  /** Whether there is more than that. */
  readonly left: 'nothing' | 'more'
}

/**
 * What can be given out, from the first of it on, and little more: a member that may take five hundred records asks for 50 MB. Null when it
 * is not known where that is. A read that fails says why.
 */
export function readShare(share: LedSharePartition, limits: ReadLimits): ShareRead | ShareFailure | null {
  const { replica, nextFetchOffset: fetchOffset } = share
  if (fetchOffset === null) return null
  // Whoever asked is answered without it, and finds the next in its next request.
  if (fetchOffset < replica.log.logStartOffset) {
    share.logStartMoved()
    return nothingAt(fetchOffset, 'more')
  }
  share.lookedAt(fetchOffset)
  const upTo = readableEnd(replica, limits.isolation)
  // The log may have lost its end with its leader: until it has come so far again there is nothing.
  if (fetchOffset >= upTo) return nothingAt(fetchOffset, 'nothing')
  if (limits.maxBytes < 0) return { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, message: null }
  try {
    const read = readPieces(replica, { fetchOffset, upTo, wantedUpTo: share.wantedUpTo(limits.maxRecords) }, limits)
    if ('error' in read) return { errorCode: read.error, message: null }
    return { fetchOffset, read, left: read.nextOffset >= upTo ? 'nothing' : 'more' }
  } catch (error) {
    if (error instanceof DiskError) return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, message: null }
    throw error
  }
}

/** A piece after the other, each twice as large, until they have come to what is wanted, or as far as one read would: to the end of a segment. */
function readPieces(
  { log }: Replica,
  {
    fetchOffset,
    upTo,
    wantedUpTo
  }: { readonly fetchOffset: number; readonly upTo: number; readonly wantedUpTo: number },
  { maxBytes, atLeastOneBatch, memory }: ReadLimits
): ReturnType<Replica['log']['read']> {
  const chunks: Buffer[] = []
  let [sizeBytes, nextOffset] = [0, fetchOffset]
  for (let pieceBytes: number = bounds.sharePieceBytes; ; pieceBytes *= 2) {
    const leftBytes = maxBytes - sizeBytes
    const isFirst = chunks.length === 0
    const wantedBytes = Math.min(pieceBytes, leftBytes)
    const piece = log.read(nextOffset, {
      ...{ maxBytes: wantedBytes, upTo, atLeastOneBatch: isFirst ? atLeastOneBatch : 'no', begunAt: fetchOffset },
      // What is lent is a megabyte each time.
      memory: wantedBytes < bounds.lentPieceBytes / 2 ? undefined : memory
    })
    if ('error' in piece) return isFirst ? piece : { chunks, sizeBytes, nextOffset }
    chunks.push(...piece.chunks)
    sizeBytes += piece.sizeBytes
    nextOffset = piece.nextOffset
    const isFull = sizeBytes >= maxBytes || (piece.sizeBytes === 0 && pieceBytes >= leftBytes)
    if (isFull || nextOffset >= Math.min(upTo, wantedUpTo)) return { chunks, sizeBytes, nextOffset }
  }
}

/** Whether the log has anything from there on. Reads nothing. */
export function hasRecords({ replica, nextFetchOffset }: LedSharePartition, isolation: IsolationLevel): boolean {
  return nextFetchOffset !== null && nextFetchOffset < readableEnd(replica, isolation)
}

function readableEnd(replica: Replica, isolation: IsolationLevel): number {
  return isolation === 'read_committed' ? replica.lastStableOffset : replica.highWatermark
}

function nothingAt(fetchOffset: number, left: ShareRead['left']): ShareRead {
  return { fetchOffset, read: { chunks: [], sizeBytes: 0, nextOffset: fetchOffset }, left }
}

/** Throws DiskError. */
export function fetchedRecords(
  { fetchOffset, read }: ShareRead,
  { replica }: LedSharePartition,
  isolation: IsolationLevel
): FetchedRecords {
  const batches: OffsetRange[] = []
  for (const chunk of read.chunks)
    for (const position of batchesIn(chunk))
      batches.push({ firstOffset: baseOffsetAt(chunk, position), lastOffset: lastOffsetAt(chunk, position) })
  if (isolation === 'read_uncommitted') return { fetchOffset, batches, aborted: [] }
  const aborted = replica.log.abortedTransactions(fetchOffset, read)
  return { fetchOffset, batches, aborted: abortedRanges(read.chunks, aborted) }
}

/** Offsets of batches within transactions that were aborted, as a consumer of committed records leaves them out. */
export function abortedRanges(chunks: readonly Buffer[], aborted: readonly AbortedTransaction[]): OffsetRange[] {
  const toCome = [...aborted].sort((one, other) => one.firstOffset - other.firstOffset)
  const producers = new Set<number>()
  const ranges: OffsetRange[] = []
  let next = 0
  for (const chunk of chunks)
    for (const position of batchesIn(chunk)) {
      const header = readBatchHeader(chunk, position)
      const lastOffset = lastOffsetOf(header)
      for (let begun = toCome[next]; begun !== undefined && begun.firstOffset <= lastOffset; begun = toCome[next]) {
        producers.add(begun.producerId)
        next += 1
      }
      if (!hasProducerId(header) || !producers.has(header.producerId)) continue
      const isMarker = isControl(header.attributes)
      const batch = chunk.subarray(position, position + header.sizeBytes)
      if (isMarker && readTransactionEnd(batch)?.outcome === 'abort') producers.delete(header.producerId)
      if (!isMarker && isTransactional(header.attributes)) ranges.push({ firstOffset: header.baseOffset, lastOffset })
    }
  return ranges
}

/** The batches that have any of these offsets; nothing is copied. */
export function batchesWithin({ chunks }: ReadResult, { firstOffset, lastOffset }: OffsetRange): Records {
  const parts: Buffer[] = []
  for (const chunk of chunks) {
    let [begin, end] = [chunk.length, 0]
    for (const position of batchesIn(chunk)) {
      if (lastOffsetAt(chunk, position) < firstOffset || baseOffsetAt(chunk, position) > lastOffset) continue
      begin = Math.min(begin, position)
      end = position + batchSizeAt(chunk, position)
    }
    if (begin < end) parts.push(chunk.subarray(begin, end))
  }
  return { chunks: parts, sizeBytes: parts.reduce((sum, { length }) => sum + length, 0) }
}

/** Where each begins, of what lies in the log: it was checked when it came there. */
export function* batchesIn(chunk: Buffer): Iterable<number> {
  for (let position = 0; position < chunk.length; position += batchSizeAt(chunk, position)) yield position
}

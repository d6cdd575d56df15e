/**
 * Reads one partition for a fetch: checks that the client and this replica mean the same log, bounds the read by what the
 * client may see, and says what the log holds. As Kafka's Partition.fetchRecords and ReplicaManager.readFromLog.
 */
import { DiskError, type ReadMemory } from '../host/disk.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { FetchResponse } from '../protocol/generated/api/fetch-response.ts'
import type { FetchPartition } from './fetch-sessions.ts'
import type { Replica } from './replication/replica.ts'

export type PartitionData = FetchResponse['responses'][number]['partitions'][number]

export type IsolationLevel = 'read_uncommitted' | 'read_committed'

/** Kafka has no answer of its own for other numbers: it trips over them (IsolationLevel.forId). */
export function isIsolationLevel(id: number): boolean {
  return id === 0 || id === 1
}

/** Who reads: consumers see up to the high watermark; the debugging consumer (replica id -2) up to the log's end. */
export type ReaderKind = 'consumer' | 'debugger'

export interface PartitionRead {
  readonly data: PartitionData
  readonly sizeBytes: number
  /** Resolves when the records behind those that were read can be read too; null when there are none, or not to its end was read. */
  readonly more: Promise<void> | null
}

const noRecords = Buffer.alloc(0)

export function leaderEpochError(replica: Replica, currentLeaderEpoch: number): ErrorCode {
  if (currentLeaderEpoch === -1 || currentLeaderEpoch === replica.leaderEpoch) return ErrorCode.NONE
  return currentLeaderEpoch < replica.leaderEpoch ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH
}

export function failedRead(partition: number, errorCode: ErrorCode): PartitionRead {
  return {
    sizeBytes: 0,
    more: null,
    data: {
      partitionIndex: partition,
      errorCode,
      highWatermark: -1,
      lastStableOffset: -1,
      logStartOffset: -1,
      abortedTransactions: null,
      records: noRecords
    }
  }
}

/** For a partition that is not here Kafka's list of aborted transactions is empty; after any other error it is null. */
export function absentPartition(partition: number, errorCode: ErrorCode): PartitionRead {
  const read = failedRead(partition, errorCode)
  return { ...read, data: { ...read.data, abortedTransactions: [] } }
}

export function readPartition(
  replica: Replica,
  fetch: FetchPartition,
  how: {
    readonly isolation: IsolationLevel
    readonly reader: ReaderKind
    readonly maxBytes: number
    readonly atLeastOneBatch: 'yes' | 'no'
    readonly memory: ReadMemory
  }
): PartitionRead {
  const epochError = leaderEpochError(replica, fetch.currentLeaderEpoch)
  if (epochError !== ErrorCode.NONE) return failedRead(fetch.partition, epochError)
  const diverging = divergingEpoch(replica, fetch)
  if (diverging !== null) return diverging
  const { log } = replica
  if (fetch.fetchOffset < log.logStartOffset || fetch.fetchOffset > log.logEndOffset) {
    return failedRead(fetch.partition, ErrorCode.OFFSET_OUT_OF_RANGE)
  }
  try {
    const upTo = readableEnd(replica, how.isolation, how.reader)
    const { maxBytes, atLeastOneBatch, memory } = how
    // Kafka trips over it where there is something to read (LogSegment.read).
    if (maxBytes < 0 && fetch.fetchOffset < upTo) return failedRead(fetch.partition, ErrorCode.UNKNOWN_SERVER_ERROR)
    const read = log.read(fetch.fetchOffset, { maxBytes, upTo, atLeastOneBatch, memory })
    if ('error' in read) return failedRead(fetch.partition, read.error)
    const more = how.reader === 'consumer' && read.nextOffset >= upTo ? replica.readToEnd() : null
    const abortedTransactions =
      how.isolation === 'read_committed' ? log.abortedTransactions(fetch.fetchOffset, read) : null
    return {
      sizeBytes: read.sizeBytes,
      more,
      data: { ...standing(replica, fetch.partition), abortedTransactions, records: read }
    }
  } catch (error) {
    if (error instanceof DiskError) return failedRead(fetch.partition, ErrorCode.KAFKA_STORAGE_ERROR)
    throw error
  }
}

function readableEnd(replica: Replica, isolation: IsolationLevel, reader: ReaderKind): number {
  if (reader === 'debugger') return replica.log.logEndOffset
  return isolation === 'read_committed' ? replica.lastStableOffset : replica.highWatermark
}

/** What an answer says of the log besides its records. */
export function standing(replica: Replica, partition: number): PartitionData {
  return {
    partitionIndex: partition,
    errorCode: ErrorCode.NONE,
    highWatermark: replica.highWatermark,
    lastStableOffset: replica.lastStableOffset,
    logStartOffset: replica.log.logStartOffset,
    abortedTransactions: null,
    records: noRecords
  }
}

/** The consumer is told of a replica near it, and reads there (KIP-392). */
export function readElsewhere(replica: Replica, fetch: FetchPartition, preferredReadReplica: number): PartitionRead {
  const epochError = leaderEpochError(replica, fetch.currentLeaderEpoch)
  if (epochError !== ErrorCode.NONE) return failedRead(fetch.partition, epochError)
  return { sizeBytes: 0, more: null, data: { ...standing(replica, fetch.partition), preferredReadReplica } }
}

/** KIP-595: a client whose last fetched epoch ends earlier here has read what is no longer in the log; it must go back. */
export function divergingEpoch(replica: Replica, fetch: FetchPartition): PartitionRead | null {
  if (fetch.lastFetchedEpoch === -1) return null
  const end = replica.log.endOffsetForEpoch(fetch.lastFetchedEpoch)
  if (end.leaderEpoch === -1) return failedRead(fetch.partition, ErrorCode.OFFSET_OUT_OF_RANGE)
  if (end.leaderEpoch >= fetch.lastFetchedEpoch && end.endOffset >= fetch.fetchOffset) return null
  const divergingEpoch = { epoch: end.leaderEpoch, endOffset: end.endOffset }
  return { sizeBytes: 0, more: null, data: { ...standing(replica, fetch.partition), divergingEpoch } }
}

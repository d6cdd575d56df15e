/**
 * Reads one partition for a follower (Kafka: Partition.fetchRecords with updateFetchState): up to the end of the log, whether or not
 * it is committed. What the follower asks for says what it has made durable.
 */
import { DiskError, type ReadMemory } from '../../host/disk.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { FetchPartition } from '../fetch-sessions.ts'
import { divergingEpoch, failedRead, leaderEpochError, type PartitionRead, standing } from '../read-partition.ts'
import type { Replica } from './replica.ts'
import type { ReplicationThrottle } from './replication-throttle.ts'

export function readForFollower(
  replica: Replica,
  fetch: FetchPartition,
  how: {
    readonly followerId: number
    /** Of the life of the follower's broker in which it asks. */
    readonly followerEpoch: number
    readonly maxBytes: number
    readonly atLeastOneBatch: 'yes' | 'no'
    readonly memory: ReadMemory
    readonly throttle: ReplicationThrottle
  }
): PartitionRead {
  const { partition, fetchOffset } = fetch
  const epochError = leaderEpochError(replica, fetch.currentLeaderEpoch)
  if (epochError !== ErrorCode.NONE) return failedRead(partition, epochError)
  if (replica.leadership === null) return failedRead(partition, ErrorCode.NOT_LEADER_OR_FOLLOWER)
  const diverging = divergingEpoch(replica, fetch)
  if (diverging !== null) return diverging
  const { log } = replica
  if (fetchOffset < log.logStartOffset || fetchOffset > log.logEndOffset) {
    return failedRead(partition, ErrorCode.OFFSET_OUT_OF_RANGE)
  }
  const { followerId: nodeId, followerEpoch: brokerEpoch } = how
  if (!replica.fetchedBy({ nodeId, brokerEpoch }, fetch)) return failedRead(partition, ErrorCode.NOT_LEADER_OR_FOLLOWER)
  if (isHeldBack(replica, how)) return heldBack(replica, fetch)
  try {
    const { maxBytes, atLeastOneBatch, memory } = how
    const read = log.read(fetchOffset, { maxBytes, upTo: log.logEndOffset, atLeastOneBatch, memory })
    if ('error' in read) return failedRead(partition, read.error)
    how.throttle.record(replica.topic, partition, read.sizeBytes)
    return { sizeBytes: read.sizeBytes, more: null, data: { ...standing(replica, partition), records: read } }
  } catch (error) {
    if (error instanceof DiskError) return failedRead(partition, ErrorCode.KAFKA_STORAGE_ERROR)
    throw error
  }
}

/** It is told no more of what is committed than it has: it would be due at once, again and again. */
function heldBack(replica: Replica, { partition, fetchOffset }: FetchPartition): PartitionRead {
  const data = standing(replica, partition)
  return { sizeBytes: 0, more: null, data: { ...data, highWatermark: Math.min(data.highWatermark, fetchOffset) } }
}

/** Who is in sync is given everything (ReplicaManager.shouldLeaderThrottle). */
function isHeldBack(
  { topic, partition, leadership }: Replica,
  { followerId, throttle }: { readonly followerId: number; readonly throttle: ReplicationThrottle }
): boolean {
  return throttle.holdsBack(topic, partition) && leadership?.inSyncReplicas.includes(followerId) === false
}

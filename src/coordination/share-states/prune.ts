/**
 * What of the log is not needed any more, and what is to be written so that more of it is not (Kafka: ShareCoordinatorOffsetsManager,
 * ShareCoordinatorShard.snapshotColdPartitions, maybeCleanupShareState).
 */
import type { StateRecord } from '../coordinator.ts'
import { snapshotRecord } from './records.ts'
import type { KnownShare, SharePartitionKey, ShareStates } from './state.ts'

/** Before this offset nothing is needed: every share partition has its newest snapshot behind it. */
export function neededFrom(states: ShareStates, logEndOffset: number): number {
  let least = logEndOffset
  for (const { snapshotOffset } of states.all()) least = Math.min(least, snapshotOffset)
  return least
}

/**
 * Share partitions whose newest snapshot is that old, where the log from there on is longer than twice what it has to hold: otherwise
 * states that nobody changes would be written again and again for nothing.
 */
export function coldShares(
  states: ShareStates,
  logEndOffset: number,
  snapshotIntervalMs: number,
  nowMs: number
): readonly SharePartitionKey[] {
  const keptFrom = logEndOffset - 2 * states.size
  const cold: SharePartitionKey[] = []
  for (const { key, snapshotOffset, snapshotTimestampMs } of states.all())
    if (nowMs - snapshotTimestampMs >= snapshotIntervalMs && snapshotOffset < keptFrom) cold.push(key)
  return cold
}

/** Share partitions that are none any more: nobody asks for a topic that is gone. */
export function goneShares(
  states: ShareStates,
  isInCluster: (topicId: string, partition: number) => boolean
): readonly SharePartitionKey[] {
  const gone: SharePartitionKey[] = []
  for (const { key } of states.all()) if (!isInCluster(key.topicId, key.partition)) gone.push(key)
  return gone
}

/** The same once more, at the end of the log. */
export function snapshotAgain({ key, state, createTimestampMs }: KnownShare, nowMs: number): StateRecord {
  const snapshotEpoch = state.snapshotEpoch + 1
  return snapshotRecord(key, { ...state, snapshotEpoch, createTimestampMs, writeTimestampMs: nowMs })
}

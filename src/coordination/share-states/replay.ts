/** Applies one record of `__share_group_state` to the hard state: the only place that changes it. */
import type { RecordPlace, StateRecord } from '../coordinator.ts'
import { mergeBatches } from './batches.ts'
import { readShareRecord, type Snapshot, type Update } from './records.ts'
import { type KnownShare, type SharePartitionKey, type ShareStates, unknownStartOffset } from './state.ts'

export function replay(states: ShareStates, record: StateRecord, { offset }: Pick<RecordPlace, 'offset'>): void {
  const read = readShareRecord(record)
  if (read === null) return
  if (read.kind === 'removed') states.remove(read.key)
  else if (read.kind === 'snapshot') states.put(snapshotted(read.key, states.get(read.key), read.snapshot, offset))
  else states.put(updated(read.key, states.get(read.key), read.update, offset))
}

function snapshotted(
  key: SharePartitionKey,
  known: KnownShare | undefined,
  { createTimestampMs, writeTimestampMs, ...state }: Snapshot,
  offset: number
): KnownShare {
  return {
    ...{ key, state, createTimestampMs, snapshotTimestampMs: writeTimestampMs },
    newestLeaderEpoch: Math.max(known?.newestLeaderEpoch ?? 0, state.leaderEpoch),
    newestStateEpoch: Math.max(known?.newestStateEpoch ?? 0, state.stateEpoch),
    updatesSinceSnapshot: 0,
    snapshotOffset: offset
  }
}

/** An update whose snapshot is not there any more is all that is known, as in Kafka. */
function updated(key: SharePartitionKey, known: KnownShare | undefined, update: Update, offset: number): KnownShare {
  if (known === undefined) {
    const state = { ...update, stateEpoch: 0 }
    const seen = { newestLeaderEpoch: update.leaderEpoch, newestStateEpoch: 0, updatesSinceSnapshot: 1 }
    return { key, state, ...seen, snapshotOffset: offset, createTimestampMs: 0, snapshotTimestampMs: 0 }
  }
  const { state } = known
  // -1 says: as it was.
  const startOffset = update.startOffset === unknownStartOffset ? state.startOffset : update.startOffset
  const leaderEpoch = update.leaderEpoch < 0 ? state.leaderEpoch : update.leaderEpoch
  const batches = mergeBatches(state.batches, update.batches, startOffset)
  const { deliveryCompleteCount } = update
  return {
    ...known,
    state: { ...state, startOffset, leaderEpoch, deliveryCompleteCount, batches },
    newestLeaderEpoch: Math.max(known.newestLeaderEpoch, leaderEpoch),
    updatesSinceSnapshot: known.updatesSinceSnapshot + 1
  }
}

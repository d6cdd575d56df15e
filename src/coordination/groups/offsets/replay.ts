/**
 * Applies a record of a committed offset to the hard state, and the end of a transaction that had some
 * (Kafka: OffsetMetadataManager.replay, replayEndTransactionMarker).
 */
import type { RecordPlace } from '../../coordinator.ts'
import { simpleGroup } from '../classic/state.ts'
import type { OffsetPlace } from '../records.ts'
import type { GroupsState } from '../state.ts'
import type { CommittedOffset } from './state.ts'

export function replayOffset(
  state: GroupsState,
  place: OffsetPlace,
  value: CommittedOffset | null,
  { offset: recordOffset, producerId }: RecordPlace
): void {
  const { groupId, topic, partition } = place
  if (value === null) {
    state.offsets.remove(groupId, topic, partition)
    state.pendingOffsets.remove(place)
    return
  }
  // Whoever has offsets is a group, even if nobody ever joined it.
  if (!state.groups.has(groupId)) state.groups.set(groupId, simpleGroup)
  if (producerId === null) count(state, place, value, recordOffset)
  else state.pendingOffsets.put(producerId, { place, committed: value, recordOffset })
}

export function replayEndOfOffsets(state: GroupsState, producerId: number, outcome: 'commit' | 'abort'): void {
  const ended = state.pendingOffsets.end(producerId)
  if (outcome === 'abort') return
  for (const { place, committed, recordOffset } of ended) count(state, place, committed, recordOffset)
}

function count(state: GroupsState, place: OffsetPlace, committed: CommittedOffset, recordOffset: number): void {
  state.offsets.put(place.groupId, place.topic, place.partition, committed)
  state.pendingOffsets.overtake(place, recordOffset)
}

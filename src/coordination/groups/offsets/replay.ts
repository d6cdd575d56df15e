/** Applies a record of a committed offset to the hard state (Kafka: OffsetMetadataManager.replay). */
import { simpleGroup } from '../classic/state.ts'
import type { OffsetPlace } from '../records.ts'
import type { GroupsState } from '../state.ts'
import type { CommittedOffset } from './state.ts'

export function replayOffset(
  state: GroupsState,
  place: OffsetPlace,
  value: CommittedOffset | null,
  standing: 'counts' | 'pending'
): void {
  const { groupId, topic, partition } = place
  if (value === null) {
    state.offsets.remove(groupId, topic, partition)
    state.pendingOffsets.remove(groupId, topic, partition)
    return
  }
  // Whoever has offsets is a group, even if nobody ever joined it.
  if (!state.groups.has(groupId)) state.groups.set(groupId, simpleGroup)
  const offsets = standing === 'pending' ? state.pendingOffsets : state.offsets
  offsets.put(groupId, topic, partition, value)
}

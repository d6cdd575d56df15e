/**
 * Offsets that nobody has used for the retention time, and groups that are left without any (KIP-211;
 * Kafka: OffsetMetadataManager.cleanupExpiredOffsets).
 */
import type { StateRecord } from '../../coordinator.ts'
import type { Group } from '../group.ts'
import type { GroupConfig } from '../group-config.ts'
import { offsetTombstone } from '../records.ts'
import type { GroupsState } from '../state.ts'
import type { CommittedOffset } from './state.ts'

export interface ExpiryCircumstances {
  readonly nowMs: number
  readonly config: GroupConfig
}

/** The tombstones that this group needs now. What an open transaction may yet change is kept, and so is its group. */
export function expireOffsets(
  group: Group,
  { offsets, pendingOffsets }: Pick<GroupsState, 'offsets' | 'pendingOffsets'>,
  { nowMs, config }: ExpiryCircumstances
): StateRecord[] {
  const { groupId, unusedSince } = group
  if (!group.hasOffsets) return []
  const pending = pendingOffsets.of(groupId)
  const isExpired = (committed: CommittedOffset) => {
    if (committed.expireTimestampMs !== null) return nowMs >= committed.expireTimestampMs
    return unusedSince !== null && nowMs - unusedSince(committed) >= config.offsetsRetentionMs
  }
  const records: StateRecord[] = []
  let areAllExpired = pending === undefined
  for (const [topic, partitions] of offsets.of(groupId) ?? []) {
    const isUsed = unusedSince === null || group.reads(topic)
    for (const [partition, committed] of partitions) {
      const isKept = isUsed || pending?.get(topic)?.has(partition) === true
      if (!isKept && isExpired(committed)) records.push(offsetTombstone({ groupId, topic, partition }))
      else areAllExpired = false
    }
  }
  if (areAllExpired && group.isEmpty) records.push(...group.tombstones())
  return records
}

/**
 * Offsets that nobody has used for the retention time, and groups that are left without any (KIP-211;
 * Kafka: ClassicGroup.offsetExpirationCondition, OffsetMetadataManager.cleanupExpiredOffsets).
 */
import type { StateRecord } from '../../coordinator.ts'
import { consumerProtocolType, isSubscribedTo, type Round } from '../classic/waiting.ts'
import type { GroupConfig } from '../group-config.ts'
import { groupTombstone, offsetTombstone } from '../records.ts'
import type { GroupsState } from '../state.ts'
import type { CommittedOffset } from './state.ts'

export interface ExpiryCircumstances {
  readonly nowMs: number
  readonly config: GroupConfig
}

/** The tombstones that this group needs now. What an open transaction may yet change is kept, and so is its group. */
export function expireOffsets(
  groupId: string,
  round: Round,
  { offsets, pendingOffsets }: Pick<GroupsState, 'offsets' | 'pendingOffsets'>,
  { nowMs, config }: ExpiryCircumstances
): StateRecord[] {
  const unusedSince = unusedSinceIn(round)
  const pending = pendingOffsets.of(groupId)
  const isExpired = (committed: CommittedOffset) => {
    if (committed.expireTimestampMs !== null) return nowMs >= committed.expireTimestampMs
    return unusedSince !== null && nowMs - unusedSince(committed) >= config.offsetsRetentionMs
  }
  const records: StateRecord[] = []
  let areAllExpired = pending === undefined
  for (const [topic, partitions] of offsets.of(groupId) ?? []) {
    const isUsed = unusedSince === null || isSubscribedTo(round, topic)
    for (const [partition, committed] of partitions) {
      const isKept = isUsed || pending?.get(topic)?.has(partition) === true
      if (!isKept && isExpired(committed)) records.push(offsetTombstone({ groupId, topic, partition }))
      else areAllExpired = false
    }
  }
  if (areAllExpired && round.state === 'Empty') records.push(groupTombstone(groupId))
  return records
}

/** From when on an offset of this group counts as unused; null: nothing expires as the group is now. */
function unusedSinceIn(round: Round): ((committed: CommittedOffset) => number) | null {
  if (round.protocolType === null) return ({ commitTimestampMs }) => commitTimestampMs
  if (round.state === 'Empty') return ({ commitTimestampMs }) => round.stateTimestampMs ?? commitTimestampMs
  const isKnown = round.protocolType === consumerProtocolType && round.subscribedTopics !== null
  return round.state === 'Stable' && isKnown ? ({ commitTimestampMs }) => commitTimestampMs : null
}

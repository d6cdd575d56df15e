/**
 * Offsets that nobody has used for the retention time, and groups that are left without any (KIP-211;
 * Kafka: ClassicGroup.offsetExpirationCondition, OffsetMetadataManager.cleanupExpiredOffsets).
 */
import type { StateRecord } from '../../coordinator.ts'
import { consumerProtocolType, isSubscribedTo, type Round } from '../classic/waiting.ts'
import type { GroupConfig } from '../group-config.ts'
import { groupTombstone, offsetTombstone } from '../records.ts'
import type { CommittedOffset, CommittedOffsets } from './state.ts'

export interface ExpiryCircumstances {
  readonly nowMs: number
  readonly config: GroupConfig
}

/** The tombstones that this group needs now. */
export function expireOffsets(
  groupId: string,
  round: Round,
  offsets: CommittedOffsets,
  { nowMs, config }: ExpiryCircumstances
): StateRecord[] {
  const unusedSince = unusedSinceIn(round)
  const isExpired = (committed: CommittedOffset) => {
    if (committed.expireTimestampMs !== null) return nowMs >= committed.expireTimestampMs
    return unusedSince !== null && nowMs - unusedSince(committed) >= config.offsetsRetentionMs
  }
  const records: StateRecord[] = []
  let areAllExpired = true
  for (const [topic, partitions] of offsets.of(groupId) ?? []) {
    const isUsed = unusedSince === null || isSubscribedTo(round, topic)
    for (const [partition, committed] of partitions) {
      if (!isUsed && isExpired(committed)) records.push(offsetTombstone({ groupId, topic, partition }))
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

/** Applies a record of a classic group to the hard state (Kafka: GroupMetadataManager.replay for GroupMetadataKey). */
import type { GroupMetadataValue } from '../../../protocol/generated/group-log/group-metadata-value.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { GroupsState } from '../state.ts'
import type { GroupMember, GroupMetadata } from './state.ts'

export function replayGroup(state: GroupsState, groupId: string, value: Decoded<GroupMetadataValue> | null): void {
  if (value === null) state.groups.delete(groupId)
  else state.groups.set(groupId, groupMetadata(value))
}

function groupMetadata(value: Decoded<GroupMetadataValue>): GroupMetadata {
  const members = new Map<string, GroupMember>()
  for (const { rebalanceTimeout, sessionTimeout, ...member } of value.members) {
    members.set(member.memberId, {
      ...member,
      // Records of version 0 have no rebalance timeout; the session's stood for it.
      rebalanceTimeoutMs: rebalanceTimeout === -1 ? sessionTimeout : rebalanceTimeout,
      sessionTimeoutMs: sessionTimeout
    })
  }
  return {
    kind: 'classic',
    protocolType: value.protocolType === '' ? null : value.protocolType,
    generation: value.generation,
    protocol: value.protocol,
    leader: value.leader,
    stateTimestampMs: value.currentStateTimestamp === -1 ? null : value.currentStateTimestamp,
    members
  }
}

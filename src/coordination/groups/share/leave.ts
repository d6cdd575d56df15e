/** Members that go: by a heartbeat of epoch -1, or because their session is over (Kafka: shareGroupLeave, shareGroupFenceMember). */

import { memberTombstones } from '../tombstones.ts'
import type { ShareDraft } from './draft.ts'
import type { ShareMember } from './member.ts'
import { assignmentRecord, groupRecord, shareKeys } from './records.ts'
import { hashOf, subscriptionsWith } from './subscribe.ts'

/** Takes a member out of the group, which is in its next epoch then; the others hear of it at their next heartbeats. */
export function removeMember(draft: ShareDraft, member: ShareMember): void {
  const { group, records, timers } = draft
  const { groupId } = group
  const epoch = group.epoch + 1
  records.push(...memberTombstones(shareKeys, groupId, member.memberId))
  records.push(groupRecord(groupId, epoch, hashOf(draft, subscriptionsWith(group, member))))
  // An empty group has nothing to assign, and whoever comes next is assigned at once.
  if (group.members.size === 1) records.push(assignmentRecord(groupId, epoch, 0))
  timers.push({ memberId: member.memberId, kind: 'session', delayMs: null })
}

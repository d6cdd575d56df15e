/**
 * What follows from what a member says of itself: its record, and whether the group is in another epoch (Kafka:
 * hasMemberSubscriptionChanged, initializedAssignmentPending).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { Counts } from '../consumer/counts.ts'
import { sameNames } from '../consumer/member.ts'
import { type Refusal, refusal } from '../consumer/refusal.ts'
import { groupHash } from '../consumer/topic-hash.ts'
import type { ShareDraft } from './draft.ts'
import { type ShareMember, saidBytes, saysTheSame } from './member.ts'
import { groupRecord, memberRecord } from './records.ts'
import type { ShareGroup } from './state.ts'

export interface ShareSubscribed {
  /** The member subscribes to something else, or the group has partitions that nobody is assigned yet. */
  readonly hasChanged: boolean
  readonly epoch: number
  /** All members subscribe to the same. */
  readonly isAlike: boolean
  /** What the group subscribes to. */
  readonly topicNames: Iterable<string>
}

/** `before`: the member as it was, `after`: as it describes itself now. */
export function subscribe(draft: ShareDraft, before: ShareMember, after: ShareMember): ShareSubscribed | Refusal {
  const { group, records } = draft
  const known = group.members.get(before.memberId)
  const moreBytes = saidBytes(after) - (known ? saidBytes(known) : 0)
  if (moreBytes > Math.max(0, draft.roomBytes)) {
    return refusal(ErrorCode.POLICY_VIOLATION, 'The members of this coordinator say too much of themselves.')
  }
  if (known === undefined || !saysTheSame(before, after)) records.push(memberRecord(group.groupId, after))
  const hasChanged = !sameNames(before.topicNames, after.topicNames) || hasNewPartitions(group)
  const members = group.members.size + (known === undefined ? 1 : 0)
  if (!hasChanged && !draft.isStale) {
    const { epoch, subscriptions } = group
    const isAlike = areAlike(subscriptions, members)
    return { hasChanged, epoch, isAlike, topicNames: subscriptions.names() }
  }
  const subscriptions = subscriptionsWith(group, known, after)
  const hash = hashOf(draft, subscriptions)
  let { epoch } = group
  if (hasChanged || hash !== group.metadataHash) {
    epoch += 1
    records.push(groupRecord(group.groupId, epoch, hash))
  }
  draft.refreshedInEpoch = epoch
  return { hasChanged, epoch, isAlike: areAlike(subscriptions, members), topicNames: subscriptions.names() }
}

/** With the one in the place of the other. */
export function subscriptionsWith(group: ShareGroup, before?: ShareMember, after?: ShareMember): Counts {
  const subscriptions = group.subscriptions.copy()
  for (const name of before?.topicNames ?? []) subscriptions.add(name, -1)
  for (const name of after?.topicNames ?? []) subscriptions.add(name, 1)
  return subscriptions
}

export function hashOf({ topics, hashOf: ofTopic }: ShareDraft, subscriptions: Counts): bigint {
  return groupHash(subscriptions.names(), topics, ofTopic)
}

function areAlike(subscriptions: Counts, members: number): boolean {
  for (const [, count] of subscriptions.entries()) if (count !== members) return false
  return true
}

/** Partitions of a topic that somebody subscribes to were initialized, and are neither in the target nor will they be in one that is due. */
function hasNewPartitions(group: ShareGroup): boolean {
  if (group.isEmpty || group.epoch > group.assignmentEpoch) return false
  for (const [topicId, { name, partitions }] of group.statePartitions?.initialized ?? []) {
    if (group.reads(name) && group.assignedCount(topicId) !== partitions.size) return true
  }
  return false
}

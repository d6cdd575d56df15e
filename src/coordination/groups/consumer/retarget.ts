/**
 * A new target for a group whose epoch has moved on, by the assignor that most of its members want (Kafka:
 * maybeUpdateTargetAssignment, TargetAssignmentBuilder). Not more often than once in an interval, so that many changes cost one computation.
 */
import { type AssignedMember, assignors, type Targets } from '../assignors/assignor.ts'
import type { ConsumerDraft, ConsumerGroupSettings } from './draft.ts'
import { type ConsumerMember, expressionOf } from './member.ts'
import { noPartitions, type Partitions, samePartitions } from './partitions.ts'
import { assignmentRecord, targetRecord } from './records.ts'
import type { ConsumerGroup } from './state.ts'
import type { Subscribed } from './subscribe.ts'

export interface Target {
  readonly epoch: number
  readonly partitions: Partitions
}

/** The target of this member: a new one where it is time for one, else the one that there is. */
export function retarget(
  draft: ConsumerDraft,
  before: ConsumerMember,
  after: ConsumerMember,
  { epoch, isAlike }: Subscribed
): Target {
  const { group } = draft
  if (group.assignmentEpoch >= epoch || !isTimeToAssign(group, draft.settings, draft.nowMs))
    return currentTarget(draft, after)
  const members = membersWith(draft, after, isAlike)
  const name = group.wantedAssignor(before, after) ?? draft.config.consumerAssignors[0] ?? ''
  const { topics } = draft
  const targets = assignors[name]?.({
    members,
    isAlike,
    partitionCount: (topicId) => topics.partitionCount(topics.nameOf(topicId) ?? '')
  })
  writeTargets(draft, members, targets ?? new Map(), epoch)
  return { epoch, partitions: targets?.get(after.memberId) ?? noPartitions }
}

export function currentTarget({ group }: ConsumerDraft, { memberId, instanceId }: ConsumerMember): Target {
  // One that takes the place of another has its target.
  const owner = instanceId === null ? memberId : (group.staticMember(instanceId)?.memberId ?? '')
  return { epoch: group.assignmentEpoch, partitions: group.target(owner) }
}

/** Of a group of any kind that assigns. */
export function isTimeToAssign(
  { assignmentTimestampMs }: Pick<ConsumerGroup, 'assignmentTimestampMs'>,
  { assignmentIntervalMs }: Pick<ConsumerGroupSettings, 'assignmentIntervalMs'>,
  nowMs: number
): boolean {
  return (
    assignmentTimestampMs === 0 || assignmentIntervalMs === 0 || nowMs >= assignmentTimestampMs + assignmentIntervalMs
  )
}

function membersWith(draft: ConsumerDraft, after: ConsumerMember, isAlike: boolean): AssignedMember[] {
  const { group } = draft
  const replaced = group.staticMember(after.instanceId)?.memberId
  const members = new Map(group.members)
  if (replaced !== undefined) members.delete(replaced)
  members.set(after.memberId, after)
  const idsOf = topicIdsIn(draft)
  const shared = isAlike ? idsOf(after) : undefined
  return Array.from(members.values(), (member) => {
    const { memberId, instanceId } = member
    const owner = member === after && replaced !== undefined ? replaced : memberId
    return { memberId, instanceId, topicIds: shared ?? idsOf(member), target: group.target(owner) }
  }).sort((one, other) => (one.memberId < other.memberId ? -1 : 1))
}

/** Topics that exist, by id. Members that subscribe to the same share what it comes to. */
function topicIdsIn({ group, topics }: ConsumerDraft): (member: ConsumerMember) => ReadonlySet<string> {
  const known = new Map<string, ReadonlySet<string>>()
  return (member) => {
    const expression = expressionOf(member)
    const key = JSON.stringify([expression, ...member.topicNames])
    const found = known.get(key)
    if (found !== undefined) return found
    const ofExpression = expression === null ? undefined : group.resolvedExpressions.get(expression)?.topics
    const ids = new Set<string>()
    for (const name of [...member.topicNames, ...(ofExpression ?? [])].sort()) {
      const id = topics.idOf(name)
      if (id !== undefined) ids.add(id)
    }
    known.set(key, ids)
    return ids
  }
}

function writeTargets(draft: ConsumerDraft, members: readonly AssignedMember[], targets: Targets, epoch: number): void {
  const { group, records, nowMs } = draft
  for (const { memberId, target: before } of members) {
    const target = targets.get(memberId) ?? noPartitions
    const isKnown = group.hasTarget(memberId) || before !== noPartitions
    if (!isKnown || !samePartitions(target, before)) records.push(targetRecord(group.groupId, memberId, target))
  }
  records.push(assignmentRecord(group.groupId, epoch, nowMs))
}

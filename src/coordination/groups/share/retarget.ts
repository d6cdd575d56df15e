/**
 * A new target for a share group whose epoch has moved on (Kafka: TargetAssignmentBuilder with SimpleAssignor). Only what is initialized is
 * assigned. Not more often than once in an interval, so that many changes cost one computation.
 */
import type { AssignedMember, Targets } from '../assignors/assignor.ts'
import { assignSimply } from '../assignors/simple.ts'
import { noPartitions, type Partitions, samePartitions } from '../consumer/partitions.ts'
import { isTimeToAssign } from '../consumer/retarget.ts'
import type { ShareDraft } from './draft.ts'
import type { ShareMember } from './member.ts'
import { assignmentRecord, targetRecord } from './records.ts'
import type { ShareSubscribed } from './subscribe.ts'

const nothing: ReadonlySet<number> = new Set()

export interface ShareTarget {
  readonly epoch: number
  readonly partitions: Partitions
}

/** The target of this member: a new one where it is time for one, else the one that there is. */
export function retarget(
  draft: ShareDraft,
  member: ShareMember,
  { epoch, isAlike }: Pick<ShareSubscribed, 'epoch' | 'isAlike'>
): ShareTarget {
  const { group, settings, nowMs } = draft
  const { memberId } = member
  if (group.assignmentEpoch >= epoch || !isTimeToAssign(group, settings, nowMs)) {
    return { epoch: group.assignmentEpoch, partitions: group.target(memberId) }
  }
  const members = membersWith(draft, member)
  const initialized = group.statePartitions?.initialized
  const partitionsOf = (topicId: string) => initialized?.get(topicId)?.partitions ?? nothing
  const targets = assignSimply({ members, isAlike, partitionsOf })
  writeTargets(draft, members, targets, epoch)
  return { epoch, partitions: targets.get(memberId) ?? noPartitions }
}

function membersWith({ group, topics }: ShareDraft, member: ShareMember): AssignedMember[] {
  const members = new Map(group.members).set(member.memberId, member)
  const known = new Map<string, ReadonlySet<string>>()
  const idsOf = (names: ReadonlySet<string>): ReadonlySet<string> => {
    const sorted = [...names].sort()
    const key = JSON.stringify(sorted)
    const ids = known.get(key) ?? new Set(sorted.flatMap((name) => topics.idOf(name) ?? []))
    known.set(key, ids)
    return ids
  }
  return Array.from(members.values(), ({ memberId, topicNames }) => {
    return { memberId, instanceId: null, topicIds: idsOf(topicNames), target: group.target(memberId) }
  }).sort((one, other) => (one.memberId < other.memberId ? -1 : 1))
}

function writeTargets(
  { group, records, nowMs }: ShareDraft,
  members: readonly AssignedMember[],
  targets: Targets,
  epoch: number
): void {
  for (const { memberId, target: before } of members) {
    const target = targets.get(memberId) ?? noPartitions
    if (!group.hasTarget(memberId) || !samePartitions(target, before)) {
      records.push(targetRecord(group.groupId, memberId, target))
    }
  }
  records.push(assignmentRecord(group.groupId, epoch, nowMs))
}

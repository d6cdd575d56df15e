/** Makes a new target where the group's epoch is ahead of the one that there is (Kafka: maybeUpdateStreamsTargetAssignment, TargetAssignmentBuilder). */
import { type AssignedMember, assignSticky } from './assign/sticky.ts'
import type { StreamsDraft } from './draft.ts'
import type { StreamsMember } from './member.ts'
import { assignmentRecord, targetRecord } from './records.ts'
import { noTaskOffsets } from './task-offsets.ts'
import { noTasks, sameTasks, type Tasks } from './tasks.ts'
import type { ConfiguredTopology } from './topology/configure.ts'

export interface StreamsTarget {
  /** That the target is made for. */
  readonly epoch: number
  readonly tasks: Tasks
  /** Why there is none newer yet. */
  readonly delay: string | null
}

/** The group as it is to be assigned: with the one member as it is now, in the place of the one that it replaces, if it does. */
export interface Assignable {
  readonly epoch: number
  readonly configured: ConfiguredTopology
  readonly member: StreamsMember | null
  readonly replacedId: string | null
}

export function retarget(
  draft: StreamsDraft,
  assignable: Assignable & { readonly member: StreamsMember }
): StreamsTarget {
  const { group, settings, nowMs, softNext } = draft
  const known = group.target(idBefore(assignable, assignable.member.memberId))
  const { assignmentEpoch, assignmentTimestampMs } = group
  if (softNext.isDelayed) return { epoch: assignmentEpoch, tasks: noTasks, delay: initialDelay }
  if (assignmentEpoch >= assignable.epoch) return { epoch: assignmentEpoch, tasks: known, delay: null }
  const isTooSoon = nowMs - assignmentTimestampMs < settings.assignmentIntervalMs && assignmentTimestampMs <= nowMs
  if (isTooSoon) return { epoch: assignmentEpoch, tasks: known, delay: intervalDelay }
  const targets = assign(draft, assignable)
  return { epoch: assignable.epoch, tasks: targets.get(assignable.member.memberId) ?? noTasks, delay: null }
}

const initialDelay = 'Assignment delayed due to the configured initial rebalance delay.'
const intervalDelay = 'Assignment delayed due to the configured assignment interval.'

/** Writes down what changes for whom. */
export function assign(draft: StreamsDraft, assignable: Assignable): ReadonlyMap<string, Tasks> {
  const { group, records, settings, nowMs } = draft
  const { groupId } = group
  const { epoch, configured } = assignable
  const members = membersOf(draft, assignable)
  const isReady = configured.status === null
  const subtopologies = isReady ? configured.subtopologies : new Map()
  const targets = assignSticky(members, subtopologies, settings.numStandbyReplicas)
  for (const [memberId, tasks] of targets) {
    const formerId = idBefore(assignable, memberId)
    if (group.hasTarget(formerId) && sameTasks(group.target(formerId), tasks)) continue
    records.push(targetRecord(groupId, memberId, tasks))
  }
  records.push(assignmentRecord(groupId, epoch, nowMs))
  return targets
}

function membersOf(draft: StreamsDraft, assignable: Assignable): AssignedMember[] {
  const { member, replacedId } = assignable
  const members = new Map(draft.group.members)
  if (replacedId !== null) members.delete(replacedId)
  if (member !== null) members.set(member.memberId, member)
  return Array.from(members.values(), ({ memberId, processId }) => {
    const { offsets: taskOffsets } = draft.softNext.taskOffsets.byMember.get(memberId) ?? noTaskOffsets
    return { memberId, processId, tasks: draft.group.target(idBefore(assignable, memberId)), taskOffsets }
  })
}

/** Whose target it goes on from: one that replaces another goes on from that one's, which is written as its own by then. */
function idBefore({ member, replacedId }: Assignable, memberId: string): string {
  return replacedId !== null && memberId === member?.memberId ? replacedId : memberId
}

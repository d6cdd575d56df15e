/**
 * The next step of a member towards its target (KIP-1071; Kafka: streams.CurrentAssignmentBuilder): first it gives up what it is to give up,
 * and says so; then it is in the target's epoch, and is given what is free. No task is active twice, and no process has a task twice, because its
 * members share a directory. Within one member a task changes its role in place.
 */
import { epochsOf } from '../consumer/partitions.ts'
import { fenced, type Refusal } from '../consumer/refusal.ts'
import { MemberState, type StreamsMember, standsTheSame } from './member.ts'
import { hasTask, haveCommon, isEmpty, noHeldTasks, type ReplicaRole, type Tasks, tasksOf } from './tasks.ts'

/** Who has a task now, whether to be given up or not. */
export interface TaskOwners {
  /** The process that runs it; undefined when nobody does. */
  activeProcess(subtopologyId: string, partition: number): string | undefined
  hasReplica(role: ReplicaRole, subtopologyId: string, partition: number, processId: string): boolean
}

export interface Reconciliation {
  readonly member: StreamsMember
  readonly target: Tasks
  readonly targetEpoch: number
  /** What the member says that it owns; null when it has nothing new to say. */
  readonly owned: Tasks | null
  readonly owners: TaskOwners
}

type Numbers = Map<string, Set<number>>
type Epochs = Map<string, Map<number, number>>

/** The tasks of a member that is on its way, sorted. */
interface Sorted {
  readonly assigned: { readonly active: Epochs; readonly standby: Numbers; readonly warmup: Numbers }
  readonly revoked: { readonly active: Epochs; readonly standby: Numbers; readonly warmup: Numbers }
  readonly added: { readonly active: Numbers; readonly standby: Numbers; readonly warmup: Numbers }
  hasUnreleased: boolean
}

/** The member as it stands then; the same one when nothing moves. */
export function reconcile(step: Reconciliation): StreamsMember | Refusal {
  const next = nextOf(step)
  return 'errorCode' in next || !standsTheSame(step.member, next) ? next : step.member
}

function nextOf(step: Reconciliation): StreamsMember | Refusal {
  const { member, targetEpoch, owned } = step
  switch (member.state) {
    case MemberState.stable:
      return member.epoch === targetEpoch ? member : advance(step, member.epoch)
    case MemberState.unrevokedTasks:
      return ownsAny(owned, member.pendingRevocation) ? member : advance(step, member.epoch + 1)
    case MemberState.unreleasedTasks:
      return advance(step, member.epoch)
    default:
      // A later Kafka knows what this state means. Whoever owns nothing can begin anew.
      if (owned !== null && isEmpty(owned)) return advance(step, targetEpoch)
      return { ...fenced(''), message: unknownState }
  }
}

const unknownState = 'The streams group member is in a unknown state. The member must abandon all its tasks and rejoin.'

/** A member that says nothing still owns all that it had. */
function ownsAny(owned: Tasks | null, tasks: Tasks | StreamsMember['assigned']): boolean {
  return owned === null || haveCommon(owned, tasks)
}

function advance(step: Reconciliation, epoch: number): StreamsMember {
  const { member, targetEpoch, owned } = step
  const sorted = sort(step)
  changeRoles(step, sorted)
  const { assigned, revoked, added, hasUnreleased } = sorted
  const mustRevoke = !isEmpty(revoked) && ownsAny(owned, revoked)
  keepUntilActive(step, sorted, mustRevoke)
  if (mustRevoke) {
    const state = MemberState.unrevokedTasks
    return { ...member, state, epoch, previousEpoch: member.epoch, assigned, pendingRevocation: revoked }
  }
  for (const [subtopologyId, numbers] of added.active) {
    const epochs = assigned.active.get(subtopologyId) ?? new Map<number, number>()
    assigned.active.set(subtopologyId, new Map([...epochs, ...epochsOf(numbers, targetEpoch)]))
  }
  for (const role of ['standby', 'warmup'] as const) {
    for (const [subtopologyId, partition] of tasksOf(added[role])) add(assigned[role], subtopologyId, partition)
  }
  return {
    ...member,
    state: hasUnreleased ? MemberState.unreleasedTasks : MemberState.stable,
    epoch: targetEpoch,
    previousEpoch: member.epoch,
    assigned,
    pendingRevocation: noHeldTasks
  }
}

/** What it keeps in its role, what it has to give up, what it can be given, and whether some is still another's. */
function sort({ member, target, owners }: Reconciliation): Sorted {
  const sorted: Sorted = {
    assigned: { active: new Map(), standby: new Map(), warmup: new Map() },
    revoked: { active: new Map(), standby: new Map(), warmup: new Map() },
    added: { active: new Map(), standby: new Map(), warmup: new Map() },
    hasUnreleased: false
  }
  for (const [subtopologyId, epochs] of member.assigned.active) {
    for (const [partition, epoch] of epochs) {
      const { active } = hasTask(target.active, subtopologyId, partition) ? sorted.assigned : sorted.revoked
      const kept = active.get(subtopologyId) ?? new Map<number, number>()
      active.set(subtopologyId, kept.set(partition, epoch))
    }
  }
  for (const role of ['standby', 'warmup'] as const) {
    for (const [subtopologyId, partition] of tasksOf(member.assigned[role])) {
      const kept = hasTask(target[role], subtopologyId, partition) ? sorted.assigned : sorted.revoked
      add(kept[role], subtopologyId, partition)
    }
  }
  for (const role of ['active', 'standby', 'warmup'] as const) {
    for (const [subtopologyId, partition] of tasksOf(target[role])) {
      if (hasTask(member.assigned[role], subtopologyId, partition)) continue
      if (isTaken(member, owners, role, subtopologyId, partition)) sorted.hasUnreleased = true
      else add(sorted.added[role], subtopologyId, partition)
    }
  }
  return sorted
}

/** By whom else a task is had in a way that keeps the member from having it in this role. */
function isTaken(
  { processId, assigned }: StreamsMember,
  owners: TaskOwners,
  role: 'active' | ReplicaRole,
  subtopologyId: string,
  partition: number
): boolean {
  const runs = owners.activeProcess(subtopologyId, partition)
  const follows = (as: ReplicaRole) => owners.hasReplica(as, subtopologyId, partition, processId)
  const anotherFollows = (as: ReplicaRole) => follows(as) && !hasTask(assigned[as], subtopologyId, partition)
  if (role === 'active') return runs !== undefined || anotherFollows('standby') || anotherFollows('warmup')
  if (role === 'warmup') return runs === processId || anotherFollows('standby') || follows('warmup')
  const anotherRuns = runs === processId && !hasTask(assigned.active, subtopologyId, partition)
  return anotherRuns || follows('standby') || anotherFollows('warmup')
}

/** What it has in another role than it is to have: the state stays where it is. */
function changeRoles({ member, target }: Reconciliation, { assigned, revoked, added }: Sorted): void {
  // It is given up as active all the same: the member closes it first.
  for (const [subtopologyId, partition] of tasksOf(member.assigned.active)) {
    if (drop(added.standby, subtopologyId, partition)) add(assigned.standby, subtopologyId, partition)
  }
  for (const [from, to] of [
    ['standby', 'warmup'],
    ['warmup', 'standby']
  ] as const) {
    for (const [subtopologyId, partition] of tasksOf(member.assigned[from])) {
      if (drop(added[to], subtopologyId, partition)) {
        add(assigned[to], subtopologyId, partition)
        drop(revoked[from], subtopologyId, partition)
      } else if (hasTask(target.active, subtopologyId, partition)) drop(revoked[from], subtopologyId, partition)
    }
  }
}

/** What it follows and is to run it goes on to follow until it may run it. */
function keepUntilActive({ member, target }: Reconciliation, { assigned, added }: Sorted, mustRevoke: boolean): void {
  for (const role of ['standby', 'warmup'] as const) {
    for (const [subtopologyId, partition] of tasksOf(member.assigned[role])) {
      const isGiven = !mustRevoke && hasTask(added.active, subtopologyId, partition)
      if (hasTask(target.active, subtopologyId, partition) && !isGiven) add(assigned[role], subtopologyId, partition)
    }
  }
}

function add(tasks: Numbers, subtopologyId: string, partition: number): void {
  const numbers = tasks.get(subtopologyId) ?? new Set<number>()
  tasks.set(subtopologyId, numbers.add(partition))
}

/** Whether it was there. */
function drop(tasks: Numbers, subtopologyId: string, partition: number): boolean {
  const numbers = tasks.get(subtopologyId)
  const wasThere = numbers?.delete(partition) === true
  if (numbers?.size === 0) tasks.delete(subtopologyId)
  return wasThere
}

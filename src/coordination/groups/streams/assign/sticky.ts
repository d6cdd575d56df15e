/**
 * The assignor `sticky` (KIP-1071; Kafka 4.4.0: StickyTaskAssignor): tasks stay where their states are as far as members have about as many of
 * them. The rest goes to processes that bear the least. Standby tasks lie in other processes than what they follow. Where two are even, the
 * first by id is taken (Kafka: whichever its hash tables yield).
 */
import { type Tasks, tasksOf } from '../tasks.ts'
import { LeastFirst } from './least-first.ts'
import { bearsLess, keyOf, Process, type Task } from './process.ts'
import { Quota } from './quota.ts'

export interface AssignedMember {
  readonly memberId: string
  readonly processId: string
  /** Its target so far. */
  readonly tasks: Tasks
  /** How far the states on its disk are, as it reports. */
  readonly taskOffsets: readonly (Task & { readonly offset: number })[]
}

export interface AssignedSubtopology {
  readonly taskCount: number
  readonly isStateful: boolean
}

type Subtopologies = ReadonlyMap<string, AssignedSubtopology>
type Target = Record<'active' | 'standby' | 'warmup', Map<string, Set<number>>>

interface Holder {
  readonly memberId: string
  readonly process: Process
}

interface Follower extends Holder {
  readonly isStandby: boolean
  readonly offset: number
}

interface Assigning {
  readonly processes: readonly Process[]
  readonly active: Quota
  readonly all: Quota
  readonly ranBefore: ReadonlyMap<string, Holder>
  /** The best first. */
  readonly followedBefore: ReadonlyMap<string, readonly Follower[]>
  readonly targets: ReadonlyMap<string, Target>
}

/** The tasks of each member, by its id. */
export function assignSticky(
  members: readonly AssignedMember[],
  subtopologies: Subtopologies,
  standbyReplicas: number
): ReadonlyMap<string, Tasks> {
  const tasks = allTasks(subtopologies)
  const stateful = tasks.filter(({ subtopologyId }) => subtopologies.get(subtopologyId)?.isStateful)
  const assigning = begin(members, tasks.length, tasks.length + stateful.length * standbyReplicas)
  if (members.length > 0) {
    assignActive(assigning, tasks)
    if (standbyReplicas > 0) assignStandby(assigning, stateful, standbyReplicas)
  }
  return assigning.targets
}

/** By subtopology and number. */
function allTasks(subtopologies: Subtopologies): Task[] {
  const ids = [...subtopologies.keys()].sort()
  return ids.flatMap((subtopologyId) => {
    const length = subtopologies.get(subtopologyId)?.taskCount ?? 0
    return Array.from({ length }, (_, partition) => ({ subtopologyId, partition }))
  })
}

/** By number first, so that what has the same number, and is joined, comes together. */
function byNumber(tasks: readonly Task[]): Task[] {
  return [...tasks].sort((one, other) => one.partition - other.partition)
}

function begin(members: readonly AssignedMember[], activeTasks: number, tasks: number): Assigning {
  const processes = new Map<string, Process>()
  const ranBefore = new Map<string, Holder>()
  const followedBefore = new Map<string, Follower[]>()
  const targets = new Map<string, Target>()
  for (const member of [...members].sort((one, other) => (one.memberId < other.memberId ? -1 : 1))) {
    const { memberId, processId } = member
    const process = processes.get(processId) ?? new Process(processId)
    processes.set(processId, process)
    process.addMember(memberId)
    targets.set(memberId, { active: new Map(), standby: new Map(), warmup: new Map() })
    for (const [subtopologyId, partition] of tasksOf(member.tasks.active)) {
      ranBefore.set(keyOf({ subtopologyId, partition }), { memberId, process })
    }
    for (const [key, follower] of followersOf(member, process)) {
      const followers = followedBefore.get(key) ?? []
      followedBefore.set(key, followers)
      followers.push(follower)
    }
  }
  for (const followers of followedBefore.values()) {
    followers.sort((one, other) => Number(other.isStandby) - Number(one.isStandby) || other.offset - one.offset)
  }
  const [active, all] = [new Quota(activeTasks, members.length), new Quota(tasks, members.length)]
  return { processes: [...processes.values()], active, all, ranBefore, followedBefore, targets }
}

/** Who is standby, and who has a state on its disk, from before it was started again. */
function followersOf({ memberId, tasks, taskOffsets }: AssignedMember, process: Process): Map<string, Follower> {
  const followers = new Map<string, Follower>()
  for (const task of taskOffsets) {
    followers.set(keyOf(task), { memberId, process, isStandby: false, offset: task.offset })
  }
  for (const [subtopologyId, partition] of tasksOf(tasks.standby)) {
    const key = keyOf({ subtopologyId, partition })
    followers.set(key, { memberId, process, isStandby: true, offset: followers.get(key)?.offset ?? 0 })
  }
  return followers
}

function assignActive(assigning: Assigning, tasks: readonly Task[]): void {
  const { active, ranBefore, followedBefore } = assigning
  const giveWhereRoom = (task: Task, holder: Holder | null | undefined): boolean => {
    if (!holder || !active.isBelow(holder.process.taskCountOf(holder.memberId))) return false
    take(assigning, 'active', task, holder.memberId, holder.process.give(holder.memberId, task))
    return true
  }
  const left = byNumber(tasks).filter((task) => !giveWhereRoom(task, ranBefore.get(keyOf(task))))
  const rest = left.filter((task) => !giveWhereRoom(task, leastLoaded(followedBefore.get(keyOf(task)))))
  const given = new Set(rest.map(keyOf))
  const byLoad = new LeastFirst(bearsLess, assigning.processes)
  for (const task of tasks) {
    if (!given.has(keyOf(task))) continue
    const process = byLoad.pop()
    const to = process?.giveToLeast(task)
    if (to) take(assigning, 'active', task, to.memberId, to.tasks)
    if (process) byLoad.push(process)
  }
}

function assignStandby(assigning: Assigning, stateful: readonly Task[], standbyReplicas: number): void {
  const left: { readonly task: Task; readonly replicas: number }[] = []
  // In reverse, so that who has been given the first active tasks is given the last standby tasks.
  for (const task of byNumber(stateful).reverse()) {
    let replicas = standbyReplicas
    while (replicas > 0 && goesBack(assigning, task)) replicas -= 1
    if (replicas > 0) left.push({ task, replicas })
  }
  const inReverse = new Map(stateful.map((task, index) => [keyOf(task), -index]))
  left.sort((one, other) => (inReverse.get(keyOf(one.task)) ?? 0) - (inReverse.get(keyOf(other.task)) ?? 0))
  const byLoad = new LeastFirst(bearsLess, assigning.processes)
  for (const { task, replicas } of left) {
    for (let count = 0; count < replicas; count++) if (!giveToLeastLoaded(assigning, byLoad, task)) break
  }
}

/** Whether a standby task went back to who has the state already: who ran it, else who followed it. */
function goesBack(assigning: Assigning, task: Task): boolean {
  const { all, ranBefore, followedBefore } = assigning
  const followers = followedBefore.get(keyOf(task))?.filter(({ process }) => !process.has(task))
  for (const holder of [ranBefore.get(keyOf(task)), leastLoaded(followers)]) {
    if (!holder || holder.process.has(task) || !all.isBelow(holder.process.taskCountOf(holder.memberId))) continue
    take(assigning, 'standby', task, holder.memberId, holder.process.give(holder.memberId, task))
    return true
  }
  return false
}

/** False when every process has the task already. */
function giveToLeastLoaded(assigning: Assigning, byLoad: LeastFirst<Process>, task: Task): boolean {
  const passedOver: Process[] = []
  let process = byLoad.pop()
  for (; process?.has(task); process = byLoad.pop()) passedOver.push(process)
  const to = process?.giveToLeast(task)
  if (to) take(assigning, 'standby', task, to.memberId, to.tasks)
  for (const one of process ? [...passedOver, process] : passedOver) byLoad.push(one)
  return Boolean(to)
}

/** The first, unless another has less to bear both as a member and as a process. */
function leastLoaded(followers: readonly Follower[] = []): Follower | null {
  let least: Follower | null = null
  for (const follower of followers) {
    const isLess =
      least === null ||
      (follower.process.load < least.process.load &&
        follower.process.taskCountOf(follower.memberId) < least.process.taskCountOf(least.memberId))
    if (isLess) least = follower
  }
  return least
}

/** Writes down that the member has it, and so many in all. */
function take(assigning: Assigning, role: 'active' | 'standby', task: Task, memberId: string, taskCount: number): void {
  if (role === 'active') assigning.active.took(taskCount)
  assigning.all.took(taskCount)
  const tasks = assigning.targets.get(memberId)?.[role]
  const numbers = tasks?.get(task.subtopologyId) ?? new Set<number>()
  tasks?.set(task.subtopologyId, numbers.add(task.partition))
}

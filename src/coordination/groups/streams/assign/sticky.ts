/**
 * The assignor `sticky` (KIP-1071; Kafka 4.4.0: StickyTaskAssignor): tasks stay where their states are as far as members have about as many of
 * them. The rest goes to processes that bear the least. Standby tasks lie in other processes than what they follow. Where two are even, the
 * first by id is taken (Kafka: whichever its hash tables yield).
 */
import { type Tasks, tasksOf } from '../tasks.ts'
import { LeastFirst } from './least-first.ts'
import { bearsLess, Process, type Task } from './process.ts'
import { Quota } from './quota.ts'

export interface AssignedMember {
  readonly memberId: string
  readonly processId: string
  /** Its target so far. */
  readonly tasks: Tasks
  /** How far the states on its disk are, as it reports. */
  readonly taskOffsets: readonly {
    readonly subtopologyId: string
    readonly partition: number
    readonly offset: number
  }[]
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
  /** Both by the index of the task. */
  readonly ranBefore: ReadonlyMap<number, Holder>
  /** The best first. */
  readonly followedBefore: ReadonlyMap<number, readonly Follower[]>
  readonly targets: ReadonlyMap<string, Target>
}

/** The tasks of each member, by its id. */
export function assignSticky(
  members: readonly AssignedMember[],
  subtopologies: Subtopologies,
  standbyReplicas: number
): ReadonlyMap<string, Tasks> {
  const { tasks, indexOf } = allTasks(subtopologies)
  const stateful = tasks.filter(({ subtopologyId }) => subtopologies.get(subtopologyId)?.isStateful)
  const assigning = begin(members, indexOf, tasks.length, tasks.length + stateful.length * standbyReplicas)
  if (members.length > 0) {
    assignActive(assigning, tasks)
    if (standbyReplicas > 0) assignStandby(assigning, stateful, standbyReplicas)
  }
  return assigning.targets
}

/** The index of a task; undefined where the topology has none such, or none any more. */
type IndexOf = (subtopologyId: string, partition: number) => number | undefined

/** By subtopology and number. */
function allTasks(subtopologies: Subtopologies): { readonly tasks: readonly Task[]; readonly indexOf: IndexOf } {
  const tasks: Task[] = []
  const firsts = new Map<string, number>()
  for (const subtopologyId of [...subtopologies.keys()].sort()) {
    firsts.set(subtopologyId, tasks.length)
    const { taskCount = 0 } = subtopologies.get(subtopologyId) ?? {}
    for (let partition = 0; partition < taskCount; partition++) {
      tasks.push({ subtopologyId, partition, index: tasks.length })
    }
  }
  const indexOf: IndexOf = (subtopologyId, partition) => {
    const first = firsts.get(subtopologyId)
    const isThere =
      first !== undefined && partition >= 0 && partition < (subtopologies.get(subtopologyId)?.taskCount ?? 0)
    return isThere ? first + partition : undefined
  }
  return { tasks, indexOf }
}

/** By number first, so that what has the same number, and is joined, comes together. */
function byNumber(tasks: readonly Task[]): Task[] {
  return [...tasks].sort((one, other) => one.partition - other.partition)
}

function begin(members: readonly AssignedMember[], indexOf: IndexOf, activeTasks: number, tasks: number): Assigning {
  const processes = new Map<string, Process>()
  const ranBefore = new Map<number, Holder>()
  const followedBefore = new Map<number, Follower[]>()
  const targets = new Map<string, Target>()
  for (const member of [...members].sort((one, other) => (one.memberId < other.memberId ? -1 : 1))) {
    const { memberId, processId } = member
    const process = processes.get(processId) ?? new Process(processId)
    processes.set(processId, process)
    process.addMember(memberId)
    targets.set(memberId, { active: new Map(), standby: new Map(), warmup: new Map() })
    for (const [subtopologyId, partition] of tasksOf(member.tasks.active)) {
      const index = indexOf(subtopologyId, partition)
      if (index !== undefined) ranBefore.set(index, { memberId, process })
    }
    for (const [index, follower] of followersOf(member, process, indexOf)) {
      const followers = followedBefore.get(index)
      if (followers === undefined) followedBefore.set(index, [follower])
      else followers.push(follower)
    }
  }
  for (const followers of followedBefore.values()) {
    if (followers.length > 1)
      followers.sort((one, other) => Number(other.isStandby) - Number(one.isStandby) || other.offset - one.offset)
  }
  const [active, all] = [new Quota(activeTasks, members.length), new Quota(tasks, members.length)]
  return { processes: [...processes.values()], active, all, ranBefore, followedBefore, targets }
}

/** Who is standby, and who has a state on its disk, from before it was started again. */
function followersOf(
  { memberId, tasks, taskOffsets }: AssignedMember,
  process: Process,
  indexOf: IndexOf
): Map<number, Follower> {
  const followers = new Map<number, Follower>()
  for (const { subtopologyId, partition, offset } of taskOffsets) {
    const index = indexOf(subtopologyId, partition)
    if (index !== undefined) followers.set(index, { memberId, process, isStandby: false, offset })
  }
  for (const [subtopologyId, partition] of tasksOf(tasks.standby)) {
    const index = indexOf(subtopologyId, partition)
    if (index === undefined) continue
    followers.set(index, { memberId, process, isStandby: true, offset: followers.get(index)?.offset ?? 0 })
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
  const left = byNumber(tasks).filter((task) => !giveWhereRoom(task, ranBefore.get(task.index)))
  const rest = left.filter((task) => !giveWhereRoom(task, leastLoaded(followedBefore.get(task.index))))
  const given = new Set(rest)
  const byLoad = new LeastFirst(bearsLess, assigning.processes)
  for (const task of tasks) {
    if (!given.has(task)) continue
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
  left.sort((one, other) => other.task.index - one.task.index)
  const byLoad = new LeastFirst(bearsLess, assigning.processes)
  for (const { task, replicas } of left) {
    for (let count = 0; count < replicas; count++) if (!giveToLeastLoaded(assigning, byLoad, task)) break
  }
}

/** Whether a standby task went back to who has the state already: who ran it, else who followed it. */
function goesBack(assigning: Assigning, task: Task): boolean {
  const { all, ranBefore, followedBefore } = assigning
  const followers = followedBefore.get(task.index)?.filter(({ process }) => !process.has(task))
  for (const holder of [ranBefore.get(task.index), leastLoaded(followers)]) {
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

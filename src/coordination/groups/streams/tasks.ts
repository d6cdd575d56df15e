/**
 * Tasks by subtopology, as targets and assignments are made of them (Kafka: TasksTuple, TasksTupleWithEpochs). A task is one partition number of
 * one subtopology; a member runs it (active), follows it (standby), or catches up with it to run it later (warm-up).
 */
import {
  epochsOf,
  noPartitionEpochs,
  noPartitions,
  type PartitionEpochs,
  type Partitions,
  samePartitionEpochs,
  samePartitions
} from '../consumer/partitions.ts'

export interface Tasks {
  readonly active: Partitions
  readonly standby: Partitions
  readonly warmup: Partitions
}

/** What a member has: of each active task the epoch in which it was given. */
export interface HeldTasks extends Omit<Tasks, 'active'> {
  readonly active: PartitionEpochs
}

/** As messages and records have them. */
export interface TaskIds {
  readonly subtopologyId: string
  readonly partitions: readonly number[]
}

export const noTasks: Tasks = { active: noPartitions, standby: noPartitions, warmup: noPartitions }
export const noHeldTasks: HeldTasks = { ...noTasks, active: noPartitionEpochs }

export const replicaRoles = ['standby', 'warmup'] as const
export type ReplicaRole = (typeof replicaRoles)[number]
export const roles = ['active', ...replicaRoles] as const
export type Role = (typeof roles)[number]

type Numbers = ReadonlySet<number> | ReadonlyMap<number, number>
export type TasksOfRole = ReadonlyMap<string, Numbers>

export function hasTask(tasks: TasksOfRole, subtopologyId: string, partition: number): boolean {
  return tasks.get(subtopologyId)?.has(partition) === true
}

export function* tasksOf(tasks: TasksOfRole): Iterable<readonly [subtopologyId: string, partition: number]> {
  for (const [subtopologyId, numbers] of tasks) for (const partition of numbers.keys()) yield [subtopologyId, partition]
}

export function isEmpty(tasks: Tasks | HeldTasks): boolean {
  return roles.every((role) => tasks[role].size === 0)
}

/** Whether some of the ones are among the others, in the same role. */
export function haveCommon(some: Tasks, others: Tasks | HeldTasks): boolean {
  return roles.some((role) => {
    for (const [subtopologyId, partition] of tasksOf(some[role])) {
      if (hasTask(others[role], subtopologyId, partition)) return true
    }
    return false
  })
}

export function areWithin(some: Tasks, others: HeldTasks): boolean {
  return roles.every((role) => {
    for (const [subtopologyId, partition] of tasksOf(some[role])) {
      if (!hasTask(others[role], subtopologyId, partition)) return false
    }
    return true
  })
}

export function sameTasks(one: Tasks, other: Tasks): boolean {
  return roles.every((role) => samePartitions(one[role], other[role]))
}

/** In the same epochs, too. */
export function sameHeldTasks(one: HeldTasks, other: HeldTasks): boolean {
  return (
    samePartitionEpochs(one.active, other.active) &&
    replicaRoles.every((role) => samePartitions(one[role], other[role]))
  )
}

/** As a member has them that has to say anew what it has: nothing that it commits is too old then. */
export function withoutEpochs(held: HeldTasks): HeldTasks {
  return {
    ...held,
    active: new Map(Array.from(held.active, ([subtopologyId, numbers]) => [subtopologyId, epochsOf(numbers.keys(), 0)]))
  }
}

/** In order, so that the same tasks are always written the same. */
export function toTaskIds(tasks: TasksOfRole): TaskIds[] {
  return Array.from(tasks)
    .filter(([, numbers]) => numbers.size > 0)
    .map(([subtopologyId, numbers]) => ({ subtopologyId, partitions: [...numbers.keys()].sort((a, b) => a - b) }))
    .sort((one, other) => (one.subtopologyId < other.subtopologyId ? -1 : 1))
}

export function fromTaskIds(ids: readonly TaskIds[]): Map<string, Set<number>> {
  const tasks = new Map<string, Set<number>>()
  for (const { subtopologyId, partitions } of ids) {
    const numbers = tasks.get(subtopologyId) ?? new Set<number>()
    tasks.set(subtopologyId, numbers)
    for (const partition of partitions) numbers.add(partition)
  }
  return tasks
}

/** What a heartbeat says that its member owns; null when it says nothing of it. */
export function ownedTasks(request: {
  readonly activeTasks: readonly TaskIds[] | null
  readonly standbyTasks: readonly TaskIds[] | null
  readonly warmupTasks: readonly TaskIds[] | null
}): Tasks | null {
  const { activeTasks, standbyTasks, warmupTasks } = request
  if (activeTasks === null || standbyTasks === null || warmupTasks === null) return null
  return { active: fromTaskIds(activeTasks), standby: fromTaskIds(standbyTasks), warmup: fromTaskIds(warmupTasks) }
}

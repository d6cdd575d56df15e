/** What a process has been given so far, in the making of an assignment (Kafka: ProcessState): by member, and how much it bears in all. */
import { LeastFirst } from './least-first.ts'

export interface Task {
  readonly subtopologyId: string
  readonly partition: number
  /** Among all tasks of the topology: what is known of a task is found by it, since there may be ten thousand. */
  readonly index: number
}

interface Bearer {
  readonly memberId: string
  tasks: number
}

export class Process {
  readonly processId: string
  readonly #members = new Map<string, Bearer>()
  readonly #tasks = new Set<number>()
  #byTasks: LeastFirst<Bearer> | null = null
  #taskCount = 0

  constructor(processId: string) {
    this.processId = processId
  }

  addMember(memberId: string): void {
    this.#members.set(memberId, { memberId, tasks: 0 })
  }

  /** Tasks by member. */
  get load(): number {
    return this.#taskCount / this.#members.size
  }

  taskCountOf(memberId: string): number {
    return this.#members.get(memberId)?.tasks ?? 0
  }

  has(task: Task): boolean {
    return this.#tasks.has(task.index)
  }

  /** How many tasks the member has then. */
  give(memberId: string, task: Task): number {
    this.#byTasks = null
    const member = this.#members.get(memberId)
    return member === undefined ? 0 : this.#put(member, task)
  }

  /** The member with the fewest tasks is given it; null when there is none. */
  giveToLeast(task: Task): { readonly memberId: string; readonly tasks: number } | null {
    this.#byTasks ??= new LeastFirst(hasFewer, this.#members.values())
    const member = this.#byTasks.pop()
    if (member === undefined) return null
    this.#put(member, task)
    this.#byTasks.push(member)
    return { memberId: member.memberId, tasks: member.tasks }
  }

  #put(member: Bearer, task: Task): number {
    this.#tasks.add(task.index)
    this.#taskCount += 1
    member.tasks += 1
    return member.tasks
  }
}

/** Always in the same order, whoever was heard first. */
export function bearsLess(one: Process, other: Process): boolean {
  return one.load < other.load || (one.load === other.load && one.processId < other.processId)
}

function hasFewer(one: Bearer, other: Bearer): boolean {
  return one.tasks < other.tasks || (one.tasks === other.tasks && one.memberId < other.memberId)
}

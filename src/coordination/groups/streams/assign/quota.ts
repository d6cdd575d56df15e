/** How many tasks a member may have, so that all have about as many (Kafka: computeTasksPerMember, reckoned anew whenever somebody is full). */

export class Quota {
  #tasks: number
  #members: number
  #perMember: number

  constructor(tasks: number, members: number) {
    this.#tasks = tasks
    this.#members = members
    this.#perMember = share(tasks, members)
  }

  isBelow(taskCount: number): boolean {
    return taskCount < this.#perMember
  }

  /** Somebody has so many now. Who has its share is full: the others share what is left. */
  took(taskCount: number): void {
    if (taskCount !== this.#perMember) return
    this.#members -= 1
    this.#tasks -= taskCount
    this.#perMember = share(this.#tasks, this.#members)
  }
}

function share(tasks: number, members: number): number {
  return members === 0 ? 0 : Math.ceil(tasks / members)
}

/** What is asked of share coordinators for a group, one after the other: what is being initialized is not deleted meanwhile. */
export class WorkInTurn {
  /** By group, the end of what was begun last. */
  readonly #last = new Map<string, Promise<unknown>>()

  isBusy(groupId: string): boolean {
    return this.#last.has(groupId)
  }

  /** Begins when what was begun before is over, whichever way it ended. */
  async run<Result>(groupId: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(groupId)
    const mine = before === undefined ? work() : before.then(work, work)
    this.#last.set(groupId, mine)
    try {
      return await mine
    } finally {
      if (this.#last.get(groupId) === mine) this.#last.delete(groupId)
    }
  }
}

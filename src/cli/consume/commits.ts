/**
 * What a member dealt with and its group does not have yet. One commit is under way at a time; what could not be committed is kept, and
 * goes with the next one.
 */
import { partitionName, type TopicPartition } from '../partitions.ts'

export interface Place extends TopicPartition {
  /** An offset says nothing of a topic that was made anew under its name. */
  readonly topicId: string
  readonly offset: bigint
}

export interface CommitsOptions {
  /** Sends them to the group's coordinator. Rejects when it did not take them. */
  send(places: readonly Place[]): Promise<void>
  /** Whether its topic is another by now. */
  isOutdated(place: Place): boolean
  /** Why nothing may be committed now, if so. */
  hindrance(): Error | undefined
}

export class Commits {
  readonly #options: CommitsOptions
  readonly #due = new Map<string, Place>()
  /** What the group has, as far as this member knows: what differs from it is of another member. */
  readonly inGroup = new Map<string, bigint>()
  #underWay: Promise<unknown> = Promise.resolve()
  /** Waits for the one that is under way. */
  #next: Promise<unknown> | undefined

  constructor(options: CommitsOptions) {
    this.#options = options
  }

  get areDue(): boolean {
    return this.#due.size > 0
  }

  note(place: Place): void {
    this.#due.set(partitionName(place), place)
  }

  forget(name: string): void {
    this.#due.delete(name)
  }

  /**
   * One at a time, and one that waits for its turn is for all who ask meanwhile. Resolves with why it did not work; then the
   * offsets stay, for the next time.
   */
  commit(): Promise<unknown> {
    this.#next ??= this.#underWay.then(() => {
      this.#next = undefined
      return this.#commitNow()
    })
    this.#underWay = this.#next
    return this.#next
  }

  async #commitNow(): Promise<unknown> {
    const { send, isOutdated, hindrance } = this.#options
    for (const [name, place] of this.#due) if (isOutdated(place)) this.#due.delete(name)
    if (this.#due.size === 0) return undefined
    const reason = hindrance()
    if (reason !== undefined) return reason
    const places = new Map(this.#due)
    try {
      await send([...places.values()])
      for (const [name, place] of places) {
        this.inGroup.set(name, place.offset)
        if (this.#due.get(name) === place) this.#due.delete(name)
      }
      return undefined
    } catch (error) {
      return error
    }
  }
}

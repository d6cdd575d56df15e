/** What groups have seen of the cluster's topics: soft state, by which a group notices that it has to look again. */
import type { GroupTopics } from '../topic-names.ts'
import { topicHash } from './topic-hash.ts'

export class TopicsSeen {
  readonly #topics: GroupTopics
  readonly #hashes = new Map<string, bigint>()
  /** Counts the changes; a group that looked at an earlier one is stale. */
  #change = 0
  readonly #seen = new Map<string, { readonly change: number; readonly epoch: number }>()
  /** Counts the times that topics were made; expressions that were looked up before may come to more now. */
  #making = 0
  readonly #lookedUp = new Map<string, number>()

  constructor(topics: GroupTopics) {
    this.#topics = topics
  }

  /** These topics were made, have more partitions or other copies, or are gone. */
  onChanged(names: Iterable<string>, hasNew: boolean): void {
    this.#change += 1
    for (const name of names) this.#hashes.delete(name)
    if (hasNew) this.#making += 1
  }

  /** Another number whenever topics have changed. */
  get change(): number {
    return this.#change
  }

  hashOf(name: string): bigint {
    const known = this.#hashes.get(name)
    if (known !== undefined) return known
    const hash = topicHash(name, this.#topics)
    if (this.#topics.idOf(name) !== undefined) this.#hashes.set(name, hash)
    return hash
  }

  /** A group in an epoch before the one that it looked in has lost what it wrote then. */
  isStale(groupId: string, epoch: number): boolean {
    const seen = this.#seen.get(groupId)
    return seen === undefined || seen.change !== this.#change || epoch < seen.epoch
  }

  looked(groupId: string, epoch: number): void {
    this.#seen.set(groupId, { change: this.#change, epoch })
  }

  /** What an earlier life of the coordinator looked up is looked up again. */
  hasNewTopics(groupId: string): boolean {
    return this.#lookedUp.get(groupId) !== this.#making
  }

  lookingUp(groupId: string): void {
    this.#lookedUp.set(groupId, this.#making)
  }

  forget(groupId: string): void {
    this.#seen.delete(groupId)
    this.#lookedUp.delete(groupId)
  }
}

/**
 * A partition that the group gave to this member, and how far it is dealt with. Each time the group is divided it is made
 * anew, even when the partition stays here: whoever holds an old one learns from that that it no longer counts.
 */
import { nameOf, type Partition } from './message.ts'

export class OwnedPartition implements Partition {
  readonly topic: string
  readonly partition: number
  readonly name: string
  /** Resolves when it is known where to go on, and `next` is set. */
  readonly ready: Promise<void>
  #next: number | undefined
  #resolveReady: () => void = () => {}

  constructor(partition: Partition) {
    this.topic = partition.topic
    this.partition = partition.partition
    this.name = nameOf(partition)
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve
    })
  }

  /** The offset behind what is dealt with; undefined while it is not known where to go on. */
  get next(): number | undefined {
    return this.#next
  }

  dealtWith(next: number): void {
    this.#next = Math.max(this.#next ?? 0, next)
    this.#resolveReady()
  }
}

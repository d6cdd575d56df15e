/**
 * What comes up while topics are followed: partitions that a topic got, and topics that a pattern matches. They are read from their
 * start, wherever the reading began: whatever is in them came after that.
 */
import type { Cluster } from '../cluster.ts'
import { type LedPartition, ledPartitions, partitionName } from '../partitions.ts'
import { namesOfTopics } from '../topic-names.ts'
import { untilInterrupted } from '../until-interrupted.ts'
import type { Reader } from './reader.ts'

const intervalMs = 5000

export class Growth {
  readonly #cluster: Cluster
  readonly #asked: readonly string[]
  readonly #reader: Reader
  readonly #hint: (line: string) => void
  #lookedMs = performance.now()

  constructor(cluster: Cluster, asked: readonly string[], reader: Reader, hint: (line: string) => void) {
    this.#cluster = cluster
    this.#asked = asked
    this.#reader = reader
    this.#hint = hint
  }

  /** Cheap until it is time to look again. Returns the topics as they are now, when it did look. */
  async look(): Promise<readonly LedPartition[] | undefined> {
    if (performance.now() - this.#lookedMs < intervalMs) return undefined
    this.#lookedMs = performance.now()
    try {
      return await untilInterrupted(this.#reader.interrupted, this.#partitions())
    } catch {
      // A broker that is away is told of by who reads.
      return undefined
    }
  }

  /** Of the topics that are there: one that is gone is told of by who reads it. */
  async #partitions(): Promise<readonly LedPartition[]> {
    const names = await namesOfTopics(this.#cluster, this.#asked, 'nothing')
    const { topics } = await this.#cluster.metadata(names, 'leave')
    return ledPartitions(topics.filter((topic) => topic.errorCode === 0))
  }

  async addNew(): Promise<void> {
    for (const partition of (await this.look()) ?? []) {
      const name = partitionName(partition)
      if (this.#reader.positions.has(name) || this.#reader.passedOver.has(name)) continue
      this.#hint(`${name} is new; reading it too`)
      this.#reader.add(partition, 0n, undefined)
    }
  }
}

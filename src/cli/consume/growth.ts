/**
 * What comes up while topics are followed: partitions that a topic got, topics that a pattern matches, and partitions that could not be
 * read before. New ones are read from their start, wherever the reading began: whatever is in them came after that.
 */
import type { Cluster } from '../cluster.ts'
import { type LedPartition, ledPartitions, partitionName } from '../partitions.ts'
import { namesOfTopics } from '../topic-names.ts'
import { untilInterrupted } from '../until-interrupted.ts'
import type { Reader } from './reader.ts'

const intervalMs = 5000
/** While partitions are passed over. */
export const passedOverIntervalMs = 1000

export interface Followed {
  /** Names and patterns. */
  readonly topics: readonly string[]
  /** Only these of each topic; then no others come up. */
  readonly partitions?: readonly number[] | undefined
}

export class Growth {
  readonly #cluster: Cluster
  readonly #followed: Followed
  readonly #reader: Reader
  readonly #hint: (line: string) => void
  #lookedMs = performance.now()

  constructor(cluster: Cluster, followed: Followed, reader: Reader, hint: (line: string) => void) {
    this.#cluster = cluster
    this.#followed = followed
    this.#reader = reader
    this.#hint = hint
  }

  /** Cheap until it is time to look again. Returns the topics as they are now, when it did look. */
  async look(): Promise<readonly LedPartition[] | undefined> {
    const { passedOver, interrupted } = this.#reader
    const isDueMs = this.#lookedMs + (passedOver.size > 0 ? passedOverIntervalMs : intervalMs)
    if (performance.now() < isDueMs) return undefined
    try {
      return await untilInterrupted(interrupted, this.#partitions())
    } catch (error) {
      this.#tellUnlessRead(error)
      return undefined
    } finally {
      this.#lookedMs = performance.now()
    }
  }

  /** A broker that is away is told of by who reads. */
  #tellUnlessRead(error: unknown): void {
    if (this.#reader.positions.size === 0) throw error
  }

  /** Of the topics that are there: one that is gone is told of by who reads it. */
  async #partitions(): Promise<readonly LedPartition[]> {
    const names = await namesOfTopics(this.#cluster, this.#followed.topics, 'nothing')
    const { topics } = await this.#cluster.metadata(names, 'leave')
    return ledPartitions(topics.filter((topic) => topic.errorCode === 0))
  }

  /** `open` is given those that were passed over. */
  async addNew(open: (partitions: readonly LedPartition[]) => Promise<void>): Promise<void> {
    if (this.#followed.partitions !== undefined && this.#reader.passedOver.size === 0) return
    const again: LedPartition[] = []
    for (const partition of (await this.look()) ?? []) {
      const name = partitionName(partition)
      if (this.#reader.positions.has(name)) continue
      if (this.#reader.passedOver.has(name)) again.push(partition)
      else if (this.#followed.partitions === undefined) {
        this.#hint(`${name} is new; reading it too`)
        this.#reader.add(partition, 0n, undefined)
      }
    }
    await untilInterrupted(this.#reader.interrupted, open(again)).catch((error: unknown) => this.#tellUnlessRead(error))
  }
}

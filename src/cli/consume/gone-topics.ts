/**
 * The topics of a group's member that are not there any more. The group gives out nothing of them, and neither does it when other
 * members hold all: only the topics tell which it is. Whoever has no other topic ends, as a consumer without a group does.
 */
import type { Cluster, TopicMetadata } from '../cluster.ts'
import { describeTopics } from '../partitions.ts'
import { patienceMs } from './reader.ts'

const unknownTopic = 3

export interface Look {
  readonly left: 'some are there' | 'all are gone'
  /** As they are now, each with its error. */
  readonly topics: readonly TopicMetadata[]
}

export class GoneTopics {
  readonly #cluster: Cluster
  readonly #hint: (text: string) => void
  readonly #patienceMs: number
  #gone: ReadonlySet<string> = new Set()
  #allSinceMs: number | undefined

  constructor(cluster: Cluster, hint: (text: string) => void, waitMs = patienceMs) {
    this.#cluster = cluster
    this.#hint = hint
    this.#patienceMs = waitMs
  }

  /** With each assignment. */
  async look(topics: readonly string[]): Promise<Look> {
    const { topics: found } = await this.#cluster.metadata(topics, 'leave')
    const gone = found.filter((topic) => topic.errorCode === unknownTopic).map((topic) => topic.name ?? '')
    const areAll = gone.length === found.length
    const now = gone.filter((name) => !this.#gone.has(name))
    if (now.length > 0) {
      const who = `${now.length === 1 ? 'topic' : 'topics'} ${now.map((name) => `"${name}"`).join(', ')}`
      const consequence = areAll
        ? `waiting ${Math.ceil(this.#patienceMs / 1000)} s for a new one`
        : 'reading the others'
      this.#hint(`${who} ${now.length === 1 ? 'is' : 'are'} gone; ${consequence}`)
    }
    this.#gone = new Set(gone)
    this.#allSinceMs = areAll ? (this.#allSinceMs ?? performance.now()) : undefined
    return { left: areAll ? 'all are gone' : 'some are there', topics: found }
  }

  /** Cheap until all have been gone for long; then it throws, unless one is back. */
  async endIfForGood(topics: readonly string[]): Promise<void> {
    if (this.#allSinceMs === undefined || performance.now() - this.#allSinceMs <= this.#patienceMs) return
    if ((await this.look(topics)).left === 'all are gone') await describeTopics(this.#cluster, topics, 'can be made')
  }
}

/**
 * Requests about the states of share partitions, chosen by a seed, in every version: right ones, and those of leaders and of initializations
 * that are over or have not come, of topics, partitions and groups that nobody has, of partitions that are named twice, and with batches
 * that overlap.
 */
import { Choices } from '../differential/choices.ts'
import type { Plain, Session } from '../differential/session.ts'

export const Api = {
  Metadata: 3,
  FindCoordinator: 10,
  CreateTopics: 19,
  Initialize: 83,
  Read: 84,
  Write: 85,
  Delete: 86,
  ReadSummary: 87
} as const

/** A step as it was chosen, the same for both brokers. */
export interface Step {
  readonly api: number
  readonly version: number
  readonly what: string
  readonly request: (side: Side) => unknown
}

export const strangeId = 'A5arCOG3TmivizyiD_4qDA'

/** One broker. */
export class Side {
  readonly session: Session
  /** Of the topic of the steps, as this broker has named it. */
  topicId = ''

  constructor(session: Session) {
    this.session = session
  }

  /** With the topic by what it is, and in an order of ours: that of Kafka's answers means nothing. */
  told(value: Plain, name = ''): Plain {
    if (name === 'topicId') return value === this.topicId ? 'the topic' : value
    if (Array.isArray(value)) {
      const elements = value.map((one) => this.told(one))
      return name === 'stateBatches' ? elements : elements.sort(byText)
    }
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
    return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, this.told(inner, field)]))
  }
}

function byText(one: Plain, other: Plain): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1
}

interface OfPartition {
  readonly partition: number
}

/** The steps of one seed, on a topic and groups of its own. */
export class Steps {
  readonly topic: string
  readonly groups: readonly [string, string]
  readonly #chance: Choices

  constructor(seed: number) {
    this.#chance = new Choices(seed)
    this.topic = `topic-${seed}`
    this.groups = [`group-${seed}`, `group:${seed}`]
  }

  next(): Step {
    const write = () => this.#write()
    const makers = [() => this.#initialize(), ...[write, write, write, write], () => this.#read(), () => this.#read()]
    return this.#chance.oneOf(
      write,
      ...makers,
      () => this.#delete(),
      () => this.#summary(),
      () => this.#summary()
    )()
  }

  #initialize(): Step {
    return this.#step(Api.Initialize, 0, 'Initialize', () => ({
      stateEpoch: this.#epoch(),
      startOffset: this.#chance.oneOf(-1, 0, 0, 5, -7)
    }))
  }

  #read(): Step {
    return this.#step(Api.Read, 0, 'Read', () => ({ leaderEpoch: this.#epoch() }))
  }

  #write(): Step {
    const version = this.#chance.below(2)
    return this.#step(Api.Write, version, 'Write', () => ({
      stateEpoch: this.#epoch(),
      leaderEpoch: this.#epoch(),
      startOffset: this.#chance.oneOf(-1, 0, this.#chance.below(30), this.#chance.below(30)),
      ...(version === 0 ? {} : { deliveryCompleteCount: this.#chance.oneOf(-1, 0, this.#chance.below(9)) }),
      stateBatches: Array.from({ length: this.#chance.below(4) }, () => this.#batch())
    }))
  }

  #delete(): Step {
    return this.#step(Api.Delete, 0, 'Delete', () => ({}))
  }

  #summary(): Step {
    return this.#step(Api.ReadSummary, this.#chance.below(2), 'ReadSummary', () => ({ leaderEpoch: this.#epoch() }))
  }

  #batch() {
    const firstOffset = this.#chance.oneOf(this.#chance.below(40), this.#chance.below(40), -3)
    return {
      firstOffset,
      lastOffset: firstOffset + this.#chance.below(12),
      deliveryState: this.#chance.oneOf(0, 2, 2, 4, 4, 77),
      deliveryCount: this.#chance.oneOf(0, 1, 1, 2, 3, 5, -1)
    }
  }

  /** Most are of now: few steps leave the first ones. */
  #epoch(): number {
    return this.#chance.oneOf(0, 0, 1, 1, 1, 1, 2, 2, 2, 3, this.#chance.below(6), -1)
  }

  #step(api: number, version: number, name: string, fields: () => object): Step {
    const [first, second] = this.groups
    const groupId = this.#chance.oneOf(first, first, first, first, second, second, '')
    const topics = Array.from({ length: this.#chance.oneOf(1, 1, 1, 2) }, () => ({
      isStrange: this.#chance.below(12) === 0,
      partitions: Array.from({ length: this.#chance.oneOf(1, 1, 1, 2, 3, 0) }, (): OfPartition => {
        const partition = this.#chance.oneOf(0, 0, 0, 0, 1, 1, -1, 9)
        return { partition, ...fields() }
      })
    }))
    return {
      ...{ api, version, what: `${name} ${version} of '${groupId}': ${JSON.stringify(topics)}` },
      request: ({ topicId }) => ({
        groupId,
        topics: topics.map(({ isStrange, partitions }) => ({ topicId: isStrange ? strangeId : topicId, partitions }))
      })
    }
  }
}

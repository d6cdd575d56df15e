/**
 * A membership in a consumer group by the consumer protocol (KIP-848): the coordinator says with its answers to heartbeats what the member is
 * to have, and nobody waits for the others. What it is to give up is committed, let go of, and said to be given up; only then another member
 * gets it. As a classic membership (membership.ts) it is never given up while the command runs, but for what cannot pass.
 */
import type { Cluster } from '../cluster.ts'
import type { GlobalOptions } from '../command.ts'
import { openCluster } from '../connect.ts'
import type { Outage } from '../outage.ts'
import { partitionName, type TopicPartition } from '../partitions.ts'
import { untilInterrupted } from '../until-interrupted.ts'
import { pauseUnless, within } from '../waiting.ts'
import { ConsumerProtocol } from './consumer-protocol.ts'
import { answerMs, coordinatorMayCome } from './coordinator-line.ts'
import {
  againAfterMs,
  type Changes,
  forPeople,
  type GroupMembership,
  type JoinOptions,
  joinUnless,
  leaveMs
} from './membership.ts'

/**
 * Who joins has nothing as long as the others have not said that they gave it up, which they do with their heartbeats: every five seconds,
 * unless they are asked for others. Who has nothing by then gets what another had read.
 */
const settlingMs = 6000

export class ConsumerMembership implements GroupMembership {
  generation = 0
  failure: Error | undefined
  readonly #cluster: Cluster
  readonly #protocol: ConsumerProtocol
  readonly #changes: Changes
  readonly #outage: Outage | undefined
  readonly #closing = new AbortController()
  #topics: readonly string[]
  #owned: readonly TopicPartition[] = []
  /** Sooner than the coordinator asks for: a person who starts a second member is watching. */
  readonly #intervalMs: number
  #keeping: Promise<void> = Promise.resolve()

  private constructor(cluster: Cluster, { group, topics, changes, outage, membership }: JoinOptions) {
    this.#cluster = cluster
    this.#protocol = new ConsumerProtocol(cluster, group)
    this.#topics = topics
    this.#changes = changes
    this.#outage = outage
    this.#intervalMs = (membership ?? forPeople).heartbeatIntervalMs
  }

  static async join(global: GlobalOptions, options: JoinOptions): Promise<ConsumerMembership> {
    const cluster = await openCluster(global, answerMs, undefined, options.brokers)
    const membership = new ConsumerMembership(cluster, options)
    await joinUnless(options.interrupted, cluster, membership.#closing, () => membership.#joinPatiently())
    membership.#keeping = membership.#keep()
    return membership
  }

  get group(): string {
    return this.#protocol.group
  }

  assignment(): readonly TopicPartition[] {
    return this.#owned
  }

  subscribe(topics: readonly string[]): void {
    this.#topics = topics
  }

  async commit(offsets: ReadonlyArray<TopicPartition & { offset: bigint }>): Promise<void> {
    await this.#protocol.commit(offsets)
  }

  async leave(): Promise<void> {
    this.#closing.abort()
    const left = this.#keeping.then(() => (this.failure === undefined ? this.#protocol.leave() : undefined))
    await within(leaveMs, left, () => new Error('no answer')).catch(() => {})
    await this.#cluster.close().catch(() => {})
  }

  async #joinPatiently(): Promise<void> {
    const { signal } = this.#closing
    const beganMs = performance.now()
    while (!signal.aborted) {
      await untilInterrupted(signal, this.#beat())
      const isSettled = this.#owned.length > 0 || performance.now() - beganMs > settlingMs
      if (this.generation > 0 && isSettled) return
      await pauseUnless(signal, againAfterMs)
    }
  }

  async #keep(): Promise<void> {
    const { signal } = this.#closing
    try {
      while (!signal.aborted) {
        await pauseUnless(signal, this.#intervalMs)
        if (!signal.aborted) await this.#beat()
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error))
    }
  }

  /** One heartbeat, and what follows from its answer; what has changed is said at once. Throws what ends the membership. */
  async #beat(): Promise<void> {
    try {
      let told = await this.#protocol.heartbeat(this.#topics, this.#owned)
      this.#outage?.answered('group')
      if (this.generation === 0) told ??= []
      while (told !== undefined) {
        const target = told === 'out' ? [] : told
        if (this.generation > 0 && isSame(target, this.#owned)) return
        await this.#takeOver(target)
        if (told === 'out') return
        told = await this.#protocol.heartbeat(this.#topics, this.#owned)
      }
    } catch (error) {
      if (!coordinatorMayCome(error)) throw error
      this.#protocol.forgetCoordinator()
      this.#outage?.missed('group', error)
    }
  }

  async #takeOver(target: readonly TopicPartition[]): Promise<void> {
    const kept = new Set(target.map(partitionName))
    if (this.#owned.some((one) => !kept.has(partitionName(one)))) await this.#changes.onRebalance()
    this.#owned = target
    this.generation++
    this.#changes.onAssigned()
  }
}

function isSame(some: readonly TopicPartition[], others: readonly TopicPartition[]): boolean {
  const names = new Set(others.map(partitionName))
  return some.length === others.length && some.every((one) => names.has(partitionName(one)))
}

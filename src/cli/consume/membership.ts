/**
 * A membership in a consumer group: joins, sends heartbeats, joins again when the partitions are given out anew, when the coordinator
 * forgot the member, or when a topic it leads the group for has grown; commits; leaves. What is said on the wire is group-protocol.ts.
 *
 * It is never given up while the command runs: a coordinator that is away is looked for until it is back. What cannot pass (the
 * group is of another protocol, forbidden, or another process took our name) ends it, with the reason.
 *
 * The client library's own consumer is not used for this: it ends without a word when joining again failed, and sends no
 * heartbeat after one that failed (test/cli/client-library.test.ts looks whether that is still so).
 */
import type { Cluster } from '../cluster.ts'
import type { GlobalOptions } from '../command.ts'
import { openCluster } from '../connect.ts'
import type { KnownBrokers } from '../known-brokers.ts'
import type { Outage } from '../outage.ts'
import type { TopicPartition } from '../partitions.ts'
import { untilInterrupted } from '../until-interrupted.ts'
import { pauseUnless, within } from '../waiting.ts'
import { type AssignorName, assign, type Subscription } from './assignment.ts'
import { answerMs, coordinatorMayCome } from './coordinator-line.ts'
import { GroupProtocol, type MemberOptions, rebalanceTimeoutMs } from './group-protocol.ts'

export interface MembershipOptions extends MemberOptions {
  readonly heartbeatIntervalMs: number
  /** Told when the membership is over for good. */
  onLost?(reason: Error): void
}

/** Java's default, but a shorter heartbeat: a person who starts a second member is watching. */
export const forPeople: MembershipOptions = { sessionTimeoutMs: 45_000, heartbeatIntervalMs: 1000 }
export const againAfterMs = 200
/** How often the leader of a group looks whether its topics have grown. */
const growthIntervalMs = 5000
/** Leaving is a courtesy: without it the group waits for the session to end. Whoever asked for the end waits no longer for it. */
export const leaveMs = 2000

export interface Changes {
  /** Before the partitions are given out anew; what it returns is waited for. */
  onRebalance(): Promise<void>
  /** When it is known which partitions are ours. */
  onAssigned(): void
}

export interface JoinOptions {
  readonly group: string
  readonly topics: readonly string[]
  /** Those that the command knows. */
  readonly brokers: KnownBrokers
  readonly changes: Changes
  readonly membership?: MembershipOptions | undefined
  readonly outage?: Outage | undefined
  /** Ends the wait for the first assignment. */
  readonly interrupted: AbortSignal
}

/** As a group's reader needs one, whichever protocol it speaks. */
export interface GroupMembership {
  readonly group: string
  /** Rises with each assignment. */
  readonly generation: number
  /** Why the membership is over. */
  readonly failure: Error | undefined
  assignment(): readonly TopicPartition[]
  /** For topics that came up meanwhile; tells the group with the next heartbeat. */
  subscribe(topics: readonly string[]): void
  /** Throws when the coordinator did not take them. */
  commit(offsets: ReadonlyArray<TopicPartition & { offset: bigint }>): Promise<void>
  leave(): Promise<void>
}

export class Membership implements GroupMembership {
  generation = 0
  readonly #cluster: Cluster
  readonly #protocol: GroupProtocol
  readonly #global: GlobalOptions
  readonly #options: MembershipOptions
  readonly #changes: Changes
  readonly #outage: Outage | undefined
  readonly #closing = new AbortController()
  #topics: readonly string[]
  /** The group does not know yet what we subscribe to. */
  #isStale = false
  #assignment: readonly TopicPartition[] = []
  /** As the leader gave them out; undefined for any other member. */
  #countsGivenOut: ReadonlyMap<string, number> | undefined
  #lookedForGrowthMs = 0
  /** A JoinGroup or a SyncGroup waits for its answer. */
  #isJoining = false
  #keeping: Promise<void> = Promise.resolve()
  failure: Error | undefined

  private constructor(cluster: Cluster, global: GlobalOptions, options: JoinOptions) {
    this.#cluster = cluster
    this.#global = global
    this.#topics = options.topics
    this.#changes = options.changes
    this.#options = options.membership ?? forPeople
    this.#protocol = new GroupProtocol(cluster, options.group, this.#options)
    this.#outage = options.outage
  }

  /** On connections of its own: a JoinGroup that waits for the other members holds up what comes behind it. */
  static async join(global: GlobalOptions, options: JoinOptions): Promise<Membership> {
    const cluster = await openCluster(global, answerMs, rebalanceTimeoutMs + answerMs, options.brokers)
    const membership = new Membership(cluster, global, options)
    await joinUnless(options.interrupted, cluster, membership.#closing, () => membership.#joinPatiently())
    membership.#keeping = membership.#keep()
    return membership
  }

  get group(): string {
    return this.#protocol.group
  }

  assignment(): readonly TopicPartition[] {
    return this.#assignment
  }

  subscribe(topics: readonly string[]): void {
    if (topics.join() === this.#topics.join()) return
    this.#topics = topics
    this.#isStale = true
  }

  async commit(offsets: ReadonlyArray<TopicPartition & { offset: bigint }>): Promise<void> {
    await this.#protocol.commit(offsets)
  }

  async leave(): Promise<void> {
    this.#closing.abort()
    await within(leaveMs, this.#leaveGroup(), () => new Error('no answer')).catch(() => {})
    await this.#cluster.close().catch(() => {})
  }

  async #leaveGroup(): Promise<void> {
    await this.#keeping
    if (this.failure !== undefined) return
    if (!this.#isJoining) {
      await this.#protocol.leave(this.#cluster)
      return
    }
    // What waits for the other members holds up what comes behind it on its connection.
    const cluster = await openCluster(this.#global, answerMs, undefined, this.#cluster.brokers)
    try {
      await cluster.metadata([], 'leave')
      await this.#protocol.leave(cluster)
    } finally {
      await cluster.close().catch(() => {})
    }
  }

  /** Heartbeats until the end. */
  async #keep(): Promise<void> {
    const { signal } = this.#closing
    try {
      while (!signal.aborted) {
        await pauseUnless(signal, this.#options.heartbeatIntervalMs)
        if (signal.aborted) return
        if (await this.#isDueToJoin()) {
          await this.#changes.onRebalance()
          await this.#joinPatiently()
        }
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error))
      this.#options.onLost?.(this.failure)
    }
  }

  async #isDueToJoin(): Promise<boolean> {
    if (this.#isStale) return true
    try {
      if ((await this.#protocol.heartbeat()) === 'to join') return true
      this.#outage?.answered('group')
      return await this.#hasGrown()
    } catch (error) {
      this.#miss(error)
      return false
    }
  }

  /** Only the leader gives partitions out, so it looks for new ones. */
  async #hasGrown(): Promise<boolean> {
    if (!this.#countsGivenOut || performance.now() - this.#lookedForGrowthMs < growthIntervalMs) return false
    const counts = await this.#partitionCounts([...this.#countsGivenOut.keys()])
    return [...counts].some(([topic, count]) => count !== this.#countsGivenOut?.get(topic))
  }

  async #joinPatiently(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      this.#isJoining = true
      try {
        const isIn = await untilInterrupted(signal, this.#join())
        this.#isJoining = isIn === undefined
        if (isIn) return
      } catch (error) {
        this.#isJoining = false
        this.#miss(error)
        await pauseUnless(signal, againAfterMs)
      }
    }
  }

  /** False: the coordinator asks for another round. */
  async #join(): Promise<boolean> {
    this.#isStale = false
    const giveOut = (assignor: AssignorName, subscriptions: readonly Subscription[]) =>
      this.#giveOut(assignor, subscriptions)
    const joined = await this.#protocol.join(this.#topics, giveOut)
    if (joined === undefined) return false
    this.#protocol.enter(joined)
    if (!joined.isLeader) this.#countsGivenOut = undefined
    this.#assignment = joined.assignment
    this.generation++
    this.#outage?.answered('group')
    this.#changes.onAssigned()
    return true
  }

  async #giveOut(assignor: AssignorName, subscriptions: readonly Subscription[]) {
    const topics = [...new Set(subscriptions.flatMap((one) => one.topics))]
    this.#countsGivenOut = await this.#partitionCounts(topics)
    return assign(assignor, subscriptions, this.#countsGivenOut)
  }

  async #partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    const { topics: found } = await this.#cluster.metadata(topics, 'leave')
    this.#lookedForGrowthMs = performance.now()
    return new Map(found.map((topic) => [topic.name ?? '', topic.partitions.length]))
  }

  /** What may pass is told to the outage; the coordinator is looked for anew. */
  #miss(error: unknown): void {
    if (!coordinatorMayCome(error)) throw error
    this.#protocol.forgetCoordinator()
    this.#outage?.missed('group', error)
  }
}

/** Whoever is asked to end waits no longer for the first assignment. A membership that could not begin leaves no connection behind. */
export async function joinUnless(
  interrupted: AbortSignal,
  cluster: Cluster,
  closing: AbortController,
  join: () => Promise<void>
): Promise<void> {
  const giveUp = () => closing.abort()
  interrupted.addEventListener('abort', giveUp, { once: true })
  try {
    await join()
  } catch (error) {
    await cluster.close().catch(() => {})
    throw error
  } finally {
    interrupted.removeEventListener('abort', giveUp)
  }
}

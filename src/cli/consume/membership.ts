/**
 * A membership in a consumer group, by Kafka's classic protocol: joins, sends heartbeats, joins again when the partitions are given
 * out anew, when the coordinator forgot the member, or when a topic it leads the group for has grown; commits; leaves.
 *
 * It is never given up while the command runs: a coordinator that is away is looked for until it is back. What cannot pass (the
 * group is of another protocol, forbidden, or another process took our name) ends it, with the reason.
 *
 * The client library's own consumer is not used for this: it ends without a word when joining again failed, and sends no
 * heartbeat after one that failed (test/cli/client-library.test.ts looks whether that is still so).
 */
import { setTimeout as pause } from 'node:timers/promises'
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import type { GlobalOptions } from '../command.ts'
import { openCluster } from '../connect.ts'
import { kafkaFailure } from '../kafka-failure.ts'
import { isNetworkFailure, type Outage } from '../outage.ts'
import { failureOf, groupedBy, type TopicPartition } from '../partitions.ts'
import { exitCodeOf, explainFailure } from '../present-error.ts'
import { untilInterrupted } from '../until-interrupted.ts'
import {
  type AssignorName,
  assign,
  assignorNames,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type Subscription
} from './assignment.ts'

export interface MembershipOptions {
  /** The group gives the member up when it was silent for so long. */
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** A static member (KIP-345): who comes back under this name within the session gets its partitions back at once. */
  readonly instanceId?: string
  /** Told when the membership is over for good. */
  onLost?(reason: Error): void
}

/** Java's default, but a shorter heartbeat: a person who starts a second member is watching. */
export const forPeople: MembershipOptions = { sessionTimeoutMs: 45_000, heartbeatIntervalMs: 1000 }
const rebalanceTimeoutMs = 60_000
/** An answer to a heartbeat or a commit that takes longer is missed. */
const answerMs = 5000
const againAfterMs = 200
/** How often the leader of a group looks whether its topics have grown. */
const growthIntervalMs = 5000
/** Leaving is a courtesy: without it the group waits for the session to end. Whoever asked for the end waits no longer for it. */
const leaveMs = 2000

export interface Changes {
  /** Before the partitions are given out anew; what it returns is waited for. */
  onRebalance(): Promise<void>
  /** When it is known which partitions are ours. */
  onAssigned(): void
}

const unknownMemberId = 25
const memberIdRequired = 79
/** The coordinator loads, is not there, or is another broker now. */
const coordinatorMoves = new Set([14, 15, 16])
/** Illegal generation, unknown member, rebalance in progress: join again. */
const joinsAgain = new Set([22, unknownMemberId, 27])

export interface JoinOptions {
  readonly group: string
  readonly topics: readonly string[]
  readonly changes: Changes
  readonly membership?: MembershipOptions | undefined
  readonly outage?: Outage | undefined
  /** Ends the wait for the first assignment. */
  readonly interrupted: AbortSignal
}

export class Membership {
  readonly group: string
  /** Rises with each assignment. */
  generation = 0
  readonly #cluster: Cluster
  readonly #global: GlobalOptions
  readonly #options: MembershipOptions
  readonly #changes: Changes
  readonly #outage: Outage | undefined
  readonly #closing = new AbortController()
  #topics: readonly string[]
  /** The group does not know yet what we subscribe to. */
  #isStale = false
  #coordinator: number | undefined
  #memberId = ''
  #generationId = -1
  #assignment: readonly TopicPartition[] = []
  /** As the leader gave them out; undefined for any other member. */
  #countsGivenOut: ReadonlyMap<string, number> | undefined
  #lookedForGrowthMs = 0
  /** A JoinGroup or a SyncGroup waits for its answer. */
  #isJoining = false
  #keeping: Promise<void> = Promise.resolve()
  /** Why the membership is over. */
  failure: Error | undefined

  private constructor(cluster: Cluster, global: GlobalOptions, options: JoinOptions) {
    this.#cluster = cluster
    this.#global = global
    this.group = options.group
    this.#topics = options.topics
    this.#changes = options.changes
    this.#options = options.membership ?? forPeople
    this.#outage = options.outage
  }

  /** On connections of its own: a JoinGroup that waits for the other members holds up what comes behind it. */
  static async join(global: GlobalOptions, options: JoinOptions): Promise<Membership> {
    const cluster = await openCluster(global, answerMs, rebalanceTimeoutMs + answerMs)
    const membership = new Membership(cluster, global, options)
    const giveUp = () => membership.#closing.abort()
    options.interrupted.addEventListener('abort', giveUp, { once: true })
    try {
      await membership.#joinPatiently()
    } catch (error) {
      await cluster.close().catch(() => {})
      throw error
    } finally {
      options.interrupted.removeEventListener('abort', giveUp)
    }
    membership.#keeping = membership.#keep()
    return membership
  }

  assignment(): readonly TopicPartition[] {
    return this.#assignment
  }

  /** For topics that came up meanwhile; tells the group with the next heartbeat. */
  subscribe(topics: readonly string[]): void {
    if (topics.join() === this.#topics.join()) return
    this.#topics = topics
    this.#isStale = true
  }

  /** Throws when the coordinator did not take them. */
  async commit(offsets: ReadonlyArray<TopicPartition & { offset: bigint }>): Promise<void> {
    if (offsets.length === 0) return
    const topics = [...groupedBy(offsets, (one) => one.topic)].map(([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: -1
      }))
    }))
    const { instanceId = null } = this.#options
    // Of now: who is in a later generation by the time the coordinator is found may have lost these partitions.
    const [generationId, memberId] = [this.#generationId, this.#memberId]
    const coordinator = await this.#findCoordinator()
    const answer = await this.#within(
      answerMs,
      this.#cluster.answer('OffsetCommit', coordinator, this.group, generationId, memberId, instanceId, topics)
    )
    const what = `the offsets of group "${this.group}" were not committed`
    for (const { partitions } of answer.topics) for (const { errorCode } of partitions) this.#check(errorCode, what)
  }

  async leave(): Promise<void> {
    this.#closing.abort()
    await this.#within(leaveMs, this.#leaveGroup()).catch(() => {})
    await this.#cluster.close().catch(() => {})
  }

  async #leaveGroup(): Promise<void> {
    await this.#keeping
    if (this.failure !== undefined || this.#coordinator === undefined || this.#memberId === '') return
    const members = [{ memberId: this.#memberId, groupInstanceId: this.#options.instanceId ?? null }]
    if (!this.#isJoining) {
      await this.#cluster.answer('LeaveGroup', this.#coordinator, this.group, members)
      return
    }
    // What waits for the other members holds up what comes behind it on its connection.
    const cluster = await openCluster(this.#global, answerMs)
    try {
      await cluster.metadata([], 'leave')
      await cluster.answer('LeaveGroup', this.#coordinator, this.group, members)
    } finally {
      await cluster.close().catch(() => {})
    }
  }

  /** Heartbeats until the end. */
  async #keep(): Promise<void> {
    const { signal } = this.#closing
    try {
      while (!signal.aborted) {
        await pause(this.#options.heartbeatIntervalMs, undefined, { signal }).catch(() => {})
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
      const coordinator = await this.#findCoordinator()
      const { instanceId = null } = this.#options
      const { errorCode } = await this.#within(
        answerMs,
        this.#cluster.answer('Heartbeat', coordinator, this.group, this.#generationId, this.#memberId, instanceId)
      )
      if (joinsAgain.has(errorCode)) {
        if (errorCode === unknownMemberId) this.#memberId = ''
        return true
      }
      this.#check(errorCode)
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
        await pause(againAfterMs, undefined, { signal }).catch(() => {})
      }
    }
  }

  /** One round of JoinGroup and SyncGroup; false: the coordinator asks for another. */
  async #join(): Promise<boolean> {
    const { library } = this.#cluster
    const { sessionTimeoutMs, instanceId = null } = this.#options
    const coordinator = await this.#findCoordinator()
    this.#isStale = false
    const metadata = encodeSubscription(library, this.#topics)
    const protocols = assignorNames.map((name) => ({ name, metadata }))
    const joined = await this.#cluster.answer(
      'JoinGroup',
      coordinator,
      this.group,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      this.#memberId,
      instanceId,
      'consumer',
      protocols
    )
    if (joined.errorCode === memberIdRequired) {
      this.#memberId = joined.memberId ?? ''
      return false
    }
    if (joined.errorCode === unknownMemberId) this.#memberId = ''
    this.#check(joined.errorCode)
    this.#memberId = joined.memberId ?? ''
    const assignor = assignorNames.find((name) => name === joined.protocolName) ?? 'range'
    const subscriptions = joined.members.map((one) => decodeSubscription(library, one.memberId, one.metadata))
    const isLeader = joined.leader === this.#memberId
    const synced = await this.#cluster.answer(
      'SyncGroup',
      coordinator,
      this.group,
      joined.generationId,
      this.#memberId,
      instanceId,
      'consumer',
      assignor,
      isLeader && !joined.skipAssignment ? await this.#giveOut(assignor, subscriptions) : []
    )
    if (synced.errorCode === unknownMemberId) this.#memberId = ''
    this.#check(synced.errorCode)
    if (!isLeader) this.#countsGivenOut = undefined
    this.#generationId = joined.generationId
    this.#assignment = decodeAssignment(library, synced.assignment)
    this.generation++
    this.#outage?.answered('group')
    this.#changes.onAssigned()
    return true
  }

  async #giveOut(assignor: AssignorName, subscriptions: readonly Subscription[]) {
    const topics = [...new Set(subscriptions.flatMap((one) => one.topics))]
    this.#countsGivenOut = await this.#partitionCounts(topics)
    return [...assign(assignor, subscriptions, this.#countsGivenOut)].map(([memberId, partitions]) => ({
      memberId,
      assignment: encodeAssignment(this.#cluster.library, partitions)
    }))
  }

  async #partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    const { topics: found } = await this.#cluster.metadata(topics, 'leave')
    this.#lookedForGrowthMs = performance.now()
    return new Map(found.map((topic) => [topic.name ?? '', topic.partitions.length]))
  }

  async #findCoordinator(): Promise<number> {
    if (this.#coordinator !== undefined) return this.#coordinator
    this.#coordinator = await this.#within(2 * answerMs, this.#askForCoordinator())
    return this.#coordinator
  }

  /** Two requests, the second of which is patient itself. */
  async #askForCoordinator(): Promise<number> {
    await this.#cluster.metadata([], 'leave')
    return await this.#cluster.coordinator(this.group)
  }

  /** Throws for an error of Kafka's: one that passes as such, any other as the end of the membership. */
  #check(errorCode: number, what = `no longer a member of group "${this.group}"`): void {
    if (errorCode === 0) return
    const failure = failureOf(this.#cluster, errorCode)
    const problem = { what, why: explainFailure(failure) }
    if (coordinatorMoves.has(errorCode) || joinsAgain.has(errorCode)) throw new MayPass(problem)
    throw new CliError({ ...problem, exitCode: exitCodeOf(failure) })
  }

  /** What may pass is told to the outage; the coordinator is looked for anew. */
  #miss(error: unknown): void {
    if (!coordinatorMayCome(error)) throw error
    this.#coordinator = undefined
    this.#outage?.missed('group', error)
  }

  async #within<Answer>(limitMs: number, answer: Promise<Answer>): Promise<Answer> {
    const timer = new AbortController()
    const limit = pause(limitMs, undefined, { signal: timer.signal }).then(() => {
      throw new MayPass({ what: 'the coordinator does not answer', why: `no answer within ${limitMs} ms` })
    })
    try {
      return await Promise.race([answer, limit])
    } finally {
      timer.abort()
    }
  }
}

class MayPass extends CliError {}

function coordinatorMayCome(error: unknown): boolean {
  return error instanceof MayPass || isNetworkFailure(error) || coordinatorMoves.has(kafkaFailure(error)?.code ?? 0)
}

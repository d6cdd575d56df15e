/**
 * What one member says to the coordinator of its group, by Kafka's classic protocol: where the coordinator is, JoinGroup and SyncGroup,
 * heartbeats, commits, LeaveGroup. It knows under which id and in which generation; when to say what is the membership's.
 */
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { kafkaFailure } from '../kafka-failure.ts'
import { isNetworkFailure } from '../outage.ts'
import { failureOf, groupedBy, type TopicPartition } from '../partitions.ts'
import { coordinatorMoves } from '../passing-errors.ts'
import { exitCodeOf, explainFailure } from '../present-error.ts'
import { within } from '../waiting.ts'
import {
  type AssignorName,
  assignorNames,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type Subscription
} from './assignment.ts'

export interface MemberOptions {
  /** The group gives the member up when it was silent for so long. */
  readonly sessionTimeoutMs: number
  /** A static member (KIP-345): who comes back under this name within the session gets its partitions back at once. */
  readonly instanceId?: string
}

/** How long the others of a group are waited for when it is joined. */
export const rebalanceTimeoutMs = 60_000
/** An answer to a heartbeat or a commit that takes longer is missed. */
export const answerMs = 5000

const unknownMemberId = 25
const memberIdRequired = 79
/** Illegal generation, unknown member, rebalance in progress: join again. */
const joinsAgain = new Set([22, unknownMemberId, 27])

/** How the leader of the group shares the partitions out. */
export type GiveOut = (
  assignor: AssignorName,
  subscriptions: readonly Subscription[]
) => Promise<ReadonlyMap<string, readonly TopicPartition[]>>

export interface Joined {
  readonly generationId: number
  readonly isLeader: boolean
  readonly assignment: readonly TopicPartition[]
}

export class GroupProtocol {
  readonly group: string
  readonly #cluster: Cluster
  readonly #options: MemberOptions
  #coordinator: number | undefined
  #memberId = ''
  #generationId = -1

  constructor(cluster: Cluster, group: string, options: MemberOptions) {
    this.#cluster = cluster
    this.group = group
    this.#options = options
  }

  /** One round of JoinGroup and SyncGroup; undefined: the coordinator asks for another. */
  async join(topics: readonly string[], giveOut: GiveOut): Promise<Joined | undefined> {
    const { library } = this.#cluster
    const { sessionTimeoutMs, instanceId = null } = this.#options
    const coordinator = await this.#findCoordinator()
    const metadata = encodeSubscription(library, topics)
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
      return undefined
    }
    this.#check(joined.errorCode)
    this.#memberId = joined.memberId ?? ''
    const assignor = assignorNames.find((name) => name === joined.protocolName) ?? 'range'
    const subscriptions = joined.members.map((one) => decodeSubscription(library, one.memberId, one.metadata))
    const isLeader = joined.leader === this.#memberId
    const given = isLeader && !joined.skipAssignment ? await giveOut(assignor, subscriptions) : new Map()
    const synced = await this.#cluster.answer(
      'SyncGroup',
      coordinator,
      this.group,
      joined.generationId,
      this.#memberId,
      instanceId,
      'consumer',
      assignor,
      [...given].map(([memberId, partitions]) => ({ memberId, assignment: encodeAssignment(library, partitions) }))
    )
    this.#check(synced.errorCode)
    const { generationId } = joined
    return { generationId, isLeader, assignment: decodeAssignment(library, synced.assignment) }
  }

  /** From now on it speaks for this generation; in the same step the offsets of what was lost are to be let go of. */
  enter({ generationId }: Joined): void {
    this.#generationId = generationId
  }

  /** Returns whether the member is still in the generation that it knows, or has to join again. */
  async heartbeat(): Promise<'in' | 'to join'> {
    const coordinator = await this.#findCoordinator()
    const { instanceId = null } = this.#options
    const { errorCode } = await this.#inTime(
      answerMs,
      this.#cluster.answer('Heartbeat', coordinator, this.group, this.#generationId, this.#memberId, instanceId)
    )
    if (joinsAgain.has(errorCode)) {
      this.#forgetIfUnknown(errorCode)
      return 'to join'
    }
    this.#check(errorCode)
    return 'in'
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
    const answer = await this.#inTime(
      answerMs,
      this.#cluster.answer('OffsetCommit', coordinator, this.group, generationId, memberId, instanceId, topics)
    )
    const what = `the offsets of group "${this.group}" were not committed`
    for (const { partitions } of answer.topics)
      for (const { errorCode } of partitions) this.#throwUnlessTaken(errorCode, what)
  }

  /** Over connections on which no JoinGroup waits. Nothing is sent when no coordinator knows the member. */
  async leave(cluster: Cluster): Promise<void> {
    if (this.#coordinator === undefined || this.#memberId === '') return
    const members = [{ memberId: this.#memberId, groupInstanceId: this.#options.instanceId ?? null }]
    await cluster.answer('LeaveGroup', this.#coordinator, this.group, members)
  }

  /** After an answer that did not come, or one of who is not the coordinator any more. */
  forgetCoordinator(): void {
    this.#coordinator = undefined
  }

  async #findCoordinator(): Promise<number> {
    if (this.#coordinator !== undefined) return this.#coordinator
    this.#coordinator = await this.#inTime(2 * answerMs, this.#askForCoordinator())
    return this.#coordinator
  }

  /** Two requests, the second of which is patient itself. */
  async #askForCoordinator(): Promise<number> {
    await this.#cluster.metadata([], 'leave')
    return await this.#cluster.coordinator(this.group)
  }

  #check(errorCode: number): void {
    this.#forgetIfUnknown(errorCode)
    this.#throwUnlessTaken(errorCode, `no longer a member of group "${this.group}"`)
  }

  /** Then it joins as a new one. */
  #forgetIfUnknown(errorCode: number): void {
    if (errorCode === unknownMemberId) this.#memberId = ''
  }

  /** Throws for an error of Kafka's: one that passes as such, any other as the end of the membership. */
  #throwUnlessTaken(errorCode: number, what: string): void {
    if (errorCode === 0) return
    const failure = failureOf(this.#cluster, errorCode)
    const problem = { what, why: explainFailure(failure) }
    if (coordinatorMoves.has(errorCode) || joinsAgain.has(errorCode)) throw new MayPass(problem)
    throw new CliError({ ...problem, exitCode: exitCodeOf(failure) })
  }

  #inTime<Answer>(limitMs: number, answer: Promise<Answer>): Promise<Answer> {
    const what = 'the coordinator does not answer'
    return within(limitMs, answer, () => new MayPass({ what, why: `no answer within ${limitMs} ms` }))
  }
}

class MayPass extends CliError {}

/** Whether the same may succeed later, with another coordinator or the same. */
export function coordinatorMayCome(error: unknown): boolean {
  return error instanceof MayPass || isNetworkFailure(error) || coordinatorMoves.has(kafkaFailure(error)?.code ?? 0)
}

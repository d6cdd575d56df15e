/**
 * What one member says to the coordinator of its group, by Kafka's classic protocol: where the coordinator is, JoinGroup and SyncGroup,
 * heartbeats, commits, LeaveGroup. It knows under which id and in which generation; when to say what is the membership's.
 */
import type { Cluster } from '../cluster.ts'
import type { TopicPartition } from '../partitions.ts'
import {
  type AssignorName,
  assignorNames,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type Subscription
} from './assignment.ts'
import { answerMs, CoordinatorLine, joinsAgain, unknownMemberId } from './coordinator-line.ts'

export interface MemberOptions {
  /** The group gives the member up when it was silent for so long. */
  readonly sessionTimeoutMs: number
  /** A static member (KIP-345): who comes back under this name within the session gets its partitions back at once. */
  readonly instanceId?: string
}

/** How long the others of a group are waited for when it is joined. */
export const rebalanceTimeoutMs = 60_000

const memberIdRequired = 79

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
  readonly #line: CoordinatorLine
  #memberId = ''
  #generationId = -1

  constructor(cluster: Cluster, group: string, options: MemberOptions) {
    this.#cluster = cluster
    this.group = group
    this.#options = options
    this.#line = new CoordinatorLine(cluster, group)
  }

  /** One round of JoinGroup and SyncGroup; undefined: the coordinator asks for another. */
  async join(topics: readonly string[], giveOut: GiveOut): Promise<Joined | undefined> {
    const { library } = this.#cluster
    const { sessionTimeoutMs, instanceId = null } = this.#options
    const coordinator = await this.#line.find()
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
    const coordinator = await this.#line.find()
    const { instanceId = null } = this.#options
    const { errorCode } = await this.#line.inTime(
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
    // As of now: who is in a later generation by the time the coordinator is found may have lost these partitions.
    const { instanceId = null } = this.#options
    await this.#line.commit({ memberId: this.#memberId, generationId: this.#generationId, instanceId }, offsets)
  }

  /** Over connections on which no JoinGroup waits. Nothing is sent when no coordinator knows the member. */
  async leave(cluster: Cluster): Promise<void> {
    const coordinator = this.#line.known
    if (coordinator === undefined || this.#memberId === '') return
    const members = [{ memberId: this.#memberId, groupInstanceId: this.#options.instanceId ?? null }]
    await cluster.answer('LeaveGroup', coordinator, this.group, members)
  }

  /** After an answer that did not come, or one of who is not the coordinator any more. */
  forgetCoordinator(): void {
    this.#line.forget()
  }

  #check(errorCode: number): void {
    this.#forgetIfUnknown(errorCode)
    this.#line.throwUnlessTaken(errorCode)
  }

  /** Then it joins as a new one. */
  #forgetIfUnknown(errorCode: number): void {
    if (errorCode === unknownMemberId) this.#memberId = ''
  }
}

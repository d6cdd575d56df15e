/**
 * Looks after the classic groups of one coordinator: each request is decided by a pure function beside this file; here its records are
 * appended, its round takes the place of the one before, and its answers leave when all they rest on is durable. A join and a sync are
 * answered when other members have done their part, or their time is over (Kafka: GroupMetadataManager.classicGroup…).
 */
import { type Chance, randomUuid } from '../../../host/chance.ts'
import { limits } from '../../../limits.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { HeartbeatRequest } from '../../../protocol/generated/api/heartbeat-request.ts'
import type { HeartbeatResponse } from '../../../protocol/generated/api/heartbeat-response.ts'
import type { JoinGroupRequest } from '../../../protocol/generated/api/join-group-request.ts'
import type { JoinGroupResponse } from '../../../protocol/generated/api/join-group-response.ts'
import type { LeaveGroupResponse } from '../../../protocol/generated/api/leave-group-response.ts'
import type { SyncGroupRequest } from '../../../protocol/generated/api/sync-group-request.ts'
import type { SyncGroupResponse } from '../../../protocol/generated/api/sync-group-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { StateRecord } from '../../coordinator.ts'
import type { Caller } from '../caller.ts'
import type { Decisions } from '../decisions.ts'
import type { GroupsOptions } from '../groups-options.ts'
import { ClassicGroup } from './classic-group.ts'
import { type Draft, draftOf, type FoundGroup, refusedJoin, refusedSync } from './draft.ts'
import { heartbeat } from './heartbeat.ts'
import { join } from './join.ts'
import { expireSession, type LeavingMember, leave } from './leave.ts'
import { OwedAnswers } from './owed-answers.ts'
import { prepareRebalance, timerExpired } from './rebalance.ts'
import { Rounds } from './rounds.ts'
import { sync } from './sync.ts'
import { roundFromLog, saidBytes } from './waiting.ts'

export class ClassicGroups {
  readonly #options: GroupsOptions
  readonly #decisions: Decisions
  readonly #rounds: Rounds
  readonly #joins = new OwedAnswers<JoinGroupResponse>(refusedJoin(ErrorCode.NOT_COORDINATOR, ''))
  readonly #syncs = new OwedAnswers<SyncGroupResponse>(refusedSync(ErrorCode.NOT_COORDINATOR))

  constructor(options: GroupsOptions) {
    this.#options = options
    this.#decisions = options.decisions
    this.#rounds = new Rounds({
      deadlines: options.deadlines,
      onSessionExpired: (groupId, memberId) => this.#onSessionExpired(groupId, memberId),
      onTimerExpired: (groupId) => this.#onTimerExpired(groupId)
    })
  }

  /** Undefined where there is none. */
  find(groupId: string): ClassicGroup | undefined {
    const { round } = this.found(groupId)
    return round === undefined ? undefined : new ClassicGroup(groupId, round)
  }

  found(groupId: string): FoundGroup {
    const metadata = this.#options.state.classic(groupId)
    const round = this.#rounds.get(groupId) ?? (metadata ? roundFromLog(metadata) : undefined)
    return { groupId, metadata, round }
  }

  /** `open`: what takes out of the log what was there under this id before, or an error when there may be no further group. */
  join(
    request: Decoded<JoinGroupRequest>,
    caller: Caller,
    open: () => readonly StateRecord[] | ErrorCode
  ): Promise<JoinGroupResponse> {
    return this.#joins.owe((waiter) => {
      const refuse = () => this.#joins.take([{ waiter, response: refusedJoin(ErrorCode.NOT_COORDINATOR, '') }]).send()
      this.#decisions.attempt(refuse, () => {
        const group = this.found(request.groupId)
        const circumstances = { ...this.#circumstances(), ...caller, waiter, uuid: uuidText(this.#options.chance) }
        const before = open()
        const decided =
          typeof before === 'number'
            ? before
            : this.#roomForMember(group, request, caller) || join(group, request, circumstances)
        if (typeof before !== 'number' && typeof decided !== 'number') this.#take(decided, before)
        else if (typeof decided === 'number')
          this.#send({ joinAnswers: [{ waiter, response: refusedJoin(decided, request.memberId) }] })
      })
    })
  }

  sync(request: Decoded<SyncGroupRequest>, { apiVersion }: Caller): Promise<SyncGroupResponse> {
    return this.#syncs.owe((waiter) => {
      const refuse = () => this.#syncs.take([{ waiter, response: refusedSync(ErrorCode.NOT_COORDINATOR) }]).send()
      this.#decisions.attempt(refuse, () => {
        const decided = sync(this.found(request.groupId), request, { ...this.#circumstances(), waiter, apiVersion })
        if (typeof decided !== 'number') this.#take(decided)
        else this.#send({ syncAnswers: [{ waiter, response: refusedSync(decided) }] })
      })
    })
  }

  heartbeat(request: Decoded<HeartbeatRequest>): HeartbeatResponse {
    const errorCode = heartbeat(this.found(request.groupId).round, request)
    const isAlive = errorCode === ErrorCode.NONE || errorCode === ErrorCode.REBALANCE_IN_PROGRESS
    if (isAlive) this.#renewSession(request.groupId, request.memberId)
    return { errorCode }
  }

  leave(groupId: string, members: readonly LeavingMember[]): LeaveGroupResponse {
    const { answer, draft } = leave(this.found(groupId), members, this.#circumstances())
    if (draft !== null) this.#take(draft)
    return answer
  }

  /** A member has committed offsets, and so lives. */
  onCommit(groupId: string, memberId: string): void {
    if (this.#rounds.get(groupId)?.state !== 'CompletingRebalance') this.#renewSession(groupId, memberId)
  }

  /** What was of another kind is a classic group now, by this decision. */
  takeOver(draft: Draft): void {
    this.#take(draft)
  }

  /** The group is of another kind now: whoever waits in it has to come again. */
  handOver(groupId: string): void {
    const members = [...(this.#rounds.get(groupId)?.members.values() ?? [])]
    this.#rounds.forget(groupId)
    const { REBALANCE_IN_PROGRESS } = ErrorCode
    this.#send({
      joinAnswers: members.flatMap(({ memberId, joinWaiter: waiter }) =>
        waiter === null ? [] : [{ waiter, response: refusedJoin(REBALANCE_IN_PROGRESS, memberId) }]
      ),
      syncAnswers: members.flatMap(({ syncWaiter: waiter }) =>
        waiter === null ? [] : [{ waiter, response: refusedSync(REBALANCE_IN_PROGRESS) }]
      )
    })
  }

  /** The group is gone from the log. */
  forget(groupId: string): void {
    this.#rounds.forget(groupId)
  }

  /** Takes up a group that the log tells of: its members have a whole session to be heard of again. */
  resume(groupId: string): void {
    const metadata = this.#options.state.classic(groupId)
    if (metadata === undefined || metadata.members.size === 0) return
    this.#rounds.resume(groupId, roundFromLog(metadata))
    if (metadata.members.size <= Math.min(this.#options.config.maxSize, limits.groupMembers)) return
    this.#decisions.due(() => {
      const draft = draftOf(this.found(groupId), this.#circumstances())
      prepareRebalance(draft)
      this.#take(draft)
    })
  }

  close(): void {
    this.#rounds.close()
    this.#joins.refuseAll()
    this.#syncs.refuseAll()
  }

  #circumstances() {
    return { nowMs: this.#options.clock.nowMs(), config: this.#options.config }
  }

  /** A member that says no more than before is always let in again. */
  #roomForMember(
    { round }: FoundGroup,
    { memberId, protocols }: Decoded<JoinGroupRequest>,
    { clientId }: Caller
  ): ErrorCode {
    const before = round?.members.get(memberId)
    const moreBytes = saidBytes(clientId, protocols) - (before ? saidBytes(before.clientId, before.protocols) : 0)
    const hasRoom = moreBytes <= 0 || this.#rounds.heldBytes + moreBytes <= limits.memberBytesPerCoordinator
    return hasRoom ? ErrorCode.NONE : ErrorCode.POLICY_VIOLATION
  }

  #renewSession(groupId: string, memberId: string): void {
    const member = this.#rounds.get(groupId)?.members.get(memberId)
    if (member !== undefined) this.#rounds.renewSession(groupId, member)
  }

  /** A decision becomes fact: its records are in the log, its round is the one that runs, its answers are on their way. */
  #take(draft: Draft, before: readonly StateRecord[] = []): void {
    this.#decisions.append([...before, ...draft.records])
    this.#rounds.take(draft)
    this.#send(draft)
  }

  #send({ joinAnswers = [], syncAnswers = [] }: Partial<Pick<Draft, 'joinAnswers' | 'syncAnswers'>>): void {
    const answers = [this.#joins.take(joinAnswers), this.#syncs.take(syncAnswers)]
    this.#decisions.whenSettled(
      () => {
        for (const { send } of answers) send()
      },
      () => {
        for (const { refuse } of answers) refuse()
      }
    )
  }

  #onSessionExpired(groupId: string, memberId: string): void {
    // A heartbeat that comes before the disk takes the member's end keeps the member.
    const again = () => {
      const member = this.#rounds.get(groupId)?.members.get(memberId)
      const { refusedRecordPauseMs: sessionTimeoutMs } = limits
      if (member !== undefined) this.#rounds.renewSession(groupId, { ...member, sessionTimeoutMs })
    }
    this.#decisions.attempt(again, () => {
      const draft = expireSession(this.found(groupId), memberId, this.#circumstances())
      if (draft !== null) this.#take(draft)
    })
  }

  #onTimerExpired(groupId: string): void {
    const timer = this.#rounds.get(groupId)?.timer
    const expire = () => {
      const draft = draftOf(this.found(groupId), this.#circumstances())
      timerExpired(draft)
      this.#take(draft)
    }
    const expireIfStillDue = () => {
      if (this.#rounds.get(groupId)?.timer === timer) expire()
    }
    this.#decisions.due(expire, expireIfStillDue)
  }
}

/** A random UUID as Java writes it: member ids end with one. */
function uuidText(chance: Chance): string {
  const hex = Buffer.from(randomUuid(chance), 'base64url').toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

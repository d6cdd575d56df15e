/**
 * Looks after the groups of one partition of `__consumer_offsets` (Kafka: GroupCoordinatorShard, GroupMetadataManager).
 *
 * Each request is decided by a pure function in `classic/` or `offsets/`; here its records are appended and replayed, its
 * round takes the place of the one before, and the answers leave when all they rest on is durable. What the disk has no room
 * for has not happened: that request alone is answered NOT_COORDINATOR, which clients ask again after. When a sync fails, the
 * coordinator closes: everyone is answered so.
 */

import { type Chance, randomUuid } from '../../host/chance.ts'
import type { Clock } from '../../host/clock.ts'
import { DiskError } from '../../host/disk.ts'
import { unattended } from '../../host/unattended.ts'
import { limits } from '../../limits.ts'
import type { TransactionMarker, VerificationGuard } from '../../log/types.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { DescribeGroupsResponseDescribedGroup } from '../../protocol/generated/api/describe-groups-response.ts'
import type { HeartbeatRequest } from '../../protocol/generated/api/heartbeat-request.ts'
import type { HeartbeatResponse } from '../../protocol/generated/api/heartbeat-response.ts'
import type { JoinGroupRequest } from '../../protocol/generated/api/join-group-request.ts'
import type { JoinGroupResponse } from '../../protocol/generated/api/join-group-response.ts'
import type { LeaveGroupResponse } from '../../protocol/generated/api/leave-group-response.ts'
import type { ListGroupsResponseListedGroup } from '../../protocol/generated/api/list-groups-response.ts'
import type { OffsetCommitRequest } from '../../protocol/generated/api/offset-commit-request.ts'
import type { OffsetCommitResponse } from '../../protocol/generated/api/offset-commit-response.ts'
import type { OffsetDeleteRequest } from '../../protocol/generated/api/offset-delete-request.ts'
import type { OffsetDeleteResponse } from '../../protocol/generated/api/offset-delete-response.ts'
import type { OffsetFetchResponseGroup } from '../../protocol/generated/api/offset-fetch-response.ts'
import type { SyncGroupRequest } from '../../protocol/generated/api/sync-group-request.ts'
import type { SyncGroupResponse } from '../../protocol/generated/api/sync-group-response.ts'
import type { TxnOffsetCommitRequest } from '../../protocol/generated/api/txn-offset-commit-request.ts'
import type { TxnOffsetCommitResponse } from '../../protocol/generated/api/txn-offset-commit-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { Coordinator, type Decision, NotSafeYet, type StateLog, type StateRecord } from '../coordinator.ts'
import { describedGroup, listedGroup, missingGroup, undescribedGroup } from './classic/describe.ts'
import { type Draft, draftOf, type FoundGroup, refusedJoin, refusedSync } from './classic/draft.ts'
import { heartbeat } from './classic/heartbeat.ts'
import { join } from './classic/join.ts'
import { expireSession, type LeavingMember, leave } from './classic/leave.ts'
import { prepareRebalance, timerExpired } from './classic/rebalance.ts'
import { sync } from './classic/sync.ts'
import { roundFromLog, saidBytes } from './classic/waiting.ts'
import type { GroupConfig } from './group-config.ts'
import { checkCommit, commit, refusedCommit } from './offsets/commit.ts'
import { checkCommitWithin, offsetsWithin, refusedWithin } from './offsets/commit-within.ts'
import { deleteGroup, deleteOffsets, offsetsOfDeletedTopics } from './offsets/delete.ts'
import { expireOffsets } from './offsets/expire.ts'
import { type AskedOffsets, fetchOffsets } from './offsets/fetch.ts'
import { OwedAnswers } from './owed-answers.ts'
import { replay, replayEnd } from './replay.ts'
import { Rounds } from './rounds.ts'
import { GroupsState } from './state.ts'
import type { TopicNames } from './topic-names.ts'

export type { GroupConfig } from './group-config.ts'

export interface GroupCoordinatorOptions {
  readonly log: StateLog
  readonly clock: Clock
  readonly chance: Chance
  readonly config: GroupConfig
  readonly topics: TopicNames
}

/** Who asks, and in which version. */
export interface Caller {
  readonly clientId: string
  readonly clientHost: string
  readonly apiVersion: number
}

/** Groups in one of the states, of one of the types; an empty list asks for all. Case and blanks do not matter. */
export interface GroupFilter {
  readonly states: readonly string[]
  readonly types: readonly string[]
}

export class GroupCoordinator {
  readonly #options: GroupCoordinatorOptions
  readonly #state = new GroupsState()
  readonly #coordinator: Coordinator
  readonly #rounds: Rounds
  readonly #joins = new OwedAnswers<JoinGroupResponse>(refusedJoin(ErrorCode.NOT_COORDINATOR, ''))
  readonly #syncs = new OwedAnswers<SyncGroupResponse>(refusedSync(ErrorCode.NOT_COORDINATOR))
  #isClosed = false

  /**
   * Replays the log, and lets others have a turn where that takes long. Members that it tells of have a whole session to be heard of
   * again. Resolves with null when it is not wanted any more; rejects with DiskError.
   */
  static async load(
    options: GroupCoordinatorOptions,
    othersTurn: () => Promise<void> | null,
    isWanted: () => boolean
  ): Promise<GroupCoordinator | null> {
    const coordinator = new GroupCoordinator(options)
    for (const _ of coordinator.#coordinator.loadSteps()) {
      const turn = othersTurn()
      if (turn !== null) await turn
      if (!isWanted()) return null
    }
    coordinator.#begin()
    return coordinator
  }

  private constructor(options: GroupCoordinatorOptions) {
    this.#options = options
    this.#rounds = new Rounds({
      clock: options.clock,
      onSessionExpired: (groupId, memberId) => this.#onSessionExpired(groupId, memberId),
      onTimerExpired: (groupId) => this.#onTimerExpired(groupId)
    })
    this.#coordinator = new Coordinator({
      log: options.log,
      replay: (record, at) => replay(this.#state, record, at),
      replayEnd: (producerId, outcome) => replayEnd(this.#state, producerId, outcome),
      onFailure: () => this.close()
    })
  }

  #begin(): void {
    this.#resumeGroups()
    this.#forgetMissingTopics()
    this.#rounds.every(this.#options.config.offsetsRetentionCheckIntervalMs, () => this.#expireOffsets())
  }

  /** The types of records in the log that are not known here, and were passed over. */
  get unknownRecordTypes(): ReadonlySet<number> {
    return this.#state.unknownTypes
  }

  /** Nothing but NOT_COORDINATOR comes from here any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  joinGroup(request: Decoded<JoinGroupRequest>, caller: Caller): Promise<JoinGroupResponse> {
    return this.#joins.owe((waiter) => {
      const refuse = () => this.#joins.take([{ waiter, response: refusedJoin(ErrorCode.NOT_COORDINATOR, '') }]).send()
      this.#decide(refuse, () => {
        const group = this.#find(request.groupId)
        const circumstances = { ...this.#circumstances(), ...caller, waiter, uuid: uuidText(this.#options.chance) }
        const decided =
          this.#roomForGroup(group) ||
          this.#roomForMember(group, request, caller) ||
          join(group, request, circumstances)
        if (typeof decided !== 'number') this.#take(decided)
        else this.#send({ joinAnswers: [{ waiter, response: refusedJoin(decided, request.memberId) }] })
      })
    })
  }

  syncGroup(request: Decoded<SyncGroupRequest>, { apiVersion }: Caller): Promise<SyncGroupResponse> {
    return this.#syncs.owe((waiter) => {
      const refuse = () => this.#syncs.take([{ waiter, response: refusedSync(ErrorCode.NOT_COORDINATOR) }]).send()
      this.#decide(refuse, () => {
        const decided = sync(this.#find(request.groupId), request, { ...this.#circumstances(), waiter, apiVersion })
        if (typeof decided !== 'number') this.#take(decided)
        else this.#send({ syncAnswers: [{ waiter, response: refusedSync(decided) }] })
      })
    })
  }

  heartbeat(request: Decoded<HeartbeatRequest>): Promise<HeartbeatResponse> {
    return this.#answer<HeartbeatResponse>(
      () => ({ errorCode: ErrorCode.NOT_COORDINATOR }),
      () => {
        const { round } = this.#find(request.groupId)
        const errorCode = heartbeat(round, request)
        const isAlive = errorCode === ErrorCode.NONE || errorCode === ErrorCode.REBALANCE_IN_PROGRESS
        if (isAlive) this.#renewSession(request.groupId, request.memberId)
        return { errorCode }
      }
    )
  }

  leaveGroup(groupId: string, members: readonly LeavingMember[]): Promise<LeaveGroupResponse> {
    return this.#answer<LeaveGroupResponse>(
      () => ({ errorCode: ErrorCode.NOT_COORDINATOR, members: [] }),
      () => {
        const { answer, draft } = leave(this.#find(groupId), members, this.#circumstances())
        if (draft !== null) this.#take(draft)
        return answer
      }
    )
  }

  commitOffsets(request: Decoded<OffsetCommitRequest>, { apiVersion }: Caller): Promise<OffsetCommitResponse> {
    const { topics } = this.#options
    const circumstances = { ...this.#circumstances(), apiVersion, topics }
    const group = this.#find(request.groupId)
    return this.#answer<OffsetCommitResponse>(
      () => refusedCommit(ErrorCode.NOT_COORDINATOR, request, circumstances),
      () => {
        const errorCode = checkCommit(group.round, request, apiVersion) || this.#roomForGroup(group)
        const { round } = group
        if (errorCode === ErrorCode.NONE && round !== undefined && round.state !== 'CompletingRebalance') {
          this.#renewSession(request.groupId, request.memberId)
        }
        return this.#commit(commit(errorCode, request, circumstances))
      }
    )
  }

  /** Offsets that count when the producer's transaction is committed. `guard`: as its coordinator has let it in, where it begins here. */
  commitOffsetsWithin(
    request: Decoded<TxnOffsetCommitRequest>,
    { apiVersion }: Pick<Caller, 'apiVersion'>,
    guard: VerificationGuard | null
  ): Promise<TxnOffsetCommitResponse> {
    const circumstances = { ...this.#circumstances(), apiVersion, topics: this.#options.topics }
    const { producerId, producerEpoch } = request
    return this.#answer<TxnOffsetCommitResponse>(
      () => refusedWithin(ErrorCode.NOT_COORDINATOR, request, circumstances),
      () => {
        const group = this.#find(request.groupId)
        const errorCode = checkCommitWithin(group.round, request) || this.#roomForGroup(group)
        if (errorCode !== ErrorCode.NONE) return refusedWithin(errorCode, request, circumstances)
        const { records, answer } = offsetsWithin(request, circumstances)
        return answer(
          this.#coordinator.commitWithin({ producerId, producerEpoch, guard }, records, circumstances.nowMs)
        )
      }
    )
  }

  /** A producer's transaction has ended, which had offsets of groups that are looked after here: resolves when that is safe. */
  endTransaction(marker: TransactionMarker): Promise<ErrorCode> {
    return this.#answer<ErrorCode>(
      () => ErrorCode.NOT_LEADER_OR_FOLLOWER,
      () => this.#coordinator.endTransaction(marker, this.#options.clock.nowMs())
    )
  }

  fetchOffsets(asked: AskedOffsets): Promise<OffsetFetchResponseGroup> {
    const refusal = () => ({ groupId: asked.groupId, topics: [], errorCode: ErrorCode.NOT_COORDINATOR })
    return this.#answer<OffsetFetchResponseGroup>(refusal, () => fetchOffsets(this.#state, asked, this.#options.topics))
  }

  deleteOffsets(request: Decoded<OffsetDeleteRequest>): Promise<OffsetDeleteResponse> {
    return this.#answer<OffsetDeleteResponse>(
      () => ({ errorCode: ErrorCode.NOT_COORDINATOR, topics: [] }),
      () => {
        const { round } = this.#find(request.groupId)
        return this.#commit(deleteOffsets(round, request, this.#state, this.#options.topics))
      }
    )
  }

  describe(groupId: string): Promise<DescribeGroupsResponseDescribedGroup> {
    const refusal = () => undescribedGroup(groupId, ErrorCode.NOT_COORDINATOR)
    return this.#answer<DescribeGroupsResponseDescribedGroup>(refusal, () => {
      const { metadata, round } = this.#find(groupId)
      return round === undefined ? missingGroup(groupId) : describedGroup(groupId, metadata, round)
    })
  }

  /** Empty when this coordinator is closed: its groups are told by whoever looks after them then. */
  list(filter: GroupFilter): Promise<readonly ListGroupsResponseListedGroup[]> {
    const states = new Set(filter.states.map((state) => state.toLowerCase().trim()))
    const types = new Set(filter.types.map((type) => type.toLowerCase().trim()))
    return this.#answer<readonly ListGroupsResponseListedGroup[]>(
      () => [],
      () => {
        const groups: ListGroupsResponseListedGroup[] = []
        if (types.size > 0 && !types.has('classic')) return groups
        for (const groupId of this.#state.groups.keys()) {
          const { round } = this.#find(groupId)
          if (round === undefined || (states.size > 0 && !states.has(round.state.toLowerCase()))) continue
          groups.push(listedGroup(groupId, round))
        }
        return groups
      }
    )
  }

  deleteGroup(groupId: string): Promise<ErrorCode> {
    return this.#answer<ErrorCode>(
      () => ErrorCode.NOT_COORDINATOR,
      () => {
        const errorCode = this.#commit(deleteGroup(this.#find(groupId).round, groupId, this.#state))
        if (errorCode === ErrorCode.NONE) this.#rounds.forget(groupId)
        return errorCode
      }
    )
  }

  /** A topic may have been deleted while nobody looked after these groups. */
  #forgetMissingTopics(): void {
    const { topics } = this.#options
    const names = new Set<string>()
    for (const offsets of [this.#state.offsets, this.#state.pendingOffsets]) {
      for (const [, byTopic] of offsets.entries()) for (const name of byTopic.keys()) names.add(name)
    }
    const missing = [...names].filter((name) => topics.idOf(name) === undefined)
    if (missing.length > 0) this.onTopicsDeleted(missing)
  }

  /** The offsets that groups had in these topics go with them. */
  onTopicsDeleted(names: readonly string[]): void {
    const drop = (gone: readonly string[]) => this.#append(offsetsOfDeletedTopics(this.#state, gone))
    const { topics } = this.#options
    this.#due(
      () => drop(names),
      () => drop(names.filter((name) => topics.idOf(name) === undefined))
    )
  }

  close(): void {
    this.#isClosed = true
    this.#rounds.close()
    this.#joins.refuseAll()
    this.#syncs.refuseAll()
  }

  #resumeGroups(): void {
    const maxSize = Math.min(this.#options.config.maxSize, limits.groupMembers)
    for (const [groupId, metadata] of this.#state.groups) {
      if (metadata.members.size === 0) continue
      this.#rounds.resume(groupId, roundFromLog(metadata))
      if (metadata.members.size <= maxSize) continue
      this.#due(() => {
        const draft = draftOf(this.#find(groupId), this.#circumstances())
        prepareRebalance(draft)
        this.#take(draft)
      })
    }
  }

  #find(groupId: string): FoundGroup {
    const metadata = this.#state.groups.get(groupId)
    const round = this.#rounds.get(groupId) ?? (metadata ? roundFromLog(metadata) : undefined)
    return { groupId, metadata, round }
  }

  #circumstances() {
    return { nowMs: this.#options.clock.nowMs(), config: this.#options.config }
  }

  #roomForGroup({ groupId, metadata }: FoundGroup): ErrorCode {
    if (Buffer.byteLength(groupId) > limits.idBytes) return ErrorCode.INVALID_GROUP_ID
    if (metadata !== undefined || this.#state.groups.size < limits.groupsPerCoordinator) return ErrorCode.NONE
    return ErrorCode.POLICY_VIOLATION
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

  /** What a request gets that depends on nothing but what is known now. */
  async #answer<Answer>(refusal: () => Answer, decideNow: () => Answer): Promise<Answer> {
    if (this.#isClosed) return refusal()
    try {
      const answer = decideNow()
      await this.#coordinator.settled()
      return answer
    } catch (error) {
      if (error instanceof DiskError || error instanceof NotSafeYet) return refusal()
      throw error
    }
  }

  /** Runs what may meet a disk that refuses; `refused` is called when it did, and everything is as it was. */
  #decide(refused: () => void, decideNow: () => void): void {
    if (this.#isClosed) {
      this.close()
      return
    }
    try {
      decideNow()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      refused()
    }
  }

  /** What came due while the disk refused is looked at again a little later. */
  #due(decideNow: () => void, again: () => void = decideNow): void {
    this.#decide(() => this.#rounds.after(limits.refusedRecordPauseMs, () => this.#due(again)), decideNow)
  }

  /** A decision becomes fact: its records are in the log, its round is the one that runs, its answers are on their way. */
  #take(draft: Draft): void {
    this.#append(draft.records)
    this.#rounds.take(draft)
    this.#send(draft)
  }

  #send({ joinAnswers = [], syncAnswers = [] }: Partial<Pick<Draft, 'joinAnswers' | 'syncAnswers'>>): void {
    const answers = [this.#joins.take(joinAnswers), this.#syncs.take(syncAnswers)]
    const sent = this.#coordinator.settled().then(
      () => {
        for (const { send } of answers) send()
      },
      () => {
        for (const { refuse } of answers) refuse()
      }
    )
    unattended(this.#options.clock, sent)
  }

  #append(records: readonly StateRecord[]): void {
    this.#coordinator.commit(records, this.#options.clock.nowMs())
  }

  #commit<Answer>({ records, answer }: Decision<Answer>): Answer {
    this.#append(records)
    return answer
  }

  #onSessionExpired(groupId: string, memberId: string): void {
    // A heartbeat that comes before the disk takes the member's end keeps the member.
    const again = () => {
      const member = this.#rounds.get(groupId)?.members.get(memberId)
      const { refusedRecordPauseMs: sessionTimeoutMs } = limits
      if (member !== undefined) this.#rounds.renewSession(groupId, { ...member, sessionTimeoutMs })
    }
    this.#decide(again, () => {
      const draft = expireSession(this.#find(groupId), memberId, this.#circumstances())
      if (draft !== null) this.#take(draft)
    })
  }

  #onTimerExpired(groupId: string): void {
    const timer = this.#rounds.get(groupId)?.timer
    const expire = () => {
      const draft = draftOf(this.#find(groupId), this.#circumstances())
      timerExpired(draft)
      this.#take(draft)
    }
    const expireIfStillDue = () => {
      if (this.#rounds.get(groupId)?.timer === timer) expire()
    }
    this.#due(expire, expireIfStillDue)
  }

  #expireOffsets(): void {
    this.#due(() => {
      for (const groupId of this.#state.groups.keys()) {
        const { round } = this.#find(groupId)
        if (round === undefined) continue
        this.#append(expireOffsets(groupId, round, this.#state, this.#circumstances()))
        if (!this.#state.groups.has(groupId)) this.#rounds.forget(groupId)
      }
    })
  }
}

/** A random UUID as Java writes it: member ids end with one. */
function uuidText(chance: Chance): string {
  const hex = Buffer.from(randomUuid(chance), 'base64url').toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/**
 * Looks after the groups of one partition of `__consumer_offsets` (Kafka: GroupCoordinatorShard, GroupMetadataManager).
 *
 * Here a group is found, and told apart by its kind, once. What its members ask is for its kind to decide (`classic/`, `consumer/`); what is asked of
 * a group as such, its offsets first of all, is answered here by what every kind says of itself (`group.ts`).
 */

import type { Chance } from '../../host/chance.ts'
import type { Clock } from '../../host/clock.ts'
import { limits } from '../../limits.ts'
import type { TransactionMarker, VerificationGuard } from '../../log/types.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { ConsumerGroupDescribeResponseDescribedGroup } from '../../protocol/generated/api/consumer-group-describe-response.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../protocol/generated/api/consumer-group-heartbeat-request.ts'
import type { ConsumerGroupHeartbeatResponse } from '../../protocol/generated/api/consumer-group-heartbeat-response.ts'
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
import { Coordinator, type StateLog } from '../coordinator.ts'
import type { SharePersister } from '../share-states/persister.ts'
import type { Caller } from './caller.ts'
import { ClassicGroups } from './classic/classic-groups.ts'
import { describedGroup, foreignGroup, missingGroup, undescribedGroup } from './classic/describe.ts'
import { refusedJoin, refusedSync } from './classic/draft.ts'
import type { LeavingMember } from './classic/leave.ts'
import { ConsumerGroups } from './consumer/consumer-groups.ts'
import { undescribedConsumerGroup } from './consumer/describe.ts'
import type { ConsumerGroupSettings } from './consumer/draft.ts'
import { TopicsSeen } from './consumer/topics-seen.ts'
import { Deadlines } from './deadlines.ts'
import { Decisions } from './decisions.ts'
import type { Group } from './group.ts'
import type { GroupConfig } from './group-config.ts'
import { type GroupFilter, listedGroups } from './list.ts'
import { checkCommit, commit, refusedCommit } from './offsets/commit.ts'
import { checkCommitWithin, offsetsWithin, refusedWithin } from './offsets/commit-within.ts'
import { deleteGroup, deleteOffsets, type IsThere, isThereNow, offsetsOfDeletedTopics } from './offsets/delete.ts'
import { expireOffsets } from './offsets/expire.ts'
import { type AskedOffsets, fetchOffsets } from './offsets/fetch.ts'
import { replay, replayEnd } from './replay.ts'
import { SaidBytes } from './said-bytes.ts'
import type { ShareGroupSettings } from './share/draft.ts'
import { ShareGroups } from './share/share-groups.ts'
import { ShareOffsets } from './share/share-offsets.ts'
import { GroupsState } from './state.ts'
import type { StreamsGroupSettings } from './streams/draft.ts'
import { type InternalTopics, StreamsGroups } from './streams/streams-groups.ts'
import type { GroupTopics } from './topic-names.ts'
import type { UnsettledGroups } from './unsettled-groups.ts'

export type { Caller } from './caller.ts'
export type { GroupConfig } from './group-config.ts'

export interface GroupCoordinatorOptions {
  readonly log: StateLog
  readonly clock: Clock
  readonly chance: Chance
  readonly config: GroupConfig
  readonly topics: GroupTopics
  readonly settingsOf: (groupId: string) => ConsumerGroupSettings
  readonly shareSettingsOf: (groupId: string) => ShareGroupSettings
  readonly persister: SharePersister
  readonly streamsSettingsOf: (groupId: string) => StreamsGroupSettings
  readonly internalTopics: InternalTopics
  readonly unsettled: UnsettledGroups
}

export class GroupCoordinator {
  readonly #options: GroupCoordinatorOptions
  readonly #state = new GroupsState()
  readonly #deadlines: Deadlines
  readonly #coordinator: Coordinator
  readonly #decisions: Decisions
  readonly #classic: ClassicGroups
  readonly #consumer: ConsumerGroups
  readonly #seen: TopicsSeen
  readonly share: ShareGroups
  readonly shareOffsets: ShareOffsets
  readonly streams: StreamsGroups

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
    const { log, clock, chance, config, topics, settingsOf, shareSettingsOf, persister, unsettled } = options
    this.#options = options
    this.#deadlines = new Deadlines(clock)
    this.#coordinator = new Coordinator({
      log,
      replay: (record, at) => replay(this.#state, record, at),
      replayEnd: (producerId, outcome) => replayEnd(this.#state, producerId, outcome),
      onFailure: () => this.close()
    })
    const [coordinator, deadlines, state] = [this.#coordinator, this.#deadlines, this.#state]
    this.#decisions = new Decisions({ coordinator, clock, deadlines, onClosed: () => this.#classic.close() })
    const shared = { state, decisions: this.#decisions, deadlines, clock, chance, config }
    this.#classic = new ClassicGroups(shared)
    this.#seen = new TopicsSeen(topics)
    const ofModern = { ...shared, topics, seen: this.#seen, saidBytes: new SaidBytes(), unsettled }
    this.#consumer = new ConsumerGroups({ ...ofModern, settingsOf, classic: this.#classic })
    const ofAny = {
      find: (groupId: string) => this.#find(groupId),
      roomForGroup: (groupId: string) => this.#roomForGroup(groupId)
    }
    this.share = new ShareGroups({ ...ofModern, ...ofAny, settingsOf: shareSettingsOf, persister })
    this.shareOffsets = new ShareOffsets({ ...shared, topics, persister, groups: this.share })
    this.streams = new StreamsGroups({
      ...{ ...ofModern, ...ofAny, settingsOf: options.streamsSettingsOf, internalTopics: options.internalTopics },
      forgetClassic: (groupId) => this.#classic.forget(groupId)
    })
  }

  #begin(): void {
    for (const [groupId, group] of this.#state.groups) {
      if (group.kind === 'consumer') this.#consumer.resume(group)
      else if (group.kind === 'share') this.share.resume(group)
      else if (group.kind === 'streams') this.streams.resume(group)
      else this.#classic.resume(groupId)
    }
    this.#forgetMissingTopics()
    this.#deadlines.every(this.#options.config.offsetsRetentionCheckIntervalMs, () => this.#expireOffsets())
  }

  /** The types of records in the log that are not known here, and were passed over. */
  get unknownRecordTypes(): ReadonlySet<number> {
    return this.#state.unknownTypes
  }

  /** Nothing but NOT_COORDINATOR comes from here any more. */
  get isClosed(): boolean {
    return this.#decisions.isClosed
  }

  joinGroup(request: Decoded<JoinGroupRequest>, caller: Caller): Promise<JoinGroupResponse> {
    const { groupId, memberId } = request
    const group = this.#state.consumer(groupId)
    const streams = this.#state.streams(groupId)
    if (this.#state.share(groupId) !== undefined || streams?.isEmpty === false) {
      return Promise.resolve(refusedJoin(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, memberId))
    }
    if (group === undefined || group.isEmpty) {
      // An empty group of another kind makes way.
      return this.#classic.join(
        request,
        caller,
        () => this.#roomForGroup(groupId) || (group ?? streams)?.tombstones() || []
      )
    }
    const refusal = () => refusedJoin(ErrorCode.NOT_COORDINATOR, memberId)
    return this.#decisions.answer<JoinGroupResponse>(refusal, () => this.#consumer.join(group, request, caller))
  }

  syncGroup(request: Decoded<SyncGroupRequest>, caller: Caller): Promise<SyncGroupResponse> {
    const group = this.#state.consumer(request.groupId)
    if (group === undefined || group.isEmpty) return this.#classic.sync(request, caller)
    const refusal = () => refusedSync(ErrorCode.NOT_COORDINATOR)
    return this.#decisions.answer<SyncGroupResponse>(refusal, () => this.#consumer.sync(group, request))
  }

  heartbeat(request: Decoded<HeartbeatRequest>): Promise<HeartbeatResponse> {
    return this.#decisions.answer<HeartbeatResponse>(
      () => ({ errorCode: ErrorCode.NOT_COORDINATOR }),
      () => {
        const group = this.#state.consumer(request.groupId)
        if (group === undefined) return this.#classic.heartbeat(request)
        return { errorCode: this.#consumer.heartbeatAsClassic(group, request) }
      }
    )
  }

  leaveGroup(groupId: string, members: readonly LeavingMember[]): Promise<LeaveGroupResponse> {
    return this.#decisions.answer<LeaveGroupResponse>(
      () => ({ errorCode: ErrorCode.NOT_COORDINATOR, members: [] }),
      () => {
        const group = this.#state.consumer(groupId)
        return group === undefined ? this.#classic.leave(groupId, members) : this.#consumer.leave(group, members)
      }
    )
  }

  consumerGroupHeartbeat(
    request: Decoded<ConsumerGroupHeartbeatRequest>,
    caller: Caller
  ): Promise<ConsumerGroupHeartbeatResponse> {
    const refused = (errorCode: ErrorCode) => ({ throttleTimeMs: 0, errorCode, memberEpoch: 0, heartbeatIntervalMs: 0 })
    return this.#decisions.answer<ConsumerGroupHeartbeatResponse>(
      () => refused(ErrorCode.NOT_COORDINATOR),
      () => {
        const errorCode = this.#roomForGroup(request.groupId)
        return errorCode === ErrorCode.NONE ? this.#consumer.heartbeat(request, caller) : refused(errorCode)
      }
    )
  }

  describeConsumerGroup(groupId: string): Promise<ConsumerGroupDescribeResponseDescribedGroup> {
    const refusal = () => undescribedConsumerGroup(groupId, ErrorCode.NOT_COORDINATOR, null)
    return this.#decisions.answer<ConsumerGroupDescribeResponseDescribedGroup>(refusal, () =>
      this.#consumer.describe(groupId)
    )
  }

  commitOffsets(request: Decoded<OffsetCommitRequest>, { apiVersion }: Caller): Promise<OffsetCommitResponse> {
    const { topics } = this.#options
    const circumstances = { ...this.#circumstances(), apiVersion, topics }
    return this.#decisions.answer<OffsetCommitResponse>(
      () => refusedCommit(ErrorCode.NOT_COORDINATOR, request, circumstances),
      () => {
        const group = this.#find(request.groupId)
        const errorCode = checkCommit(group, request, circumstances) || this.#roomForGroup(request.groupId)
        if (errorCode === ErrorCode.NONE && group?.kind === 'classic')
          this.#classic.onCommit(request.groupId, request.memberId)
        return this.#decisions.commit(commit(errorCode, request, circumstances))
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
    return this.#decisions.answer<TxnOffsetCommitResponse>(
      () => refusedWithin(ErrorCode.NOT_COORDINATOR, request, circumstances),
      () => {
        const group = this.#find(request.groupId)
        const errorCode = checkCommitWithin(group, request, circumstances) || this.#roomForGroup(request.groupId)
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
    return this.#decisions.answer<ErrorCode>(
      () => ErrorCode.NOT_LEADER_OR_FOLLOWER,
      () => this.#coordinator.endTransaction(marker, this.#options.clock.nowMs())
    )
  }

  fetchOffsets(asked: AskedOffsets): Promise<OffsetFetchResponseGroup> {
    const { groupId, member } = asked
    const refused = (errorCode: ErrorCode) => ({ groupId, topics: [], errorCode })
    return this.#decisions.answer<OffsetFetchResponseGroup>(
      () => refused(ErrorCode.NOT_COORDINATOR),
      () => {
        const group = this.#state.consumer(groupId) ?? this.#state.streams(groupId)
        const errorCode = member && group?.checkFetch(member.memberId, member.memberEpoch)
        return errorCode ? refused(errorCode) : fetchOffsets(this.#state, asked, this.#options.topics)
      }
    )
  }

  deleteOffsets(request: Decoded<OffsetDeleteRequest>): Promise<OffsetDeleteResponse> {
    return this.#decisions.answer<OffsetDeleteResponse>(
      () => ({ errorCode: ErrorCode.NOT_COORDINATOR, topics: [] }),
      () => {
        const group = this.#find(request.groupId)
        return this.#decisions.commit(deleteOffsets(group, request, this.#state, this.#options.topics))
      }
    )
  }

  describe(groupId: string): Promise<DescribeGroupsResponseDescribedGroup> {
    const refusal = () => undescribedGroup(groupId, ErrorCode.NOT_COORDINATOR)
    return this.#decisions.answer<DescribeGroupsResponseDescribedGroup>(refusal, () => {
      const { metadata, round } = this.#classic.found(groupId)
      const other = this.#state.consumer(groupId) ?? this.#state.share(groupId) ?? this.#state.streams(groupId)
      if (other !== undefined) return foreignGroup(groupId)
      return round === undefined ? missingGroup(groupId) : describedGroup(groupId, metadata, round)
    })
  }

  /** Empty when this coordinator is closed: its groups are told by whoever looks after them then. */
  list(filter: GroupFilter): Promise<readonly ListGroupsResponseListedGroup[]> {
    return this.#decisions.answer<readonly ListGroupsResponseListedGroup[]>(
      () => [],
      () => listedGroups(this.#groups(), filter)
    )
  }

  async deleteGroup(groupId: string): Promise<ErrorCode> {
    const errorCode = await this.shareOffsets.deleteAll(groupId)
    if (errorCode !== ErrorCode.NONE) return errorCode
    return this.#decisions.answer<ErrorCode>(
      () => ErrorCode.NOT_COORDINATOR,
      () => {
        const errorCode = this.#decisions.commit(deleteGroup(this.#find(groupId), this.#state))
        if (errorCode === ErrorCode.NONE) this.#forget(groupId)
        return errorCode
      }
    )
  }

  /** A topic may have been deleted, and made anew, while nobody looked after these groups. */
  #forgetMissingTopics(): void {
    this.#decisions.due(() => this.share.forgetMissingTopics())
    this.#decisions.due(() => this.#dropOffsets(isThereNow(this.#options.topics)))
  }

  /** The offsets that groups had in these topics go with them. */
  onTopicsDeleted(names: readonly string[]): void {
    this.#decisions.due(() => this.share.forgetMissingTopics())
    const deleted = new Set(names)
    this.#decisions.due(
      () => this.#dropOffsets((topic) => !deleted.has(topic)),
      // The name may be that of another topic by then, for which offsets were committed.
      () => this.#dropOffsets(isThereNow(this.#options.topics))
    )
  }

  #dropOffsets(isThere: IsThere): void {
    this.#decisions.append(offsetsOfDeletedTopics(this.#state, isThere))
  }

  /** Topics were made, have more partitions or other copies, or are gone: groups that subscribe to them look again. */
  onTopicsChanged(names: readonly string[], hasNew: boolean): void {
    this.#seen.onChanged(names, hasNew)
  }

  close(): void {
    this.#decisions.close()
    // Whoever looks after them now knows it by itself.
    this.#options.unsettled.forgetAmong(this.#state.groups)
  }

  /** Undefined where there is none. */
  #find(groupId: string): Group | undefined {
    const { consumer, share } = { consumer: this.#state.consumer(groupId), share: this.#state.share(groupId) }
    return consumer ?? share ?? this.streams.find(groupId) ?? this.#classic.find(groupId)
  }

  #forget(groupId: string): void {
    this.#classic.forget(groupId)
    this.#consumer.forget(groupId)
    this.share.forget(groupId)
    this.streams.forget(groupId)
  }

  *#groups(): Iterable<Group> {
    for (const groupId of this.#state.groups.keys()) {
      const group = this.#find(groupId)
      if (group !== undefined) yield group
    }
  }

  #circumstances() {
    return { nowMs: this.#options.clock.nowMs(), config: this.#options.config }
  }

  #roomForGroup(groupId: string): ErrorCode {
    if (Buffer.byteLength(groupId) > limits.idBytes) return ErrorCode.INVALID_GROUP_ID
    const hasRoom = this.#state.groups.has(groupId) || this.#state.groups.size < limits.groupsPerCoordinator
    return hasRoom ? ErrorCode.NONE : ErrorCode.POLICY_VIOLATION
  }

  #expireOffsets(): void {
    this.#decisions.due(() => {
      for (const group of this.#groups()) {
        this.#decisions.append(expireOffsets(group, this.#state, this.#circumstances()))
        if (!this.#state.groups.has(group.groupId)) this.#forget(group.groupId)
      }
    })
  }
}

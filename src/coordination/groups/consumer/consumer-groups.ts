/**
 * Looks after the consumer groups of one coordinator (KIP-848): each request is decided by a pure function beside this file; here its
 * records are appended and its timers wound. Members' expressions are looked up beside all that, and what they came to is one more
 * decision (Kafka: GroupMetadataManager.consumerGroup…).
 */
import { randomUuid } from '../../../host/chance.ts'
import { Slices } from '../../../host/slices.ts'
import { unattended } from '../../../host/unattended.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ConsumerGroupDescribeResponseDescribedGroup } from '../../../protocol/generated/api/consumer-group-describe-response.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../../protocol/generated/api/consumer-group-heartbeat-request.ts'
import type { ConsumerGroupHeartbeatResponse } from '../../../protocol/generated/api/consumer-group-heartbeat-response.ts'
import type { HeartbeatRequest } from '../../../protocol/generated/api/heartbeat-request.ts'
import type { JoinGroupRequest } from '../../../protocol/generated/api/join-group-request.ts'
import type { JoinGroupResponse } from '../../../protocol/generated/api/join-group-response.ts'
import type { LeaveGroupResponse } from '../../../protocol/generated/api/leave-group-response.ts'
import type { SyncGroupRequest } from '../../../protocol/generated/api/sync-group-request.ts'
import type { SyncGroupResponse } from '../../../protocol/generated/api/sync-group-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { StateRecord } from '../../coordinator.ts'
import type { Caller } from '../caller.ts'
import type { ClassicGroups } from '../classic/classic-groups.ts'
import { refusedJoin, refusedSync } from '../classic/draft.ts'
import type { LeavingMember } from '../classic/leave.ts'
import type { Decisions } from '../decisions.ts'
import type { GroupsOptions } from '../groups-options.ts'
import type { SaidBytes } from '../said-bytes.ts'
import type { GroupTopics } from '../topic-names.ts'
import type { UnsettledGroups } from '../unsettled-groups.ts'
import { checkHeartbeat } from './check-heartbeat.ts'
import { checkSync, classicMemberOf, heartbeatAsClassic, joinAsClassic, leavingAsClassic } from './classic-members.ts'
import { assignmentFor } from './consumer-protocol.ts'
import { describedConsumerGroup, undescribedConsumerGroup } from './describe.ts'
import { canDowngrade, downgrade } from './downgrade.ts'
import { type ConsumerDraft, type ConsumerGroupSettings, consumerDraftOf, type TimerKind } from './draft.ts'
import { lookUp, takeResolved } from './expressions.ts'
import { consumerHeartbeat } from './heartbeat.ts'
import { leavingMember, leftAnswer, removeMembers, stepAway } from './leave.ts'
import { awayEpoch, type ConsumerMember, MemberState } from './member.ts'
import { MemberTimers } from './member-timers.ts'
import { type Refusal, refusal } from './refusal.ts'
import { ConsumerGroup } from './state.ts'
import type { ResolvedExpression } from './subscriptions.ts'
import type { TopicsSeen } from './topics-seen.ts'
import { upgrade } from './upgrade.ts'

export interface ConsumerGroupsOptions extends GroupsOptions {
  readonly topics: GroupTopics
  readonly settingsOf: (groupId: string) => ConsumerGroupSettings
  readonly classic: ClassicGroups
  readonly seen: TopicsSeen
  readonly saidBytes: SaidBytes
  readonly unsettled: UnsettledGroups
}

/** A group that a member may join, and what makes it one. */
interface Opened {
  readonly group: ConsumerGroup
  readonly records: readonly StateRecord[]
  readonly isFromClassic: boolean
}

export class ConsumerGroups {
  readonly #options: ConsumerGroupsOptions
  readonly #decisions: Decisions
  readonly #timers: MemberTimers
  readonly #seen: TopicsSeen
  readonly #resolving = new Set<string>()

  constructor(options: ConsumerGroupsOptions) {
    this.#options = options
    this.#decisions = options.decisions
    this.#seen = options.seen
    this.#timers = new MemberTimers(options.deadlines, options.decisions, (...expired) => this.#onExpired(...expired))
  }

  heartbeat(request: Decoded<ConsumerGroupHeartbeatRequest>, caller: Caller): ConsumerGroupHeartbeatResponse {
    const wrong = checkHeartbeat(request, caller.apiVersion, this.#options.config.consumerAssignors)
    if (wrong !== null) return refused(wrong)
    const { groupId, memberEpoch } = request
    if (memberEpoch < 0) return this.#leave(request)
    const opened = this.#open(groupId, memberEpoch === 0)
    if ('errorCode' in opened) return refused(opened)
    const draft = this.#draftOf(opened.group)
    draft.records.push(...opened.records)
    const memberId = request.memberId === '' ? randomUuid(this.#options.chance) : request.memberId
    const answer = consumerHeartbeat(draft, request, memberId, caller)
    if (!('memberEpoch' in answer)) return refused(answer)
    this.#take(draft)
    if (opened.isFromClassic) this.#takeFromClassic(opened.group)
    return answer
  }

  join(group: ConsumerGroup, request: Decoded<JoinGroupRequest>, caller: Caller): JoinGroupResponse {
    const memberId = request.memberId === '' ? randomUuid(this.#options.chance) : request.memberId
    const draft = this.#draftOf(group)
    const joined = joinAsClassic(draft, request, memberId, caller)
    if (typeof joined === 'number') return refusedJoin(joined, request.memberId)
    if (joined.downgraded === null) {
      if (joined.answer.errorCode === ErrorCode.NONE) this.#take(draft)
    } else {
      this.#options.classic.takeOver(joined.downgraded)
      this.forget(group.groupId)
    }
    return joined.answer
  }

  sync(group: ConsumerGroup, request: Decoded<SyncGroupRequest>): SyncGroupResponse {
    const member = classicMemberOf(group, request)
    if (typeof member === 'number') return refusedSync(member)
    const draft = this.#draftOf(group)
    const errorCode = checkSync(draft, member, request)
    this.#take(draft)
    if (errorCode !== ErrorCode.NONE) return refusedSync(errorCode)
    const { protocolType, protocolName } = request
    const subscription = member.classic?.supportedProtocols[0]?.metadata ?? Buffer.alloc(2)
    const assignment = assignmentFor(subscription, member.assigned, this.#options.topics)
    return { errorCode, protocolType, protocolName, assignment }
  }

  heartbeatAsClassic(group: ConsumerGroup, request: Decoded<HeartbeatRequest>): ErrorCode {
    const member = classicMemberOf(group, request)
    if (typeof member === 'number') return member
    const draft = this.#draftOf(group)
    const errorCode = heartbeatAsClassic(draft, member)
    this.#take(draft)
    return errorCode
  }

  leave(group: ConsumerGroup, named: readonly LeavingMember[]): LeaveGroupResponse {
    const { leaving, answer } = leavingAsClassic(group, named)
    if (leaving.size > 0) this.#remove(group, leaving)
    return answer
  }

  describe(groupId: string): ConsumerGroupDescribeResponseDescribedGroup {
    const { state, topics, config } = this.#options
    const group = state.consumer(groupId)
    if (group !== undefined) return describedConsumerGroup(group, config.consumerAssignors[0] ?? '', topics)
    const isThere = state.groups.has(groupId)
    const why = isThere ? `Group ${groupId} is not a consumer group.` : `Group ${groupId} not found.`
    return undescribedConsumerGroup(groupId, ErrorCode.GROUP_ID_NOT_FOUND, why)
  }

  /** Takes up a group that the log tells of: its members have a whole session to be heard of again. */
  resume(group: ConsumerGroup): void {
    const { sessionTimeoutMs } = this.#options.settingsOf(group.groupId)
    this.#options.saidBytes.hold(group.groupId, group.saidBytes)
    const isSettling = [...group.members.values()].some(({ state }) => state !== MemberState.stable)
    if (isSettling) this.#options.unsettled.changed(group.groupId, group.members.size)
    for (const { memberId, state, rebalanceTimeoutMs } of group.members.values()) {
      this.#timers.change(group.groupId, { memberId, kind: 'session', delayMs: sessionTimeoutMs })
      if (state !== MemberState.unrevokedPartitions) continue
      this.#timers.change(group.groupId, { memberId, kind: 'rebalance', delayMs: rebalanceTimeoutMs })
    }
  }

  /** The group is gone, or of another kind. */
  forget(groupId: string): void {
    this.#timers.forget(groupId)
    this.#seen.forget(groupId)
    this.#options.saidBytes.hold(groupId, 0)
    this.#options.unsettled.forget(groupId)
  }

  #open(groupId: string, mayMake: boolean): Opened | Refusal {
    const { state, classic, config, topics } = this.#options
    const known = state.consumer(groupId)
    if (known !== undefined) return { group: known, records: [], isFromClassic: false }
    if ((state.share(groupId) ?? state.streams(groupId)) !== undefined) {
      return refusal(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} is not a consumer group.`)
    }
    const found = classic.found(groupId)
    if (!mayMake) {
      const isThere = found.metadata !== undefined
      const why = isThere ? `Group ${groupId} is not a consumer group.` : `Consumer group ${groupId} not found.`
      return refusal(ErrorCode.GROUP_ID_NOT_FOUND, why)
    }
    const { round, metadata } = found
    if (round === undefined || metadata === undefined) {
      return { group: new ConsumerGroup(groupId), records: [], isFromClassic: false }
    }
    const ofClassic = classic.find(groupId)
    if (ofClassic?.isEmpty) {
      return { group: new ConsumerGroup(groupId), records: ofClassic.tombstones(), isFromClassic: true }
    }
    const upgraded = upgrade(found, round, { config, topics, hashOf: (name) => this.#seen.hashOf(name) })
    return 'errorCode' in upgraded ? upgraded : { ...upgraded, isFromClassic: true }
  }

  #leave(request: Decoded<ConsumerGroupHeartbeatRequest>): ConsumerGroupHeartbeatResponse {
    const { groupId, memberId, memberEpoch, instanceId } = request
    const { state } = this.#options
    const group = state.consumer(groupId)
    if (group === undefined) {
      const why = state.groups.has(groupId) ? 'is not a consumer group' : 'not found'
      return refused(refusal(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} ${why}.`))
    }
    const draft = this.#draftOf(group)
    const member = leavingMember(draft, request)
    if ('errorCode' in member) return refused(member)
    if (memberEpoch !== awayEpoch || instanceId === null) {
      this.#remove(group, new Set([member]))
      return leftAnswer(memberId, memberEpoch)
    }
    const answer = stepAway(draft, member)
    this.#take(draft)
    return answer
  }

  #remove(group: ConsumerGroup, leaving: ReadonlySet<ConsumerMember>): void {
    const { config, classic } = this.#options
    const draft = this.#draftOf(group)
    if (canDowngrade(group, leaving, config)) {
      classic.takeOver(downgrade(draft, { leaving, joining: null, mustRebalance: true }))
      this.forget(group.groupId)
    } else {
      removeMembers(draft, leaving)
      this.#take(draft)
    }
  }

  #draftOf(group: ConsumerGroup): ConsumerDraft {
    const { clock, config, topics, settingsOf, saidBytes, unsettled } = this.#options
    const { groupId, members } = group
    return consumerDraftOf(group, {
      nowMs: clock.nowMs(),
      config,
      topics,
      settings: settingsOf(groupId),
      hashOf: (name) => this.#seen.hashOf(name),
      isStale: this.#seen.isStale(groupId, group.epoch),
      isResolving: this.#resolving.has(groupId),
      roomBytes: saidBytes.room,
      unrest: unsettled.unrestOf(groupId, members.size),
      hasNewTopics: this.#seen.hasNewTopics(groupId)
    })
  }

  /** A decision becomes fact. One that changes nothing for members unsettles nobody. */
  #take(
    { group: { groupId }, records, timers, refreshedInEpoch, expressions }: ConsumerDraft,
    isChange = records.length > 0
  ): void {
    this.#decisions.append(records)
    for (const timer of timers) this.#timers.change(groupId, timer)
    const { state, saidBytes, unsettled } = this.#options
    const group = state.consumer(groupId)
    saidBytes.hold(groupId, group?.saidBytes ?? 0)
    if (isChange) unsettled.changed(groupId, group?.members.size ?? 0)
    if (refreshedInEpoch !== null) this.#seen.looked(groupId, refreshedInEpoch)
    if (expressions !== null) unattended(this.#options.clock, this.#resolve(groupId, expressions))
  }

  /** Whoever waits in the classic group is told to come again; its members have their sessions here now. */
  #takeFromClassic({ groupId, members }: ConsumerGroup): void {
    this.#options.classic.handOver(groupId)
    for (const { memberId, classic } of members.values()) {
      if (classic === null) continue
      this.#timers.change(groupId, { memberId, kind: 'session', delayMs: classic.sessionTimeoutMs })
    }
  }

  async #resolve(groupId: string, expressions: readonly string[]): Promise<void> {
    const { clock, topics } = this.#options
    this.#resolving.add(groupId)
    this.#seen.lookingUp(groupId)
    try {
      const resolved = await lookUp(expressions, topics, clock.nowMs(), new Slices(clock))
      this.#decisions.due(() => this.#takeResolved(groupId, resolved))
    } finally {
      this.#resolving.delete(groupId)
    }
  }

  #takeResolved(groupId: string, resolved: ReadonlyMap<string, ResolvedExpression>): void {
    const group = this.#options.state.consumer(groupId)
    if (group === undefined) return
    const draft = this.#draftOf(group)
    takeResolved(draft, resolved)
    // An expression that came to the same topics is written for its time alone.
    this.#take(draft, draft.refreshedInEpoch !== null)
  }

  #onExpired(groupId: string, memberId: string, kind: TimerKind): void {
    const group = this.#options.state.consumer(groupId)
    const member = group?.members.get(memberId)
    if (group === undefined || member === undefined) return
    // One that is away for a while has nothing to give up.
    if (kind === 'rebalance' && member.state !== MemberState.unrevokedPartitions) return
    if (kind === 'rebalance' && member.epoch === awayEpoch) return
    this.#remove(group, new Set([member]))
  }
}

function refused({ errorCode, message: errorMessage }: Refusal): ConsumerGroupHeartbeatResponse {
  return { throttleTimeMs: 0, errorCode, errorMessage, memberEpoch: 0, heartbeatIntervalMs: 0 }
}

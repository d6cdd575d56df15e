/**
 * Looks after the streams groups of one coordinator (KIP-1071): each request is decided by a pure function beside this file; here its records are
 * appended, its timers wound, and what is known beside the log is kept (Kafka: GroupMetadataManager.streamsGroup…).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { StreamsGroupDescribeResponseDescribedGroup } from '../../../protocol/generated/api/streams-group-describe-response.ts'
import type { StreamsGroupHeartbeatRequest } from '../../../protocol/generated/api/streams-group-heartbeat-request.ts'
import type { StreamsGroupHeartbeatResponse } from '../../../protocol/generated/api/streams-group-heartbeat-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { StateRecord } from '../../coordinator.ts'
import type { StreamsCaller } from '../caller.ts'
import { MemberTimers } from '../consumer/member-timers.ts'
import { type Refusal, refusal } from '../consumer/refusal.ts'
import type { TopicsSeen } from '../consumer/topics-seen.ts'
import { Deadline } from '../deadlines.ts'
import type { Decisions } from '../decisions.ts'
import type { Group } from '../group.ts'
import type { GroupsOptions } from '../groups-options.ts'
import type { SaidBytes } from '../said-bytes.ts'
import type { GroupTopics } from '../topic-names.ts'
import type { UnsettledGroups } from '../unsettled-groups.ts'
import { beyondBounds } from './bounds.ts'
import { checkStreamsHeartbeat } from './check-heartbeat.ts'
import { describedStreamsGroup, undescribedStreamsGroup } from './describe.ts'
import {
  firstSoftState,
  type SoftStreamsState,
  type StreamsDraft,
  type StreamsGroupSettings,
  streamsDraftOf
} from './draft.ts'
import { StreamsGroupNow } from './group-now.ts'
import { streamsHeartbeat } from './heartbeat.ts'
import { removeMember, streamsLeave } from './leave.ts'
import { MemberState } from './member.ts'
import { assign } from './retarget.ts'
import { StreamsGroup } from './state.ts'
import type { ConfiguredTopology, InternalTopic } from './topology/configure.ts'
import { TopologiesOnTopics } from './topology/on-topics.ts'

type Request = Decoded<StreamsGroupHeartbeatRequest>

/** Who makes the topics that topologies need, beside all that is decided here. */
export interface InternalTopics {
  make(topics: readonly InternalTopic[]): void
  /** Why topics could not be made when it was tried last, by name. */
  readonly errors: ReadonlyMap<string, string>
}

export interface StreamsGroupsOptions extends GroupsOptions {
  readonly topics: GroupTopics
  readonly settingsOf: (groupId: string) => StreamsGroupSettings
  readonly seen: TopicsSeen
  readonly saidBytes: SaidBytes
  readonly unsettled: UnsettledGroups
  readonly internalTopics: InternalTopics
  /** A group of any kind; undefined where there is none. */
  readonly find: (groupId: string) => Group | undefined
  readonly roomForGroup: (groupId: string) => ErrorCode
  /** A classic group has made way. */
  readonly forgetClassic: (groupId: string) => void
}

/** A group that a member may join, and what makes it one. */
interface Opened {
  readonly group: StreamsGroup
  readonly records: readonly StateRecord[]
}

export class StreamsGroups {
  readonly #options: StreamsGroupsOptions
  readonly #decisions: Decisions
  readonly #timers: MemberTimers
  readonly #onTopics: TopologiesOnTopics
  readonly #soft = new Map<string, SoftStreamsState>()
  readonly #delays = new Map<string, Deadline>()

  constructor(options: StreamsGroupsOptions) {
    this.#options = options
    this.#decisions = options.decisions
    this.#onTopics = new TopologiesOnTopics(options.topics, options.seen)
    this.#timers = new MemberTimers(options.deadlines, options.decisions, (groupId, memberId) =>
      this.#onExpired(groupId, memberId)
    )
  }

  heartbeat(request: Request, caller: StreamsCaller): Promise<StreamsGroupHeartbeatResponse> {
    return this.#decisions.answer<StreamsGroupHeartbeatResponse>(
      () => refusedHeartbeat(ErrorCode.NOT_COORDINATOR, null),
      () => {
        const answer = this.#heartbeat(request, caller)
        return 'memberEpoch' in answer ? answer : refusedHeartbeat(answer.errorCode, answer.message)
      }
    )
  }

  describe(groupId: string, wantsDescription: boolean): Promise<StreamsGroupDescribeResponseDescribedGroup> {
    const refused = () => undescribedStreamsGroup(groupId, ErrorCode.NOT_COORDINATOR, null)
    return this.#decisions.answer<StreamsGroupDescribeResponseDescribedGroup>(refused, () => {
      const group = this.#options.state.streams(groupId)
      if (group !== undefined) {
        return describedStreamsGroup(group, this.#configured(group), this.#softOf(groupId), wantsDescription)
      }
      return undescribedStreamsGroup(groupId, ErrorCode.GROUP_ID_NOT_FOUND, this.#whyNot(groupId))
    })
  }

  /** Takes up a group that the log tells of: its members have a whole session to be heard of again. */
  resume({ groupId, members, saidBytes }: StreamsGroup): void {
    const { sessionTimeoutMs } = this.#options.settingsOf(groupId)
    this.#options.saidBytes.hold(groupId, saidBytes)
    const isSettling = [...members.values()].some(({ state }) => state !== MemberState.stable)
    if (isSettling) this.#options.unsettled.changed(groupId, members.size)
    for (const { memberId, state, rebalanceTimeoutMs } of members.values()) {
      this.#timers.change(groupId, { memberId, kind: 'session', delayMs: sessionTimeoutMs })
      if (state !== MemberState.unrevokedTasks) continue
      this.#timers.change(groupId, { memberId, kind: 'rebalance', delayMs: rebalanceTimeoutMs })
    }
  }

  /** As any group is asked; undefined where there is none. */
  find(groupId: string): Group | undefined {
    const group = this.#options.state.streams(groupId)
    return group && new StreamsGroupNow(group, () => this.#configured(group)?.status === null)
  }

  /** The group is gone. */
  forget(groupId: string): void {
    this.#timers.forget(groupId)
    this.#soft.delete(groupId)
    this.#stopDelay(groupId)
    this.#options.saidBytes.hold(groupId, 0)
    this.#options.unsettled.forget(groupId)
  }

  #heartbeat(request: Request, caller: StreamsCaller): StreamsGroupHeartbeatResponse | Refused {
    const wrong = beyondBounds(request) ?? checkStreamsHeartbeat(request)
    if (wrong !== null) return wrong
    const { groupId, memberEpoch } = request
    const noRoom = this.#options.roomForGroup(groupId)
    if (noRoom !== ErrorCode.NONE) return { errorCode: noRoom, message: null }
    const opened = this.#open(groupId, memberEpoch)
    if ('errorCode' in opened) return opened
    const draft = this.#draftOf(opened.group)
    draft.records.push(...opened.records)
    const answer = memberEpoch < 0 ? streamsLeave(draft, request) : streamsHeartbeat(draft, request, caller)
    if (!('memberEpoch' in answer)) return answer
    this.#take(draft)
    if (opened.records.length > 0) this.#options.forgetClassic(groupId)
    return answer
  }

  /** An empty classic group makes way. */
  #open(groupId: string, memberEpoch: number): Opened | Refusal {
    const { state, find } = this.#options
    const known = state.streams(groupId)
    if (known !== undefined) return { group: known, records: [] }
    const other = find(groupId)
    const makesWay = other === undefined || (other.kind === 'classic' && other.isEmpty)
    if (makesWay && memberEpoch === 0) return { group: new StreamsGroup(groupId), records: other?.tombstones() ?? [] }
    const isMissed = other === undefined && memberEpoch > 0
    const why = isMissed ? `Streams group ${groupId} not found.` : this.#whyNot(groupId)
    return refusal(ErrorCode.GROUP_ID_NOT_FOUND, why)
  }

  /** Why there is no streams group of this id, in Kafka's words. */
  #whyNot(groupId: string): string {
    const isThere = this.#options.find(groupId) !== undefined
    return isThere ? `Group ${groupId} is not a streams group.` : `Group ${groupId} not found.`
  }

  /** What its topology comes to now; null when it has none, or none that topics could make right. */
  #configured({ topology }: StreamsGroup): ConfiguredTopology | null {
    if (topology === null) return null
    const { configured } = this.#onTopics.of(topology)
    return 'invalid' in configured ? null : configured
  }

  #softOf(groupId: string): SoftStreamsState {
    return this.#soft.get(groupId) ?? firstSoftState
  }

  #draftOf(group: StreamsGroup): StreamsDraft {
    const { clock, config, topics, settingsOf, saidBytes, unsettled, internalTopics } = this.#options
    const { groupId, members } = group
    return streamsDraftOf(group, {
      ...{ nowMs: clock.nowMs(), maxSize: config.streamsMaxSize, settings: settingsOf(groupId), topics },
      ...{ roomBytes: saidBytes.room, soft: this.#softOf(groupId), creationErrors: internalTopics.errors },
      unrest: unsettled.unrestOf(groupId, members.size),
      onTopics: (topology) => this.#onTopics.of(topology)
    })
  }

  /** A decision becomes fact. */
  #take({ group: { groupId }, records, timers, softNext, delayMs, topicsToMake }: StreamsDraft): void {
    const { state, saidBytes, unsettled, internalTopics } = this.#options
    this.#decisions.append(records)
    for (const timer of timers) this.#timers.change(groupId, timer)
    const group = state.streams(groupId)
    saidBytes.hold(groupId, (group?.saidBytes ?? 0) + softNext.taskOffsets.bytes)
    if (records.length > 0) unsettled.changed(groupId, group?.members.size ?? 0)
    this.#soft.set(groupId, softNext)
    if (delayMs !== null) this.#delay(groupId, delayMs)
    if (topicsToMake.length > 0) internalTopics.make(topicsToMake)
  }

  #delay(groupId: string, delayMs: number): void {
    const deadline = new Deadline(() => this.#decisions.due(() => this.#endDelay(groupId)))
    this.#delays.set(groupId, deadline)
    this.#options.deadlines.schedule(deadline, delayMs)
  }

  #stopDelay(groupId: string): void {
    const deadline = this.#delays.get(groupId)
    if (deadline !== undefined) this.#options.deadlines.cancel(deadline)
    this.#delays.delete(groupId)
  }

  /** Who has come by now is assigned. */
  #endDelay(groupId: string): void {
    const group = this.#options.state.streams(groupId)
    const configured = group && this.#configured(group)
    if (group && configured && !group.isEmpty && group.epoch > group.assignmentEpoch) {
      const draft = this.#draftOf(group)
      assign(draft, { epoch: group.epoch, configured, member: null, replacedId: null })
      this.#take(draft)
    }
    this.#delays.delete(groupId)
    const soft = this.#soft.get(groupId)
    if (soft !== undefined) this.#soft.set(groupId, { ...soft, isDelayed: false })
  }

  #onExpired(groupId: string, memberId: string): void {
    const group = this.#options.state.streams(groupId)
    const member = group?.members.get(memberId)
    if (group === undefined || member === undefined) return
    const draft = this.#draftOf(group)
    removeMember(draft, member)
    this.#take(draft)
  }
}

interface Refused {
  readonly errorCode: ErrorCode
  readonly message: string | null
}

/** A heartbeat that came to nothing. */
export function refusedHeartbeat(errorCode: ErrorCode, errorMessage: string | null): StreamsGroupHeartbeatResponse {
  return {
    ...{ throttleTimeMs: 0, errorCode, errorMessage, memberId: '', memberEpoch: 0, status: [] },
    ...{ heartbeatIntervalMs: 0, taskOffsetIntervalMs: 0, endpointInformationEpoch: 0 }
  }
}

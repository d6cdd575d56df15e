/**
 * Looks after the share groups of one coordinator (KIP-932): each request is decided by a pure function beside this file; here its records are
 * appended, its sessions wound, and share partitions initialized. Share coordinators are asked beside all that, and what they answered is one
 * more decision (Kafka: GroupMetadataManager.shareGroup…, GroupCoordinatorService.persisterInitialize).
 */
import { unattended } from '../../../host/unattended.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ShareGroupDescribeResponseDescribedGroup } from '../../../protocol/generated/api/share-group-describe-response.ts'
import type { ShareGroupHeartbeatRequest } from '../../../protocol/generated/api/share-group-heartbeat-request.ts'
import type { ShareGroupHeartbeatResponse } from '../../../protocol/generated/api/share-group-heartbeat-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { SharePersister } from '../../share-states/persister.ts'
import type { Caller } from '../caller.ts'
import { MemberTimers } from '../consumer/member-timers.ts'
import { type Refusal, refusal } from '../consumer/refusal.ts'
import type { TopicsSeen } from '../consumer/topics-seen.ts'
import type { Decisions } from '../decisions.ts'
import type { Group } from '../group.ts'
import type { GroupsOptions } from '../groups-options.ts'
import type { SaidBytes } from '../said-bytes.ts'
import type { GroupTopics } from '../topic-names.ts'
import type { UnsettledGroups } from '../unsettled-groups.ts'
import { askEach } from './ask-each.ts'
import { checkShareHeartbeat } from './check-heartbeat.ts'
import { describedShareGroup, undescribedShareGroup } from './describe.ts'
import { type Initialization, type ShareDraft, type ShareGroupSettings, shareDraftOf } from './draft.ts'
import { shareHeartbeat, unknownMember } from './heartbeat.ts'
import { initializeMissing } from './initialize.ts'
import { removeMember } from './leave.ts'
import { goneEpoch } from './member.ts'
import { statePartitionsRecord } from './records.ts'
import { ShareGroup } from './state.ts'
import { finishInitializing, forgetTopics, statePartitionsValue, type TopicPartition } from './state-partitions.ts'
import { WorkInTurn } from './work-in-turn.ts'

type Request = Decoded<ShareGroupHeartbeatRequest>

export interface ShareGroupsOptions extends GroupsOptions {
  readonly topics: GroupTopics
  readonly settingsOf: (groupId: string) => ShareGroupSettings
  readonly seen: TopicsSeen
  readonly saidBytes: SaidBytes
  readonly unsettled: UnsettledGroups
  readonly persister: SharePersister
  /** A group of any kind; undefined where there is none. */
  readonly find: (groupId: string) => Group | undefined
  readonly roomForGroup: (groupId: string) => ErrorCode
}

export class ShareGroups {
  readonly #options: ShareGroupsOptions
  readonly #decisions: Decisions
  readonly #timers: MemberTimers
  /** What share coordinators are asked of each group. */
  readonly work = new WorkInTurn()

  constructor(options: ShareGroupsOptions) {
    this.#options = options
    this.#decisions = options.decisions
    this.#timers = new MemberTimers(options.deadlines, options.decisions, (groupId, memberId) =>
      this.#onExpired(groupId, memberId)
    )
  }

  heartbeat(request: Request, caller: Caller): Promise<ShareGroupHeartbeatResponse> {
    return this.#decisions.answer<ShareGroupHeartbeatResponse>(
      () => refused({ errorCode: ErrorCode.NOT_COORDINATOR, message: null }),
      () => {
        const answer = this.#heartbeat(request, caller)
        return 'memberEpoch' in answer ? answer : refused(answer)
      }
    )
  }

  describe(groupId: string): Promise<ShareGroupDescribeResponseDescribedGroup> {
    const refusal = () => undescribedShareGroup(groupId, ErrorCode.NOT_COORDINATOR, null)
    return this.#decisions.answer<ShareGroupDescribeResponseDescribedGroup>(refusal, () => {
      const group = this.#options.state.share(groupId)
      if (group !== undefined) return describedShareGroup(group, this.#options.topics)
      return undescribedShareGroup(groupId, ErrorCode.GROUP_ID_NOT_FOUND, this.whyNot(groupId))
    })
  }

  /** Takes up a group that the log tells of: its members have a whole session to be heard of again. */
  resume(group: ShareGroup): void {
    const { groupId, members, saidBytes } = group
    const { sessionTimeoutMs } = this.#options.settingsOf(groupId)
    this.#options.saidBytes.hold(groupId, saidBytes)
    for (const memberId of members.keys()) {
      this.#timers.change(groupId, { memberId, kind: 'session', delayMs: sessionTimeoutMs })
    }
  }

  /** Topics are gone, and what share coordinators knew of them goes with them: the groups say nothing of them any more. */
  forgetMissingTopics(): void {
    const { state, topics } = this.#options
    const isGone = (topicId: string) => topics.nameOf(topicId) === undefined
    const records = []
    for (const group of state.groups.values()) {
      if (group.kind !== 'share' || group.statePartitions === null) continue
      const states = forgetTopics(group.statePartitions, isGone)
      if (states === group.statePartitions) continue
      records.push(statePartitionsRecord(group.groupId, statePartitionsValue(states)))
    }
    this.#decisions.append(records)
  }

  /** The group is gone. */
  forget(groupId: string): void {
    this.#timers.forget(groupId)
    this.#options.seen.forget(groupId)
    this.#options.saidBytes.hold(groupId, 0)
    this.#options.unsettled.forget(groupId)
  }

  /** Why there is no share group of this id, in Kafka's words. */
  whyNot(groupId: string): string {
    const isThere = this.#options.find(groupId) !== undefined
    return isThere ? `Group ${groupId} is not a share group.` : `Group ${groupId} not found.`
  }

  roomFor(groupId: string): ErrorCode {
    return this.#options.roomForGroup(groupId)
  }

  #heartbeat(request: Request, caller: Caller): ShareGroupHeartbeatResponse | Refused {
    const { groupId, memberId, memberEpoch } = request
    // Kafka does not say why.
    if (!isMemberId(memberId)) return { errorCode: ErrorCode.INVALID_REQUEST, message: null }
    const wrong = checkShareHeartbeat(request)
    if (wrong !== null) return wrong
    const noRoom = this.roomFor(groupId)
    if (noRoom !== ErrorCode.NONE) return { errorCode: noRoom, message: null }
    const group = this.#open(groupId, memberEpoch)
    if ('errorCode' in group) return group
    const draft = this.#draftOf(group)
    const answer = memberEpoch === goneEpoch ? leave(draft, memberId) : shareHeartbeat(draft, request, caller)
    if ('memberEpoch' in answer) this.#take(draft)
    return answer
  }

  #open(groupId: string, memberEpoch: number): ShareGroup | Refusal {
    const { state, find } = this.#options
    const known = state.share(groupId)
    if (known !== undefined) return known
    const isThere = find(groupId) !== undefined
    if (!isThere && memberEpoch === 0) return new ShareGroup(groupId)
    const isMissed = !isThere && memberEpoch > 0
    const why = isMissed ? `Share group ${groupId} not found.` : this.whyNot(groupId)
    return refusal(ErrorCode.GROUP_ID_NOT_FOUND, why)
  }

  #draftOf(group: ShareGroup): ShareDraft {
    const { clock, config, topics, settingsOf, seen, saidBytes, unsettled } = this.#options
    const { groupId, members } = group
    return shareDraftOf(group, {
      nowMs: clock.nowMs(),
      config,
      topics,
      settings: settingsOf(groupId),
      hashOf: (name) => seen.hashOf(name),
      isStale: seen.isStale(groupId, group.epoch),
      isInitializing: this.work.isBusy(groupId),
      roomBytes: saidBytes.room,
      unrest: unsettled.unrestOf(groupId, members.size)
    })
  }

  /** A decision becomes fact. */
  #take({ group: { groupId }, records, timers, refreshedInEpoch, initialization }: ShareDraft): void {
    const { state, saidBytes, seen, clock, unsettled } = this.#options
    this.#decisions.append(records)
    for (const timer of timers) this.#timers.change(groupId, timer)
    const group = state.share(groupId)
    saidBytes.hold(groupId, group?.saidBytes ?? 0)
    if (records.length > 0) unsettled.changed(groupId, group?.members.size ?? 0)
    if (refreshedInEpoch !== null) seen.looked(groupId, refreshedInEpoch)
    if (initialization !== null && group !== undefined) unattended(clock, this.#initialize(group, initialization))
  }

  async #initialize(group: ShareGroup, initialization: Initialization): Promise<void> {
    const isWhole = await this.work.run(group.groupId, () => this.#haveInitialized(group, initialization))
    // What was subscribed to meanwhile comes at once; what has failed is asked again at the next heartbeat.
    if (isWhole) this.#decisions.due(() => this.#initializeMore(group))
  }

  /** Whether all are initialized. */
  async #haveInitialized(group: ShareGroup, { stateEpoch, partitions }: Initialization): Promise<boolean> {
    const { clock, persister } = this.#options
    const { groupId } = group
    const isSafe = await new Promise<boolean>((resolve) =>
      this.#decisions.whenSettled(
        () => resolve(true),
        () => resolve(false)
      )
    )
    if (!isSafe) return false
    const answered = await askEach(clock, partitions, ({ topicId, partition, startOffset }) =>
      persister.initialize({ key: { groupId, topicId, partition }, stateEpoch, startOffset })
    )
    const done = answered.filter(({ answer }) => answer.errorCode === ErrorCode.NONE)
    this.#decisions.due(() => this.finishInitializing(group, done))
    return done.length === answered.length
  }

  /** Share coordinators know of these now; what the group has been deleted or taken from it meanwhile stays away. */
  finishInitializing(group: ShareGroup, done: readonly TopicPartition[]): void {
    const { groupId, statePartitions } = group
    if (this.#options.state.share(groupId) !== group || statePartitions === null) return
    const states = finishInitializing(statePartitions, done)
    if (states === statePartitions) return
    this.#decisions.append([statePartitionsRecord(groupId, statePartitionsValue(states))])
    this.#options.unsettled.changed(groupId, group.members.size)
  }

  #initializeMore(group: ShareGroup): void {
    if (this.#options.state.share(group.groupId) !== group || group.isEmpty) return
    const draft = this.#draftOf(group)
    initializeMissing(draft, group.subscriptions.names(), group.epoch)
    this.#take(draft)
  }

  #onExpired(groupId: string, memberId: string): void {
    const group = this.#options.state.share(groupId)
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

/** Kafka: KafkaApis.isMemberIdValid. */
function isMemberId(memberId: string): boolean {
  return memberId !== '' && memberId.length <= 36
}

function leave(draft: ShareDraft, memberId: string): ShareGroupHeartbeatResponse | Refusal {
  const member = draft.group.members.get(memberId)
  if (member === undefined) return unknownMember(draft.group, memberId)
  removeMember(draft, member)
  return {
    ...{ throttleTimeMs: 0, errorCode: ErrorCode.NONE, memberId, memberEpoch: goneEpoch },
    heartbeatIntervalMs: 0
  }
}

function refused({ errorCode, message: errorMessage }: Refused): ShareGroupHeartbeatResponse {
  return { throttleTimeMs: 0, errorCode, errorMessage, memberEpoch: 0, heartbeatIntervalMs: 0 }
}

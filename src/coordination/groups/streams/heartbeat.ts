/**
 * StreamsGroupHeartbeat, decided: a member joins with its topology, says that it lives and what it owns, and is told its tasks (KIP-1071;
 * Kafka: GroupMetadataManager.streamsGroupHeartbeat). Leaving stands in `leave.ts`.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { StreamsGroupHeartbeatRequest } from '../../../protocol/generated/api/streams-group-heartbeat-request.ts'
import type { StreamsGroupHeartbeatResponse } from '../../../protocol/generated/api/streams-group-heartbeat-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { StreamsCaller } from '../caller.ts'
import { type Refusal, refusal } from '../consumer/refusal.ts'
import { heartbeatInterval } from '../heartbeat-interval.ts'
import type { StreamsDraft } from './draft.ts'
import { partitionsByEndpoint } from './endpoints.ts'
import { findMember } from './find-member.ts'
import { MemberState, type StreamsMember, sameEndpoint, standsTheSame } from './member.ts'
import { reconcile } from './reconcile.ts'
import { currentRecord } from './records.ts'
import { retarget, type StreamsTarget } from './retarget.ts'
import { statusOf } from './status.ts'
import { type StreamsSubscribed, subscribe } from './subscribe.ts'
import { noTaskOffsets, withReport } from './task-offsets.ts'
import { ownedTasks, sameHeldTasks, type TaskIds, type Tasks, toTaskIds } from './tasks.ts'
import type { ConfiguredTopology } from './topology/configure.ts'
import { countOf } from './topology/on-topics.ts'

type Request = Decoded<StreamsGroupHeartbeatRequest>

/** Of a member that does not leave. */
export function streamsHeartbeat(
  draft: StreamsDraft,
  request: Request,
  caller: StreamsCaller
): StreamsGroupHeartbeatResponse | Refusal {
  const { memberId, memberEpoch, instanceId } = request
  const owned = ownedTasks(request)
  const found = findMember(draft, { memberId, memberEpoch, instanceId, owned })
  if ('errorCode' in found) return found
  const { member, replacedId } = found
  const described = describedBy(request, member, caller)
  const subscribed = subscribe(draft, member, described, request)
  if ('errorCode' in subscribed) return subscribed
  const { epoch, configured } = subscribed
  const wrong = checkTasks(request, configured)
  if (wrong !== null) return wrong
  remember(draft, request)
  const target = retarget(draft, { epoch, configured, member: described, replacedId })
  const updated = moveTowards(draft, described, target, owned)
  if ('errorCode' in updated) return updated
  draft.timers.push({ memberId, kind: 'session', delayMs: draft.settings.sessionTimeoutMs })
  if (caller.mayCreateTopics) draft.topicsToMake = configured.missingTopics
  return answerTo(draft, request, caller, { member, updated, subscribed, target, replacedId })
}

/** What is not said stays as it was; who joins says where its endpoint is, or that it has none. */
function describedBy(request: Request, member: StreamsMember, { clientId, clientHost }: StreamsCaller): StreamsMember {
  const { memberEpoch, rebalanceTimeoutMs, topology, processId, userEndpoint, clientTags: tags } = request
  return {
    ...member,
    instanceId: request.instanceId ?? member.instanceId,
    rackId: request.rackId ?? member.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    topologyEpoch: topology?.epoch ?? member.topologyEpoch,
    processId: processId ?? member.processId,
    endpoint: memberEpoch === 0 ? userEndpoint : (userEndpoint ?? member.endpoint),
    clientTags:
      tags === null ? member.clientTags : new Map(tags.map(({ key, value }): [string, string] => [key, value])),
    ...{ clientId, clientHost }
  }
}

/** Null when the topology has all tasks that are named. */
function checkTasks(request: Request, { status, subtopologies }: ConfiguredTopology): Refusal | null {
  if (status !== null) return null
  const named: readonly TaskIds[] = [request.activeTasks, request.standbyTasks, request.warmupTasks].flatMap(
    (ids) => ids ?? []
  )
  for (const { subtopologyId, partitions } of named) {
    const count = subtopologies.get(subtopologyId)?.taskCount
    if (count === undefined) {
      return refusal(ErrorCode.INVALID_REQUEST, `Subtopology ${subtopologyId} does not exist in the topology.`)
    }
    const wrong = partitions.find((partition) => partition < 0 || partition >= count)
    if (wrong === undefined) continue
    const what = `Task ${wrong} for subtopology ${subtopologyId} is invalid. Number of tasks for this subtopology: ${count}`
    return refusal(ErrorCode.INVALID_REQUEST, what)
  }
  return null
}

/** What is kept beside the log. */
function remember(draft: StreamsDraft, { memberId, taskOffsets, taskEndOffsets, shutdownApplication }: Request): void {
  const { group, settings, softNext } = draft
  if (taskOffsets !== null || taskEndOffsets !== null) {
    const known = softNext.taskOffsets.byMember.get(memberId) ?? noTaskOffsets
    const report = { offsets: taskOffsets ?? known.offsets, endOffsets: taskEndOffsets ?? known.endOffsets }
    const reported = withReport(softNext.taskOffsets, memberId, report, draft.roomBytes)
    draft.softNext = { ...draft.softNext, taskOffsets: reported }
  }
  if (shutdownApplication) draft.softNext = { ...draft.softNext, shutdownBy: memberId }
  if (!group.isEmpty || settings.initialRebalanceDelayMs <= 0 || softNext.isDelayed) return
  draft.softNext = { ...draft.softNext, isDelayed: true }
  draft.delayMs = settings.initialRebalanceDelayMs
}

/** The member's next step towards the target, written down where there is one. */
function moveTowards(
  draft: StreamsDraft,
  member: StreamsMember,
  { epoch: targetEpoch, tasks: target }: StreamsTarget,
  owned: Tasks | null
): StreamsMember | Refusal {
  const { group, records, timers } = draft
  const updated = reconcile({ member, target, targetEpoch, owned, owners: group })
  if ('errorCode' in updated || standsTheSame(member, updated)) return updated
  records.push(currentRecord(group.groupId, updated))
  const { memberId, rebalanceTimeoutMs } = updated
  const mustRevoke = updated.state === MemberState.unrevokedTasks
  timers.push({ memberId, kind: 'rebalance', delayMs: mustRevoke ? rebalanceTimeoutMs : null })
  return updated
}

interface Outcome {
  readonly member: StreamsMember
  readonly updated: StreamsMember
  readonly subscribed: StreamsSubscribed
  readonly target: StreamsTarget
  readonly replacedId: string | null
}

function answerTo(
  draft: StreamsDraft,
  request: Request,
  { apiVersion, mayCreateTopics }: StreamsCaller,
  { member, updated, subscribed, target, replacedId }: Outcome
): StreamsGroupHeartbeatResponse {
  const { settings, group } = draft
  const { assigned } = updated
  const hasChanged = !sameHeldTasks(member.assigned, assigned)
  const isTold = request.memberEpoch === 0 || hasChanged
  const { endpointsEpoch: before } = draft.softNext
  const hasMoved = !sameEndpoint(member.endpoint, updated.endpoint)
  const endpointsEpoch = hasMoved || (hasChanged && updated.endpoint !== null) ? before + 1 : before
  // Nothing is remembered of a group before its log has it, as in Kafka; its endpoints have no partitions yet.
  const isNew = group.topology === null
  if (!isNew) draft.softNext = { ...draft.softNext, endpointsEpoch }
  return {
    ...{ throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null },
    memberId: updated.memberId,
    memberEpoch: updated.epoch,
    heartbeatIntervalMs: heartbeatInterval(draft),
    taskOffsetIntervalMs: settings.taskOffsetIntervalMs,
    ...(apiVersion >= 1 && { acceptableRecoveryLag: settings.acceptableRecoveryLag }),
    status: statusOf(draft, { member: updated, subscribed, delay: target.delay, apiVersion, mayCreateTopics }),
    activeTasks: isTold ? toTaskIds(assigned.active) : null,
    standbyTasks: isTold ? toTaskIds(assigned.standby) : null,
    warmupTasks: isTold ? toTaskIds(assigned.warmup) : null,
    endpointInformationEpoch: isNew ? 0 : endpointsEpoch,
    partitionsByUserEndpoint:
      endpointsEpoch === request.endpointInformationEpoch
        ? null
        : partitionsByEndpoint(membersWith(draft, updated, replacedId), subscribed.configured, (topic) =>
            countOf(draft.topics, topic)
          )
  }
}

/** The others, and then the one as it is now. */
function* membersWith({ group }: StreamsDraft, updated: StreamsMember, replacedId: string | null) {
  for (const member of group.members.values()) {
    if (member.memberId !== updated.memberId && member.memberId !== replacedId) yield member
  }
  yield updated
}

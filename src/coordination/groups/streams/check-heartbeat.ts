/**
 * What a StreamsGroupHeartbeat has to say, whatever the group (Kafka: GroupCoordinatorService.throwIfStreamsGroupHeartbeatRequestIsInvalid and
 * …IsUsingUnsupportedFeatures). The sentences are Kafka's, but for what Kafka does not look at: there it is an UNKNOWN_SERVER_ERROR later on.
 */

import { limits } from '../../../limits.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { StreamsGroupHeartbeatRequest } from '../../../protocol/generated/api/streams-group-heartbeat-request.ts'
import type { Decoded } from '../../../protocol/message.ts'
import { isInternalTopic } from '../../metadata/image.ts'
import { objectionToTopicName } from '../../metadata/topic-names.ts'
import { type Refusal, refusal } from '../consumer/refusal.ts'
import { awayEpoch } from './member.ts'

type Request = Decoded<StreamsGroupHeartbeatRequest>
type Topology = NonNullable<Request['topology']>

export function checkStreamsHeartbeat(request: Request): Refusal | null {
  const { memberEpoch, topology } = request
  const prohibited = topology === null ? null : wrongNames(topology)
  if (prohibited !== null) return refusal(ErrorCode.STREAMS_INVALID_TOPOLOGY, prohibited)
  const wrong = emptyId(request) ?? (memberEpoch === 0 ? wrongInJoin(request) : null)
  if (wrong !== null) return refusal(ErrorCode.INVALID_REQUEST, wrong)
  if (memberEpoch === 0 && topology !== null) {
    const invalid = wrongInTopology(topology)
    if (invalid !== null) return refusal(ErrorCode.STREAMS_INVALID_TOPOLOGY, invalid)
  }
  const later = wrongEpoch(request) ?? wrongTasks(request) ?? wrongLater(request)
  return later === null ? null : refusal(ErrorCode.INVALID_REQUEST, later)
}

/** Looked at before the rest, as in Kafka (KafkaApis.handleStreamsGroupHeartbeatRequest). */
function wrongNames({ subtopologies }: Topology): string | null {
  const names = subtopologies.flatMap((subtopology) => [
    ...subtopology.sourceTopics,
    ...subtopology.repartitionSinkTopics,
    ...[...subtopology.repartitionSourceTopics, ...subtopology.stateChangelogTopics].map(({ name }) => name)
  ])
  const unique = [...new Set(names)]
  const internal = unique.filter(isInternalTopic)
  if (internal.length > 0) {
    return `Use of Kafka internal topics ${internal.join(',')} in a Kafka Streams topology is prohibited.`
  }
  const invalid = unique.filter((name) => objectionToTopicName(name) !== null)
  return invalid.length === 0 ? null : `Topic names ${invalid.join(',')} are not valid topic names.`
}

function emptyId({ memberId, groupId, instanceId, rackId }: Request): string | null {
  const ids = { MemberId: memberId, GroupId: groupId, InstanceId: instanceId, RackId: rackId }
  const empty = Object.entries(ids).find(([, id]) => id !== null && id.trim() === '')
  return empty === undefined ? null : `${empty[0]} can't be empty.`
}

function wrongInJoin({ rebalanceTimeoutMs, activeTasks, standbyTasks, warmupTasks, topology }: Request): string | null {
  if (rebalanceTimeoutMs === -1) return 'RebalanceTimeoutMs must be provided in first request.'
  const tasks = { ActiveTasks: activeTasks, StandbyTasks: standbyTasks, WarmupTasks: warmupTasks }
  const notEmpty = Object.entries(tasks).find(([, ids]) => ids === null || ids.length > 0)
  if (notEmpty !== undefined) return `${notEmpty[0]} must be empty when (re-)joining.`
  return topology === null ? 'Topology must be non-null when (re-)joining.' : null
}

function wrongInTopology({ subtopologies }: Topology): string | null {
  const counted = subtopologies
    .flatMap(({ stateChangelogTopics }) => stateChangelogTopics)
    .find(({ partitions }) => partitions !== 0)
  if (counted !== undefined) {
    const { name, partitions } = counted
    return `Changelog topic ${name} must have an undefined partition count, but it is set to ${partitions}.`
  }
  const uncountable = subtopologies
    .flatMap(({ repartitionSourceTopics }) => repartitionSourceTopics)
    .find(({ partitions }) => partitions < 0 || partitions > limits.partitionsPerTopic)
  if (uncountable !== undefined) {
    const { name, partitions } = uncountable
    const may = `have an undefined partition count, or one up to ${limits.partitionsPerTopic}`
    return `Repartition topic ${name} must ${may}, but it is set to ${partitions}.`
  }
  const ids = new Set<string>()
  for (const { subtopologyId } of subtopologies) {
    if (ids.has(subtopologyId)) return `Subtopology ${subtopologyId} is named twice.`
    ids.add(subtopologyId)
  }
  return null
}

function wrongEpoch({ memberEpoch, instanceId }: Request): string | null {
  if (memberEpoch === awayEpoch && instanceId === null) return "InstanceId can't be null."
  if (memberEpoch >= awayEpoch) return null
  return `MemberEpoch is ${memberEpoch}, but must be greater than or equal to -2.`
}

function wrongTasks({ activeTasks, standbyTasks, warmupTasks }: Request): string | null {
  const nulls = [activeTasks, standbyTasks, warmupTasks].filter((ids) => ids === null).length
  return nulls === 0 || nulls === 3 ? null : 'If one task-type is non-null, all must be non-null.'
}

function wrongLater({ memberEpoch, topology }: Request): string | null {
  if (memberEpoch !== 0 && topology !== null) return 'Topology can only be provided when (re-)joining.'
  const hasExpressions = topology?.subtopologies.some(({ sourceTopicRegex }) => sourceTopicRegex.length > 0)
  return hasExpressions ? 'Regular expressions for source topics are not supported yet.' : null
}

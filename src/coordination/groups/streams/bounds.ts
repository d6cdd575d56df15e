/**
 * How much a StreamsGroupHeartbeat may say, looked at before anything is computed from it. Kafka has no such bounds: whoever keeps within them
 * never meets them.
 */
import { limits } from '../../../limits.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { StreamsGroupHeartbeatRequest } from '../../../protocol/generated/api/streams-group-heartbeat-request.ts'
import type { Decoded } from '../../../protocol/message.ts'
import { type Refusal, refusal } from '../consumer/refusal.ts'
import { topologyBytes, topologyOf } from './topology/topology.ts'

type Request = Decoded<StreamsGroupHeartbeatRequest>
type Topology = NonNullable<Request['topology']>

/** How much there is of something, and how much there may be of it. */
interface Amount {
  readonly what: string
  readonly count: number
  readonly most: number
}

/** Null when the request is small enough. */
export function beyondBounds(request: Request): Refusal | null {
  const said = firstBeyond([...idsOf(request), ...tasksOf(request), ...textsOf(request)])
  if (said !== null) return refusal(ErrorCode.INVALID_REQUEST, said)
  const large = request.topology === null ? null : firstBeyond(amountsOf(request.topology))
  return large === null ? null : refusal(ErrorCode.STREAMS_INVALID_TOPOLOGY, large)
}

function firstBeyond(amounts: Iterable<Amount>): string | null {
  for (const { what, count, most } of amounts) {
    if (count > most) return `${what}: ${count}, more than the ${most} that there may be here.`
  }
  return null
}

function idsOf({ memberId, instanceId, rackId, processId }: Request): Amount[] {
  const ids = { MemberId: memberId, InstanceId: instanceId, RackId: rackId, ProcessId: processId }
  return Object.entries(ids).map(([name, id]) => bytesOf(name, id ?? '', limits.idBytes))
}

function tasksOf(request: Request): Amount[] {
  const { activeTasks, standbyTasks, warmupTasks, taskOffsets, taskEndOffsets } = request
  const named = { ActiveTasks: activeTasks, StandbyTasks: standbyTasks, WarmupTasks: warmupTasks }
  const most = limits.streamsTasks
  return [
    ...Object.entries(named).map(([what, tasks]) => {
      const count = (tasks ?? []).reduce((sum, { partitions }) => sum + partitions.length, 0)
      return { what: `Tasks of ${what}`, count: Math.max(count, tasks?.length ?? 0), most }
    }),
    { what: 'Tasks of TaskOffsets', count: taskOffsets?.length ?? 0, most },
    { what: 'Tasks of TaskEndOffsets', count: taskEndOffsets?.length ?? 0, most }
  ]
}

function* textsOf({ clientTags, userEndpoint }: Request): Iterable<Amount> {
  yield { what: 'Client tags', count: clientTags?.length ?? 0, most: limits.streamsClientTags }
  for (const { key, value } of clientTags ?? []) {
    yield bytesOf('the key of a client tag', key, limits.streamsTextBytes)
    yield bytesOf('the value of a client tag', value, limits.streamsTextBytes)
  }
  yield bytesOf('the host of UserEndpoint', userEndpoint?.host ?? '', limits.streamsTextBytes)
}

function* amountsOf(topology: Topology): Iterable<Amount> {
  const { subtopologies } = topology
  yield { what: 'Subtopologies', count: subtopologies.length, most: limits.streamsSubtopologies }
  for (const { subtopologyId } of subtopologies) yield bytesOf('SubtopologyId', subtopologyId, limits.idBytes)
  const named = subtopologies.reduce((sum, subtopology) => sum + topicsNamed(subtopology), 0)
  yield { what: 'Topics of the topology', count: named, most: limits.streamsTopicsNamed }
  const bytes = topologyBytes(topologyOf(topology))
  yield { what: 'Bytes of the topology', count: bytes, most: limits.streamsTopologyBytes }
}

/** With each place in a copartition group, and each of these groups. */
function topicsNamed(subtopology: Topology['subtopologies'][number]): number {
  const { sourceTopics, repartitionSinkTopics, repartitionSourceTopics, stateChangelogTopics } = subtopology
  const topics = [sourceTopics, repartitionSinkTopics, repartitionSourceTopics, stateChangelogTopics]
  const copartitioned = subtopology.copartitionGroups.map((group) => {
    return 1 + group.sourceTopics.length + group.repartitionSourceTopics.length
  })
  return [...topics.map(({ length }) => length), ...copartitioned].reduce((sum, count) => sum + count, 0)
}

function bytesOf(what: string, text: string, most: number): Amount {
  return { what: `Bytes of ${what}`, count: Buffer.byteLength(text), most }
}

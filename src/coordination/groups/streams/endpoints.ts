/**
 * Where which partitions can be asked for (Kafka: EndpointToPartitionsManager, StreamsGroup.buildEndpointToPartitions): the endpoints of members,
 * with what their tasks read. Members are told when it has changed, which an epoch of its own counts.
 */
import type { StreamsGroupHeartbeatResponseEndpointToPartitions } from '../../../protocol/generated/api/streams-group-heartbeat-response.ts'
import type { StreamsMember } from './member.ts'
import { type TasksOfRole, toTaskIds } from './tasks.ts'
import type { ConfiguredTopology } from './topology/configure.ts'
import type { PartitionCountOf } from './topology/partition-counts.ts'

type EndpointPartitions = StreamsGroupHeartbeatResponseEndpointToPartitions

export function partitionsByEndpoint(
  members: Iterable<StreamsMember>,
  topology: ConfiguredTopology,
  countOf: PartitionCountOf
): EndpointPartitions[] {
  const endpoints: EndpointPartitions[] = []
  for (const { endpoint, assigned } of members) {
    if (endpoint === null) continue
    const partitionsOf = (tasks: TasksOfRole) => readPartitions(tasks, topology, countOf)
    const [activePartitions, standbyPartitions] = [partitionsOf(assigned.active), partitionsOf(assigned.standby)]
    endpoints.push({ userEndpoint: endpoint, activePartitions, standbyPartitions })
  }
  return endpoints
}

/** A task reads its number of every topic that has so many partitions. */
function readPartitions(tasks: TasksOfRole, { subtopologies }: ConfiguredTopology, countOf: PartitionCountOf) {
  return toTaskIds(tasks).flatMap(({ subtopologyId, partitions }) => {
    const topics = new Set(subtopologies.get(subtopologyId)?.inputTopics ?? [])
    return Array.from(topics, (topic) => {
      const count = countOf(topic) ?? 0
      return { topic, partitions: partitions.filter((partition) => partition < count) }
    }).filter(({ partitions: read }) => read.length > 0)
  })
}

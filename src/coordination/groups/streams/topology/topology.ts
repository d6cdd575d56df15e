/**
 * What the members of a streams group run, as they say: subtopologies that read topics, write to each other through repartition topics, and keep
 * states, whose changes go to changelog topics (KIP-1071; Kafka: StreamsTopology). It is written as it was said.
 */
import type { StreamsGroupHeartbeatRequestTopology } from '../../../../protocol/generated/api/streams-group-heartbeat-request.ts'
import type { StreamsGroupTopologyValue } from '../../../../protocol/generated/group-log/streams-group-topology-value.ts'
import type { Decoded } from '../../../../protocol/message.ts'

export type Topology = Decoded<StreamsGroupTopologyValue>
export type Subtopology = Topology['subtopologies'][number]
export type TopicInfo = Subtopology['stateChangelogTopics'][number]

export function topologyOf({ epoch, subtopologies }: Decoded<StreamsGroupHeartbeatRequestTopology>): Topology {
  return { epoch, subtopologies }
}

/** Whatever order the subtopologies come in. */
export function sameTopology(one: Topology, other: Topology): boolean {
  return one.epoch === other.epoch && canonical(one) === canonical(other)
}

function canonical({ subtopologies }: Topology): string {
  const texts = subtopologies.map((subtopology) => JSON.stringify(canonicalSubtopology(subtopology)))
  return texts.sort().join('\n')
}

/** Fields in one order, wherever the values come from. */
function canonicalSubtopology(subtopology: Subtopology) {
  const topics = (infos: readonly TopicInfo[]) =>
    infos.map(({ name, partitions, replicationFactor, topicConfigs }) => [
      ...[name, partitions, replicationFactor],
      topicConfigs.map(({ key, value }) => [key, value])
    ])
  return [
    subtopology.subtopologyId,
    subtopology.sourceTopics,
    subtopology.sourceTopicRegex,
    topics(subtopology.stateChangelogTopics),
    subtopology.repartitionSinkTopics,
    topics(subtopology.repartitionSourceTopics),
    subtopology.copartitionGroups.map((of) => [of.sourceTopics, of.sourceTopicRegex, of.repartitionSourceTopics])
  ]
}

/** The topics that have to be there: what it reads, and what its states' changes go to. */
export function requiredTopics({ subtopologies }: Topology): Set<string> {
  const names = new Set<string>()
  for (const { sourceTopics, repartitionSourceTopics, stateChangelogTopics } of subtopologies) {
    for (const name of sourceTopics) names.add(name)
    for (const { name } of [...repartitionSourceTopics, ...stateChangelogTopics]) names.add(name)
  }
  return names
}

export function readsTopic({ subtopologies }: Topology, topic: string): boolean {
  return subtopologies.some(
    ({ sourceTopics, repartitionSourceTopics }) =>
      sourceTopics.includes(topic) || repartitionSourceTopics.some(({ name }) => name === topic)
  )
}

/** About what is held of it. */
export function topologyBytes(topology: Topology): number {
  return canonical(topology).length
}

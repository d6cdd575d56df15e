/**
 * What a topology comes to on the topics that there are (KIP-1071; Kafka: InternalTopicManager.configureTopics): how many tasks each subtopology
 * has, and which internal topics are still to be made; or why it cannot be assigned. Computed, never written.
 */
import { limits } from '../../../../limits.ts'
import { decidePartitionCounts, inputTopics, type PartitionCountOf, taskCount } from './partition-counts.ts'
import type { Subtopology, TopicInfo, Topology } from './topology.ts'

/** Of a heartbeat's answer (Kafka: StreamsGroupHeartbeatResponse.Status). */
export const StatusCode = {
  staleTopology: 0,
  missingSourceTopics: 1,
  incorrectlyPartitionedTopics: 2,
  missingInternalTopics: 3,
  shutdownApplication: 4,
  assignmentDelayed: 5,
  missingClientTags: 6
} as const

export interface Status {
  readonly statusCode: number
  readonly statusDetail: string
}

/** With its partitions decided. */
export interface InternalTopic extends TopicInfo {}

export interface ConfiguredSubtopology {
  readonly taskCount: number
  readonly inputTopics: readonly string[]
  /** It has states, which standby tasks can follow. */
  readonly isStateful: boolean
  readonly stateChangelogTopics: readonly InternalTopic[]
  readonly repartitionSourceTopics: readonly InternalTopic[]
}

export interface ConfiguredTopology {
  /** Null: it can be assigned. */
  readonly status: Status | null
  /** By id, in order; none where partitions could not be counted. */
  readonly subtopologies: ReadonlyMap<string, ConfiguredSubtopology>
  /** The internal topics that are not there. */
  readonly missingTopics: readonly InternalTopic[]
}

/** A topology that no topics could make right is told why. */
export type Configured = ConfiguredTopology | { readonly invalid: string }

/** So many topics are named in a status; the others are counted. */
const namedTopics = 3

export function configure(topology: Topology, existing: PartitionCountOf): Configured {
  const missing = missingSources(topology, existing)
  if (missing.length > 0) {
    return unconfigured(StatusCode.missingSourceTopics, `Source topics ${summary(missing)} are missing.`)
  }
  const decided = decidePartitionCounts(topology, existing)
  if (decided.kind === 'invalid') return { invalid: decided.message }
  if (decided.kind !== 'counts') return unconfigured(StatusCode.incorrectlyPartitionedTopics, decided.message)
  const { counts } = decided
  const countOf = (topic: string) => existing(topic) ?? counts.get(topic)
  const subtopologies = new Map(
    topology.subtopologies
      .map((subtopology): [string, ConfiguredSubtopology] => [
        subtopology.subtopologyId,
        configuredSubtopology(subtopology, countOf, counts)
      ])
      .sort(([one], [other]) => (one < other ? -1 : 1))
  )
  const beyond = beyondBounds(subtopologies)
  if (beyond !== null) return { invalid: beyond }
  const internal = internalTopics(subtopologies)
  const wrong = internal.find(({ name, partitions }) => (existing(name) ?? partitions) !== partitions)
  if (wrong !== undefined) {
    const what = `Existing topic ${wrong.name} has different number of partitions`
    const found = `expected ${wrong.partitions}, found ${existing(wrong.name)}`
    return unconfigured(StatusCode.incorrectlyPartitionedTopics, `${what}: ${found}`)
  }
  const missingTopics = internal.filter(({ name }) => existing(name) === undefined)
  const status = missingTopics.length === 0 ? null : missingStatus(missingTopics.map(({ name }) => name))
  return { status, subtopologies, missingTopics }
}

/** More tasks, or partitions read by them, than one group may have here: null when it has not. */
function beyondBounds(subtopologies: ReadonlyMap<string, ConfiguredSubtopology>): string | null {
  let [tasks, partitions] = [0, 0]
  for (const { taskCount, inputTopics } of subtopologies.values()) {
    tasks += taskCount
    partitions += taskCount * inputTopics.length
  }
  const beyond = (count: number, what: string, most: number) =>
    count > most ? `The topology comes to ${count} ${what}, more than the ${most} that a group may have here.` : null
  return (
    beyond(tasks, 'tasks', limits.streamsTasks) ??
    beyond(partitions, 'partitions that its tasks read', limits.streamsTaskPartitions)
  )
}

function missingSources({ subtopologies }: Topology, existing: PartitionCountOf): string[] {
  const sources = new Set(subtopologies.flatMap(({ sourceTopics }) => sourceTopics))
  return [...sources].filter((name) => existing(name) === undefined).sort()
}

function missingStatus(names: readonly string[]): Status {
  const statusDetail = `Internal topics are missing: ${summary(names)}`
  return { statusCode: StatusCode.missingInternalTopics, statusDetail }
}

function unconfigured(statusCode: number, statusDetail: string): ConfiguredTopology {
  return { status: { statusCode, statusDetail }, subtopologies: new Map(), missingTopics: [] }
}

function configuredSubtopology(
  subtopology: Subtopology,
  countOf: PartitionCountOf,
  decided: ReadonlyMap<string, number>
): ConfiguredSubtopology {
  const counted = (topics: readonly TopicInfo[]) =>
    topics.map((topic) => ({ ...topic, partitions: decided.get(topic.name) ?? topic.partitions }))
  const stateChangelogTopics = counted(subtopology.stateChangelogTopics)
  return {
    taskCount: taskCount(subtopology, countOf) ?? 0,
    inputTopics: inputTopics(subtopology),
    isStateful: stateChangelogTopics.length > 0,
    stateChangelogTopics,
    repartitionSourceTopics: counted(subtopology.repartitionSourceTopics)
  }
}

/** By name, each once. A changelog that is a source topic of its own is not an internal topic: its partitions are not decided here. */
function internalTopics(subtopologies: ReadonlyMap<string, ConfiguredSubtopology>): InternalTopic[] {
  const topics = new Map<string, InternalTopic>()
  for (const { repartitionSourceTopics, stateChangelogTopics } of subtopologies.values()) {
    for (const topic of [...repartitionSourceTopics, ...stateChangelogTopics]) {
      if (topic.partitions > 0) topics.set(topic.name, topic)
    }
  }
  return [...topics.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}

function summary(names: readonly string[]): string {
  const named = names.slice(0, namedTopics).join(', ')
  return names.length > namedTopics ? `${named} and ${names.length - namedTopics} additional topics` : named
}

/**
 * Metadata (3): which brokers there are, and who leads which partition. The first thing that every client asks.
 *
 * v1 null for all topics, controller · v2 cluster id · v4 auto-creation can be switched off · v5 offline replicas · v7 leader
 * epochs · v8 to v10 authorized operations · v9 flexible · v10 topic ids · v12 topics by id alone · v13 top-level error
 * More than a hundred partitions are described in slices: all that a client asks for may be tens of thousands.
 * A topic that is made on first use has a leader, and is durable, when the answer leaves: of clients that race for it every
 * one can go on at once, where Kafka answers LEADER_NOT_AVAILABLE and has them ask again.
 */
import type { TopicImage } from '../../coordination/metadata/image.ts'
import { noLeader } from '../../coordination/metadata/partition-image.ts'
import { metadataTopicName, objectionToTopicName } from '../../coordination/metadata/topic-names.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { MetadataRequest } from '../../protocol/generated/api/metadata-request.ts'
import { MetadataResponse, type MetadataResponseTopic } from '../../protocol/generated/api/metadata-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { ZERO_UUID } from '../../protocol/primitives.ts'
import { api, type RequestContext } from '../api.ts'
import { everyClusterOperation, everyTopicOperation, notAsked } from '../authorized-operations.ts'
import type { Broker } from '../broker.ts'
import { describeBrokers, isAlive } from '../described-brokers.ts'
import { type DescribedPartition, describePartition } from '../described-partitions.ts'

type Request = Decoded<MetadataRequest>
type PartitionAnswer = MetadataResponseTopic['partitions'][number]
type AskedTopic = NonNullable<Request['topics']>[number]

const firstVersionWithChoiceOfCreation = 4
const firstVersionById = 12
const firstVersionWithWholeError = 13

/** Their form is not a plain topic's, so that asking for them makes none. */
const madeByTheBrokerAlone: ReadonlySet<string> = new Set([
  metadataTopicName,
  '__transaction_state',
  '__share_group_state'
])

export const metadata = api(ApiKey.Metadata, {
  versions: [0, 13],
  request: MetadataRequest,
  response: MetadataResponse,
  authorization: { every: ['describe topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed(request, { errorCode }, apiVersion) {
    if (apiVersion >= firstVersionWithWholeError) return { ...refused(request, errorCode), errorCode }
    return request.topics === null || request.topics.length === 0 ? null : refused(request, errorCode)
  },

  async handle(request, context) {
    if (asksByIdTooEarly(request, context)) return refused(request, ErrorCode.INVALID_REQUEST)
    const missing = asksForAll(request, context) ? [] : missingTopics(request, context)
    const failures = missing.length === 0 ? new Map<string, ErrorCode>() : await create(missing, context)
    const operations = request.includeTopicAuthorizedOperations ? everyTopicOperation : notAsked
    const described = toDescribe(request, context, failures)
    const partitions = described.reduce((sum, topic) => sum + topic.partitions.length, 0)
    const topics = await context.broker.walks.allOf(partitions, describeSteps(described, context))
    return respond(request, topics, operations, context)
  }
})

/** In version 0 an empty list means all topics; later null does, and an empty list means none. */
function asksForAll(request: Request, { apiVersion }: RequestContext): boolean {
  return request.topics === null || (apiVersion === 0 && request.topics.length === 0)
}

/** Versions 10 and 11 have a place for the id of a topic, and Kafka refuses who uses it. */
function asksByIdTooEarly(request: Request, { apiVersion }: RequestContext): boolean {
  if (apiVersion >= firstVersionById) return false
  return (request.topics ?? []).some(({ name, topicId }) => name === null || topicId !== ZERO_UUID)
}

/** Kafka's answer to a request that is wrong as a whole (MetadataRequest.getErrorResponse): it tells of no broker. */
function refused({ topics }: Request, errorCode: ErrorCode): MetadataResponse {
  return {
    brokers: [],
    topics: (topics ?? []).map(({ name, topicId }) => ({ errorCode, name: name ?? '', topicId, partitions: [] }))
  }
}

/** The names to make on this occasion. */
function missingTopics(request: Request, { broker, apiVersion }: RequestContext): string[] {
  const mayCreate = apiVersion < firstVersionWithChoiceOfCreation || request.allowAutoTopicCreation
  if (!mayCreate || !broker.config.autoCreateTopicsEnable) return []
  const names = new Set<string>()
  for (const { name, topicId } of request.topics ?? []) {
    if (name === null || topicId !== ZERO_UUID || objectionToTopicName(name) !== null) continue
    if (madeByTheBrokerAlone.has(name)) continue
    if (broker.image.topicByName(name) === undefined) names.add(name)
  }
  return [...names]
}

/** Gives the error of each that could not be made. */
async function create(names: readonly string[], { broker }: RequestContext): Promise<ReadonlyMap<string, ErrorCode>> {
  const plain = names.filter((name) => name !== '__consumer_offsets')
  if (plain.length < names.length) await broker.ensureGroupCoordinators()
  const topics = plain.map((name) => ({
    name,
    partitions: -1,
    replicationFactor: -1,
    assignments: [],
    config: new Map<string, string>()
  }))
  const results = await broker.controller.ask((controller) => controller.createTopics(topics))
  const failures = new Map<string, ErrorCode>()
  results.forEach(({ error }, index) => {
    if (error !== ErrorCode.NONE && error !== ErrorCode.TOPIC_ALREADY_EXISTS) failures.set(plain[index] ?? '', error)
  })
  return failures
}

/** What there is of the topics that are asked for: as the cluster has them, or why there is nothing to tell. */
function toDescribe(
  request: Request,
  context: RequestContext,
  failures: ReadonlyMap<string, ErrorCode>
): readonly (TopicImage | MetadataResponseTopic)[] {
  const { image } = context.broker
  if (request.topics === null || asksForAll(request, context)) return image.sortedTopics()
  return asked(request.topics).map(({ name, topicId }) => {
    const byId = name === null || topicId !== ZERO_UUID
    const topic = byId ? image.topicById(topicId) : image.topicByName(name)
    const failure = failures.get(name ?? '')
    if (failure !== undefined) return unknown(name, ZERO_UUID, failure)
    if (topic !== undefined) return topic
    return byId
      ? unknown(null, topicId, ErrorCode.UNKNOWN_TOPIC_ID)
      : unknown(name, ZERO_UUID, whyMissing(name, failures))
  })
}

/** Each topic is told once; and where one is asked for by its id, all are (Kafka: KafkaApis.handleTopicMetadataRequest). */
function asked(topics: readonly AskedTopic[]): readonly AskedTopic[] {
  const byId = topics.filter(({ topicId }) => topicId !== ZERO_UUID)
  const wanted = byId.length > 0 ? byId : topics
  const keyOf = ({ name, topicId }: AskedTopic): string => (topicId === ZERO_UUID ? `name ${name}` : topicId)
  return [...new Map(wanted.map((topic) => [keyOf(topic), topic])).values()]
}

function whyMissing(name: string, failures: ReadonlyMap<string, ErrorCode>): ErrorCode {
  if (objectionToTopicName(name) !== null) return ErrorCode.INVALID_TOPIC_EXCEPTION
  return failures.get(name) ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
}

/** A partition at each step. */
function* describeSteps(
  topics: readonly (TopicImage | MetadataResponseTopic)[],
  { broker, apiVersion }: RequestContext
): Generator<void, MetadataResponseTopic[]> {
  const answers: MetadataResponseTopic[] = []
  for (const topic of topics) {
    if ('errorCode' in topic) {
      answers.push(topic)
      continue
    }
    const partitions: PartitionAnswer[] = []
    for (const partition of topic.partitions) {
      const described = describePartition(broker, topic.name, partition)
      const told = apiVersion === 0 ? livingAlone(broker, described) : described
      partitions.push(partitionAnswer(partition.partitionId, described, told))
      yield
    }
    const { name, id: topicId, isInternal } = topic
    answers.push({ errorCode: ErrorCode.NONE, name, topicId, isInternal, partitions })
  }
  return answers
}

function partitionAnswer(
  partitionIndex: number,
  described: DescribedPartition,
  told: DescribedPartition
): PartitionAnswer {
  const lacksReplicas = told.replicaNodes.length < described.replicaNodes.length
  const errorCode = lacksReplicas ? ErrorCode.REPLICA_NOT_AVAILABLE : ErrorCode.NONE
  const isLed = told.leaderId !== noLeader
  return { errorCode: isLed ? errorCode : ErrorCode.LEADER_NOT_AVAILABLE, partitionIndex, ...told }
}

/** Version 0 has no place for brokers that are gone: they are left out, and that is an error. */
function livingAlone(broker: Broker, partition: DescribedPartition): DescribedPartition {
  const living = (nodeId: number): boolean => isAlive(broker, nodeId)
  const { replicaNodes, isrNodes } = partition
  return { ...partition, replicaNodes: replicaNodes.filter(living), isrNodes: isrNodes.filter(living) }
}

function unknown(name: string | null, topicId: string, errorCode: ErrorCode): MetadataResponseTopic {
  return { errorCode, name, topicId, partitions: [] }
}

function respond(
  request: Request,
  topics: readonly MetadataResponseTopic[],
  topicAuthorizedOperations: number,
  { broker, session }: RequestContext
): MetadataResponse {
  return {
    brokers: describeBrokers(broker, session),
    clusterId: broker.clusterId,
    controllerId: broker.nodeId,
    topics:
      topicAuthorizedOperations === notAsked
        ? topics
        : topics.map((topic) => ({ ...topic, topicAuthorizedOperations })),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? everyClusterOperation : notAsked
  }
}

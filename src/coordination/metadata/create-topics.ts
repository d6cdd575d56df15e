/**
 * Decides on new topics and new partitions (Kafka: ReplicationControlManager.createTopics, createPartitions). Pure: from the
 * image and what is asked for to records and a result for each topic.
 */
import { limits } from '../../limits.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { StateRecord } from '../coordinator.ts'
import { objectionToTopicConfig, type Refusal } from './config-rules.ts'
import { type ClusterImage, ResourceType } from './image.ts'
import { configRecord, partitionRecord, topicRecord } from './records.ts'
import { collisionKey, metadataTopicName, objectionToTopicName } from './topic-names.ts'

export interface NewTopic {
  readonly name: string
  /** -1: the broker's default, or as many as there are assignments. */
  readonly partitions: number
  /** -1: the broker's default. */
  readonly replicationFactor: number
  /** The replicas of each partition, when the caller places them itself. */
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[]
  readonly config: ReadonlyMap<string, string | null>
}

export type TopicFailure = Refusal

export interface CreatedTopic {
  readonly error: 0
  readonly id: string
  readonly partitions: number
  readonly replicationFactor: number
}

/** Who and where this broker is, and what it gives a topic that says nothing. */
export interface Placement {
  readonly nodeId: number
  readonly directoryId: string
  readonly defaults: BrokerConfig
  readonly newTopicId: () => string
}

export interface TopicDecision {
  readonly records: readonly StateRecord[]
  readonly result: CreatedTopic | TopicFailure
}

export function decideNewTopic(image: ClusterImage, topic: NewTopic, placement: Placement): TopicDecision {
  const failure = objectionToNewTopic(image, topic, placement)
  if (failure !== null) return { records: [], result: failure }
  const partitions = partitionsOf(topic, placement.defaults)
  const id = placement.newTopicId()
  const configs = [...topic.config].flatMap(([name, value]) =>
    value === null ? [] : [configRecord(ResourceType.topic, topic.name, name, value)]
  )
  return {
    records: [topicRecord(topic.name, id), ...configs, ...partitionRecords(image, id, [0, partitions], placement)],
    result: { error: ErrorCode.NONE, id, partitions, replicationFactor: 1 }
  }
}

/** How many partitions are asked for; below 1 when it is a number that cannot be. */
export function partitionsOf({ assignments, partitions }: NewTopic, defaults: BrokerConfig): number {
  return assignments.length || (partitions === -1 ? defaults.numPartitions : partitions)
}

/** The records for the partitions from `first` on, as many as make `count` in all. */
function partitionRecords(
  image: ClusterImage,
  topicId: string,
  [first, count]: readonly [number, number],
  { nodeId, directoryId }: Placement
): StateRecord[] {
  const records: StateRecord[] = []
  const replicas = [nodeId]
  const place = { topicId, replicas, directories: [directoryId], inSyncReplicas: replicas, leader: nodeId }
  for (let partitionId = first; partitionId < count; partitionId++) {
    records.push(partitionRecord({ partitionId, ...place }, image.metadataVersion))
  }
  return records
}

function objectionToNewTopic(image: ClusterImage, topic: NewTopic, placement: Placement): TopicFailure | null {
  if (topic.name === metadataTopicName) {
    const message = `Creation of internal topic ${topic.name} is prohibited.`
    return { error: ErrorCode.INVALID_REQUEST, message }
  }
  const nameObjection = objectionToTopicName(topic.name)
  if (nameObjection !== null) return { error: ErrorCode.INVALID_TOPIC_EXCEPTION, message: nameObjection }
  if (image.topicByName(topic.name) !== undefined) {
    return { error: ErrorCode.TOPIC_ALREADY_EXISTS, message: `Topic '${topic.name}' already exists.` }
  }
  const twin = image.topicCollidingWith(collisionKey(topic.name))
  if (twin !== undefined) {
    const message = `Topic '${topic.name}' collides with existing topic: ${twin}`
    return { error: ErrorCode.INVALID_TOPIC_EXCEPTION, message }
  }
  return (
    objectionToTopicConfig(topic.config, placement.defaults) ??
    objectionToPlacement(topic, placement) ??
    objectionToCount(image, 0, partitionsOf(topic, placement.defaults))
  )
}

function objectionToPlacement(topic: NewTopic, placement: Placement): TopicFailure | null {
  if (topic.assignments.length > 0) return objectionToAssignments(topic, placement)
  const wanted = topic.replicationFactor === -1 ? placement.defaults.defaultReplicationFactor : topic.replicationFactor
  if (wanted === 0 || wanted < -1) {
    const message = 'Replication factor must be larger than 0, or -1 to use the default value.'
    return { error: ErrorCode.INVALID_REPLICATION_FACTOR, message }
  }
  if (topic.partitions === 0 || topic.partitions < -1) {
    const message = 'Number of partitions was set to an invalid non-positive value.'
    return { error: ErrorCode.INVALID_PARTITIONS, message }
  }
  return wanted > 1 ? tooFewBrokers(wanted) : null
}

function tooFewBrokers(wanted: number): TopicFailure {
  const message = `Unable to replicate the partition ${wanted} time(s): The target replication factor of ${wanted} cannot be reached because only 1 broker(s) are registered.`
  return { error: ErrorCode.INVALID_REPLICATION_FACTOR, message }
}

function objectionToAssignments({ assignments, ...topic }: NewTopic, { nodeId }: Placement): TopicFailure | null {
  const error = ErrorCode.INVALID_REPLICA_ASSIGNMENT
  const both =
    topic.replicationFactor !== -1 ? 'replication factor' : topic.partitions !== -1 ? 'numPartitions' : undefined
  if (both !== undefined) {
    const message = `A manual partition assignment was specified, but ${both} was not set to -1.`
    return { error: ErrorCode.INVALID_REQUEST, message }
  }
  const ids = new Set<number>()
  for (const { partitionIndex, brokerIds } of assignments) {
    if (ids.has(partitionIndex)) {
      return { error, message: `Found multiple manual partition assignments for partition ${partitionIndex}` }
    }
    ids.add(partitionIndex)
    const failure = objectionToReplicas(brokerIds, nodeId)
    if (failure !== null) return failure
  }
  if (assignments.every((_, index) => ids.has(index))) return null
  return { error, message: 'partitions should be a consecutive 0-based integer sequence' }
}

function objectionToReplicas(brokerIds: readonly number[], nodeId: number): TopicFailure | null {
  const error = ErrorCode.INVALID_REPLICA_ASSIGNMENT
  if (brokerIds.length === 0) {
    return { error, message: 'The manual partition assignment includes an empty replica list.' }
  }
  if (new Set(brokerIds).size !== brokerIds.length) {
    return { error, message: `The manual partition assignment includes the broker ${brokerIds[0]} more than once.` }
  }
  const stranger = brokerIds.find((id) => id !== nodeId)
  if (stranger === undefined) return null
  return {
    error,
    message: `The manual partition assignment includes broker ${stranger}, but no such broker is registered.`
  }
}

function objectionToCount(image: ClusterImage, present: number, more: number): TopicFailure | null {
  const { partitions, partitionsPerTopic } = limits
  if (present + more <= partitionsPerTopic && image.partitionCount + more <= partitions) return null
  const message = `One broker holds at most ${partitions} partitions, and a topic ${partitionsPerTopic}; there are ${image.partitionCount}.`
  return { error: ErrorCode.INVALID_PARTITIONS, message }
}

export interface MorePartitions {
  readonly name: string
  /** The number of partitions afterwards. */
  readonly count: number
  readonly assignments: readonly { readonly brokerIds: readonly number[] }[] | null
}

export function decideMorePartitions(
  image: ClusterImage,
  wanted: MorePartitions,
  placement: Placement
): { readonly records: readonly StateRecord[]; readonly result: { readonly error: 0 } | TopicFailure } {
  const topic = image.topicByName(wanted.name)
  if (topic === undefined) {
    return { records: [], result: { error: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message: null } }
  }
  const failure = objectionToMorePartitions(image, topic.partitions.length, wanted, placement)
  if (failure !== null) return { records: [], result: failure }
  return {
    records: partitionRecords(image, topic.id, [topic.partitions.length, wanted.count], placement),
    result: { error: ErrorCode.NONE }
  }
}

function objectionToMorePartitions(
  image: ClusterImage,
  present: number,
  { name, count, assignments }: MorePartitions,
  { nodeId }: Placement
): TopicFailure | null {
  if (count === present) {
    return { error: ErrorCode.INVALID_PARTITIONS, message: `Topic already has ${present} partition(s).` }
  }
  if (count < present) {
    const message = `The topic ${name} currently has ${present} partition(s); ${count} would not be an increase.`
    return { error: ErrorCode.INVALID_PARTITIONS, message }
  }
  if (assignments !== null && assignments.length !== count - present) {
    const message = `Attempted to add ${count - present} additional partition(s), but only ${assignments.length} assignment(s) were specified.`
    return { error: ErrorCode.INVALID_REPLICA_ASSIGNMENT, message }
  }
  for (const { brokerIds } of assignments ?? []) {
    const failure = objectionToReplicas(brokerIds, nodeId)
    if (failure !== null) return failure
  }
  return objectionToCount(image, present, count - present)
}

/** Kafka's bound on one request; its records are one batch, which has to be written and replayed at once. */
export function objectionToRequestSize(
  partitions: number,
  word: 'partitions' | 'additional partitions'
): Refusal | null {
  if (partitions <= limits.partitionsPerRequest) return null
  return { error: ErrorCode.POLICY_VIOLATION, message: `Excessively large number of ${word} per request.` }
}

/**
 * Decides on new topics and new partitions (Kafka: ReplicationControlManager.createTopics, createPartitions). Pure: from the
 * image and what is asked for to records and a result for each topic.
 */

import type { Chance } from '../../host/chance.ts'
import { limits } from '../../limits.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { StateRecord } from '../coordinator.ts'
import { objectionToTopicConfig, type Refusal } from './config-rules.ts'
import { DirectoryId } from './directory-id.ts'
import { type ClusterImage, ResourceType } from './image.ts'
import type { LivingBrokers } from './living-brokers.ts'
import { objectionToReplicas } from './manual-assignment.ts'
import { placeReplicas } from './placement.ts'
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

/** Where new partitions can go, and what a topic gets that says nothing. */
export interface Placement {
  readonly living: LivingBrokers
  readonly chance: Chance
  readonly defaults: BrokerConfig
  readonly newTopicId: () => string
}

/** New partitions and who will hold them; the first of the replicas is the preferred leader. */
export type PlacedPartitions = readonly { readonly partitionId: number; readonly replicas: readonly number[] }[]

export interface TopicDecision<Success = CreatedTopic> {
  readonly records: readonly StateRecord[]
  readonly placed: PlacedPartitions
  readonly result: Success | TopicFailure
}

function refused(result: TopicFailure): TopicDecision<never> {
  return { records: [], placed: [], result }
}

export function decideNewTopic(image: ClusterImage, topic: NewTopic, placement: Placement): TopicDecision {
  const failure =
    objectionToName(image, topic.name) ??
    objectionToTopicConfig(topic.config, placement.defaults) ??
    objectionToNumbers(topic) ??
    objectionToCount(image, 0, partitionsOf(topic, placement.defaults))
  if (failure !== null) return refused(failure)
  const placed = topic.assignments.length > 0 ? placedByHand(topic, placement) : placedByUs(topic, placement)
  if ('error' in placed) return refused(placed)
  const id = placement.newTopicId()
  const configs = [...topic.config].flatMap(([name, value]) =>
    value === null ? [] : [configRecord(ResourceType.topic, topic.name, name, value)]
  )
  const replicationFactor = placed[0]?.replicas.length ?? 0
  return {
    records: [topicRecord(topic.name, id), ...configs, ...partitionRecords(image, id, placed, placement)],
    placed,
    result: { error: ErrorCode.NONE, id, partitions: placed.length, replicationFactor }
  }
}

/** How many partitions are asked for; below 1 when it is a number that cannot be. */
export function partitionsOf({ assignments, partitions }: NewTopic, defaults: BrokerConfig): number {
  return assignments.length || (partitions === -1 ? defaults.numPartitions : partitions)
}

/** Who is not there is not in sync (Kafka: buildPartitionRegistration). */
function partitionRecords(
  image: ClusterImage,
  topicId: string,
  placed: PlacedPartitions,
  { living }: Placement
): StateRecord[] {
  return placed.map(({ partitionId, replicas }) => {
    const directories = replicas.map((id) => living.broker(id)?.directoryId ?? DirectoryId.unassigned)
    const inSyncReplicas = replicas.filter((id) => living.isActive(id))
    const [leader] = inSyncReplicas
    if (leader === undefined) throw new Error(`partition ${partitionId} of ${topicId} is placed where nobody is`)
    const partition = { topicId, partitionId, replicas, directories, inSyncReplicas, leader }
    return partitionRecord(partition, image.metadataVersion)
  })
}

function objectionToName(image: ClusterImage, name: string): TopicFailure | null {
  if (name === metadataTopicName) {
    return { error: ErrorCode.INVALID_REQUEST, message: `Creation of internal topic ${name} is prohibited.` }
  }
  const objection = objectionToTopicName(name)
  if (objection !== null) return { error: ErrorCode.INVALID_TOPIC_EXCEPTION, message: objection }
  if (image.topicByName(name) !== undefined) {
    return { error: ErrorCode.TOPIC_ALREADY_EXISTS, message: `Topic '${name}' already exists.` }
  }
  const twin = image.topicCollidingWith(collisionKey(name))
  if (twin === undefined) return null
  const message = `Topic '${name}' collides with existing topic: ${twin}`
  return { error: ErrorCode.INVALID_TOPIC_EXCEPTION, message }
}

/** Of partitions and replicas, or of assignments: who places them himself says no numbers. */
function objectionToNumbers({ assignments, replicationFactor, partitions }: NewTopic): TopicFailure | null {
  if (assignments.length > 0) {
    const both = replicationFactor !== -1 ? 'replication factor' : partitions !== -1 ? 'numPartitions' : null
    if (both === null) return null
    const message = `A manual partition assignment was specified, but ${both} was not set to -1.`
    return { error: ErrorCode.INVALID_REQUEST, message }
  }
  if (replicationFactor === 0 || replicationFactor < -1) {
    const message = 'Replication factor must be larger than 0, or -1 to use the default value.'
    return { error: ErrorCode.INVALID_REPLICATION_FACTOR, message }
  }
  if (partitions !== 0 && partitions >= -1) return null
  const message = 'Number of partitions was set to an invalid non-positive value.'
  return { error: ErrorCode.INVALID_PARTITIONS, message }
}

function placedByUs(topic: NewTopic, placement: Placement): PlacedPartitions | TopicFailure {
  const { living, chance, defaults } = placement
  const replicationFactor = topic.replicationFactor === -1 ? defaults.defaultReplicationFactor : topic.replicationFactor
  const placed = placeReplicas(living, { partitions: partitionsOf(topic, defaults), replicationFactor }, chance)
  const cannot = (why: string) => {
    const message = `Unable to replicate the partition ${replicationFactor} time(s): ${why}`
    return { error: ErrorCode.INVALID_REPLICATION_FACTOR, message }
  }
  return typeof placed === 'string' ? cannot(placed) : numbered(placed, 0)
}

function numbered(placed: readonly (readonly number[])[], first: number): PlacedPartitions {
  return placed.map((replicas, index) => ({ partitionId: first + index, replicas }))
}

function placedByHand({ assignments }: NewTopic, { living }: Placement): PlacedPartitions | TopicFailure {
  const error = ErrorCode.INVALID_REPLICA_ASSIGNMENT
  const byId = new Map<number, readonly number[]>()
  let replicationFactor: number | null = null
  for (const { partitionIndex, brokerIds } of assignments) {
    if (byId.has(partitionIndex)) {
      return { error, message: `Found multiple manual partition assignments for partition ${partitionIndex}` }
    }
    const failure = objectionToAssignment(living, { partitionIndex, brokerIds }, replicationFactor)
    if (failure !== null) return failure
    replicationFactor = brokerIds.length
    byId.set(partitionIndex, brokerIds)
  }
  const placed = assignments.flatMap((_, partitionId) => {
    const replicas = byId.get(partitionId)
    return replicas === undefined ? [] : [{ partitionId, replicas }]
  })
  if (placed.length === assignments.length) return placed
  return { error, message: 'partitions should be a consecutive 0-based integer sequence' }
}

function objectionToAssignment(
  living: LivingBrokers,
  { partitionIndex, brokerIds }: NewTopic['assignments'][number],
  replicationFactor: number | null
): TopicFailure | null {
  const failure = objectionToReplicas(living, brokerIds, replicationFactor)
  if (failure !== null || brokerIds.some((id) => living.isActive(id))) return failure
  const message = `All brokers specified in the manual partition assignment for partition ${partitionIndex} are fenced or in controlled shutdown.`
  return { error: ErrorCode.INVALID_REPLICA_ASSIGNMENT, message }
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
): TopicDecision<{ readonly error: 0 }> {
  const topic = image.topicByName(wanted.name)
  if (topic === undefined) return refused({ error: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message: null })
  const present = topic.partitions.length
  const failure = objectionToGrowth(present, wanted) ?? objectionToCount(image, present, wanted.count - present)
  if (failure !== null) return refused(failure)
  const replicationFactor = topic.partitions[0]?.replicas.length ?? 0
  const placed = placedMore(wanted, { first: present, replicationFactor }, placement)
  if ('error' in placed) return refused(placed)
  return { records: partitionRecords(image, topic.id, placed, placement), placed, result: { error: ErrorCode.NONE } }
}

function objectionToGrowth(present: number, { name, count, assignments }: MorePartitions): TopicFailure | null {
  if (count === present) {
    return { error: ErrorCode.INVALID_PARTITIONS, message: `Topic already has ${present} partition(s).` }
  }
  if (count < present) {
    const message = `The topic ${name} currently has ${present} partition(s); ${count} would not be an increase.`
    return { error: ErrorCode.INVALID_PARTITIONS, message }
  }
  if (assignments === null || assignments.length === count - present) return null
  const message = `Attempted to add ${count - present} additional partition(s), but only ${assignments.length} assignment(s) were specified.`
  return { error: ErrorCode.INVALID_REPLICA_ASSIGNMENT, message }
}

/** With as many replicas as the topic's first partition has. */
function placedMore(
  { count, assignments }: MorePartitions,
  { first, replicationFactor }: { readonly first: number; readonly replicationFactor: number },
  { living, chance }: Placement
): PlacedPartitions | TopicFailure {
  if (assignments === null) {
    const placed = placeReplicas(living, { partitions: count - first, replicationFactor }, chance)
    if (typeof placed === 'string') return { error: ErrorCode.INVALID_REPLICATION_FACTOR, message: placed }
    return numbered(placed, first)
  }
  for (const [index, { brokerIds }] of assignments.entries()) {
    const failure = objectionToAssignment(living, { partitionIndex: first + index, brokerIds }, replicationFactor)
    if (failure !== null) return failure
  }
  return numbered(
    assignments.map(({ brokerIds }) => brokerIds),
    first
  )
}

/** Kafka's bound on one request; its records are one batch, which has to be written and replayed at once. */
export function objectionToRequestSize(
  partitions: number,
  word: 'partitions' | 'additional partitions'
): Refusal | null {
  if (partitions <= limits.partitionsPerRequest) return null
  return { error: ErrorCode.POLICY_VIOLATION, message: `Excessively large number of ${word} per request.` }
}

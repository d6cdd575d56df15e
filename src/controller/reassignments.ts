/**
 * AlterPartitionReassignments and ListPartitionReassignments: replicas move to other brokers while the partition serves (KIP-455;
 * Kafka: ReplicationControlManager.alterPartitionReassignments). What is added becomes a replica first; AlterPartition completes it.
 */
import type { StateRecord } from '../coordination/coordinator.ts'
import type { Refusal } from '../coordination/metadata/config-rules.ts'
import type { ClusterImage, PartitionImage, TopicImage } from '../coordination/metadata/image.ts'
import { objectionToReplicas } from '../coordination/metadata/manual-assignment.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { recordsOfPartition } from './partition-change.ts'
import { isReassigning, reassignmentTo, revertedReassignment, without } from './reassignment.ts'
import { allowsUncleanElections, type Scene } from './scene.ts'

export interface WantedReassignment {
  readonly topic: string
  readonly partitionId: number
  /** Null: the reassignment that is under way is taken back. */
  readonly replicas: readonly number[] | null
  /** Whether there may be more or fewer replicas than before (KIP-860). */
  readonly allowReplicationFactorChange: boolean
}

export interface ReassignmentDecision {
  readonly records: readonly StateRecord[]
  readonly result: Refusal
}

export function decideReassignment(scene: Scene, wanted: WantedReassignment): ReassignmentDecision {
  const topic = scene.image.topicByName(wanted.topic)
  const unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  if (topic === undefined) return refused(unknown, `Unable to find a topic named ${wanted.topic}.`)
  const partition = topic.partitions[wanted.partitionId]
  if (partition === undefined) {
    return refused(unknown, `Unable to find partition ${wanted.topic}:${wanted.partitionId}.`)
  }
  if (wanted.replicas === null) return decideCancel(scene, topic, partition)
  return decideChange(scene, topic, partition, { ...wanted, replicas: wanted.replicas })
}

function refused(error: ErrorCode, message: string): ReassignmentDecision {
  return { records: [], result: { error, message } }
}

const none: Refusal = { error: ErrorCode.NONE, message: null }

function decideChange(
  scene: Scene,
  topic: TopicImage,
  partition: PartitionImage,
  wanted: WantedReassignment & { readonly replicas: readonly number[] }
): ReassignmentDecision {
  const { replicas, allowReplicationFactorChange } = wanted
  const objection = objectionToReplicas(scene.living, replicas, null)
  if (objection !== null) return { records: [], result: objection }
  const before = replicationFactorOf(partition)
  if (!allowReplicationFactorChange && replicas.length !== before) {
    const message = `The replication factor is changed from ${before} to ${replicas.length}`
    return refused(ErrorCode.INVALID_REPLICATION_FACTOR, message)
  }
  const target = reassignmentTo(partition, replicas)
  return { records: recordsOfPartition(scene, topic, partition, target), result: none }
}

/** As many as there will be when the reassignment that is under way is complete. */
function replicationFactorOf({ replicas, removingReplicas }: PartitionImage): number {
  return without(replicas, removingReplicas).length
}

function decideCancel(scene: Scene, topic: TopicImage, partition: PartitionImage): ReassignmentDecision {
  if (!isReassigning(partition)) {
    // Kafka leaves out words that only repeat the error (ApiError.fromThrowable).
    return { records: [], result: { error: ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, message: null } }
  }
  const { replicas, inSyncReplicas, isUnclean } = revertedReassignment(partition)
  const mayBeUnclean = allowsUncleanElections(scene, topic)
  if (isUnclean && !mayBeUnclean) {
    const message = `Unable to revert partition assignment for ${topic.name}:${partition.partitionId} because it would require an unclean leader election.`
    return refused(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)
  }
  const election = mayBeUnclean ? 'unclean' : 'online'
  const wanted = { election, replicas, inSyncReplicas, addingReplicas: [], removingReplicas: [] } as const
  return { records: recordsOfPartition(scene, topic, partition, wanted), result: none }
}

export interface OngoingReassignment {
  readonly topic: string
  readonly partitions: readonly PartitionImage[]
}

/** Null topics: all there are. Who is not being reassigned is not told. */
export function ongoingReassignments(
  image: ClusterImage,
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null
): OngoingReassignment[] {
  const asked = topics ?? Array.from(image.topics(), ({ name }) => ({ topic: name, partitions: null }))
  return asked.flatMap(({ topic, partitions: ids }) => {
    const all = image.topicByName(topic)?.partitions ?? []
    const named = ids === null ? all : ids.flatMap((id) => all[id] ?? [])
    const partitions = named.filter(isReassigning)
    return partitions.length === 0 ? [] : [{ topic, partitions }]
  })
}

/**
 * AlterPartition: a leader changes the in-sync set of what it leads (KIP-497, KIP-841, KIP-903; Kafka:
 * ReplicationControlManager.alterPartition). Whoever asks knows the partition as it was at an epoch, and nothing older is heard.
 */
import type { StateRecord } from '../coordination/coordinator.ts'
import type { PartitionImage, TopicImage } from '../coordination/metadata/image.ts'
import { changedPartition, LeaderRecoveryState, sameLeader } from '../coordination/metadata/partition-image.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { changeOfPartition, recordOfChange } from './partition-change.ts'
import { allowsUncleanElections, type Scene } from './scene.ts'

export interface WantedInSyncSet {
  readonly topicId: string
  readonly partitionId: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly leaderRecoveryState: number
  /** Of the version of each broker that fetched, by its epoch; -1 where the leader does not know it. */
  readonly inSyncReplicas: readonly { readonly brokerId: number; readonly brokerEpoch: number }[]
}

export interface AlterPartitionResult {
  readonly error: ErrorCode
  /** As it is afterwards; null with an error. */
  readonly partition: PartitionImage | null
}

export interface AlterPartitionDecision {
  readonly records: readonly StateRecord[]
  readonly result: AlterPartitionResult
}

/** What holds for the whole request: a broker that was started anew asks for nothing under its old epoch. */
export function objectionToBrokerEpoch({ living }: Scene, brokerId: number, brokerEpoch: number): ErrorCode {
  return living.broker(brokerId)?.epoch === brokerEpoch ? ErrorCode.NONE : ErrorCode.STALE_BROKER_EPOCH
}

/** One partition of the request; the next one is decided when this one's records are replayed. */
export function decideInSyncSet(scene: Scene, brokerId: number, wanted: WantedInSyncSet): AlterPartitionDecision {
  const topic = scene.image.topicById(wanted.topicId)
  if (topic === undefined) return refused(ErrorCode.UNKNOWN_TOPIC_ID)
  const partition = topic.partitions[wanted.partitionId]
  if (partition === undefined) return refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  const error = objectionToEpochs(brokerId, partition, wanted) ?? objectionToInSyncSet(scene, partition, wanted)
  return error === null ? decided(scene, brokerId, topic, partition, wanted) : refused(error)
}

function refused(error: ErrorCode): AlterPartitionDecision {
  return { records: [], result: { error, partition: null } }
}

function decided(
  scene: Scene,
  brokerId: number,
  topic: TopicImage,
  partition: PartitionImage,
  wanted: WantedInSyncSet
): AlterPartitionDecision {
  const change = changeOfPartition(scene, topic, partition, {
    election: allowsUncleanElections(scene, topic) ? 'unclean' : 'online',
    inSyncReplicas: wanted.inSyncReplicas.map((state) => state.brokerId),
    leaderRecoveryState: recoveryStateOf(wanted)
  })
  if (change === null) return { records: [], result: { error: ErrorCode.NONE, partition } }
  const records = [recordOfChange(scene, topic, partition, change)]
  // It has completed a reassignment, after which another one leads: an error, and carried out all the same.
  const isReplaced = change.leader !== sameLeader && change.leader !== brokerId
  if (isReplaced) return { records, result: { error: ErrorCode.NEW_LEADER_ELECTED, partition: null } }
  return { records, result: { error: ErrorCode.NONE, partition: changedPartition(partition, change) } }
}

function objectionToEpochs(brokerId: number, partition: PartitionImage, wanted: WantedInSyncSet): ErrorCode | null {
  // It knows more than this controller: another one leads the cluster.
  if (wanted.leaderEpoch > partition.leaderEpoch) return ErrorCode.NOT_CONTROLLER
  if (wanted.partitionEpoch > partition.partitionEpoch) return ErrorCode.NOT_CONTROLLER
  if (wanted.leaderEpoch < partition.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH
  if (brokerId !== partition.leader) return ErrorCode.INVALID_REQUEST
  return wanted.partitionEpoch < partition.partitionEpoch ? ErrorCode.INVALID_UPDATE_VERSION : null
}

function objectionToInSyncSet(scene: Scene, partition: PartitionImage, wanted: WantedInSyncSet): ErrorCode | null {
  const ids = wanted.inSyncReplicas.map(({ brokerId }) => brokerId)
  const areReplicas = new Set(ids).size === ids.length && ids.every((id) => partition.replicas.includes(id))
  if (!areReplicas || !ids.includes(partition.leader)) return ErrorCode.INVALID_REQUEST
  if (recoveryStateOf(wanted) === LeaderRecoveryState.recovering) {
    const isRecovered = partition.leaderRecoveryState === LeaderRecoveryState.recovered
    if (isRecovered || ids.length > 1) return ErrorCode.INVALID_REQUEST
  }
  const areEligible = wanted.inSyncReplicas.every(({ brokerId, brokerEpoch }) => {
    const broker = scene.living.broker(brokerId)
    return broker?.state === 'active' && (brokerEpoch === -1 || brokerEpoch === broker.epoch)
  })
  return areEligible ? null : ErrorCode.INELIGIBLE_REPLICA
}

function recoveryStateOf({ leaderRecoveryState }: WantedInSyncSet): LeaderRecoveryState {
  return leaderRecoveryState === LeaderRecoveryState.recovering
    ? LeaderRecoveryState.recovering
    : LeaderRecoveryState.recovered
}

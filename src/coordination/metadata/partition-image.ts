/** What the metadata log says of a partition, and how its records change that (Kafka: PartitionRegistration). */
import type { PartitionChangeRecord } from '../../protocol/generated/metadata-log/partition-change-record.ts'
import type { PartitionRecord } from '../../protocol/generated/metadata-log/partition-record.ts'
import type { Decoded } from '../../protocol/message.ts'

export interface PartitionImage {
  readonly partitionId: number
  /** In the order of preference: the first is the preferred leader. */
  readonly replicas: readonly number[]
  /** The directory of each replica, by its id (KIP-858); empty before metadata.version 17. */
  readonly directories: readonly string[]
  readonly inSyncReplicas: readonly number[]
  /** Node id; -1 when there is none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  /** Whether the leader was elected uncleanly and has not yet said that it is done with what that needs (KIP-704). */
  readonly leaderRecoveryState: LeaderRecoveryState
  /** What a reassignment adds; they are among the replicas. */
  readonly addingReplicas: readonly number[]
  /** What a reassignment will have removed; as long as it lasts they are among the replicas. */
  readonly removingReplicas: readonly number[]
  /** Not in sync, but with everything below the high watermark: they may lead (KIP-966). */
  readonly eligibleLeaderReplicas: readonly number[]
  /** Who was eligible or in sync last, and came back with less: whom to ask when nobody else is left (KIP-966). */
  readonly lastKnownEligibleLeaderReplicas: readonly number[]
}

/** What a PartitionChangeRecord says of the partition that it names. */
export type PartitionChange = Required<Omit<PartitionChangeRecord, 'topicId' | 'partitionId'>>

export const LeaderRecoveryState = { recovered: 0, recovering: 1 } as const
export type LeaderRecoveryState = (typeof LeaderRecoveryState)[keyof typeof LeaderRecoveryState]

/** Nobody leads (Kafka: LeaderConstants.NO_LEADER). */
export const noLeader = -1
/** A PartitionChangeRecord that says nothing of the leader (Kafka: LeaderConstants.NO_LEADER_CHANGE). */
export const sameLeader = -2
/** A PartitionChangeRecord that says nothing of the recovery (Kafka: LeaderRecoveryState.NO_CHANGE). */
const sameRecoveryState = -1

/** What a PartitionChangeRecord is without its differences. */
export const noChange = {
  replicas: null,
  isr: null,
  leader: sameLeader,
  removingReplicas: null,
  addingReplicas: null,
  leaderRecoveryState: sameRecoveryState,
  directories: null,
  eligibleLeaderReplicas: null,
  lastKnownElr: null
} as const satisfies PartitionChange

/** One for all: most partitions add, remove and wait for nobody. */
const nobody: readonly number[] = []

export function createdPartition(record: Decoded<PartitionRecord>): PartitionImage {
  const { replicas } = record
  return {
    partitionId: record.partitionId,
    replicas,
    directories: record.directories,
    inSyncReplicas: shared(record.isr, replicas),
    leader: record.leader,
    leaderEpoch: record.leaderEpoch,
    partitionEpoch: record.partitionEpoch,
    leaderRecoveryState: recoveryState(record.leaderRecoveryState),
    addingReplicas: shared(record.addingReplicas, replicas),
    removingReplicas: shared(record.removingReplicas, replicas),
    eligibleLeaderReplicas: shared(record.eligibleLeaderReplicas ?? nobody, replicas),
    lastKnownEligibleLeaderReplicas: shared(record.lastKnownElr ?? nobody, replicas)
  }
}

/** What is not told stays; whoever is made the leader, even the same again, begins an epoch (PartitionRegistration.merge). */
export function changedPartition(partition: PartitionImage, change: PartitionChange): PartitionImage {
  const replicas = change.replicas ?? partition.replicas
  const { inSyncReplicas, addingReplicas, removingReplicas } = partition
  const { eligibleLeaderReplicas, lastKnownEligibleLeaderReplicas } = partition
  const hasElection = change.leader !== sameLeader
  const hasRecovery = change.leaderRecoveryState !== sameRecoveryState
  return {
    partitionId: partition.partitionId,
    replicas,
    directories: change.directories ?? partition.directories,
    inSyncReplicas: shared(change.isr ?? inSyncReplicas, replicas),
    leader: hasElection ? change.leader : partition.leader,
    leaderEpoch: partition.leaderEpoch + (hasElection ? 1 : 0),
    partitionEpoch: partition.partitionEpoch + 1,
    leaderRecoveryState: hasRecovery ? recoveryState(change.leaderRecoveryState) : partition.leaderRecoveryState,
    addingReplicas: shared(change.addingReplicas ?? addingReplicas, replicas),
    removingReplicas: shared(change.removingReplicas ?? removingReplicas, replicas),
    eligibleLeaderReplicas: shared(change.eligibleLeaderReplicas ?? eligibleLeaderReplicas, replicas),
    lastKnownEligibleLeaderReplicas: shared(change.lastKnownElr ?? lastKnownEligibleLeaderReplicas, replicas)
  }
}

function recoveryState(byte: number): LeaderRecoveryState {
  return byte === LeaderRecoveryState.recovering ? LeaderRecoveryState.recovering : LeaderRecoveryState.recovered
}

/** An array with the same in it that is kept anyway: ten thousand partitions mostly have all replicas in sync, and no others. */
function shared(ids: readonly number[], replicas: readonly number[]): readonly number[] {
  if (ids.length === 0) return nobody
  return ids.length === replicas.length && ids.every((id, index) => id === replicas[index]) ? replicas : ids
}

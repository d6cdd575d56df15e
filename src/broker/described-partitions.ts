/** Partitions as Metadata and DescribeTopicPartitions tell them (Kafka: KRaftMetadataCache.getPartitionMetadata). */
import type { PartitionImage } from '../coordination/metadata/image.ts'
import { noLeader } from '../coordination/metadata/partition-image.ts'
import type { Broker } from './broker.ts'
import { isAlive } from './described-brokers.ts'

export interface DescribedPartition {
  /** -1 where nobody leads, or the leader is no broker of the cluster any more. */
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
  /** On brokers that are gone, or lost to the disk of this one. */
  readonly offlineReplicas: readonly number[]
}

/** One for all: mostly every replica can be reached. */
const noNodes: readonly number[] = []

/** A replica that is lost or damaged, here, is in sync with nothing: whoever watches a cluster sees it by that. */
export function describePartition(broker: Broker, topic: string, partition: PartitionImage): DescribedPartition {
  const { partitionId, replicas, inSyncReplicas, leader, leaderEpoch } = partition
  const isLost = broker.hosted(topic, partitionId).kind === 'offline'
  const isOffline = (nodeId: number): boolean => (nodeId === broker.nodeId ? isLost : !isAlive(broker, nodeId))
  return {
    leaderId: isRegistered(broker, leader) ? leader : noLeader,
    leaderEpoch,
    replicaNodes: replicas,
    isrNodes: isLost ? inSyncReplicas.filter((nodeId) => nodeId !== broker.nodeId) : inSyncReplicas,
    offlineReplicas: replicas.some(isOffline) ? replicas.filter(isOffline) : noNodes
  }
}

function isRegistered({ nodeId: own, image }: Broker, nodeId: number): boolean {
  return nodeId === own || image.broker(nodeId) !== undefined
}

/** ElectLeaders: an administrator asks for the preferred leader, or for any (KIP-183, KIP-460; Kafka: ReplicationControlManager.electLeaders). */
import type { StateRecord } from '../coordination/coordinator.ts'
import type { PartitionImage, TopicImage } from '../coordination/metadata/image.ts'
import { noLeader } from '../coordination/metadata/partition-image.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { offlineReplica } from './broker-changes.ts'
import { recordsOfPartition } from './partition-change.ts'
import { allowsUncleanElections, type Scene } from './scene.ts'

/** Of the preferred leader where another one leads; of any, even one that has not everything, where nobody does, or whose disk cannot serve it. */
export type ElectionType = 'preferred' | 'unclean'

export interface ElectionResult {
  readonly topic: string
  readonly partitions: readonly ElectedPartition[]
}

export interface ElectedPartition {
  readonly partitionId: number
  readonly error: ErrorCode
  readonly message: string | null
}

export interface ElectionDecision {
  readonly records: readonly StateRecord[]
  readonly result: readonly ElectionResult[]
}

/** Null topics: all there are; of those, what needs no election is not told. */
export function decideElections(
  scene: Scene,
  type: ElectionType,
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null
): ElectionDecision {
  const records: StateRecord[] = []
  const wanted =
    topics ??
    Array.from(scene.image.topics(), ({ name, partitions }) => ({ topic: name, partitions: [...partitions.keys()] }))
  const result = wanted.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.flatMap((partitionId) => {
      const elected = electPartition(scene, type, topic, partitionId, records)
      return topics === null && elected.error === ErrorCode.ELECTION_NOT_NEEDED ? [] : [elected]
    })
  }))
  return { records, result }
}

/** Elections that nobody asked for, of preferred leaders: at most this many (Kafka: maybeBalancePartitionLeaders). */
export function balancingElections(scene: Scene, most: number): StateRecord[] {
  const records: StateRecord[] = []
  for (const topic of scene.image.topics()) {
    for (const partition of topic.partitions) {
      if (records.length >= most) return records
      if (partition.leader === partition.replicas[0]) continue
      records.push(...recordsOfPartition(scene, topic, partition, { election: 'preferred' }))
    }
  }
  return records
}

/** Elections of any leader where a topic allows it and nobody leads (Kafka: maybeElectUncleanLeaders). */
export function uncleanElections(scene: Scene, most: number): StateRecord[] {
  const records: StateRecord[] = []
  for (const topic of scene.image.topics()) {
    if (!allowsUncleanElections(scene, topic)) continue
    for (const partition of topic.partitions) {
      if (records.length >= most) return records
      if (partition.leader !== noLeader) continue
      records.push(...recordsOfPartition(scene, topic, partition, { election: 'unclean' }))
    }
  }
  return records
}

function electPartition(
  scene: Scene,
  type: ElectionType,
  topicName: string,
  partitionId: number,
  records: StateRecord[]
): ElectedPartition {
  const unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  const topic = scene.image.topicByName(topicName)
  if (topic === undefined) return { partitionId, error: unknown, message: `No such topic as ${topicName}` }
  const partition = topic.partitions[partitionId]
  if (partition === undefined) {
    return { partitionId, error: unknown, message: `No such partition as ${topicName}-${partitionId}` }
  }
  const { leader, replicas } = partition
  const isOffline = type === 'unclean' && isLedOffline(scene, topic, partition)
  const isLed = type === 'preferred' ? leader === replicas[0] : leader !== noLeader
  if (isLed && !isOffline) {
    const message = 'Leader election not needed for topic partition.'
    return { partitionId, error: ErrorCode.ELECTION_NOT_NEEDED, message }
  }
  const elected = isOffline
    ? offlineReplica(scene, leader, topic, partition, 'unclean')
    : recordsOfPartition(scene, topic, partition, { election: type })
  if (elected.length === 0) return { partitionId, ...notAvailable[type] }
  records.push(...elected)
  return { partitionId, error: ErrorCode.NONE, message: null }
}

/** With Kafka nobody leads then (handleDirectoriesOffline); here its leader stays, as its disk may give back what it has. */
function isLedOffline({ offline }: Scene, { id: topicId }: TopicImage, partition: PartitionImage): boolean {
  const { leader, partitionId, replicas } = partition
  return replicas.length > 1 && offline.has(leader, { topicId, partitionId })
}

const notAvailable = {
  preferred: {
    error: ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE,
    message: 'The preferred leader was not available.'
  },
  unclean: {
    error: ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
    message: 'Eligible topic partition leaders are not available.'
  }
} as const

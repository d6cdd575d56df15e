/** A small cluster as decisions see it: brokers 1 to 5, each with its directory, and topics whose partitions are as a test says. */

import type { OfflineReplica } from '../../src/controller/broker-changes.ts'
import { OfflineByBroker } from '../../src/controller/offline-by-broker.ts'
import { ReplicaEnds } from '../../src/controller/replica-ends.ts'
import type { Scene } from '../../src/controller/scene.ts'
import { BrokerConfig } from '../../src/coordination/config/broker-config.ts'
import type { StateRecord } from '../../src/coordination/coordinator.ts'
import { ClusterImage, type PartitionImage, type TopicImage } from '../../src/coordination/metadata/image.ts'
import { type BrokerState, livingBrokers } from '../../src/coordination/metadata/living-brokers.ts'
import { replayMetadata } from '../../src/coordination/metadata/replay.ts'

export const brokerIds = [1, 2, 3, 4, 5] as const
export const directoryOf = (id: number) => Buffer.alloc(16, id).toString('base64url')
export const topicIdOf = (name: string) => Buffer.from(name.padEnd(16, '.')).toString('base64url')

export type Partition = Partial<PartitionImage>

/** In sync and led by the first, unless it says otherwise. */
export function partitionOf(partitionId: number, of: Partition): PartitionImage {
  const replicas = of.replicas ?? [1, 2, 3]
  return {
    ...{ partitionId, replicas, directories: replicas.map(directoryOf), inSyncReplicas: replicas },
    ...{ leader: replicas[0] ?? -1, leaderEpoch: 5, partitionEpoch: 7, leaderRecoveryState: 0 },
    ...{ addingReplicas: [], removingReplicas: [], eligibleLeaderReplicas: [], lastKnownEligibleLeaderReplicas: [] },
    ...of
  }
}

export interface Cluster {
  readonly topics?: Readonly<Record<string, readonly Partition[]>>
  readonly configs?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly states?: Readonly<Record<number, BrokerState>>
  readonly racks?: Readonly<Record<number, string>>
  readonly hasEligibleLeaders?: boolean
  readonly metadataVersion?: number
  readonly ends?: ReplicaEnds
  readonly offline?: Readonly<Record<number, readonly OfflineReplica[]>>
}

export function sceneOf(cluster: Cluster = {}): Scene {
  const { topics = {}, configs = {}, states = {}, racks = {} } = cluster
  const image = new ClusterImage()
  image.putFeature('metadata.version', cluster.metadataVersion ?? 33)
  image.putFeature('eligible.leader.replicas.version', cluster.hasEligibleLeaders === false ? 0 : 1)
  for (const [name, partitions] of Object.entries(topics)) {
    image.putTopic(name, topicIdOf(name))
    for (const [id, of] of partitions.entries()) image.putPartition(topicIdOf(name), partitionOf(id, of))
    for (const [key, value] of Object.entries(configs[name] ?? {})) image.putConfig(2, name, key, value)
  }
  const living = livingBrokers(
    brokerIds.map((id) => ({
      ...{ id, epoch: 100 + id, rack: racks[id] ?? null, directoryId: directoryOf(id), state: states[id] ?? 'active' }
    }))
  )
  const { ends = new ReplicaEnds(), offline = {} } = cluster
  const said = new OfflineByBroker()
  for (const [id, of] of Object.entries(offline)) said.are(Number(id), of)
  return { image, living, defaults: BrokerConfig.parse({}), ends, offline: said }
}

export function topicOf({ image }: Scene, name = 't'): TopicImage {
  const topic = image.topicByName(name)
  if (topic === undefined) throw new Error(`there is no topic ${name}`)
  return topic
}

/** The scene with these records replayed. */
export function after(scene: Scene, records: readonly StateRecord[]): Scene {
  const image = scene.image.copy()
  for (const record of records) replayMetadata(image, record)
  return { ...scene, image }
}

/** A partition in few words: `leader/in sync/eligible`, then what else is unusual. */
export function inShort(partition: PartitionImage | undefined): string {
  if (partition === undefined) return 'none'
  const { leader, inSyncReplicas, eligibleLeaderReplicas, lastKnownEligibleLeaderReplicas: last } = partition
  const more = [
    last.length > 0 ? ` last ${last}` : '',
    partition.leaderRecoveryState === 1 ? ' recovering' : '',
    partition.leaderEpoch === 5 ? '' : ` epoch +${partition.leaderEpoch - 5}`
  ]
  return `${leader}/${inSyncReplicas}/${eligibleLeaderReplicas}${more.join('')}`
}

/** Each partition of a topic, after these records. */
export function shortlyAfter(scene: Scene, records: readonly StateRecord[], name = 't'): string[] {
  return topicOf(after(scene, records), name).partitions.map(inShort)
}

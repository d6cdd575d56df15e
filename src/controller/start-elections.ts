/**
 * After a start of the whole process. A follower may hold records of an epoch that its leader's disk has lost: nobody leads such
 * a partition before it has a new epoch, which makes every follower ask where the old one ended.
 */
import type { StateRecord } from '../coordination/coordinator.ts'
import { noLeader } from '../coordination/metadata/partition-image.ts'
import { recordsOfPartition } from './partition-change.ts'
import type { Scene } from './scene.ts'

/**
 * For every partition with several replicas, and every one whose leader is not there; the preferred leader first. A partition
 * whose one replica leads it has nobody to disagree with.
 */
export function startElections(scene: Scene): StateRecord[] {
  const records: StateRecord[] = []
  for (const topic of scene.image.topics()) {
    for (const partition of topic.partitions) {
      const { leader, replicas } = partition
      const isLed = leader !== noLeader && scene.living.isActive(leader)
      if (replicas.length === 1 && isLed) continue
      records.push(...recordsOfPartition(scene, topic, partition, { election: 'preferred', beginsEpoch: true }))
    }
  }
  return records
}

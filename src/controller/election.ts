/** Who leads a partition (Kafka: PartitionChangeBuilder.electLeader). */
import { noLeader } from '../coordination/metadata/partition-image.ts'

/**
 * Online: whoever leads goes on, if he may; else the first who may. Preferred: the first replica before him. Unclean: when
 * nobody may who has everything, the first who lives.
 */
export type Election = 'online' | 'preferred' | 'unclean'

export interface Candidates {
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  readonly eligibleLeaderReplicas: readonly number[]
  /** Who led last, when nobody is left of whom it is known that he has everything; null when that is not known either. */
  readonly lastKnownLeader: number | null
  readonly leader: number
  readonly isAcceptableLeader: (id: number) => boolean
}

export interface Elected {
  readonly leader: number
  readonly isUnclean: boolean
}

export function electLeader(candidates: Candidates, election: Election): Elected {
  const { replicas, leader, lastKnownLeader, isAcceptableLeader } = candidates
  const [preferred = noLeader] = election === 'preferred' ? replicas : []
  const clean = [preferred, leader, ...replicas].find((id) => hasEverything(candidates, id) && isAcceptableLeader(id))
  if (clean !== undefined) return { leader: clean, isUnclean: false }
  if (lastKnownLeader !== null && isAcceptableLeader(lastKnownLeader)) {
    return { leader: lastKnownLeader, isUnclean: true }
  }
  const unclean = election === 'unclean' ? replicas.find(isAcceptableLeader) : undefined
  if (unclean !== undefined) return { leader: unclean, isUnclean: true }
  return { leader: noLeader, isUnclean: false }
}

/** It is in sync; or nobody is, and it is known that it has everything below the high watermark (KIP-966). */
function hasEverything({ inSyncReplicas, eligibleLeaderReplicas }: Candidates, id: number): boolean {
  return inSyncReplicas.length > 0 ? inSyncReplicas.includes(id) : eligibleLeaderReplicas.includes(id)
}

/**
 * Replicas of which a start has cut something off: it looks like a write that a power cut has torn, and may be what was acknowledged and
 * has rotted since (`log/cut-note.ts`). Where another one has everything, they are in sync and eligible no more, and whoever leads fills
 * them again. While the others are away nobody knows, and they do not lead. Where there are no others, the one that has most goes on, so
 * that nothing is lost to everybody for ever. (Kafka does so with all replicas of a broker that did not stop cleanly, and keeps no last one:
 * KIP-966, BrokersUncleanShutdown.)
 *
 * Soft state: a broker says it with each registration, until it has heard what was decided.
 */
import type { ClusterImage, PartitionImage } from '../coordination/metadata/image.ts'
import type { OfflineReplica } from './broker-changes.ts'

export interface CutReplica extends OfflineReplica {
  /** The last leader epoch that is left. */
  readonly lastEpoch: number
  readonly logEndOffset: number
}

/** What a broker says of its replica as it registers. */
export type DoubtfulReplica = CutReplica | 'damaged'

/** Of one partition, by broker; undefined where there is no doubt. */
export type Doubts = (nodeId: number) => DoubtfulReplica | undefined

export const noDoubts: Doubts = () => undefined

export class CutReplicas {
  readonly #byPartition = new Map<string, Map<number, DoubtfulReplica>>()

  /** The broker is there again, and nothing holds any more that it said before. */
  registered(nodeId: number, cut: readonly CutReplica[], damaged: readonly OfflineReplica[]): void {
    for (const replicas of this.#byPartition.values()) replicas.delete(nodeId)
    for (const replica of cut) this.#put(nodeId, replica, replica)
    for (const replica of damaged) this.#put(nodeId, replica, 'damaged')
  }

  #put(nodeId: number, { topicId, partitionId }: OfflineReplica, doubtful: DoubtfulReplica): void {
    const key = keyOf(topicId, partitionId)
    const replicas = this.#byPartition.get(key) ?? new Map<number, DoubtfulReplica>()
    this.#byPartition.set(key, replicas.set(nodeId, doubtful))
  }

  of(topicId: string, partitionId: number): Doubts {
    if (this.#byPartition.size === 0) return noDoubts
    const replicas = this.#byPartition.get(keyOf(topicId, partitionId))
    return replicas === undefined ? noDoubts : (nodeId) => replicas.get(nodeId)
  }

  /** What is decided need not be known any longer. */
  forgetDecided(image: ClusterImage): void {
    for (const [key, replicas] of this.#byPartition) {
      const [topicId = '', partitionId] = key.split(' ')
      const partition = image.topicById(topicId)?.partitions[Number(partitionId)]
      for (const nodeId of replicas.keys())
        if (partition === undefined || isDecided(partition, nodeId)) replicas.delete(nodeId)
      if (replicas.size === 0) this.#byPartition.delete(key)
    }
  }
}

function keyOf(topicId: string, partitionId: number): string {
  return `${topicId} ${partitionId}`
}

/** Whether nobody takes it for one of several that have everything. */
export function isDecided(
  of: Pick<PartitionImage, 'inSyncReplicas' | 'eligibleLeaderReplicas'>,
  nodeId: number
): boolean {
  const candidates = [...of.inSyncReplicas, ...of.eligibleLeaderReplicas]
  return !candidates.includes(nodeId) || candidates.length === 1
}

export interface CutCandidates {
  /** They do not count as having everything any more. */
  readonly out: readonly number[]
  /** Whether they do is known when others are there. */
  readonly undecided: readonly number[]
}

/** Of those that are in sync or eligible. */
export function decideCutCandidates(
  candidates: readonly number[],
  doubts: Doubts,
  isAcceptableLeader: (nodeId: number) => boolean
): CutCandidates {
  const cut = candidates.flatMap((nodeId) => {
    const doubtful = doubts(nodeId)
    return doubtful === undefined || doubtful === 'damaged' ? [] : [{ nodeId, ...doubtful }]
  })
  if (cut.length === 0) return { out: [], undecided: [] }
  const ids = cut.map(({ nodeId }) => nodeId)
  const others = candidates.filter((nodeId) => doubts(nodeId) === undefined)
  if (others.some(isAcceptableLeader)) return { out: ids, undecided: [] }
  if (others.length > 0) return { out: [], undecided: ids }
  const [most] = cut.sort(byWhatIsLeft)
  return { out: ids.filter((nodeId) => nodeId !== most?.nodeId), undecided: [] }
}

/** The most first. Who has begun a later epoch as the leader, or follows one that has, had all that was committed before it. */
function byWhatIsLeft(one: CutReplica, other: CutReplica): number {
  return other.lastEpoch - one.lastEpoch || other.logEndOffset - one.logEndOffset
}

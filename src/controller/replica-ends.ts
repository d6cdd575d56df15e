/**
 * Where the logs of a partition end, as brokers say when they register, and what follows from that. After a stop that was not clean a log
 * may have lost what was acknowledged, and not show it: it ends on the border of a batch, a segment's file is empty or gone, or what is
 * there of the last one looks like a write that a power cut has torn, and was cut off (`log/cut-note.ts`). So before anybody leads, those
 * that are in sync or eligible are compared, and who has less than another is neither any more: whoever leads fills it.
 *
 * Who has most - the later last epoch, and in that the greater end - has whatever one that is whole has, as in Raft: within an epoch all
 * write what one leader wrote, and whoever has a record of a later epoch follows a leader that had all that was committed before it.
 * (Kafka distrusts all replicas of a broker that did not stop cleanly, and asks no log what it has: KIP-966, handleUncleanBrokerShutdown.)
 *
 * Soft state: a broker says it with each registration, of a log that it can open only later with its heartbeats then, and it holds until
 * somebody leads.
 */
import type { ClusterImage, PartitionImage } from '../coordination/metadata/image.ts'
import { noLeader } from '../coordination/metadata/partition-image.ts'
import type { OfflineReplica } from './broker-changes.ts'

export interface ReplicaEnd extends OfflineReplica {
  /** The last leader epoch that is left. */
  readonly lastEpoch: number
  readonly logEndOffset: number
  /**
   * Whole: its broker had stopped cleanly, in its last registration. Doubtful: it had not, and nothing is to be seen. Cut: a start has cut off what was not whole,
   * and since then nobody has said who has everything.
   */
  readonly state: 'whole' | 'doubtful' | 'cut'
}

/** What a broker says of its replicas as it registers. */
export interface SaidOfReplicas {
  /** It has everything that it had when it went, but for what is said of single replicas. */
  readonly isClean: boolean
  /** Of partitions with several replicas, those that it can serve. */
  readonly ends: readonly ReplicaEnd[]
  /** Those that it cannot serve. */
  readonly offline: readonly OfflineReplica[]
  /** Those of them whose log is damaged: no other moment finds it whole. */
  readonly damaged: readonly OfflineReplica[]
  /** Those of them that know a later leader epoch than the metadata does, which has lost its end. */
  readonly ahead: readonly OfflineReplica[]
}

type SaidOfOne = ReplicaEnd | 'damaged' | 'ahead'

/** Of one partition, by broker; undefined where nothing was said since somebody led. */
export type Ends = (nodeId: number) => SaidOfOne | undefined

const nothingSaid: Ends = () => undefined

interface Said {
  readonly what: SaidOfOne
  /** In which leader epoch the partition was then. */
  readonly leaderEpoch: number
}

export class ReplicaEnds {
  readonly #byPartition = new Map<string, Map<number, Said>>()

  /** The broker is there again, and nothing holds any more that it said before. */
  registered(
    nodeId: number,
    { ends, damaged, ahead }: Pick<SaidOfReplicas, 'ends' | 'damaged' | 'ahead'>,
    image: ClusterImage
  ): void {
    for (const replicas of this.#byPartition.values()) replicas.delete(nodeId)
    for (const replica of ahead) this.#put(nodeId, replica, 'ahead', image)
    for (const replica of ends) this.#put(nodeId, replica, replica, image)
    for (const replica of damaged) this.#put(nodeId, replica, 'damaged', image)
  }

  /** Its broker could not open them when it registered, and can serve them now. */
  opened(nodeId: number, ends: readonly ReplicaEnd[], image: ClusterImage): void {
    for (const replica of ends) this.#put(nodeId, replica, replica, image)
  }

  #put(nodeId: number, { topicId, partitionId }: OfflineReplica, what: Said['what'], image: ClusterImage): void {
    const partition = image.topicById(topicId)?.partitions[partitionId]
    if (partition === undefined || (what !== 'ahead' && !isCandidate(partition, nodeId))) return
    const key = keyOf(topicId, partitionId)
    const replicas = this.#byPartition.get(key) ?? new Map<number, Said>()
    this.#byPartition.set(key, replicas.set(nodeId, { what, leaderEpoch: partition.leaderEpoch }))
  }

  of(topicId: string, partitionId: number): Ends {
    if (this.#byPartition.size === 0) return nothingSaid
    const replicas = this.#byPartition.get(keyOf(topicId, partitionId))
    return replicas === undefined ? nothingSaid : (nodeId) => replicas.get(nodeId)?.what
  }

  /** Who is neither in sync nor eligible is filled; and where somebody began to lead, it was decided, and logs have grown since. */
  forgetDecided(image: ClusterImage): void {
    for (const [key, replicas] of this.#byPartition) {
      const [topicId = '', partitionId] = key.split(' ')
      const partition = image.topicById(topicId)?.partitions[Number(partitionId)]
      for (const [nodeId, { what, leaderEpoch }] of replicas) {
        const isLedSince =
          partition !== undefined && partition.leader !== noLeader && partition.leaderEpoch > leaderEpoch
        if (what === 'ahead' && partition !== undefined) continue
        if (partition === undefined || isLedSince || !isCandidate(partition, nodeId)) replicas.delete(nodeId)
      }
      if (replicas.size === 0) this.#byPartition.delete(key)
    }
  }
}

function keyOf(topicId: string, partitionId: number): string {
  return `${topicId} ${partitionId}`
}

type InSyncOrEligible = Pick<PartitionImage, 'inSyncReplicas' | 'eligibleLeaderReplicas'>

function isCandidate({ inSyncReplicas, eligibleLeaderReplicas }: InSyncOrEligible, nodeId: number): boolean {
  return inSyncReplicas.includes(nodeId) || eligibleLeaderReplicas.includes(nodeId)
}

/** Whether the controller has seen that the replica has everything, or that it is filled. Of a broker that has a role. */
export function isDecided(of: InSyncOrEligible & Pick<PartitionImage, 'leader'>, nodeId: number): boolean {
  return !isCandidate(of, nodeId) || (of.leader !== noLeader && of.inSyncReplicas.includes(nodeId))
}

export interface Compared {
  /** They do not count as having everything any more. */
  readonly out: readonly number[]
  /** Whether they do is known when others are there. */
  readonly undecided: readonly number[]
}

const nothingDecided: Compared = { out: [], undecided: [] }

/** Of those that are in sync or eligible; `isThere`: it lives, and can serve. */
export function compareEnds(
  { inSyncReplicas, eligibleLeaderReplicas }: InSyncOrEligible,
  ends: Ends,
  isThere: (nodeId: number) => boolean
): Compared {
  const candidates = [...inSyncReplicas, ...eligibleLeaderReplicas]
  const known = candidates.flatMap((nodeId) => {
    const end = ends(nodeId)
    return end === undefined || typeof end === 'string' ? [] : [{ nodeId, ...end }]
  })
  const doubtful = known.filter(({ state }) => state !== 'whole')
  if (doubtful.length === 0) return nothingDecided
  const cut = doubtful.filter(({ state }) => state === 'cut')
  const there = candidates.filter(isThere)
  // They have been there all along, and nobody has asked where their logs end: those in sync have everything, the eligible what is committed.
  const faithful = there.filter((nodeId) => ends(nodeId) === undefined)
  if (faithful.length > 0) {
    const isAnyInSync = faithful.some((nodeId) => inSyncReplicas.includes(nodeId))
    return { out: idsOf(isAnyInSync ? doubtful : cut), undecided: [] }
  }
  const present = known.filter(({ nodeId }) => there.includes(nodeId))
  const areOthersAway = candidates.some((nodeId) => !there.includes(nodeId) && ends(nodeId) !== 'damaged')
  if (areOthersAway && present.every(({ state }) => state === 'cut')) return { out: [], undecided: idsOf(cut) }
  const mayBeLed = inSyncReplicas.length === 0 || inSyncReplicas.some(isThere)
  const [most] = present.sort(byWhatIsLeft)
  if (most === undefined || !mayBeLed) return nothingDecided
  const less = doubtful.filter((end) => byWhatIsLeft(most, end) < 0)
  return { out: idsOf(less), undecided: [] }
}

function idsOf(ends: readonly { readonly nodeId: number }[]): number[] {
  return ends.map(({ nodeId }) => nodeId)
}

/** The most first. */
function byWhatIsLeft(one: ReplicaEnd, other: ReplicaEnd): number {
  return other.lastEpoch - one.lastEpoch || other.logEndOffset - one.logEndOffset
}

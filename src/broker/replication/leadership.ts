/**
 * What the leader of a partition knows of the others: who is in sync, how far each follower's durable copy goes, and what is
 * therefore committed. (Kafka: Partition, with its Replica and PartitionState.)
 *
 * A follower asks for the next offset when what it has is as safe as promised, so the offset that it asks for is the end of its
 * durable copy.
 *
 * Invariants
 * - Committed is what every replica of the *maximal* in-sync set has: those that the controller says are in sync, and those that it
 *   was asked to take in and may have by now (KIP-497). Whoever may be elected has what was acknowledged.
 * - What is committed only grows. Below the minimum of in-sync replicas it stands still (KIP-966).
 */
import type { PartitionImage } from '../../coordination/metadata/image.ts'
import { InvariantError } from '../../invariant.ts'

/** What the controller says of a partition's roles. */
export type Assignment = Pick<
  PartitionImage,
  'replicas' | 'inSyncReplicas' | 'leader' | 'leaderEpoch' | 'partitionEpoch'
>

/** What a follower's fetch says of its durable copy. */
export interface FollowerCopy {
  readonly logStartOffset: number
  /** What it asks for next: its end. */
  readonly fetchOffset: number
}

/** A follower in one life of its broker: in the next it may have less, or nothing (KIP-903). */
export interface FollowerLife {
  readonly nodeId: number
  readonly brokerEpoch: number
}

interface FollowerProgress {
  /** Of the life in which it asked last; -1 as long as it has not asked. */
  brokerEpoch: number
  /** The beginning of its copy; -1 as long as it has not asked in this epoch. */
  startOffset: number
  /** The end of its durable copy; -1 as long as it has not asked in this epoch. */
  endOffset: number
  /** When it last had all that the leader had; on the clock that only grows. */
  caughtUpMs: number
  fetchedMs: number
  /** Where the leader's log ended when it asked last. */
  leaderEndOffset: number
}

const noCopy = { startOffset: -1, endOffset: -1, caughtUpMs: 0 }

export class Leadership {
  readonly nodeId: number
  readonly epoch: number
  /** Where the leader's log ended when it began to lead. */
  readonly startOffset: number
  #partition: Assignment
  readonly #followers = new Map<number, FollowerProgress>()
  /** Followers that the controller was asked to take into the in-sync set. */
  #joining: ReadonlySet<number> = new Set()

  constructor(nodeId: number, partition: Assignment, startOffset: number, nowMs: number) {
    if (partition.leader !== nodeId)
      throw new InvariantError(`broker ${nodeId} leads what broker ${partition.leader} is to lead`, 'broker')
    this.nodeId = nodeId
    this.epoch = partition.leaderEpoch
    this.startOffset = startOffset
    this.#partition = partition
    this.#knowFollowers(nowMs)
  }

  get partition(): Assignment {
    return this.#partition
  }

  get inSyncReplicas(): readonly number[] {
    return this.#partition.inSyncReplicas
  }

  /** Nobody else has, or is about to get, a copy. */
  get isAlone(): boolean {
    return this.#followers.size === 0
  }

  /** The controller has changed the in-sync set or the replicas, in the same leader epoch. */
  update(partition: Assignment, nowMs: number): void {
    if (partition.leaderEpoch !== this.epoch)
      throw new InvariantError(`epoch ${this.epoch} of a leader is given epoch ${partition.leaderEpoch}`, 'broker')
    if (partition.partitionEpoch <= this.#partition.partitionEpoch) return
    this.#partition = partition
    this.#joining = new Set()
    this.#knowFollowers(nowMs)
  }

  /** Whether acks=all can be answered: a partition is not asked for more than it has replicas (Kafka: effectiveMinIsr). */
  hasEnough(minInSyncReplicas: number): boolean {
    const { inSyncReplicas, replicas } = this.#partition
    return inSyncReplicas.length >= Math.min(minInSyncReplicas, replicas.length)
  }

  /** The offset below which every replica of the maximal in-sync set has the records, durably. */
  committedEnd(ownDurableEnd: number): number {
    let end = ownDurableEnd
    for (const [nodeId, { endOffset }] of this.#followers) {
      if (endOffset < end && this.#isInMaximalSet(nodeId)) end = endOffset
    }
    return end
  }

  /** A follower has asked for what comes next. False when it holds no replica, or asked in an earlier life. */
  fetched(
    { nodeId, brokerEpoch }: FollowerLife,
    { logStartOffset, fetchOffset }: FollowerCopy,
    leaderEndOffset: number,
    nowMs: number
  ): boolean {
    const follower = this.#followers.get(nodeId)
    if (follower === undefined || brokerEpoch < follower.brokerEpoch) return false
    follower.brokerEpoch = brokerEpoch
    if (fetchOffset >= leaderEndOffset) follower.caughtUpMs = nowMs
    else if (fetchOffset >= follower.leaderEndOffset)
      follower.caughtUpMs = Math.max(follower.caughtUpMs, follower.fetchedMs)
    follower.startOffset = logStartOffset
    follower.endOffset = fetchOffset
    follower.fetchedMs = nowMs
    follower.leaderEndOffset = leaderEndOffset
    return true
  }

  /** The offset before which no replica of a broker that lives has records (Partition.lowWatermarkIfLeader). */
  lowWatermark(ownStartOffset: number, isAlive: (nodeId: number) => boolean): number {
    let low = ownStartOffset
    for (const [nodeId, { startOffset }] of this.#followers) {
      if (startOffset < low && isAlive(nodeId)) low = startOffset
    }
    return low
  }

  /** Of followers in sync, those that have this offset, and for how long each has lagged. */
  inSyncCopiesWith(offset: number, nowMs: number): { nodeId: number; logEndOffset: number; lagMs: number }[] {
    return this.inSyncReplicas.flatMap((nodeId) => {
      const { startOffset, endOffset, caughtUpMs } = this.#followers.get(nodeId) ?? noCopy
      if (offset < startOffset || offset > endOffset) return []
      return [{ nodeId, logEndOffset: endOffset, lagMs: nowMs - caughtUpMs }]
    })
  }

  /** In which life of its broker the follower asked last; -1 when it has not asked, or is this broker. */
  brokerEpochOf(nodeId: number): number {
    return this.#followers.get(nodeId)?.brokerEpoch ?? -1
  }

  /** How far the follower's durable copy goes; -1 when it has not asked, or is none. */
  endOffsetOf(nodeId: number): number {
    return this.#followers.get(nodeId)?.endOffset ?? -1
  }

  /**
   * Whether the follower may be taken into the in-sync set: it has all that is committed, and what the leader had when its epoch
   * began (Partition.isFollowerInSync).
   */
  mayJoin(nodeId: number, highWatermark: number): boolean {
    const follower = this.#followers.get(nodeId)
    if (follower === undefined || this.#isInMaximalSet(nodeId)) return false
    return follower.endOffset >= highWatermark && follower.endOffset >= this.startOffset
  }

  /** Those in sync that have not had all for longer than this (replica.lag.time.max.ms). */
  laggards(leaderEndOffset: number, nowMs: number, maxLagMs: number): readonly number[] {
    return this.inSyncReplicas.filter((nodeId) => {
      const follower = this.#followers.get(nodeId)
      if (follower === undefined || follower.endOffset >= leaderEndOffset) return false
      return nowMs - follower.caughtUpMs > maxLagMs
    })
  }

  /** Those that the controller was asked to take in, and has not said whether it did. */
  get expected(): readonly number[] {
    return [...this.#joining]
  }

  /** The controller is asked to take these in: from now on nothing is committed that they do not have. */
  expect(joining: readonly number[]): void {
    this.#joining = new Set([...this.#joining, ...joining])
  }

  /** The controller has refused to take them in. */
  giveUpExpecting(): void {
    this.#joining = new Set()
  }

  #isInMaximalSet(nodeId: number): boolean {
    return this.#partition.inSyncReplicas.includes(nodeId) || this.#joining.has(nodeId)
  }

  /** A new follower has the time of a lag to catch up, as it does after each election (Partition.makeLeader). */
  #knowFollowers(nowMs: number): void {
    const { replicas } = this.#partition
    for (const nodeId of this.#followers.keys()) if (!replicas.includes(nodeId)) this.#followers.delete(nodeId)
    for (const nodeId of replicas) {
      if (nodeId === this.nodeId || this.#followers.has(nodeId)) continue
      this.#followers.set(nodeId, {
        brokerEpoch: -1,
        startOffset: -1,
        endOffset: -1,
        caughtUpMs: nowMs,
        fetchedMs: nowMs,
        leaderEndOffset: -1
      })
    }
  }
}

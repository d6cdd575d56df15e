/**
 * Looks into the brokers between two events, and holds what it sees against what replication promises whatever clients do:
 * - An epoch has one leader. (KIP-101: who has its epoch may write, and nobody else.)
 * - A replica in sync has, durably, what is below the leader's high watermark; and so has the next leader, whether or not the last one
 *   knows that it is replaced.
 * - What is committed stays as it is: the high watermark of an epoch's leader only grows, and so does its last stable offset.
 * In the end, when nothing moves any more, every replica has the same bytes; of a compacted log the same last record of each key.
 */
import type { Broker } from '../../src/broker/broker.ts'
import type { Replica } from '../../src/broker/replication/replica.ts'
import type { PartitionImage } from '../../src/coordination/metadata/image.ts'
import { DiskError } from '../../src/host/disk.ts'
import { BrokenPromise } from './broken-promise.ts'
import type { SimulatedCluster } from './cluster.ts'
import { disagreement, isCompacted } from './compacted/copies.ts'
import type { Ledger } from './ledger.ts'

/** Of one epoch. */
interface Led {
  readonly node: number
  readonly life: Replica
  highWatermark: number
  lastStableOffset: number
}

export class Inspector {
  readonly #cluster: SimulatedCluster
  readonly #ledger: Ledger
  /** Who was seen leading in an epoch, and how far it had committed. */
  readonly #leaders = new Map<string, Led>()
  /** What was told last of each partition, for its history. */
  readonly #told = new Map<string, string>()

  constructor(cluster: SimulatedCluster, ledger: Ledger) {
    this.#cluster = cluster
    this.#ledger = ledger
  }

  /** Throws BrokenPromise. */
  look(): void {
    const cluster = this.#cluster.running
    if (cluster === null) return
    for (const topic of cluster.controller.image.topics()) {
      for (const partition of topic.partitions) {
        const where = `${topic.name}-${partition.partitionId}`
        this.#tell(topic.id, partition)
        for (const broker of cluster.brokers.values()) {
          const replica = broker.replica(topic.name, partition.partitionId)
          if (replica === undefined || replica.leadership === null || replica.topicId !== topic.id) continue
          this.#lookAtLeader(where, broker.nodeId, replica)
          const { partitionEpoch } = replica.leadership.partition
          // Who has left the in-sync set may have lost its disk before the leader hears of it.
          if (partitionEpoch === partition.partitionEpoch) this.#lookAtFollowers(where, replica, cluster.brokers)
          else if (this.#ledger.topic(topic.id)?.isLoose !== true)
            lookAtNext(where, replica, cluster.brokers.get(partition.leader), partition.leaderEpoch)
        }
      }
    }
  }

  /** What is not yet as it is to be in the end: every replica has all that the leader has, and all is committed. Throws BrokenPromise. */
  unlike(): string | null {
    const cluster = this.#cluster.running
    if (cluster === null) return 'nothing runs'
    for (const topic of cluster.controller.image.topics()) {
      for (const partition of topic.partitions) {
        const { partitionId, leader, replicas } = partition
        const copies = replicas.map((nodeId) => cluster.brokers.get(nodeId)?.replica(topic.name, partitionId))
        const first = cluster.brokers.get(leader)?.replica(topic.name, partitionId)
        const where = `${topic.name}-${partitionId} (leader ${leader}, replicas ${replicas})`
        if (this.#cluster.isLost(topic.id, partitionId)) continue
        if (first === undefined) return `${where} is not led`
        const unmoved = this.#unmoved(topic.id, partition)
        if (unmoved !== null) return `${where} ${unmoved}`
        const end = first.log.logEndOffset
        if (first.highWatermark < end) return `${where} is committed up to ${first.highWatermark} of ${end}`
        for (const copy of copies) {
          if (copy?.log.logEndOffset !== end)
            return `${where} has ${end} records, and ${copy?.log.logEndOffset} at another`
          const difference = differenceOf(first, copy)
          if (difference !== null) return `${where} ${difference}`
        }
      }
    }
    return null
  }

  /** What is to come of its reassignments yet; null when that is as an administrator was told. */
  #unmoved(
    topicId: string,
    { partitionId, replicas, addingReplicas, removingReplicas }: PartitionImage
  ): string | null {
    if (addingReplicas.length + removingReplicas.length > 0) return 'is still being reassigned'
    const wanted = this.#ledger.topic(topicId)?.partitions[partitionId]?.replicasWanted ?? replicas
    return wanted.join() === replicas.join() ? null : `was to be on ${wanted}`
  }

  #lookAtLeader(where: string, node: number, replica: Replica): void {
    const key = `${replica.topicId}-${replica.partition} ${replica.leaderEpoch}`
    this.#ledger.topic(replica.topicId)?.partitions[replica.partition]?.ledFrom(node, replica.log.logStartOffset)
    const { highWatermark, lastStableOffset } = replica
    if (lastStableOffset > highWatermark)
      fail(where, `it is stable up to ${lastStableOffset}, and committed up to ${highWatermark}`)
    const known = this.#leaders.get(key)
    if (known === undefined) {
      this.#leaders.set(key, { node, highWatermark, lastStableOffset, life: replica })
      return
    }
    if (known.node !== node) fail(where, `nodes ${known.node} and ${node} both led in epoch ${replica.leaderEpoch}`)
    if (known.life === replica && highWatermark < known.highWatermark)
      fail(
        where,
        `the high watermark of epoch ${replica.leaderEpoch} went back from ${known.highWatermark} to ${highWatermark}`
      )
    if (known.life === replica && lastStableOffset < known.lastStableOffset)
      fail(where, `the last stable offset went back from ${known.lastStableOffset} to ${lastStableOffset}`)
    known.highWatermark = highWatermark
    known.lastStableOffset = lastStableOffset
  }

  #lookAtFollowers(where: string, leader: Replica, brokers: ReadonlyMap<number, Broker>): void {
    for (const nodeId of leader.leadership?.inSyncReplicas ?? []) {
      const replica = brokers.get(nodeId)?.replica(leader.topic, leader.partition)
      if (replica === undefined || replica.leaderEpoch !== leader.leaderEpoch) continue
      const { syncedEndOffset } = replica.log
      // Of what was trimmed a new follower has nothing.
      if (leader.log.logStartOffset >= leader.highWatermark) continue
      if (syncedEndOffset < leader.highWatermark && replica.topicId === leader.topicId)
        fail(
          where,
          `node ${nodeId} is in sync and has ${syncedEndOffset} on disk; ${leader.highWatermark} is committed`
        )
    }
  }

  #tell(topicId: string, { partitionId, leader, leaderEpoch, inSyncReplicas, replicas }: PartitionImage): void {
    const roles = `leader ${leader} in epoch ${leaderEpoch}, in sync ${inSyncReplicas} of ${replicas}`
    this.#ledger.topic(topicId)?.partitions[partitionId]?.isOn(replicas)
    const key = `${topicId}-${partitionId}`
    if (this.#told.get(key) === roles) return
    this.#told.set(key, roles)
    this.#ledger.topic(topicId)?.partitions[partitionId]?.note(roles)
  }
}

/** A leader that was replaced has committed nothing that the next one does not have, unless that was elected uncleanly. */
function lookAtNext(where: string, replaced: Replica, next: Broker | undefined, epoch: number): void {
  const replica = next?.replica(replaced.topic, replaced.partition)
  if (replica?.leadership?.epoch !== epoch || replaced.leaderEpoch === epoch) return
  if (replica.log.logEndOffset < replaced.highWatermark)
    fail(
      where,
      `it ends at ${replica.log.logEndOffset}; ${replaced.highWatermark} was committed in epoch ${replaced.leaderEpoch}`
    )
}

/**
 * Null when they are alike. They may be as long by chance, and one about to be cut back by its leader's epochs (seed 1462); and whoever
 * finds damage has told of it, and others have what is to be.
 */
function differenceOf(one: Replica, other: Replica): string | null {
  const from = Math.max(one.log.logStartOffset, other.log.logStartOffset)
  if (one === other || from >= one.log.logEndOffset) return null
  try {
    const [here, there] = [wholeFrom(one, from), wholeFrom(other, from)]
    if (isCompacted(one)) return disagreement(here, there)
    return here.equals(there) ? null : `has other records at another from ${from} on`
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return `is damaged: ${error.message}`
  }
}

/** Throws DamageError: what lies before the damage is given by itself. */
function wholeFrom({ log, name }: Replica, offset: number): Buffer {
  const upTo = log.logEndOffset
  const chunks: Buffer[] = []
  for (let next = offset; next < upTo; ) {
    const read = log.read(next, { maxBytes: 1 << 30, upTo, atLeastOneBatch: 'yes' })
    if ('error' in read || read.nextOffset <= next) return fail(name, `it cannot be read from ${next} on`)
    chunks.push(...read.chunks)
    next = read.nextOffset
  }
  return Buffer.concat(chunks)
}

function fail(where: string, what: string): never {
  throw new BrokenPromise(`${where}: ${what}`)
}

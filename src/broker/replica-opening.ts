/**
 * The replica of a partition, from its directory: its log is opened, or was prepared, and is held against what the cluster knows of it. What
 * a crash left is made durable before it takes a role.
 */
import type { PartitionImage, TopicImage } from '../coordination/metadata/image.ts'
import { noLeader } from '../coordination/metadata/partition-image.ts'
import { DiskError } from '../host/disk.ts'
import { clockOf } from '../host/guarded-clock.ts'
import { unattended } from '../host/unattended.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { LogConfig } from '../log/types.ts'
import type { Checkpoints } from './checkpoints.ts'
import { type HostedPartition, OlderMetadataError } from './hosted-partition.ts'
import { metadataDirectory } from './metadata-directory.ts'
import type { OfflineReplicas } from './offline-replicas.ts'
import { directoryOf, type History, type PartitionIdentity, type PartitionLogs } from './partition-logs.ts'
import type { PreparedLogs } from './prepared-logs.ts'
import type { ReplicasOptions } from './replicas.ts'
import { Replica } from './replication/replica.ts'

interface Parts {
  readonly checkpoints: Checkpoints
  readonly logs: PartitionLogs
  readonly prepared: PreparedLogs
  readonly offline: OfflineReplicas
}

/** What replicas call on. */
interface Surroundings {
  /** Writes down how far the logs are safe. */
  readonly writeDown: () => Promise<void>
  /** It may take a role now. */
  readonly onSettled: (replica: Replica) => void
  /** A follower of it has all that is committed. */
  readonly onMayJoin: (replica: Replica, nodeId: number) => void
}

/** What the settings of a topic, and of the broker, come to for its partitions. */
interface Opening {
  readonly config: LogConfig
  readonly minInSyncReplicas: number
  readonly history: History
}

export class ReplicaOpening {
  readonly #options: ReplicasOptions
  readonly #parts: Parts
  readonly #surroundings: Surroundings
  /** Of logs that a crash has left, until what they hold is durable. */
  readonly #settling = new Set<Promise<void>>()

  constructor(options: ReplicasOptions, parts: Parts, surroundings: Surroundings) {
    this.#options = options
    this.#parts = parts
    this.#surroundings = surroundings
  }

  /** A log that the disk has lost or damaged takes its own partition offline, nothing else. */
  open(topic: TopicImage, partition: PartitionImage, how: Opening): HostedPartition {
    const { logs, prepared, offline } = this.#parts
    const { partitionId, leaderEpoch } = partition
    const identity = { topic: topic.name, topicId: topic.id, partition: partitionId, leaderEpoch }
    const name = directoryOf(identity)
    let log = prepared.take(name, topic.id)
    try {
      const copies = partition.replicas.length === 1 ? 'one' : 'several'
      log ??= logs.open(identity, how.config, how.history, { copies })
      this.#assertEpochIsKnown(identity, partition, log)
      const replica = this.#replicaOf(identity, partition, log, how.minInSyncReplicas)
      this.#settle(replica, how.history)
      return { kind: 'online', replica }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      log?.abandon()
      return offline.notOpened(identity, how.history, error)
    }
  }

  /** Resolves when what a crash left of all that is open is durable, or offline. A mistake of ours stops its partition, and no start. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#settling)
  }

  /** Where others have everything, a log may be missing: the partition was made while this broker was away. It is filled again. */
  mayBeMissing(directory: string, partition: PartitionImage): boolean {
    if (isNeeded(partition, this.#options.nodeId)) return false
    try {
      return this.#options.host.disk.list(directory).length === 0
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      // Opening the log meets the same disk, and takes that one partition offline.
      return false
    }
  }

  /**
   * A leader's epoch is in the metadata before the leader writes a record of it. A log that knows a later one belongs to
   * later metadata, and what is appended to it with an older epoch would be cut off by its next recovery. In an epoch without a
   * leader nobody wrote: such a one is the next of the older metadata, which took the leader away for just this reason.
   */
  #assertEpochIsKnown(identity: PartitionIdentity, { leader, leaderEpoch }: PartitionImage, log: PartitionLog): void {
    const lastLedEpoch = leader === noLeader && leaderEpoch > 0 ? leaderEpoch - 1 : leaderEpoch
    if (log.latestEpoch <= lastLedEpoch) return
    const name = directoryOf(identity)
    const path = `${this.#options.host.disk.location}/${name}`
    const what = `${path} has records of leader epoch ${log.latestEpoch}, and the cluster metadata knows of ${lastLedEpoch}.`
    const advice = `The metadata is older than the records: restore ${metadataDirectory} as it was when they were written.`
    const otherwise = `Where there is no backup of it, odradek dump ${path} --records reads them; then delete the topic, and make it again.`
    throw new OlderMetadataError(name, `${what} ${advice} ${otherwise}`)
  }

  #replicaOf(
    identity: PartitionIdentity,
    { replicas }: PartitionImage,
    log: PartitionLog,
    minInSyncReplicas: number
  ): Replica {
    const { nodeId, host } = this.#options
    const { writeDown, onSettled, onMayJoin } = this.#surroundings
    const lastKnown = this.#parts.checkpoints.highWatermarkOf(directoryOf(identity)) ?? 0
    const replica = new Replica({
      ...{ ...identity, log, nodeId, writeDown, minInSyncReplicas },
      monotonicMs: () => host.clock.monotonicMs(),
      highWatermark: replicas.length === 1 ? null : lastKnown
    })
    replica.onSettled = () => onSettled(replica)
    replica.onMayJoin = (follower) => onMayJoin(replica, follower)
    return replica
  }

  /**
   * What a crash left becomes durable before its replica takes a role: clients would be told an end below what they were acknowledged and
   * have read, and whoever leads would count what a power cut can take. Where the disk refuses that, the partition is offline.
   */
  #settle(replica: Replica, history: History): void {
    const { offline } = this.#parts
    if (replica.isSafe) {
      offline.mended(replica.name)
      return
    }
    const settling = this.#options.directory.reserve
      .spendSoon(() => replica.settle())
      .then(
        () => offline.mended(replica.name),
        (error: unknown) => {
          if (!(error instanceof DiskError)) throw error
          offline.notSettled(replica, history, error)
        }
      )
      .finally(() => this.#settling.delete(settling))
    this.#settling.add(settling)
    unattended(clockOf({ partition: replica.name }, this.#options.host.clock), settling)
  }
}

/** Whether this broker has what others may not have. */
export function isNeeded({ inSyncReplicas, eligibleLeaderReplicas }: PartitionImage, nodeId: number): boolean {
  return inSyncReplicas.includes(nodeId) || eligibleLeaderReplicas.includes(nodeId)
}

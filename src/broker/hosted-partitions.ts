/** What this broker has of each partition, by topic and number. */
import type { OfflineReplica } from '../controller/broker-changes.ts'
import type { ReplicaEnd } from '../controller/replica-ends.ts'
import type { ClusterImage } from '../coordination/metadata/image.ts'
import type { DiskError } from '../host/disk.ts'
import type { HostedByName } from './checkpoints.ts'
import type { LastStop } from './data-directory.ts'
import { type HostedPartition, notHosted, OlderMetadataError } from './hosted-partition.ts'
import { directoryOf } from './partition-logs.ts'
import type { Replica } from './replication/replica.ts'

export class HostedPartitions {
  readonly #byTopic = new Map<string, HostedPartition[]>()

  get(topic: string, partition: number): HostedPartition {
    return this.#byTopic.get(topic)?.[partition] ?? notHosted
  }

  put(topic: string, partition: number, hosted: HostedPartition): void {
    const partitions = this.#byTopic.get(topic) ?? []
    this.#byTopic.set(topic, partitions)
    while (partitions.length < partition) partitions.push(notHosted)
    partitions[partition] = hosted
  }

  /** Of a topic, by number. */
  of(topic: string): readonly HostedPartition[] {
    return this.#byTopic.get(topic) ?? []
  }

  topics(): Iterable<string> {
    return this.#byTopic.keys()
  }

  forget(topic: string): void {
    this.#byTopic.delete(topic)
  }

  /** Whether it still is what serves its partition. */
  serves(replica: Replica): boolean {
    const hosted = this.get(replica.topic, replica.partition)
    return hosted.kind === 'online' && hosted.replica === replica
  }

  /** Those that serve. */
  *online(): Iterable<Replica> {
    for (const topic of this.topics()) yield* this.onlineOf(topic)
  }

  *onlineOf(topic: string): Iterable<Replica> {
    for (const hosted of this.of(topic)) if (hosted.kind === 'online') yield hosted.replica
  }

  /** Those that cannot be served. */
  *offline(): Iterable<OfflineReplica> {
    for (const partitions of this.#byTopic.values()) {
      for (const [partitionId, hosted] of partitions.entries()) {
        if (hosted.kind === 'offline') yield { topicId: hosted.topicId, partitionId }
      }
    }
  }

  /** Those whose log is damaged: no other moment, and no other start, finds it whole. */
  damaged(): Iterable<OfflineReplica> {
    return this.#offlineFor(({ problem }) => problem === 'damaged')
  }

  /** Those whose log has records of a later leader epoch than the metadata knows. */
  ahead(): Iterable<OfflineReplica> {
    return this.#offlineFor((reason) => reason instanceof OlderMetadataError)
  }

  *#offlineFor(isWanted: (reason: DiskError) => boolean): Iterable<OfflineReplica> {
    for (const partitions of this.#byTopic.values()) {
      for (const [partitionId, hosted] of partitions.entries()) {
        if (hosted.kind === 'offline' && isWanted(hosted.reason)) yield { topicId: hosted.topicId, partitionId }
      }
    }
  }

  /** Where those end that serve, and of which others have copies. */
  *ends(image: ClusterImage, lastStop: LastStop): Iterable<ReplicaEnd> {
    const state = lastStop === 'clean' ? 'whole' : 'doubtful'
    for (const { topicId, partition, log } of this.online()) {
      const { replicas = [] } = image.topicById(topicId)?.partitions[partition] ?? {}
      if (replicas.length <= 1) continue
      const { wasCut, latestEpoch, logEndOffset } = log
      yield { topicId, partitionId: partition, lastEpoch: latestEpoch, logEndOffset, state: wasCut ? 'cut' : state }
    }
  }

  *byName(): HostedByName {
    for (const [topic, partitions] of this.#byTopic) {
      for (const [partition, hosted] of partitions.entries()) yield [directoryOf({ topic, partition }), hosted]
    }
  }

  /** The name of the topic with this id; undefined when nothing of it is here. */
  topicWith(id: string): string | undefined {
    for (const [name, partitions] of this.#byTopic) {
      if (partitions.some((hosted) => hosted.kind !== 'none' && topicIdOf(hosted) === id)) return name
    }
    return undefined
  }
}

function topicIdOf(hosted: Exclude<HostedPartition, { readonly kind: 'none' }>): string {
  return hosted.kind === 'online' ? hosted.replica.topicId : hosted.topicId
}

/**
 * Replicas whose log the disk has lost, damaged, or does not take: each for itself is offline, and everything else serves. (Kafka takes the
 * whole directory offline: LogDirFailureChannel.) Others may lead, and are told.
 */
import type { OfflineReplica } from '../controller/broker-changes.ts'
import { type DiskError, mayPass } from '../host/disk.ts'
import type { OfflinePartition } from './hosted-partition.ts'
import type { HostedPartitions } from './hosted-partitions.ts'
import { directoryOf, type History, type PartitionIdentity } from './partition-logs.ts'
import type { Refills } from './refills.ts'
import type { Replica } from './replication/replica.ts'
import type { Telling } from './telling.ts'

export class OfflineReplicas {
  /** Called when partitions cannot be served any more, and again as long as others could lead them by now. */
  onOffline: ((of: readonly OfflineReplica[]) => void) | undefined
  readonly #hosted: HostedPartitions
  readonly #telling: Telling
  readonly #refills: Refills
  /** Nobody waits for the replica any more. */
  readonly #end: (replica: Replica) => void
  readonly #log: (line: string) => void
  /** Of logs that served until they were damaged, or failed. */
  readonly #closings: Promise<void>[] = []
  readonly #isClosing = new Set<Replica>()

  constructor(options: {
    readonly hosted: HostedPartitions
    readonly telling: Telling
    readonly refills: Refills
    readonly end: (replica: Replica) => void
    readonly log: (line: string) => void
  }) {
    this.#hosted = options.hosted
    this.#telling = options.telling
    this.#refills = options.refills
    this.#end = options.end
    this.#log = options.log
  }

  /** Its log could not be opened. */
  notOpened({ topicId, topic, partition }: PartitionIdentity, history: History, reason: DiskError): OfflinePartition {
    this.#telling.failed(`${directoryOf({ topic, partition })} is offline`, reason)
    this.onOffline?.([{ topicId, partitionId: partition }])
    return { kind: 'offline', topicId, history, reason, closed: null, mayPass: mayPass(reason) }
  }

  /** What a crash left in its log could not be made safe: it is let go of as it is, and whoever opens it next recovers it. */
  notSettled(replica: Replica, history: History, reason: DiskError): void {
    if (!this.#hosted.serves(replica)) return
    this.#end(replica)
    this.#refills.failed(replica.name)
    replica.log.abandon()
    this.#hosted.put(replica.topic, replica.partition, this.notOpened(replica, history, reason))
  }

  /** It can be served. */
  mended(name: string): void {
    this.#telling.mended(`${name} is offline`)
  }

  /** It served until now, and its log is damaged, or takes no more. What it has taken is made safe, and it is closed. */
  take({ topic, topicId, partition }: PartitionIdentity, reason: DiskError): void {
    const hosted = this.#hosted.get(topic, partition)
    if (hosted.kind !== 'online') return
    const { replica } = hosted
    this.#log(`${replica.name} is offline: ${reason.message}`)
    const offline = { kind: 'offline', topicId, history: 'known', reason, closed: replica, mayPass: false } as const
    this.#hosted.put(topic, partition, offline)
    this.#refills.failed(replica.name)
    this.#end(replica)
    this.#close(replica)
    this.onOffline?.([{ topicId, partitionId: partition }])
  }

  /** Whether it could be closed is asked when the broker stops; until then nobody waits for it. */
  #close(replica: Replica): void {
    const closing = replica.log.close()
    const ended = (): void => void this.#isClosing.delete(replica)
    this.#isClosing.add(replica)
    closing.then(ended, ended)
    this.#closings.push(closing)
  }

  /** A mistake of ours: what the partition's state says cannot be trusted. Its files stay as they are. */
  stop(name: string, reason: DiskError): void {
    for (const replica of this.#hosted.online()) {
      if (replica.name !== name) continue
      const { topic, topicId, partition } = replica
      this.#end(replica)
      this.#refills.forget(name)
      replica.log.abandon()
      const offline = { kind: 'offline', topicId, history: 'new', reason, closed: null, mayPass: false } as const
      this.#hosted.put(topic, partition, offline)
      this.onOffline?.([{ topicId, partitionId: partition }])
      return
    }
  }

  /** What served before, while its log still writes what a start needs. */
  closingOf({ closed }: OfflinePartition): Replica | null {
    return closed !== null && this.#isClosing.has(closed) ? closed : null
  }

  /** Whether each log that had served was closed, once all have come to that. */
  async wereClosed(): Promise<boolean> {
    const closed = await Promise.allSettled(this.#closings)
    return closed.every(({ status }) => status === 'fulfilled')
  }

  /**
   * Whether a log is not as a clean stop leaves it: it was offline all the time, and its checkpoints say where its recovery begins; or it
   * was damaged while it served, which the next start finds only where it looks for that.
   */
  areUnrecovered(wasStoppedCleanly: boolean): boolean {
    for (const [, hosted] of this.#hosted.byName()) {
      if (hosted.kind !== 'offline') continue
      if (hosted.closed !== null && hosted.reason.problem !== 'damaged') continue
      if (hosted.closed !== null || hosted.history === 'new' || !wasStoppedCleanly) return true
    }
    return false
  }
}

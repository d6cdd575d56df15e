/**
 * The offset checkpoints of a broker's directory (Kafka: OffsetCheckpointFile): what the last run left of each partition, and
 * what this one leaves. Kafka's names and forms, so that it goes on from them.
 */
import type { ClusterImage } from '../coordination/metadata/image.ts'
import type { DataDirectory, OffsetCheckpoint } from './data-directory.ts'
import type { HostedPartition } from './hosted-partition.ts'
import { metadataDirectory } from './metadata-directory.ts'
import type { Replica } from './replication/replica.ts'

/** What the broker has of each partition, by the name of its directory. */
export type HostedByName = Iterable<readonly [name: string, hosted: HostedPartition]>

/** What each checkpoint says of a replica. */
const offsetsOf: Readonly<Record<OffsetCheckpoint, (replica: Replica) => number>> = {
  'recovery-point-offset-checkpoint': ({ log }) => log.recoveryPoint,
  'replication-offset-checkpoint': ({ highWatermark }) => highWatermark,
  'log-start-offset-checkpoint': ({ log }) => log.logStartOffset
}

export class Checkpoints {
  readonly #directory: Pick<DataDirectory, 'readOffsets' | 'writeOffsets'>
  /** What the last run left, less what is another's by now. */
  readonly #knownOf: Readonly<Record<OffsetCheckpoint, Map<string, number>>>
  #isStale = false

  /** `report` gets a line for each file that was damaged. */
  constructor(directory: Pick<DataDirectory, 'readOffsets' | 'writeOffsets'>, report: (line: string) => void) {
    this.#directory = directory
    const read = (checkpoint: OffsetCheckpoint): Map<string, number> =>
      new Map(directory.readOffsets(checkpoint, report))
    this.#knownOf = {
      'recovery-point-offset-checkpoint': read('recovery-point-offset-checkpoint'),
      'replication-offset-checkpoint': read('replication-offset-checkpoint'),
      'log-start-offset-checkpoint': read('log-start-offset-checkpoint')
    }
  }

  /** Whether the files may speak of topics that are deleted: a later one of the same name must not be held against them. */
  get isStale(): boolean {
    return this.#isStale
  }

  /** Everything below was synced by the last run; null when it did not say. */
  recoveryPointOf(name: string): number | null {
    return this.#knownOf['recovery-point-offset-checkpoint'].get(name) ?? null
  }

  logStartOffsetOf(name: string): number | null {
    return this.#knownOf['log-start-offset-checkpoint'].get(name) ?? null
  }

  /** How far the records of this partition were committed, as far as this broker had heard. */
  highWatermarkOf(name: string): number | null {
    return this.#knownOf['replication-offset-checkpoint'].get(name) ?? null
  }

  /** The directory is nobody's any more. */
  forget(name: string): void {
    for (const offsets of Object.values(this.#knownOf)) offsets.delete(name)
    this.#isStale = true
  }

  /** Forgets every partition that the cluster does not know. */
  forgetDeleted(image: ClusterImage): void {
    for (const name of Object.values(this.#knownOf).flatMap((offsets) => [...offsets.keys()])) {
      const [, topic = '', partition] = /^(.+)-(\d+)$/.exec(name) ?? []
      const isThere =
        name === metadataDirectory || image.topicByName(topic)?.partitions[Number(partition)] !== undefined
      if (!isThere) this.forget(name)
    }
  }

  /** A topic was deleted: until all are written again, they speak of it. */
  becomeStale(): void {
    this.#isStale = true
  }

  /** All have been written since. */
  becomeCurrent(): void {
    this.#isStale = false
  }

  /** Throws DiskError. */
  write(checkpoint: OffsetCheckpoint, hosted: HostedByName): void {
    const offsetOf = offsetsOf[checkpoint]
    const known = this.#knownOf[checkpoint]
    const offsets = new Map<string, number>()
    for (const [name, partition] of hosted) {
      if (partition.kind === 'none') continue
      const replica = partition.kind === 'online' ? partition.replica : partition.closed
      // What is known of a log that is offline stays known: its damage must not be forgotten.
      const offset = replica === null ? known.get(name) : offsetOf(replica)
      if (offset !== undefined) offsets.set(name, offset)
    }
    this.#directory.writeOffsets(checkpoint, offsets)
  }
}

/**
 * The offset checkpoints of a broker's directory (Kafka: OffsetCheckpointFile): what the last run left of each partition, and
 * what this one leaves. Kafka's names and forms, so that it goes on from them.
 */
import type { ClusterImage } from '../coordination/metadata/image.ts'
import type { DataDirectory, OffsetCheckpoint } from './data-directory.ts'
import type { HostedPartition } from './hosted-partition.ts'
import { metadataDirectory } from './metadata-directory.ts'
import { OneAtATime } from './one-at-a-time.ts'
import type { Replica } from './replication/replica.ts'

/** What the broker has of each partition, by the name of its directory. */
export type HostedByName = Iterable<readonly [name: string, hosted: HostedPartition]>

/** What each checkpoint says of a replica. */
const offsetsOf: Readonly<Record<OffsetCheckpoint, (replica: Replica) => number>> = {
  'recovery-point-offset-checkpoint': ({ log }) => log.recoveryPoint,
  'replication-offset-checkpoint': ({ highWatermark }) => highWatermark,
  'log-start-offset-checkpoint': ({ log }) => log.logStartOffset
}

type Directory = Pick<DataDirectory, 'readOffsets' | 'writeOffsets'>

export class Checkpoints {
  readonly #directory: Directory
  readonly #hosted: () => HostedByName
  /** What the last run left, less what is another's by now. */
  readonly #known: Readonly<Record<OffsetCheckpoint, Map<string, number>>>
  readonly #writes: Readonly<Record<OffsetCheckpoint, OneAtATime>>
  /** Topics that the files may speak of although their directories are gone; and how often that came about, for each. */
  readonly #stale = new Map<string, number>()
  #timesStale = 0

  /** `report` gets a line for each file that was damaged. */
  constructor(directory: Directory, hosted: () => HostedByName, report: (line: string) => void) {
    this.#directory = directory
    this.#hosted = hosted
    const each = <Value>(make: (checkpoint: OffsetCheckpoint) => Value): Record<OffsetCheckpoint, Value> => ({
      'recovery-point-offset-checkpoint': make('recovery-point-offset-checkpoint'),
      'replication-offset-checkpoint': make('replication-offset-checkpoint'),
      'log-start-offset-checkpoint': make('log-start-offset-checkpoint')
    })
    this.#known = each((checkpoint) => new Map(directory.readOffsets(checkpoint, report)))
    this.#writes = each((checkpoint) => new OneAtATime(() => this.#write(checkpoint)))
  }

  /** Everything below was synced by the last run; null when it did not say. */
  recoveryPointOf(name: string): number | null {
    return this.#known['recovery-point-offset-checkpoint'].get(name) ?? null
  }

  logStartOffsetOf(name: string): number | null {
    return this.#known['log-start-offset-checkpoint'].get(name) ?? null
  }

  /** How far the records of this partition were committed, as far as this broker had heard. */
  highWatermarkOf(name: string): number | null {
    return this.#known['replication-offset-checkpoint'].get(name) ?? null
  }

  /** The directory is nobody's any more. */
  forget(name: string): void {
    for (const offsets of Object.values(this.#known)) offsets.delete(name)
    const [, topic] = /^(.+)-\d+$/.exec(name) ?? []
    if (topic !== undefined) this.becomeStale(topic)
  }

  /** Forgets every partition that the cluster does not know. */
  forgetDeleted(image: ClusterImage): void {
    for (const name of Object.values(this.#known).flatMap((offsets) => [...offsets.keys()])) {
      const [, topic = '', partition] = /^(.+)-(\d+)$/.exec(name) ?? []
      const isThere =
        name === metadataDirectory || image.topicByName(topic)?.partitions[Number(partition)] !== undefined
      if (!isThere) this.forget(name)
    }
  }

  /** The topic's directories are gone: a later one of the name must not be held against what the files say of it. */
  becomeStale(topic: string): void {
    this.#timesStale += 1
    this.#stale.set(topic, this.#timesStale)
  }

  isStale(topic: string): boolean {
    return this.#stale.has(topic)
  }

  /** Resolves when what the file says survives a power cut, as it was after this was called. Rejects with DiskError. */
  save(checkpoint: OffsetCheckpoint): Promise<void> {
    return this.#writes[checkpoint].run()
  }

  /** All of them; no topic is stale afterwards that is now. */
  async saveAll(): Promise<void> {
    const stale = [...this.#stale]
    await Promise.all(Object.values(this.#writes).map((write) => write.run()))
    for (const [topic, times] of stale) if (this.#stale.get(topic) === times) this.#stale.delete(topic)
  }

  async #write(checkpoint: OffsetCheckpoint): Promise<void> {
    const offsetOf = offsetsOf[checkpoint]
    const known = this.#known[checkpoint]
    const offsets = new Map<string, number>()
    for (const [name, partition] of this.#hosted()) {
      if (partition.kind === 'none') continue
      const replica = partition.kind === 'online' ? partition.replica : partition.closed
      // What is known of a log that is offline stays known: its damage must not be forgotten.
      const offset = replica === null ? known.get(name) : offsetOf(replica)
      if (offset !== undefined) offsets.set(name, offset)
    }
    await this.#directory.writeOffsets(checkpoint, offsets)
  }
}

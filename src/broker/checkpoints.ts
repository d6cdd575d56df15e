/**
 * The offset checkpoints of a broker's directory (Kafka: OffsetCheckpointFile): what the last run left of each partition, and
 * what this one leaves. Kafka's names and forms, so that it goes on from them.
 */
import type { ClusterImage } from '../coordination/metadata/image.ts'
import type { Slicing } from '../host/slices.ts'
import type { CleanerCheckpoint } from './cleaner-checkpoint.ts'
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

type Directory = Pick<DataDirectory, 'readOffsets' | 'writeOffsets'> & {
  readonly cleaner: Pick<CleanerCheckpoint, 'forget' | 'saveForgotten'>
}

export class Checkpoints {
  readonly #directory: Directory
  readonly #hosted: () => HostedByName
  readonly #slices: Slicing
  /** What the last run left, less what is another's by now. */
  readonly #known: Readonly<Record<OffsetCheckpoint, Map<string, number>>>
  readonly #writes: Readonly<Record<OffsetCheckpoint, OneAtATime>>
  /** Logs that the files may speak of although they are gone, for each topic; and when each was forgotten. */
  readonly #gone = new Map<string, Map<string, number>>()
  #timesForgotten = 0

  /** `report` gets a line for each file that was damaged. */
  constructor(directory: Directory, hosted: () => HostedByName, slices: Slicing, report: (line: string) => void) {
    this.#directory = directory
    this.#hosted = hosted
    this.#slices = slices
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

  /** Whether the last run has left anything of a log of this name, which is not another's by now. */
  knows(name: string): boolean {
    return Object.values(this.#known).some((offsets) => offsets.has(name))
  }

  /** The log is gone: a later one of the name must not be held against what the files say of it. */
  forget(name: string): void {
    for (const offsets of Object.values(this.#known)) offsets.delete(name)
    this.#directory.cleaner.forget(name)
    const topic = topicOf(name)
    this.#timesForgotten += 1
    const ofTopic = this.#gone.get(topic) ?? new Map<string, number>()
    this.#gone.set(topic, ofTopic.set(name, this.#timesForgotten))
  }

  /** Forgets every partition that the cluster does not have on this broker. */
  forgetDeleted(image: ClusterImage, nodeId: number): void {
    for (const name of Object.values(this.#known).flatMap((offsets) => [...offsets.keys()])) {
      const partition = image.topicByName(topicOf(name))?.partitions[Number(/\d+$/.exec(name)?.[0])]
      if (name !== metadataDirectory && partition?.replicas.includes(nodeId) !== true) this.forget(name)
    }
  }

  /** Whether the files may speak of a log of this name that is gone. */
  speakOfGone(name: string): boolean {
    return this.#gone.get(topicOf(name))?.has(name) === true
  }

  /** The same of any log of the topic. */
  isStale(topic: string): boolean {
    return this.#gone.has(topic)
  }

  /** The same of any log at all. */
  get areStale(): boolean {
    return this.#gone.size > 0
  }

  /** Resolves when what the file says survives a power cut, as it was after this was called. Rejects with DiskError. */
  save(checkpoint: OffsetCheckpoint): Promise<void> {
    return this.#writes[checkpoint].run()
  }

  /** All of them: they speak of nothing afterwards that is gone now. */
  async saveAll(): Promise<void> {
    const upTo = this.#timesForgotten
    const { cleaner } = this.#directory
    await Promise.all([...Object.values(this.#writes).map((write) => write.run()), cleaner.saveForgotten()])
    for (const [topic, names] of this.#gone) {
      for (const [name, times] of names) if (times <= upTo) names.delete(name)
      if (names.size === 0) this.#gone.delete(topic)
    }
  }

  async #write(checkpoint: OffsetCheckpoint): Promise<void> {
    // With thousands of partitions one takes a slice: all of them would be a pause.
    const turn = this.#slices.othersTurn()
    if (turn !== null) await turn
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

/** The topic of a log's directory. */
function topicOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('-')))
}

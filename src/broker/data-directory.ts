/**
 * The files of a data directory that are not the log of a partition: who it belongs to (`meta.properties`), how far each log
 * was synced and where it begins (the checkpoints), and whether the last broker stopped cleanly. Names and formats are
 * Kafka's, so that Kafka finds its way in them.
 */
import { randomUuid } from '../host/chance.ts'
import { type Disk, DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { readOffsetCheckpoint, writeOffsetCheckpoint } from '../log/offset-checkpoint.ts'

const metaProperties = 'meta.properties'
const cleanShutdownFile = '.kafka_cleanshutdown'

export type OffsetCheckpoint =
  | 'recovery-point-offset-checkpoint'
  | 'log-start-offset-checkpoint'
  | 'replication-offset-checkpoint'

/** An offset for each partition, under `topic-partition`. */
export type PartitionOffsets = ReadonlyMap<string, number>

export class DataDirectory {
  readonly disk: Disk
  readonly clusterId: string
  readonly nodeId: number
  readonly directoryId: string
  /** True when nobody had it before us: there is nothing to recover, and nothing to say of it yet. */
  readonly isNew: boolean
  /** True when the broker before us closed its logs: nothing has to be recovered. */
  readonly wasStoppedCleanly: boolean
  readonly #unlock: () => void

  /** Takes the directory for this process. Throws DiskError; 'in-use' when another has it. Returns the release. */
  static take(disk: Disk): () => void {
    disk.createDirectory('')
    return disk.lock()
  }

  /** Reads who a directory that was taken belongs to; gives it free again when that fails. Throws DiskError. */
  static open(host: Host, wanted: { readonly nodeId: number }, unlock: () => void): DataDirectory {
    try {
      return new DataDirectory(host, wanted.nodeId, unlock)
    } catch (error) {
      unlock()
      throw error
    }
  }

  private constructor(host: Host, nodeId: number, unlock: () => void) {
    this.disk = host.disk
    this.#unlock = unlock
    const known = host.disk.exists(metaProperties) ? parseProperties(host.disk.readFile(metaProperties)) : new Map()
    this.clusterId = known.get('cluster.id') ?? randomUuid(host.chance)
    this.directoryId = known.get('directory.id') ?? randomUuid(host.chance)
    this.nodeId = Number(known.get('node.id') ?? nodeId)
    if (!Number.isInteger(this.nodeId) || this.nodeId < 0) {
      throw new DiskError(
        'failed',
        metaProperties,
        `node.id in ${host.disk.location}/${metaProperties} is not a number`
      )
    }
    this.isNew = known.size === 0
    if (this.isNew) this.#introduce()
    this.wasStoppedCleanly = host.disk.exists(cleanShutdownFile)
  }

  /**
   * From here on a crash leaves work for recovery. Resolves when the mark of the clean stop is gone for good: a power cut must
   * not bring it back.
   */
  async forgetCleanStop(): Promise<void> {
    this.disk.remove(cleanShutdownFile)
    await this.disk.syncDirectory('')
  }

  readOffsets(checkpoint: OffsetCheckpoint): PartitionOffsets {
    return readOffsetCheckpoint(this.disk, checkpoint)
  }

  writeOffsets(checkpoint: OffsetCheckpoint, offsets: PartitionOffsets): void {
    writeOffsetCheckpoint(this.disk, checkpoint, offsets)
  }

  /** Every log is closed: the next start need not look for torn tails. */
  markCleanlyStopped(): void {
    this.disk.replaceFile(cleanShutdownFile, Buffer.from('{"version":0,"brokerEpoch":-1}'))
  }

  release(): void {
    this.#unlock()
  }

  #introduce(): void {
    const lines = [
      'version=1',
      `cluster.id=${this.clusterId}`,
      `node.id=${this.nodeId}`,
      `directory.id=${this.directoryId}`,
      ''
    ]
    this.disk.replaceFile(metaProperties, Buffer.from(lines.join('\n')))
  }
}

function parseProperties(bytes: Buffer): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of bytes.toString('utf8').split(/\r?\n/)) {
    const [, key, value] = /^\s*([^#!=\s][^=\s]*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) properties.set(key, value)
  }
  return properties
}

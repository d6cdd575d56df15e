/**
 * The files of a data directory that are not the log of a partition: who it belongs to (`meta.properties`), how far each log
 * was synced and where it begins (the checkpoints), and whether the last broker stopped cleanly. Names and formats are
 * Kafka's, so that Kafka finds its way in them.
 */
import { ConfigError } from '../coordination/config/broker-config.ts'
import { randomUuid } from '../host/chance.ts'
import { type Disk, DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { DamageError, damageMessage } from '../log/damage.ts'
import { readOffsetCheckpoint, writeOffsetCheckpoint } from '../log/offset-checkpoint.ts'
import { CleanerCheckpoint } from './cleaner-checkpoint.ts'
import { giveUpReserveAt, Reserve } from './reserve.ts'

const metaProperties = 'meta.properties'
const cleanShutdownFile = '.kafka_cleanshutdown'

export type OffsetCheckpoint =
  | 'recovery-point-offset-checkpoint'
  | 'log-start-offset-checkpoint'
  | 'replication-offset-checkpoint'

/** What it costs that one is made anew. */
const checkpointAdvice: Readonly<Record<OffsetCheckpoint, string>> = {
  'recovery-point-offset-checkpoint':
    'It is made anew from the logs, in which nothing is lost; whether the disk has lost the end of one cannot be told this time.',
  'log-start-offset-checkpoint':
    'It is made anew from the logs. Records that DeleteRecords had removed may be read again.',
  'replication-offset-checkpoint': 'It is made anew from the logs; nothing is lost.'
}

/**
 * How the broker ended that had the directory last. Outdated: it stopped cleanly, but in another registration than the last that the
 * controller knows of, so that what came after is not in it.
 */
export type LastStop = 'clean' | 'crash' | 'outdated'

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
  /** Under which that broker was registered; NaN when its mark does not say it, as those of Kafka before 3.7. */
  readonly #epochAtStop: number = NaN
  readonly reserve: Reserve
  readonly cleaner: CleanerCheckpoint
  readonly #unlock: () => void
  #isReleased = false
  /** Of Kafka before 3.7, which has one directory and no id for it. */
  readonly #lacksDirectoryId: boolean

  /** Takes the directory for this process. Throws DiskError; 'in-use' when another has it. Returns the release. */
  static take(disk: Disk): () => void {
    disk.createDirectory('')
    try {
      return disk.lock()
    } catch (error) {
      if (!giveUpReserveAt(error, disk)) throw error
      return disk.lock()
    }
  }

  /**
   * Reads who a directory that was taken belongs to; gives it free again when that fails.
   * Throws DiskError, and ConfigError when another node is asked for.
   */
  static open(host: Host, wanted: WantedNode, unlock: () => void): DataDirectory {
    try {
      return new DataDirectory(host, wanted, unlock)
    } catch (error) {
      unlock()
      throw error
    }
  }

  /** Whether a node has it, or had. Throws DiskError. */
  static hasOwner(disk: Disk): boolean {
    return disk.list('').includes(metaProperties)
  }

  private constructor(host: Host, wanted: WantedNode, unlock: () => void) {
    this.disk = host.disk
    this.#unlock = unlock
    this.reserve = new Reserve(host.disk, host.chance)
    this.cleaner = new CleanerCheckpoint(host.disk, () => this.#isReleased)
    this.isNew = !host.disk.exists(metaProperties)
    if (this.isNew) assertHasNoData(host.disk)
    if (this.isNew) assertNothingForeign(host.disk)
    const known = this.isNew ? introduction(host.chance, wanted) : readProperties(host.disk)
    assertAsked(host.disk, wanted, known)
    this.clusterId = known.clusterId
    this.#lacksDirectoryId = known.directoryId === null
    this.directoryId = known.directoryId ?? randomUuid(host.chance)
    this.nodeId = known.nodeId
    if (this.isNew) this.#introduce()
    this.wasStoppedCleanly = host.disk.exists(cleanShutdownFile)
    if (this.wasStoppedCleanly) this.#epochAtStop = epochIn(host.disk.readFile(cleanShutdownFile))
  }

  /** The epoch of the last registration that is known: undefined of a broker that was never registered, whose mark says -1. */
  lastStop(registeredEpoch = -1): LastStop {
    if (this.isNew) return 'clean'
    if (!this.wasStoppedCleanly) return 'crash'
    return this.#epochAtStop === registeredEpoch ? 'clean' : 'outdated'
  }

  /** What whoever runs the broker has to know of its last stop; null when there is nothing. */
  doubtOfLastStop(registeredEpoch = -1): string | null {
    const { location } = this.disk
    // A mark that says no epoch is of a Kafka before 3.7.
    if (this.lastStop(registeredEpoch) !== 'outdated' || Number.isNaN(this.#epochAtStop)) return null
    const stopped = `${location} was left by broker ${this.nodeId} in its registration ${this.#epochAtStop}`
    if (this.#epochAtStop < registeredEpoch)
      return `${stopped}, and the broker was registered since (${registeredEpoch}): it is an older copy. Where others have more, they fill it; what only the broker itself had since is not there: restore the newer directory where that matters.`
    return `${stopped}, and the metadata knows of ${registeredEpoch} only: the metadata log has lost its end, or is an older copy. Where that matters, stop all brokers and restore the directory of the controller as it was.`
  }

  /** The replicas that are made from here on name the directory by its id, so it must have the same one at the next start. */
  keepIdentity(): void {
    if (this.#lacksDirectoryId) this.#introduce()
  }

  /**
   * From here on a crash leaves work for recovery. Resolves when the mark of the clean stop is gone for good: a power cut must
   * not bring it back.
   */
  async forgetCleanStop(): Promise<void> {
    this.disk.remove(cleanShutdownFile)
    await this.disk.syncDirectory('')
  }

  /** One that is damaged says nothing: what it knew is found in the logs, as after a crash. */
  readOffsets(checkpoint: OffsetCheckpoint, report: (line: string) => void = () => {}): PartitionOffsets {
    const offsets = readOffsetCheckpoint(this.disk, checkpoint)
    if (offsets !== null) return offsets
    const what = 'It is not the list of offsets that was written.'
    report(damageMessage(this.disk, { path: checkpoint, position: null, what, advice: checkpointAdvice[checkpoint] }))
    return new Map()
  }

  /**
   * Resolves when they survive a power cut. Rejects with DiskError, also when the directory may be another's by now; one at a time for each
   * checkpoint.
   */
  async writeOffsets(checkpoint: OffsetCheckpoint, offsets: PartitionOffsets): Promise<void> {
    if (this.#isReleased)
      throw new DiskError('not-found', checkpoint, `${this.disk.location} is not this broker's any more.`)
    await writeOffsetCheckpoint(this.disk, checkpoint, offsets, () => !this.#isReleased)
  }

  /**
   * Every log is closed: the next start need not look for torn tails. Whoever finds the epoch of its last registration here, a Kafka
   * too, knows that the replicas have lost nothing since, and takes them for in sync (KIP-966).
   */
  markCleanlyStopped(brokerEpoch: number): void {
    // The broker has stopped itself while it closed its logs: they are as a crash leaves them.
    if (this.#isReleased) return
    this.disk.replaceFile(cleanShutdownFile, Buffer.from(JSON.stringify({ version: 0, brokerEpoch })))
  }

  /** Throws DiskError 'gone' when somebody has removed, renamed or replaced it. */
  assertInPlace(): void {
    this.disk.assertInPlace()
  }

  /**
   * Somebody may have removed the file that says who the directory belongs to, without which the next start refuses it. What it said is known
   * here: it is written again, and true is returned. Throws DiskError.
   */
  restoreIdentity(): boolean {
    if (this.#isReleased || this.disk.exists(metaProperties)) return false
    this.#introduce()
    return true
  }

  /** Doing it twice does no harm: another may have it by now. */
  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
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

/** NaN where it says none. */
function epochIn(mark: Buffer): number {
  return Number(/"brokerEpoch":(-?\d+)/.exec(mark.toString())?.[1])
}

export interface WantedNode {
  /** For a directory that is new. */
  readonly nodeId: number
  readonly nodeIdAsked: number | null
  /** The cluster that it has to belong to; null for any, and one of its own when it is new. */
  readonly clusterIdAsked: string | null
}

interface Identity {
  readonly clusterId: string
  readonly nodeId: number
  readonly directoryId: string | null
}

function introduction(chance: Host['chance'], { nodeId, clusterIdAsked }: WantedNode): Identity {
  return { clusterId: clusterIdAsked ?? randomUuid(chance), nodeId, directoryId: randomUuid(chance) }
}

/** Who asks for a node gets that one or none: its replicas would be held by another (Kafka: "Stored node id … doesn't match"). */
function assertAsked(disk: Disk, { nodeIdAsked, clusterIdAsked }: WantedNode, { nodeId, clusterId }: Identity): void {
  if (clusterIdAsked !== null && clusterIdAsked !== clusterId) {
    const other = `${disk.location}/${metaProperties} says that the directory is of the cluster ${clusterId}, and the others are of ${clusterIdAsked}.`
    throw new ConfigError(`${other} Nothing was changed. Choose the directory of this cluster, or an empty one.`)
  }
  if (nodeIdAsked === null || nodeIdAsked === nodeId) return
  const what = `node.id is set to ${nodeIdAsked}, and ${disk.location}/${metaProperties} says that the directory is of node ${nodeId}.`
  throw new ConfigError(`${what} Nothing was changed. Leave node.id out or set ${nodeId}, or choose another directory.`)
}

/** Throws DamageError when the file does not say who the directory belongs to, DiskError when it is of an older Kafka. */
function readProperties(disk: Disk): Identity {
  const properties = parseProperties(disk.readFile(metaProperties))
  assertVersion(disk, properties.get('version') ?? '0')
  const read = (key: string, form: RegExp): string => {
    const value = properties.get(key)
    if (value !== undefined && form.test(value)) return value
    throw identityLost(disk, `It does not say its ${key}.`)
  }
  return {
    clusterId: read('cluster.id', /^[!-~]+$/),
    nodeId: Number(read('node.id', /^\d{1,10}$/)),
    directoryId: properties.has('directory.id') ? read('directory.id', /^[\w-]{22}$/) : null
  }
}

/** Kafka's brokers with ZooKeeper wrote version 0: what belongs to the directory stands in ZooKeeper (MetaPropertiesVersion). */
function assertVersion(disk: Disk, version: string): void {
  if (version === '1') return
  const path = `${disk.location}/${metaProperties}`
  const why =
    version === '0'
      ? `${path} is of an Apache Kafka that has its metadata in ZooKeeper (version=0).`
      : `${path} is of a later Apache Kafka (version=${version}, and 1 is known here).`
  const advice =
    version === '0'
      ? 'Migrate it to KRaft with Apache Kafka 3.9 first, or copy its topics into an empty directory with MirrorMaker.'
      : 'Serve it with the Apache Kafka that wrote it.'
  throw new DiskError('unsupported', metaProperties, `${why} Nothing was changed. ${advice}`)
}

/** A new cluster may not be invented where there are records of one. Throws DamageError. */
function assertHasNoData(disk: Disk): void {
  const isPartition = (name: string): boolean =>
    /-\d+$/.test(name) && disk.list(name).some((file) => file.endsWith('.log'))
  const found = disk.list('').find(isPartition)
  if (found !== undefined) throw identityLost(disk, `It is not there, and there are records (${found}).`)
}

/**
 * What may lie in a directory that no broker has served: what a start leaves that did not come to its end, what file systems and
 * desktops put there, hidden files. Not `.git`: in a repository the next thing somebody does is to commit the logs, or to clean them away.
 */
const mayLieThere = [
  /^\.(?!git$)/,
  /-\d+(\.[0-9a-f]+-(delete|future|stray))?$/,
  /checkpoint(\.tmp)?$/,
  /^meta\.properties\.tmp$/,
  /^(lost\+found|System Volume Information|\$RECYCLE\.BIN)$/
]

const namedFiles = 3

/** Nobody means to have logs among their own files. Throws ConfigError before anything is written. */
function assertNothingForeign(disk: Disk): void {
  const foreign = disk.list('').filter((name) => !mayLieThere.some((form) => form.test(name)))
  if (foreign.length === 0) return
  const more = foreign.length > namedFiles ? ` and ${foreign.length - namedFiles} more` : ''
  const what = `The directory ${disk.location} has what is none of a broker's: ${foreign.slice(0, namedFiles).join(', ')}${more}.`
  throw new ConfigError(`${what} Nothing was changed. Choose an empty directory, or a new one.`)
}

function identityLost(disk: Disk, what: string): DamageError {
  const advice =
    'Nothing was changed. Restore the file: its lines are version=1, cluster.id=, node.id= and directory.id=, with what the ' +
    'cluster had; or choose an empty directory.'
  return new DamageError(disk, { path: metaProperties, position: null, what, advice })
}

function parseProperties(bytes: Buffer): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of bytes.toString('utf8').split(/\r?\n/)) {
    const [, key, value] = /^\s*([^#!=\s][^=\s]*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) properties.set(key, value)
  }
  return properties
}

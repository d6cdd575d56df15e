/**
 * The health of a stopped broker's directory, Odradek's or Apache Kafka's: every batch of every log, everything beside the logs, and
 * all of it against what the metadata says. Nothing is changed. What is behind a damage in a log cannot be told; the others are
 * looked at all the same.
 */
import type { ClusterImage } from '../../coordination/metadata/image.ts'
import { metadataTopicId } from '../../coordination/metadata/topic-names.ts'
import type { ReadableDisk } from '../../host/readable-disk.ts'
import type { Gaps } from '../../log/continuity.ts'
import { restoreAdvice } from '../../log/damage.ts'
import { setAsideFrom } from '../../log/deleted-directory.ts'
import { readOffsetCheckpoint } from '../../log/offset-checkpoint.ts'
import { readTopicId } from '../../log/partition-metadata.ts'
import { metadataDirectory, readMetadataLog, UnreadableMetadata } from '../metadata-log.ts'
import { cleanShutdownFile, metaPropertiesFile, readNodeProperties } from '../node-properties.ts'
import { type CheckStep, damaged, found, remade } from './finding.ts'
import { checkPartition, type PartitionSummary } from './partition-check.ts'

export interface CheckSummary {
  readonly partitionCount: number
  readonly batchCount: number
  readonly recordCount: number
  /** Whether the broker was stopped cleanly: then nothing has to be recovered. */
  readonly shutdown: 'clean' | 'unclean'
  /** Null when the metadata cannot be read, or is somewhere else. */
  readonly image: ClusterImage | null
}

export interface CheckOptions {
  readonly nowMs: number
  /** Of a cluster whose controller has another directory; undefined where this directory has the metadata itself. */
  readonly image?: ClusterImage
}

const cleanerCheckpoint = 'cleaner-offset-checkpoint'
const quorumStateFile = `${metadataDirectory}/quorum-state`

/** What was made anew of each checkpoint costs something else. */
const checkpoints = {
  'recovery-point-offset-checkpoint': 'the logs',
  'log-start-offset-checkpoint': 'the logs; records that DeleteRecords had removed may be read again',
  'replication-offset-checkpoint': 'the logs',
  [cleanerCheckpoint]: 'nothing: compaction begins anew'
} as const

type Offsets = ReadonlyMap<string, number>

interface Known {
  readonly nodeId: number | null
  readonly shutdown: 'clean' | 'unclean'
  readonly recoveryPoints: Offsets
  readonly logStartOffsets: Offsets
  /** Null when Kafka's cleaner has never been here. */
  readonly compacted: Offsets | 'unknown' | null
  readonly image: ClusterImage | null
  readonly nowMs: number
}

/** Bytes of records that there are to read, for who shows how far it has come. */
export function recordBytesIn(disk: ReadableDisk): number {
  return disk
    .list('')
    .filter((name) => /-\d+$/.test(name))
    .flatMap((name) =>
      disk.list(name).map((file) => (file.endsWith('.log') ? (disk.sizeOf(`${name}/${file}`) ?? 0) : 0))
    )
    .reduce((sum, sizeBytes) => sum + sizeBytes, 0)
}

/** Throws DiskError where the disk refuses to be read. */
export function* checkDirectory(disk: ReadableDisk, options: CheckOptions): Generator<CheckStep, CheckSummary> {
  const properties = readNodeProperties(disk)
  if (properties === null || typeof properties === 'string') yield identityStep(properties)
  const node = properties === null || typeof properties === 'string' ? null : properties
  for (const [file, from] of Object.entries(checkpoints)) {
    if (readOffsetCheckpoint(disk, file) === null)
      yield remade(file, 'It is not the list of offsets that was written.', from)
  }
  const image = options.image ?? (yield* checkMetadata(disk))
  const known: Known = {
    ...{ nodeId: node?.nodeId ?? null, image, nowMs: options.nowMs },
    shutdown: disk.exists(cleanShutdownFile) ? 'clean' : 'unclean',
    recoveryPoints: readOffsetCheckpoint(disk, 'recovery-point-offset-checkpoint') ?? new Map(),
    logStartOffsets: readOffsetCheckpoint(disk, 'log-start-offset-checkpoint') ?? new Map(),
    compacted: disk.exists(cleanerCheckpoint) ? (readOffsetCheckpoint(disk, cleanerCheckpoint) ?? 'unknown') : null
  }
  const summaries = yield* checkPartitions(disk, known)
  if (image !== null) yield* checkMissing(disk, image, known)
  const sum = (of: (summary: PartitionSummary) => number): number => summaries.reduce((all, one) => all + of(one), 0)
  return {
    ...{ partitionCount: summaries.length, shutdown: known.shutdown, image },
    batchCount: sum(({ batchCount }) => batchCount),
    recordCount: sum(({ recordCount }) => recordCount)
  }
}

function identityStep(problem: string | null): CheckStep {
  const what = problem ?? 'It is not there.'
  const advice =
    'Restore the file: its lines are version=1, cluster.id=, node.id= and directory.id=, with what the cluster had.'
  return found({ severity: 'damaged', path: metaPropertiesFile, position: null, what, advice })
}

function* checkMetadata(disk: ReadableDisk): Generator<CheckStep, ClusterImage | null> {
  const names = disk.list(metadataDirectory)
  if (names.length === 0) {
    const what = 'It is not there: nothing says which topics there are.'
    const advice = "Restore it from a backup, or put it here from where Apache Kafka's metadata.log.dir has it."
    yield found({ severity: 'damaged', path: metadataDirectory, position: null, what, advice })
    return null
  }
  if (
    names.includes('quorum-state') &&
    !/"leaderEpoch"\s*:\s*\d+/.test(disk.readFile(quorumStateFile).toString('utf8'))
  ) {
    const advice = 'Restore the file from a backup, or remove it: Apache Kafka makes it anew.'
    yield found({
      severity: 'damaged',
      path: quorumStateFile,
      position: null,
      what: 'It does not say its leaderEpoch.',
      advice
    })
  }
  try {
    return readMetadataLog(disk).image
  } catch (error) {
    if (!(error instanceof UnreadableMetadata)) throw error
    const { path, position, message } = error
    yield found({ severity: 'damaged', path, position, what: message, advice: restoreAdvice(path) })
    return null
  }
}

function* checkPartitions(disk: ReadableDisk, known: Known): Generator<CheckStep, PartitionSummary[]> {
  const summaries: PartitionSummary[] = []
  for (const directory of disk.list('')) {
    const [, topic, number] = /^(.+)-(\d+)$/.exec(directory) ?? []
    if (topic === undefined || number === undefined || setAsideFrom(directory) !== null) continue
    const isMetadata = directory === metadataDirectory
    const claimed = known.image?.topicByName(topic)
    const replicas = claimed?.partitions[Number(number)]?.replicas
    const isHere = known.nodeId === null || replicas?.includes(known.nodeId) === true
    if (!isMetadata && known.image !== null && (replicas === undefined || !isHere)) {
      yield strayStep(directory, replicas)
      continue
    }
    const owner = readTopicId(disk, directory)
    if (owner !== null && owner !== claimed?.id && known.image?.wasRemoved(owner) === true) {
      yield strayStep(directory)
      continue
    }
    summaries.push(
      yield* checkPartition({
        ...{ disk, directory, nowMs: known.nowMs, topicId: isMetadata ? metadataTopicId : (claimed?.id ?? null) },
        gaps: isMetadata ? 'none' : gapsOf(known, topic, directory),
        shutdown: isMetadata && known.shutdown === 'clean' ? 'open' : known.shutdown,
        recoveryPoint: known.recoveryPoints.get(directory) ?? null,
        logStartOffset: known.logStartOffsets.get(directory) ?? null
      })
    )
  }
  return summaries
}

function gapsOf({ compacted, image }: Known, topic: string, directory: string): Gaps {
  if (compacted === null) return 'none'
  if (compacted === 'unknown' || image === null || compacted.has(directory)) return 'compacted'
  return image.topicConfig(topic).get('cleanup.policy')?.includes('compact') ? 'compacted' : 'none'
}

/** `replicas`: who has a partition that this node has no replica of. */
function strayStep(directory: string, replicas?: readonly number[]): CheckStep {
  const isMoved = replicas !== undefined
  const what = isMoved
    ? `Its partition was moved to other nodes (${replicas.join(', ')}).`
    : 'It belongs to no topic that the cluster metadata knows.'
  const advice =
    'It is not served: Odradek and Apache Kafka set it aside under another name. Look into it, then remove it.'
  return found({ severity: 'stray', path: directory, position: null, what, advice })
}

/** The directories of partitions that this node has a replica of. */
function* checkMissing(disk: ReadableDisk, image: ClusterImage, known: Known): Generator<CheckStep> {
  const { nodeId, shutdown, recoveryPoints } = known
  for (const { name, partitions } of image.topics()) {
    for (const { partitionId, replicas } of partitions) {
      const directory = `${name}-${partitionId}`
      if (nodeId === null || !replicas.includes(nodeId) || disk.list(directory).length > 0) continue
      const hadRecords = (recoveryPoints.get(directory) ?? (shutdown === 'clean' ? 1 : 0)) > 0
      if (hadRecords) yield damaged(directory, null, 'The directory of the partition is not there, or empty.')
      else
        yield remade(
          directory,
          'The directory of the partition is not there; none of its records was known to be synced.',
          'nothing: it is empty'
        )
    }
  }
}

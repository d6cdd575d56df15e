/** Every file of one partition: its batches from the first to the last, and what stands beside them held against these. */
import type { ReadableDisk } from '../../host/readable-disk.ts'
import type { Gaps } from '../../log/continuity.ts'
import { fileName, fileSuffix, isImpossibleSegment } from '../../log/file-names.ts'
import { leaderEpochFile, readLeaderEpochs } from '../../log/leader-epochs.ts'
import { partitionMetadataFile, readTopicId } from '../../log/partition-metadata.ts'
import { producerSnapshotsAmong, readProducerSnapshot } from '../../log/producer-snapshot.ts'
import { continues } from '../../log/segment-chain.ts'
import { segmentsAmong } from '../segment-walk.ts'
import { EpochsMatch } from './epochs-match.ts'
import { type CheckStep, damaged, remade } from './finding.ts'
import { type KnownSnapshot, ProducersMatch } from './producers-match.ts'
import { checkSegment, OpenTransactions } from './segment-check.ts'

export interface CheckedPartition {
  readonly disk: ReadableDisk
  readonly directory: string
  /** By the metadata; null when that cannot be read, or says nothing of it. */
  readonly topicId: string | null
  readonly gaps: Gaps
  /**
   * 'open': the log of the metadata. Kafka does not close it as others, and a controller of Kafka's alone neither takes the mark of
   * Odradek's clean stop away nor writes down how far its log goes now.
   */
  readonly shutdown: 'clean' | 'unclean' | 'open'
  /** From the checkpoints; null when they say nothing. */
  readonly recoveryPoint: number | null
  readonly logStartOffset: number | null
  readonly nowMs: number
}

export interface PartitionSummary {
  readonly batchCount: number
  readonly recordCount: number
  readonly logEndOffset: number
}

/** Where the log is known to go: from batch to batch, and from segment to segment. */
export interface Progress {
  nextOffset: number | null
  batchCount: number
  recordCount: number
  /** Something stands in the way: nothing behind it can be told. */
  isBroken: boolean
}

export function* checkPartition(partition: CheckedPartition): Generator<CheckStep, PartitionSummary> {
  const { disk, directory } = partition
  const names = disk.list(directory)
  yield* checkOwner(partition, names)
  const impossible = names.find(isImpossibleSegment)
  if (impossible !== undefined)
    yield damaged(`${directory}/${impossible}`, null, 'It is named as a segment of an offset that no log reaches.')
  const bases = segmentsAmong(names)
  const progress: Progress = { nextOffset: null, batchCount: 0, recordCount: 0, isBroken: false }
  const starts = readLeaderEpochs(disk, directory)
  const epochs = new EpochsMatch(starts ?? [])
  const snapshots = readSnapshots(partition, names)
  const producers = new ProducersMatch(partition.gaps === 'none' ? snapshots.whole : [], partition.nowMs)
  const transactions = new OpenTransactions(bases[0] === 0)
  for (const [index, baseOffset] of bases.entries()) {
    yield* checkChain(partition, baseOffset, progress)
    const of = { partition, baseOffset, isLast: index === bases.length - 1, names }
    yield* checkSegment(of, progress, { epochs, producers, transactions })
    if (progress.isBroken) break
  }
  yield* snapshots.damaged
  if (!progress.isBroken) yield* checkEnd(partition, bases, progress)
  if (!progress.isBroken)
    yield* checkBeside(partition, progress, { names, hasEpochs: starts !== null, epochs, producers })
  const { batchCount, recordCount, nextOffset } = progress
  return { batchCount, recordCount, logEndOffset: nextOffset ?? partition.logStartOffset ?? 0 }
}

function* checkOwner({ disk, directory, topicId }: CheckedPartition, names: readonly string[]): Generator<CheckStep> {
  const path = `${directory}/${partitionMetadataFile}`
  const owner = names.includes(partitionMetadataFile) ? readTopicId(disk, directory) : null
  if (owner === null)
    yield remade(path, 'It does not say which topic the directory belongs to.', 'the cluster metadata')
  else if (topicId !== null && owner !== topicId) {
    yield damaged(path, null, `It names the topic ${owner}, and the cluster metadata has ${topicId} here.`)
  }
}

function* checkChain(
  { directory, gaps }: CheckedPartition,
  baseOffset: number,
  progress: Progress
): Generator<CheckStep> {
  const { nextOffset } = progress
  if (nextOffset === null || continues(nextOffset, baseOffset, gaps)) return
  const path = `${directory}/${fileName(nextOffset, fileSuffix.log)}`
  const what =
    nextOffset < baseOffset
      ? `It is not there: the records from offset ${nextOffset} to ${baseOffset - 1} are gone.`
      : `The segment before ${fileName(baseOffset, fileSuffix.log)} ends at offset ${nextOffset}: the two have offsets in common.`
  yield damaged(path, null, what)
}

function* checkEnd(partition: CheckedPartition, bases: readonly number[], progress: Progress): Generator<CheckStep> {
  const { directory, shutdown, recoveryPoint, logStartOffset } = partition
  const [first] = bases
  const lastLog = `${directory}/${fileName(bases.at(-1) ?? logStartOffset ?? 0, fileSuffix.log)}`
  const logEndOffset = progress.nextOffset ?? first ?? null
  if (first === undefined) {
    const hadRecords = (recoveryPoint ?? 0) > (logStartOffset ?? 0) || shutdown === 'clean'
    if (hadRecords) yield damaged(lastLog, null, 'It is not there: all records of the partition are gone.')
    return
  }
  if (logStartOffset !== null && first > logStartOffset && shutdown === 'clean') {
    const what = `It is not there: the records from offset ${logStartOffset} to ${first - 1} are gone.`
    yield damaged(`${directory}/${fileName(logStartOffset, fileSuffix.log)}`, null, what)
  }
  if (logEndOffset === null) return
  if (logStartOffset !== null && logStartOffset > logEndOffset) {
    const what = `It says that ${directory} begins at offset ${logStartOffset}, and the log ends at ${logEndOffset}.`
    yield remade('log-start-offset-checkpoint', what, 'the logs')
  }
  const mustReach =
    shutdown === 'clean'
      ? recoveryPoint !== null && recoveryPoint !== logEndOffset
      : (recoveryPoint ?? 0) > logEndOffset
  if (!mustReach) return
  const left =
    shutdown === 'clean'
      ? `the last clean stop left it with ${recoveryPoint}`
      : `everything below ${recoveryPoint} was synced`
  yield damaged(lastLog, null, `The log ends at offset ${logEndOffset}, and ${left}.`)
}

interface Beside {
  readonly names: readonly string[]
  readonly hasEpochs: boolean
  readonly epochs: EpochsMatch
  readonly producers: ProducersMatch
}

function* checkBeside(
  { directory }: CheckedPartition,
  { nextOffset, batchCount }: Progress,
  { names, hasEpochs, epochs, producers }: Beside
): Generator<CheckStep> {
  const epochFile = `${directory}/${leaderEpochFile}`
  const objection = nextOffset === null ? null : epochs.end(nextOffset)
  const isTorn = !hasEpochs && names.includes(leaderEpochFile)
  if (isTorn) yield remade(epochFile, 'It is not the list of epochs that was written.', 'the batches')
  else if (!hasEpochs && batchCount > 0) yield remade(epochFile, 'It is not there.', 'the batches')
  else if (objection !== null) yield remade(epochFile, objection, 'the batches')
  if (nextOffset === null) return
  for (const [offset, what] of producers.end(nextOffset)) {
    yield remade(`${directory}/${fileName(offset, fileSuffix.producerSnapshot)}`, what, 'the batches')
  }
}

function readSnapshots(
  { disk, directory }: CheckedPartition,
  names: readonly string[]
): { readonly whole: readonly KnownSnapshot[]; readonly damaged: readonly CheckStep[] } {
  const whole: KnownSnapshot[] = []
  const damagedOnes: CheckStep[] = []
  for (const offset of producerSnapshotsAmong(names)) {
    const entries = readProducerSnapshot(disk, directory, offset)
    if (entries !== null) whole.push({ offset, entries })
    else {
      const path = `${directory}/${fileName(offset, fileSuffix.producerSnapshot)}`
      damagedOnes.push(remade(path, 'It is not the snapshot of producers that was written.', 'the batches'))
    }
  }
  return { whole, damaged: damagedOnes }
}

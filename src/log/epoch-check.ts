/**
 * Whether the leader epochs that a log's file tells are those of its batches, which carry their epoch themselves: clients go by
 * it when they ask whether what they have read is still there (KIP-320). When not it is made anew from the batches.
 */
import { DamageError, damageMessage, restoreAdvice } from './damage.ts'
import { type EpochStart, type LeaderEpochs, leaderEpochFile, startsFrom } from './leader-epochs.ts'
import type { Segment, SegmentSurroundings } from './segment.ts'
import { segmentIndexOf } from './segment-reading.ts'

export interface EpochFacts {
  readonly segments: readonly Segment[]
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** Of the leader that opens the log: none was later. */
  readonly leaderEpoch: number
}

export interface EpochMending extends EpochFacts, SegmentSurroundings {
  readonly shutdown: 'clean' | 'unclean'
}

/** Makes them anew when they are not those of the batches. Throws DamageError for a batch that no leader can have written. */
export function mendEpochs(epochs: LeaderEpochs, facts: EpochMending): void {
  const { segments, leaderEpoch, disk, directory, report } = facts
  if (epochsFit(epochs.starts, facts)) return
  const found = epochsIn(segments)
  const latest = found.at(-1)?.epoch ?? -1
  if (latest > leaderEpoch && epochs.latest >= 0 && epochs.latest <= leaderEpoch) {
    const what = `A batch has the leader epoch ${latest}, and no leader here had one after ${epochs.latest}.`
    throw new DamageError(disk, { path: directory, position: null, what, advice: restoreAdvice(directory) })
  }
  // In one step: a start that finds the epochs of records that were deleted would bring these back.
  const made = startsFrom(found, facts.logStartOffset)
  const wasBehind = facts.shutdown === 'unclean' && isBehind(epochs.starts, made)
  epochs.replace(made)
  if (wasBehind) return
  const what = 'It does not tell the leader epochs that the batches have.'
  const advice = 'It was made anew from them; nothing is lost.'
  report(damageMessage(disk, { path: `${directory}/${leaderEpochFile}`, position: null, what, advice }))
}

/** Whether the file only lacks what came last: a crash came before it was written. */
function isBehind(told: readonly EpochStart[], made: readonly EpochStart[]): boolean {
  const latest = told.at(-1)
  return latest !== undefined && latest.epoch === made[told.length - 1]?.epoch && told.length < made.length
}

/** Looks at the first batch of each epoch, at the one before it, and at the last one of all. Throws DamageError. */
export function epochsFit(starts: readonly EpochStart[], facts: EpochFacts): boolean {
  const { logStartOffset, logEndOffset, leaderEpoch } = facts
  for (const [index, { epoch, startOffset }] of starts.entries()) {
    const before = starts[index - 1]
    if (before !== undefined && (epoch <= before.epoch || startOffset <= before.startOffset)) return false
    if (startOffset >= logEndOffset) {
      if (epoch > leaderEpoch) return false
      continue
    }
    if (startOffset > logStartOffset && !endsBefore(startOffset, before?.epoch ?? -1, epoch, facts)) return false
    const batch = batchAt(startOffset, facts)
    const endOffset = starts[index + 1]?.startOffset ?? logEndOffset
    // Compaction may have left no batch of an epoch.
    if (batch !== null && batch.baseOffset < endOffset && batch.partitionLeaderEpoch !== epoch) return false
  }
  const last = logEndOffset > logStartOffset ? batchAt(logEndOffset - 1, facts) : null
  if (last === null) return true
  const known = starts.findLast(({ startOffset }) => startOffset < logEndOffset)?.epoch ?? -1
  return last.partitionLeaderEpoch === known
}

/** Whether the batch that ends right before the offset is of the epoch that is known there, or, where none is, of an earlier one. */
function endsBefore(startOffset: number, known: number, epoch: number, facts: EpochFacts): boolean {
  const batch = batchAt(startOffset - 1, facts)
  // Compaction may have left none there.
  if (batch === null || batch.baseOffset >= startOffset) return true
  return known < 0 ? batch.partitionLeaderEpoch < epoch : batch.partitionLeaderEpoch === known
}

/** Throws DamageError, also for a batch of an older epoch than the one before it: none is written after a later one. */
export function epochsIn(segments: readonly Segment[]): EpochStart[] {
  const starts: EpochStart[] = []
  for (const segment of segments) {
    for (const { header, position } of segment.batchesFrom(segment.start)) {
      const { partitionLeaderEpoch: epoch, baseOffset: startOffset } = header
      const before = starts.at(-1)?.epoch ?? -1
      if (epoch < before) throw segment.damageAt({ position, what: olderEpoch(epoch, before) })
      if (epoch > before) starts.push({ epoch, startOffset })
    }
  }
  return starts
}

function olderEpoch(epoch: number, before: number): string {
  return `A batch of the leader epoch ${epoch} stands behind one of ${before}.`
}

function batchAt(offset: number, { segments }: EpochFacts) {
  const first = segments[0]?.baseOffset ?? 0
  const segment = segments[segmentIndexOf(segments, Math.max(offset, first))]
  return offset < 0 || segment === undefined ? null : (segment.batchWith(offset)?.header ?? null)
}

/**
 * Whether a log has all its segments: it begins where it began, each segment ends where the next one begins, and the last one
 * ends where the checkpoint says. What is missing was acknowledged, and its offsets would be given again.
 */
import type { Gaps } from './continuity.ts'
import { type Damage, DamageError, damageMessage, restoreAdvice } from './damage.ts'
import { fileName, fileSuffix } from './file-names.ts'
import type { Segment, SegmentSurroundings } from './segment.ts'

export interface KnownBeginning {
  /** From the checkpoint; null when it says nothing. */
  readonly logStartOffset: number | null
  /** Where the first leader epoch begins; null when it is not known. Whoever drops segments moves it along. */
  readonly firstEpochOffset: number | null
  /** Base offsets of segments that were set aside to be removed. */
  readonly setAside: readonly number[]
}

/** The first segments may be gone by retention alone, and that leaves a trace. Throws DamageError. */
export function assertBeginsAt(baseOffset: number, known: KnownBeginning, of: SegmentSurroundings): void {
  const { logStartOffset, firstEpochOffset, setAside } = known
  const began = [logStartOffset, firstEpochOffset].filter((offset) => offset !== null)
  if (began.length === 0 || began.some((offset) => offset >= baseOffset)) return
  if (setAside.some((offset) => offset < baseOffset)) return
  const first = Math.max(...began)
  throw missing(of, first, `It is not there: the records from offset ${first} to ${baseOffset - 1} are gone.`)
}

/**
 * Where the log begins. The checkpoint has no checksum; whoever moves the beginning moves the first leader epoch with it, and
 * where the two disagree the earlier one is taken: nothing that is there is hidden. When the checkpoint says nothing the epoch
 * does, unless the records before it are older than epochs are, and have none.
 */
export function beginningOf(known: Beginning, { disk, directory, report }: SegmentSurroundings): number {
  const { logStartOffset, baseOffset, logEndOffset, firstRecordsEpoch } = known
  const epochOffset = Math.min(Math.max(known.firstEpochOffset ?? baseOffset, baseOffset), logEndOffset)
  if (logStartOffset === null) return firstRecordsEpoch() < 0 ? baseOffset : epochOffset
  const told = Math.max(logStartOffset, baseOffset)
  const likely = Math.min(told, known.firstEpochOffset === null ? logEndOffset : epochOffset)
  if (likely < told) {
    const what = `It says that ${directory} begins at offset ${told}, and by its files it begins at ${likely}.`
    const advice = 'The log is served from there; nothing is lost, and records that were deleted may be read again.'
    report(damageMessage(disk, { path: 'log-start-offset-checkpoint', position: null, what, advice }))
  }
  return likely
}

export interface Beginning extends Omit<KnownBeginning, 'setAside'> {
  readonly baseOffset: number
  readonly logEndOffset: number
  /** The leader epoch that the first records were written in; -1 when they have none. */
  readonly firstRecordsEpoch: () => number
}

/** Looks into the file when it is asked. */
export function epochOfFirst([first]: readonly Segment[]): () => number {
  return () => {
    const [batch] = first === undefined ? [] : first.batchesFrom(first.start)
    return batch?.header.partitionLeaderEpoch ?? -1
  }
}

export function continues(endOffset: number, nextBaseOffset: number, gaps: Gaps): boolean {
  return gaps === 'none' ? nextBaseOffset === endOffset : nextBaseOffset >= endOffset
}

/** Throws DamageError when there is a segment missing between one that ends and the next. */
export function assertContinues(endOffset: number, next: Segment, of: SegmentSurroundings): void {
  if (continues(endOffset, next.baseOffset, of.gaps)) return
  throw missing(of, endOffset, `It is not there: the records up to offset ${next.baseOffset - 1} are gone.`)
}

/** After a clean stop the log ends where the checkpoint says: everything was synced then. Throws DamageError. */
export function assertEndsAt(recoveryPoint: number | null, endOffset: number, last: Segment): void {
  if (recoveryPoint === null || recoveryPoint === endOffset) return
  const held = `The log ends at offset ${endOffset}, and the last clean stop left it with ${recoveryPoint}`
  const what = endOffset < recoveryPoint ? `${held}: records are gone.` : `${held}: what follows is of something else.`
  throw last.damageAt({ position: last.writtenBytes, what })
}

/** A segment that should be there is not. */
export function missing({ disk, directory }: SegmentSurroundings, baseOffset: number, what: string): DamageError {
  const path = `${directory}/${fileName(baseOffset, fileSuffix.log)}`
  const damage: Damage = { path, position: null, what, advice: restoreAdvice(path) }
  return new DamageError(disk, damage)
}

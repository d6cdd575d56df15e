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
 * Where the log begins. The checkpoint has no checksum, and neither has the first leader epoch, which whoever moves the beginning moves
 * along: where the two disagree the earlier one is taken, so that nothing that is there is hidden.
 */
export function beginningOf(known: Beginning, { disk, directory, report }: SegmentSurroundings): number {
  const { logStartOffset, baseOffset, logEndOffset } = known
  const epochOffset = Math.min(Math.max(known.firstEpochOffset ?? baseOffset, baseOffset), logEndOffset)
  if (logStartOffset === null) return beginningWithoutCheckpoint(known, epochOffset, { disk, directory, report })
  const told = Math.max(logStartOffset, baseOffset)
  const likely = Math.min(told, known.firstEpochOffset === null ? logEndOffset : epochOffset)
  if (likely < told) {
    const what = `It says that ${directory} begins at offset ${told}, and by its files it begins at ${likely}.`
    report(damageMessage(disk, { path: startCheckpoint, position: null, what, advice: mayBeReadAgain }))
  }
  return likely
}

/**
 * After a clean stop the epoch tells, unless the records before it are older than epochs are, and have none. After a crash it is believed
 * no more than it is with a checkpoint that is out of date: whoever was told that records are deleted, was told so when the checkpoint
 * said it.
 */
function beginningWithoutCheckpoint(
  { baseOffset, firstRecordsEpoch, shutdown }: Beginning,
  epochOffset: number,
  { disk, directory, report }: Pick<SegmentSurroundings, 'disk' | 'directory' | 'report'>
): number {
  if (epochOffset === baseOffset || firstRecordsEpoch() < 0) return baseOffset
  if (shutdown === 'clean') return epochOffset
  const what = `It does not say where ${directory} begins: ${baseOffset} is the first offset that is there.`
  report(damageMessage(disk, { path: startCheckpoint, position: null, what, advice: mayBeReadAgain }))
  return baseOffset
}

const startCheckpoint = 'log-start-offset-checkpoint'
const mayBeReadAgain = 'The log is served from there; nothing is lost, and records that were deleted may be read again.'

export interface Beginning extends Omit<KnownBeginning, 'setAside'> {
  readonly baseOffset: number
  readonly logEndOffset: number
  readonly shutdown: 'clean' | 'unclean'
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

/** Throws DamageError when there is a segment missing between one, which ends there, and the next; or all that was in that one. */
export function assertContinues(segment: Segment, endOffset: number, next: Segment, of: SegmentSurroundings): void {
  if (continues(endOffset, next.baseOffset, of.gaps)) return
  const lost = `the records up to offset ${next.baseOffset - 1} are gone.`
  if (segment.writtenBytes === 0) throw segment.damageAt({ position: 0, what: `It is empty: ${lost}` })
  throw missing(of, endOffset, `It is not there: ${lost}`)
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

/**
 * Whether the indexes of a segment can be believed when it is opened. Looked at are their ends alone, and the records behind
 * the last entry: a start after a clean stop reads no log. An entry in the middle is checked when it is used (`segment.ts`).
 */
import { lastOffsetOf } from '../protocol/records/batch.ts'
import { type Obstacle, walkHeaders } from './batch-walk.ts'
import { anyOffset } from './continuity.ts'
import { fileSuffix } from './file-names.ts'
import { type Segment, unfitEntry } from './segment.ts'

export interface UnfitIndex {
  readonly kind: 'unfit'
  /** Of the file. */
  readonly suffix: string
  readonly what: string
}

export type IndexCheck = ({ readonly kind: 'fits' } & SegmentEnd) | UnfitIndex

/** Where the batches of a segment end. */
export interface SegmentEnd {
  readonly endOffset: number
  readonly endPosition: number
  /** What stands there; null when it is the end of the file. */
  readonly obstacle: Obstacle | null
}

export function checkIndexes(segment: Segment): IndexCheck {
  const { offsetIndex, timeIndex, transactionIndex } = segment
  const files = [
    [fileSuffix.offsetIndex, offsetIndex.file],
    [fileSuffix.timeIndex, timeIndex.file],
    [fileSuffix.transactionIndex, transactionIndex.file]
  ] as const
  for (const [suffix, file] of files) {
    if (!file.isWhole) return unfit(suffix, 'It ends within an entry.')
    const mustBeThere = segment.sizeBytes > 0 && suffix !== fileSuffix.transactionIndex
    if (mustBeThere && !file.isThere) return unfit(suffix, 'It is not there.')
  }
  const last = offsetIndex.last
  if (last !== null && !segment.namesBatch(last)) return unfit(fileSuffix.offsetIndex, unfitEntry)
  const newest = timeIndex.last
  const from = last === null ? segment.start : { position: last.position, nextOffset: anyOffset }
  const walk = walkHeaders(segment, from)
  let end: SegmentEnd = { endOffset: segment.baseOffset, endPosition: from.position, obstacle: null }
  for (let step = walk.next(); ; step = walk.next()) {
    if (step.done === true) {
      end = { ...end, obstacle: step.value }
      break
    }
    const { header, position } = step.value
    // Whoever finishes a segment notes its newest record.
    if (header.maxTimestamp > (newest?.timestampMs ?? -1)) return unfit(fileSuffix.timeIndex, 'Its end is missing.')
    end = { endOffset: lastOffsetOf(header) + 1, endPosition: position + header.sizeBytes, obstacle: null }
  }
  if (newest !== null && !segment.namesBatchOfTime(newest)) return unfit(fileSuffix.timeIndex, unfitEntry)
  if (!transactionIndex.liesWithin(segment.baseOffset, end.endOffset))
    return unfit(fileSuffix.transactionIndex, unfitEntry)
  return { kind: 'fits', ...end }
}

function unfit(suffix: string, what: string): IndexCheck {
  return { kind: 'unfit', suffix, what }
}

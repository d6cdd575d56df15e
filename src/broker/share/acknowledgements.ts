/** What a ShareFetch or a ShareAcknowledge says of records, as ranges of offsets with one verdict each (KIP-932; Kafka: ShareAcknowledgementBatch, AcknowledgeType). */
import type { OffsetRange } from './run.ts'

/** As the wire numbers them. A gap is an offset at which the log holds no record for a client. */
const verdicts = ['gap', 'accept', 'release', 'reject', 'renew'] as const
export type Verdict = (typeof verdicts)[number]

export interface AcknowledgementBatch extends OffsetRange {
  /** One for all of its offsets, or one for each. */
  readonly acknowledgeTypes: readonly number[]
}

export interface Acknowledgement extends OffsetRange {
  readonly verdict: Verdict
}

/** In order; two may share an offset, as Kafka lets them, and are refused for it later. Null where the request is not one (INVALID_REQUEST). */
export function readAcknowledgements(
  batches: readonly AcknowledgementBatch[],
  mayRenew: boolean
): readonly Acknowledgement[] | null {
  const read: Acknowledgement[] = []
  let before = -1
  for (const { firstOffset, lastOffset, acknowledgeTypes } of batches) {
    const isOrdered = firstOffset >= Math.max(before, 0) && lastOffset >= firstOffset
    const isCounted = acknowledgeTypes.length === 1 || acknowledgeTypes.length === lastOffset - firstOffset + 1
    if (!isOrdered || !isCounted) return null
    before = lastOffset
    for (const [index, type] of acknowledgeTypes.entries()) {
      const verdict = verdicts[type]
      if (verdict === undefined || (verdict === 'renew' && !mayRenew)) return null
      const first = firstOffset + index
      const last = acknowledgeTypes.length === 1 ? lastOffset : first
      const previous = read.at(-1)
      if (index > 0 && previous?.verdict === verdict) read[read.length - 1] = { ...previous, lastOffset: last }
      else read.push({ firstOffset: first, lastOffset: last, verdict })
    }
  }
  return read
}

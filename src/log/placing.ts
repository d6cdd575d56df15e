/** Batches that were admitted get their place in the log. */
import { type BatchHeader, isControl, lastOffsetOf, placeBatch } from '../protocol/records/batch.ts'
import { readTransactionEnd, type TransactionEnd } from '../protocol/records/control-records.ts'
import type { PlacedBatch } from './batch-walk.ts'

export interface AppendedBatch extends PlacedBatch {
  /** What a control batch says; null for any other. */
  readonly end: TransactionEnd | null
}

/** Gives each batch its offsets and epoch, where it lies. */
export function place(
  bytes: Buffer,
  headers: readonly BatchHeader[],
  firstOffset: number,
  leaderEpoch: number
): AppendedBatch[] {
  const batches: AppendedBatch[] = []
  let offset = firstOffset
  let position = 0
  for (const header of headers) {
    placeBatch(bytes, position, header, offset, leaderEpoch)
    batches.push(withEnd(bytes, { header, position }))
    offset = lastOffsetOf(header) + 1
    position += header.sizeBytes
  }
  return batches
}

/** With what it says when it is a control batch, which is read here. */
export function withEnd(bytes: Buffer, { header, position }: PlacedBatch): AppendedBatch {
  const end = isControl(header.attributes) ? readTransactionEnd(bytes.subarray(position)) : null
  return { header, position, end }
}

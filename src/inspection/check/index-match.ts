/**
 * Whether the entries of a segment's indexes speak of the batches that are in it. Each is held against the batches one after the
 * other, as they come; of what does not fit the first is told, for the whole index is made anew then.
 */
import type { PlacedBatch } from '../../log/batch-walk.ts'
import { lastOffsetOf } from '../../protocol/records/batch.ts'
import type { AbortedTransactionEntry, IndexEntries, OffsetEntry, TimeEntry } from '../index-entries.ts'

/** An entry names where a batch begins, and the last offset of that batch or of those that were appended with it. */
export class OffsetIndexMatch {
  readonly #index: IndexEntries<OffsetEntry>
  #placed = 0
  #ended = 0
  #problem: string | null = null

  constructor(index: IndexEntries<OffsetEntry>) {
    this.#index = index
  }

  take({ header, position }: PlacedBatch): void {
    const { entries } = this.#index
    const lastOffset = lastOffsetOf(header)
    for (let entry = entries[this.#placed]; entry !== undefined && entry.position < position; ) {
      this.#problem ??= `Its entry of offset ${entry.offset} names byte ${entry.position}, where no batch begins.`
      entry = entries[++this.#placed]
    }
    if (entries[this.#placed]?.position === position) this.#placed += 1
    for (let entry = entries[this.#ended]; entry !== undefined && this.#ended < this.#placed; ) {
      if (entry.offset > lastOffset) break
      if (entry.offset < lastOffset)
        this.#problem ??= `Its entry of offset ${entry.offset} is of no batch that ends there.`
      entry = entries[++this.#ended]
    }
  }

  /** What is wrong with the index, once all batches were taken; null when nothing is. */
  end(): string | null {
    const { entries, excessBytes } = this.#index
    if (excessBytes > 0) return 'It ends within an entry.'
    const left = entries[Math.min(this.#placed, this.#ended)]
    if (left !== undefined) this.#problem ??= `Its entry of offset ${left.offset} is of no batch.`
    return this.#problem
  }
}

/** An entry names the largest time so far, and an offset of the batch that has it. */
export class TimeIndexMatch {
  readonly #index: IndexEntries<TimeEntry>
  #next = 0
  #largest = -1
  #problem: string | null = null

  constructor(index: IndexEntries<TimeEntry>) {
    this.#index = index
  }

  take({ header }: Pick<PlacedBatch, 'header'>): void {
    const { entries } = this.#index
    const lastOffset = lastOffsetOf(header)
    this.#largest = Math.max(this.#largest, header.maxTimestamp)
    for (let entry = entries[this.#next]; entry !== undefined && entry.offset <= lastOffset; ) {
      const isOfBatch = entry.offset >= header.baseOffset && entry.timestamp === header.maxTimestamp
      if (!isOfBatch || entry.timestamp !== this.#largest) {
        this.#problem ??= `Its entry of time ${entry.timestamp} and offset ${entry.offset} is not the largest time up to there.`
      }
      entry = entries[++this.#next]
    }
  }

  /** 'whole' when whoever finished the segment has noted its newest time. */
  end(state: 'whole' | 'open'): string | null {
    const { entries, excessBytes, unusedBytes } = this.#index
    if (excessBytes > 0) return 'It ends within an entry.'
    const left = entries[this.#next]
    if (left !== undefined) this.#problem ??= `Its entry of time ${left.timestamp} is of no batch.`
    const isMissing = state === 'whole' && unusedBytes === 0 && this.#largest > (entries.at(-1)?.timestamp ?? -1)
    if (isMissing) this.#problem ??= `Its end is missing: the newest record is of time ${this.#largest}.`
    return this.#problem
  }
}

/** A transaction that the records of a segment abort. */
export interface AbortMarker {
  readonly producerId: number
  readonly offset: number
  /** Of the transaction; null when its beginning was not seen, as it may lie before the log. */
  readonly firstOffset: number | null
  /** Up to where all was decided with it; null in the same case. */
  readonly lastStableOffset: number | null
}

/** What is wrong with the index of aborted transactions; null when nothing is. */
export function objectionToTransactionIndex(
  { entries, excessBytes }: IndexEntries<AbortedTransactionEntry>,
  markers: readonly AbortMarker[]
): string | null {
  if (excessBytes > 0) return 'It ends within an entry.'
  for (const entry of entries) {
    const marker = markers.find(({ offset }) => offset === entry.lastOffset)
    const isOfMarker = marker?.producerId === entry.producerId && entry.version === 0
    const isWhole =
      isSaid(marker?.firstOffset, entry.firstOffset) && isSaid(marker?.lastStableOffset, entry.lastStableOffset)
    if (!isOfMarker || !isWhole) {
      return `Its entry of producer ${entry.producerId}, offsets ${entry.firstOffset} to ${entry.lastOffset}, is of no transaction that was aborted there.`
    }
  }
  const untold = markers.find(
    ({ offset, firstOffset }) => firstOffset !== null && !entries.some(({ lastOffset }) => lastOffset === offset)
  )
  return untold === undefined ? null : `The transaction that was aborted at offset ${untold.offset} is not in it.`
}

/** What is not known may be anything. */
function isSaid(known: number | null | undefined, said: number): boolean {
  return known === null || known === said
}

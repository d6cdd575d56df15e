/** What a reader owes for the records that it was given: a word for each offset of what was acquired, said in whole ranges. */
import type { ConsumedRecord } from '../../record.ts'
import { Acknowledge, type AcknowledgementBatch, type AcquiredRange } from './requests.ts'

type Word = (typeof Acknowledge)[keyof typeof Acknowledge]

interface Owed {
  readonly range: AcquiredRange
  /** By offset; an offset without a record is a gap. */
  readonly words: Map<bigint, Word | null>
}

/** Of one partition. */
export class Acknowledgements {
  #owed: Owed[] = []

  /** Gives those of the records that were acquired: an answer holds whole batches, of which others may have some. */
  acquired(ranges: readonly AcquiredRange[], records: readonly ConsumedRecord[]): ConsumedRecord[] {
    return ranges.flatMap((range) => {
      const own = records.filter(({ offset }) => offset >= range.firstOffset && offset <= range.lastOffset)
      this.#owed.push({ range, words: new Map(own.map(({ offset }) => [offset, null])) })
      return own
    })
  }

  /** A record was dealt with, or is given back. */
  say(offset: bigint, word: Word): void {
    for (const { words } of this.#owed) if (words.has(offset)) words.set(offset, word)
  }

  /** Of the ranges whose records were all spoken of; of all, where the rest is given back. They are owed no more. */
  due(rest: 'is kept' | 'is given back'): AcknowledgementBatch[] {
    const isDue = ({ words }: Owed): boolean =>
      rest === 'is given back' || [...words.values()].every((word) => word !== null)
    const due = this.#owed.filter(isDue)
    this.#owed = this.#owed.filter((owed) => !isDue(owed))
    return due.map(({ range, words }) => {
      const { firstOffset, lastOffset } = range
      const types: Word[] = []
      for (let offset = firstOffset; offset <= lastOffset; offset++)
        types.push(words.has(offset) ? (words.get(offset) ?? Acknowledge.release) : Acknowledge.gap)
      return { firstOffset, lastOffset, types }
    })
  }

  /** Its session is over, and the leader has given all of it back. */
  forget(): void {
    this.#owed = []
  }
}

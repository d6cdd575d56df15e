/**
 * What ListOffsets may tell of a partition, as far as others know it. What is told as readable is never taken back; within a leader's epoch
 * the end only grows; a look by time finds the first record that anybody knows of, and none before.
 */
import type { PartitionLedger } from './ledger.ts'
import { timeOf } from './record-times.ts'

/** The times that mean a place. */
export const [latest, earliest, maxTimestamp] = [-1, -2, -3]

export interface Told {
  readonly offset: number
  readonly timestamp: number
}

/** What was known when somebody asked: an answer of a leader that is not replaced meanwhile has all of it. */
export class Question {
  readonly #partition: PartitionLedger
  readonly #node: number
  readonly #epoch: number
  readonly #timestamp: number
  readonly #known: ReadonlyMap<number, string>
  readonly #end: number
  readonly #trimmed: number

  constructor(
    partition: PartitionLedger,
    leader: { readonly node: number; readonly epoch: number },
    timestamp: number
  ) {
    this.#partition = partition
    this.#node = leader.node
    this.#epoch = leader.epoch
    this.#timestamp = timestamp
    this.#known = new Map([...partition.seen, ...partition.durable])
    this.#end = Math.max(partition.readableEnd, partition.endTold.get(leader.epoch) ?? 0)
    this.#trimmed = partition.trimmedAt(leader.node)
  }

  /** Throws BrokenPromise. */
  answered(told: Told): void {
    if (this.#timestamp === earliest) this.#begins(told.offset)
    else if (this.#timestamp === latest) this.#ends(told.offset)
    else this.#found(told)
  }

  #begins(offset: number): void {
    this.#partition.bounds(offset, Number.POSITIVE_INFINITY, 0)
    // A trim may be answered while this answer is under way, and another copy taken that was never trimmed.
    this.#partition.ledFrom(this.#node, offset, Math.min(this.#trimmed, this.#partition.trimmedAt(this.#node)))
  }

  #ends(offset: number): void {
    const { endTold } = this.#partition
    if (offset < this.#end) this.#fail(`its end was told as ${offset}; ${this.#end} was readable before`)
    endTold.set(this.#epoch, Math.max(offset, endTold.get(this.#epoch) ?? 0))
    this.#readableUpTo(offset)
  }

  #found({ offset, timestamp }: Told): void {
    const first = this.#firstKnown()
    if (offset === -1) {
      if (first !== null) this.#fail(`no record since ${this.#timestamp} was found; there is one at ${first}`)
      return
    }
    const value = this.#partition.seen.get(offset)
    if (value !== undefined && timeOf(value) !== timestamp)
      this.#fail(`${value} at ${offset} was told to be of ${timestamp}, and is of ${timeOf(value)}`)
    if (timestamp < this.#timestamp) this.#fail(`${offset} was found, which is older than ${this.#timestamp}`)
    if (first !== null && offset > first)
      this.#fail(`${offset} was found as the first since ${this.#timestamp}; there is one at ${first}`)
    if (this.#timestamp === maxTimestamp) this.#isNewest(offset, timestamp)
    this.#readableUpTo(offset + 1)
  }

  /** The first record that is no older than was asked for; of what was asked to be trimmed nothing has to be there. */
  #firstKnown(): number | null {
    if (this.#timestamp === maxTimestamp) return null
    let first: number | null = null
    for (const [offset, value] of this.#stillThere()) {
      if (timeOf(value) >= this.#timestamp && offset < (first ?? Number.POSITIVE_INFINITY)) first = offset
    }
    return first
  }

  #isNewest(offset: number, timestamp: number): void {
    for (const [other, value] of this.#stillThere()) {
      if (timeOf(value) > timestamp) this.#fail(`${offset} was told as the newest record; the one at ${other} is newer`)
    }
  }

  *#stillThere(): Iterable<[offset: number, value: string]> {
    for (const entry of this.#known) if (entry[0] >= this.#partition.startAsked) yield entry
  }

  /** Not where an unclean leader may have taken it back: whoever waited for it would wait for ever (seed 1103). */
  #readableUpTo(offset: number): void {
    if (this.#partition.isLoose) return
    this.#partition.readableEnd = Math.max(this.#partition.readableEnd, offset)
  }

  #fail(what: string): void {
    this.#partition.lost(what)
  }
}

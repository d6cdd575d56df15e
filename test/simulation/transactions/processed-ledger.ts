/**
 * What comes out of who reads, writes and commits how far it has read, all in one transaction: of each input one output, among those that
 * are committed; of an input behind where the group is, none. Where the group is never goes back, and what is not committed does not move it.
 */
import { BrokenPromise } from '../broken-promise.ts'
import type { Transaction, TransactionalPartition } from './transaction-ledger.ts'

interface OffsetWithin {
  readonly offset: number
  readonly transaction: Transaction
}

/** Between an output's own name and that of its input. */
const of = ' of '

export function outputOf(name: string, input: string): string {
  return `${name}${of}${input}`
}

export class ProcessedLedger {
  readonly counts = { 'inputs processed': 0, 'offsets within told': 0 }
  readonly #commits = new Map<string, OffsetWithin[]>()
  readonly #furthestTold = new Map<string, number>()

  commitAsked(place: string, offset: number, transaction: Transaction): void {
    this.#commits.set(place, [...(this.#commits.get(place) ?? []), { offset, transaction }])
  }

  /**
   * Where it has to be said to be at least; -1 where it may be nowhere. `stable`: at the furthest offset that is known to be committed. Else a
   * transaction that was acknowledged may not have come to its marker there, and what was told before is not taken back.
   */
  atLeast(place: string, wanted: 'any' | 'stable'): number {
    if (wanted === 'any') return this.#furthestTold.get(place) ?? -1
    const committed = (this.#commits.get(place) ?? []).filter(({ transaction }) => transaction.isCommitted)
    return Math.max(-1, ...committed.map(({ offset }) => offset))
  }

  /** `atLeast`: what was known to be committed when it was asked. */
  told(place: string, offset: number, atLeast: number): void {
    this.counts['offsets within told'] += 1
    if (offset < atLeast) fail(`it was told to be at ${offset} of ${place}, and had committed ${atLeast}`)
    if (offset === -1) return
    this.#furthestTold.set(place, Math.max(offset, this.#furthestTold.get(place) ?? -1))
    const commits = (this.#commits.get(place) ?? []).filter((commit) => commit.offset === offset)
    if (!commits.some(({ transaction }) => transaction.mayBeCommitted))
      fail(
        `it was told to be at ${offset} of ${place}, which is not committed: ${commits.map(({ transaction }) => transaction.name)}`
      )
  }

  /** All was read, when nothing was under way any more. `ends`: where the group is in each of the inputs' partitions. */
  complete(
    inputs: readonly { readonly partition: TransactionalPartition; readonly end: number }[],
    outputs: readonly TransactionalPartition[]
  ): void {
    const places = new Map<string, string[]>()
    for (const output of outputs) {
      for (const [offset, value] of output.seen) {
        const [, input = ''] = value.split(of)
        places.set(input, [...(places.get(input) ?? []), `${output.where} at ${offset}`])
      }
    }
    for (const { partition, end } of inputs) {
      for (const [offset, input] of partition.seen) {
        const found = places.get(input) ?? []
        if (found.length !== (offset < end ? 1 : 0))
          fail(
            `it is at ${end} of ${partition.where}; of ${input} at ${offset} there is ${found.join(', ') || 'nothing'}`
          )
        this.counts['inputs processed'] += found.length
      }
    }
  }
}

function fail(what: string): never {
  throw new BrokenPromise(`the group that processes: ${what}`)
}

/**
 * What is in flight of a partition: batches as they were acquired, each a list of runs, without holes from the first offset that is not done
 * to the last that was given out (Kafka: SharePartition's cachedState of InFlightBatch).
 */
import { InvariantError } from '../../invariant.ts'
import {
  type Delivery,
  isAvailable,
  isComplete,
  isSettled,
  lengthOf,
  type OffsetRange,
  type Run,
  rewritten
} from './run.ts'

export interface InFlightBatch extends OffsetRange {
  /** How many records were acquired together: what has failed is given out in parts of that. */
  readonly size: number
  readonly runs: readonly Run[]
}

export class InFlight {
  #batches: InFlightBatch[] = []
  #startOffset: number
  /** False: nothing between start and end waits to be given out. */
  #mayHaveAvailable = true

  constructor(startOffset: number) {
    this.#startOffset = startOffset
  }

  /** Everything before it is done. */
  get startOffset(): number {
    return this.#startOffset
  }

  /** The last offset in flight; the one before the start offset when nothing is. */
  get endOffset(): number {
    return this.#batches.at(-1)?.lastOffset ?? this.#startOffset - 1
  }

  get length(): number {
    return this.endOffset - this.#startOffset + 1
  }

  *runs(): Iterable<Run> {
    for (const { runs } of this.#batches) yield* runs
  }

  /** Where to read on for what can be given out: in what was given back, or behind the end. */
  get nextFetchOffset(): number {
    if (this.#mayHaveAvailable) {
      for (const { firstOffset, delivery } of this.runs()) if (isAvailable(delivery)) return firstOffset
      this.#mayHaveAvailable = false
    }
    return this.endOffset + 1
  }

  /** The batches that have offsets in the ranges, which are in order and do not overlap; and with each the ranges that it has some of. */
  *within<Range extends OffsetRange>(
    ranges: readonly Range[]
  ): Iterable<readonly [batch: InFlightBatch, ranges: readonly Range[]]> {
    let [index, next] = [0, 0]
    for (let range = ranges[0]; range !== undefined; range = ranges[next]) {
      index = Math.max(index, this.#indexOf(range.firstOffset))
      const batch = this.#batches[index]
      if (batch === undefined) return
      let end = next
      while ((ranges[end]?.firstOffset ?? Number.POSITIVE_INFINITY) <= batch.lastOffset) end += 1
      const some = ranges.slice(next, end).filter(({ lastOffset }) => lastOffset >= batch.firstOffset)
      if (some.length > 0) yield [batch, some]
      // The last of them may go on in the next batch.
      while ((ranges[next]?.lastOffset ?? Number.POSITIVE_INFINITY) <= batch.lastOffset) next += 1
      index += 1
    }
  }

  /** The batch as it has become. */
  replace(batch: InFlightBatch): void {
    const index = this.#indexOf(batch.firstOffset)
    if (this.#batches[index]?.firstOffset !== batch.firstOffset) throw brokenBy('a batch in flight replaces another')
    this.#batches[index] = batch
    this.#mayHaveAvailable = true
  }

  /** Changes what lies in the ranges, wherever it is in flight. */
  rewrite<Range extends OffsetRange>(ranges: readonly Range[], change: (part: Run, range: Range) => Delivery): void {
    for (const [batch, some] of this.within(ranges))
      this.replace({ ...batch, runs: rewritten(batch.runs, some, change) })
  }

  append(batch: InFlightBatch): void {
    if (batch.firstOffset !== this.endOffset + 1) throw brokenBy('what is in flight has a hole')
    this.#batches.push(batch)
    this.#mayHaveAvailable = true
  }

  /** What is done at the front is forgotten. What is still being written may yet be refused. */
  dropDone(): void {
    let startOffset = this.#startOffset
    for (const { lastOffset, delivery } of this.runs()) {
      if (!isSettled(delivery)) break
      startOffset = lastOffset + 1
    }
    this.dropBefore(startOffset)
  }

  /** Whatever became of it, nothing before this offset counts any more. */
  dropBefore(startOffset: number): void {
    if (startOffset <= this.#startOffset) return
    const index = this.#indexOf(startOffset)
    const [cut, ...rest] = this.#batches.slice(index)
    this.#batches = cut === undefined ? [] : [cutBefore(cut, startOffset), ...rest]
    this.#startOffset = startOffset
  }

  /** Of the first batch that ends at or after the offset. */
  #indexOf(offset: number): number {
    let [low, high] = [0, this.#batches.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#batches[middle]?.lastOffset ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

function brokenBy(mistake: string): InvariantError {
  return new InvariantError(mistake, 'nothing else')
}

function cutBefore(batch: InFlightBatch, startOffset: number): InFlightBatch {
  if (batch.firstOffset >= startOffset) return batch
  const [first, ...rest] = batch.runs.filter(({ lastOffset }) => lastOffset >= startOffset)
  if (first === undefined) throw brokenBy('a batch in flight has no runs where it ends')
  const runs = [{ ...first, firstOffset: Math.max(first.firstOffset, startOffset) }, ...rest]
  return { ...batch, firstOffset: startOffset, runs }
}

/** How many of them are done. */
export function completeCount(runs: Iterable<Run>): number {
  let count = 0
  for (const run of runs) if (isComplete(run.delivery)) count += lengthOf(run)
  return count
}

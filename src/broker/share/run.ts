/** Offsets that follow each other and have all come as far: a batch of a million records in one state takes what one record takes. */

/** `archiving`: given up, and on its way to the topic of dead letters (KIP-1191). */
export type DeliveryState = 'available' | 'acquired' | 'acknowledged' | 'archiving' | 'archived'

export interface Delivery {
  readonly state: DeliveryState
  /** How often it was given out. */
  readonly count: number
  /** Who has acquired it, and until when; empty and 0 of any other state. */
  readonly memberId: string
  readonly lockedUntilMs: number
  /** While this is being written: the change that it is part of, and what holds again when the write is refused. */
  readonly pending: { readonly change: number; readonly before: Delivery } | null
}

export interface OffsetRange {
  readonly firstOffset: number
  readonly lastOffset: number
}

export interface Run extends OffsetRange {
  readonly delivery: Delivery
}

export function unheld(state: Exclude<DeliveryState, 'acquired'>, count: number): Delivery {
  return { state, count, memberId: '', lockedUntilMs: 0, pending: null }
}

export function acquiredBy(memberId: string, count: number, lockedUntilMs: number): Delivery {
  return { state: 'acquired', count, memberId, lockedUntilMs, pending: null }
}

export function isAvailable({ state, pending }: Delivery): boolean {
  return state === 'available' && pending === null
}

/** Also what may yet turn out to be refused. */
export function isHeldBy({ state, memberId: holder, pending }: Delivery, memberId: string): boolean {
  return state === 'acquired' && holder === memberId && pending === null
}

export function isComplete({ state }: Delivery): boolean {
  return state === 'acknowledged' || state === 'archived'
}

/** Done, and what is written of it is safe, or was never to be written. */
export function isSettled(delivery: Delivery): boolean {
  return isComplete(delivery) && delivery.pending === null
}

export function lengthOf({ firstOffset, lastOffset }: OffsetRange): number {
  return lastOffset - firstOffset + 1
}

/** Each part of a run that lies in one of the ranges, which are in order and do not overlap. One pass over both. */
export function* partsWithin<Range extends OffsetRange>(
  runs: readonly Run[],
  ranges: readonly Range[]
): Iterable<readonly [part: Run, range: Range]> {
  let next = 0
  for (const run of runs) {
    for (let range = ranges[next]; range !== undefined; range = ranges[next]) {
      const firstOffset = Math.max(run.firstOffset, range.firstOffset)
      const lastOffset = Math.min(run.lastOffset, range.lastOffset)
      if (firstOffset <= lastOffset) yield [{ firstOffset, lastOffset, delivery: run.delivery }, range]
      if (range.lastOffset > run.lastOffset) break
      next += 1
    }
  }
}

/** The runs, with what lies in the ranges changed. */
export function rewritten<Range extends OffsetRange>(
  runs: readonly Run[],
  ranges: readonly Range[],
  change: (part: Run, range: Range) => Delivery
): readonly Run[] {
  const result: Run[] = []
  let done = runs[0]?.firstOffset ?? 0
  let at = 0
  const keepUntil = (end: number): void => {
    for (let run = runs[at]; run !== undefined && done < end; run = runs[at]) {
      const lastOffset = Math.min(run.lastOffset, end - 1)
      if (lastOffset >= done) addRun(result, { firstOffset: done, lastOffset, delivery: run.delivery })
      done = lastOffset + 1
      if (run.lastOffset < done) at += 1
    }
  }
  for (const [part, range] of partsWithin(runs, ranges)) {
    keepUntil(part.firstOffset)
    addRun(result, { ...part, delivery: change(part, range) })
    done = part.lastOffset + 1
    while ((runs[at]?.lastOffset ?? Number.POSITIVE_INFINITY) < done) at += 1
  }
  keepUntil(Number.POSITIVE_INFINITY)
  return result
}

function addRun(runs: Run[], run: Run): void {
  const last = runs.at(-1)
  if (last !== undefined && isSame(last.delivery, run.delivery))
    runs[runs.length - 1] = { ...last, lastOffset: run.lastOffset }
  else runs.push(run)
}

function isSame(one: Delivery, other: Delivery): boolean {
  if (one === other) return true
  if (one.state !== other.state || one.count !== other.count || one.memberId !== other.memberId) return false
  if (one.lockedUntilMs !== other.lockedUntilMs || one.pending?.change !== other.pending?.change) return false
  return one.pending === null || other.pending === null || isSame(one.pending.before, other.pending.before)
}

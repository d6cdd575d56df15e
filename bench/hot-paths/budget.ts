/**
 * What a request may cost, in figures that do not depend on the machine: a table to lower when something got better, and to
 * raise only with a reason in the commit. `test/bench/budget.test.ts` holds the broker to it.
 *
 * Bytes of the heap are those of V8 without its optimizing compiler, on Node 20; optimized code allocates about half of that.
 * Fresh memory outside the heap is what costs most: the system clears its pages first.
 */
import type { Counts } from './counting-host.ts'

export interface Budget {
  readonly heapBytes: number
  readonly outsideBytes: number
  /** Per request; what is not named may not happen at all. */
  readonly calls: Partial<Record<Exclude<keyof Counts, 'writtenBytes' | 'readBytes' | 'sentBytes'>, number>>
}

/** Where there is one a second for each partition, however many requests come: a busy machine answers no more than 20 then. */
const perSecond = 0.05

export const budgets: Readonly<Record<string, Budget>> = {
  'produce-1': {
    heapBytes: 20_500,
    outsideBytes: 400,
    calls: { writes: 1, sends: 1, sentChunks: 1, timers: perSecond, copiedBytes: 30 }
  },
  'produce-all': {
    heapBytes: 26_500,
    outsideBytes: 400,
    calls: { writes: 1, syncs: 1, sends: 1, sentChunks: 1, timers: perSecond, copiedBytes: 30 }
  },
  // Five requests. The one that lies over the end of a chunk is copied once, and its beginning once before.
  'produce-5': {
    heapBytes: 77_000,
    outsideBytes: 37_000,
    calls: { writes: 1.02, syncs: 0.02, sends: 1, sentChunks: 1, timers: perSecond, copiedBytes: 35_000 }
  },
  'fetch-1m': { heapBytes: 52_000, outsideBytes: 800, calls: { reads: 1.05, sends: 1, sentChunks: 3 } },
  'fetch-empty': { heapBytes: 11_600, outsideBytes: 400, calls: { sends: 1, sentChunks: 1 } },
  // Two requests: the Fetch that waits and the Produce that wakes it.
  'fetch-tail': {
    heapBytes: 45_000,
    outsideBytes: 1400,
    calls: { writes: 1, reads: 1, syncs: 1, sends: 1, sentChunks: 1, timers: 1, copiedBytes: 550 }
  },
  metadata: { heapBytes: 13_500, outsideBytes: 400, calls: { sends: 1, sentChunks: 1 } }
}

/** What `odradek serve` on a new directory may cost until it is ready. */
export const startBudget = {
  /** Modules of Node itself: some of them cost milliseconds. */
  modules: 160,
  /**
   * Text that V8 reads: with the code that the package brings, nothing of it is compiled, and 100,000 of it cost a tenth of a millisecond
   * (measured). A fifth are the codecs of requests and answers, a tenth the log with its checks for damage; what several brokers of
   * a process need beyond one (elections, reassignments, fetchers, the metadata's snapshots) is about 120,000; share groups (their
   * states, members, partitions in flight, sessions, settings and codecs) 130,000; streams groups (their topologies, tasks, members, bounds and codecs) 100,000.
   */
  sourceBytes: 1_257_000,
  /** Each costs a tenth of a millisecond to some milliseconds. */
  syncs: 10
} as const

/** A housekeeping timer may fall into the time that is measured. */
const slack = 0.02

/** What is beyond the budget, in words; empty when nothing is. */
export function beyond(
  budget: Budget,
  cost: { readonly heapBytes: number; readonly outsideBytes: number; readonly calls: Readonly<Record<string, number>> }
): string[] {
  const counted = ['writes', 'reads', 'syncs', 'sends', 'sentChunks', 'timers', 'copiedBytes'] as const
  const pairs: [string, number, number][] = [
    ['heapBytes', cost.heapBytes, budget.heapBytes],
    ['outsideBytes', cost.outsideBytes, budget.outsideBytes],
    ...counted.map((name): [string, number, number] => [name, cost.calls[name] ?? 0, (budget.calls[name] ?? 0) + slack])
  ]
  return pairs
    .filter(([, spent, allowed]) => spent > allowed)
    .map(([name, spent, allowed]) => `${name}: ${spent.toFixed(2)}, allowed are ${allowed}`)
}

/**
 * Runs a hot path and says what a request costs: bytes allocated in V8's heap and outside, bytes copied, calls of the system,
 * time of the processor.
 *
 * Nothing may be collected while it is measured, or what was allocated would not be seen: `run.ts` starts Node so that there
 * is room. Without V8's optimizing compiler the bytes do not depend on the machine.
 */
import { type Counts, countCopies, noCounts } from './counting-host.ts'
import { type Bench, type HotPath, startBench } from './hot-paths.ts'

/** So many requests, then the loop turns, as with a client that has five in flight. */
const requestsInTurn = 5
const settleMs = 20

export interface Cost {
  readonly name: string
  readonly recordBytes: number
  readonly heapBytes: number
  readonly outsideBytes: number
  readonly microseconds: number
  readonly calls: Readonly<Record<keyof Counts, number>>
}

export async function costOf(path: HotPath, requests: number, kind: 'real' | 'wasteful' = 'real'): Promise<Cost> {
  const bench = await startBench(kind)
  try {
    const run = await path.prepare(bench, 3 * requests)
    await repeat(run, requests)
    const copiedBytes = await copiesOf(bench, () => repeat(run, requests))
    await collect()
    Object.assign(bench.counts, noCounts())
    const before = process.memoryUsage()
    const startedAt = process.cpuUsage()
    await repeat(run, requests)
    const spent = process.cpuUsage(startedAt)
    const after = process.memoryUsage()
    return {
      name: path.name,
      recordBytes: path.recordBytes,
      heapBytes: (after.heapUsed - before.heapUsed) / requests,
      outsideBytes: (after.arrayBuffers - before.arrayBuffers) / requests,
      microseconds: (spent.user + spent.system) / requests,
      calls: mapValues({ ...bench.counts, copiedBytes }, (count) => count / requests)
    }
  } finally {
    await bench.stop()
  }
}

/** Apart from the rest, because counting costs. */
async function copiesOf(bench: Bench, work: () => Promise<void>): Promise<number> {
  bench.counts.copiedBytes = 0
  const end = countCopies(bench.counts)
  await work()
  end()
  return bench.counts.copiedBytes
}

/** Memory outside the heap is given back by another thread, a moment after its owner is gone. */
async function collect(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, settleMs))
  }
}

async function repeat(run: () => Promise<void>, requests: number): Promise<void> {
  for (let index = 1; index <= requests; index++) {
    await run()
    if (index % requestsInTurn === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

function mapValues<Key extends string>(
  of: Record<Key, number>,
  change: (value: number) => number
): Record<Key, number> {
  const changed = { ...of }
  for (const key of Object.keys(of) as Key[]) changed[key] = change(of[key])
  return changed
}

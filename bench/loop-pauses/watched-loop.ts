/**
 * How long the event loop did nothing else: the longest time between two of its turns while something goes on. By the clock, which counts
 * others that have the processor meanwhile as well, and by the time that its thread had the processor, which does not.
 */
import { openSync, readSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'

export interface Watched {
  /** Until it was done. */
  readonly tookMs: number
  readonly longestPauseMs: number
  /** The most processor time between two turns; null where the system does not tell. */
  readonly longestWorkMs: number | null
}

/** The work begins in a turn of its own; a pause in which it ends counts as well. */
export async function watching(work: () => Promise<unknown>): Promise<Watched> {
  let isDone = false
  const startedAt = performance.now()
  let [longestPauseMs, before] = [0, startedAt]
  let [longestWorkMs, workedBefore] = [0, threadTimeMs()]
  const done = work().finally(() => {
    isDone = true
  })
  for (let last = false; !last; ) {
    last = isDone
    await nextTurn()
    const [now, worked] = [performance.now(), threadTimeMs()]
    longestPauseMs = Math.max(longestPauseMs, now - before)
    longestWorkMs = Math.max(longestWorkMs, worked - workedBefore)
    before = now
    workedBefore = worked
  }
  await done
  return { tookMs: before - startedAt, longestPauseMs, longestWorkMs: schedule === null ? null : longestWorkMs }
}

/** Linux: what this thread has had of the processor, in nanoseconds, is the first number in it. */
const schedule = opened('/proc/thread-self/schedstat')
const text = Buffer.alloc(64)

function threadTimeMs(): number {
  if (schedule === null) return 0
  const length = readSync(schedule, text, 0, text.length, 0)
  return Number.parseInt(text.toString('latin1', 0, length), 10) / 1e6
}

function opened(path: string): number | null {
  try {
    return openSync(path, 'r')
  } catch {
    return null
  }
}

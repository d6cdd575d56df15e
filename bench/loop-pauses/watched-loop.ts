/** How long the event loop did nothing else: the longest time between two of its turns while something goes on. */
import { setImmediate as nextTurn } from 'node:timers/promises'

export interface Watched {
  /** Until it was done. */
  readonly tookMs: number
  readonly longestPauseMs: number
}

/** The work begins in a turn of its own; a pause in which it ends counts as well. */
export async function watching(work: () => Promise<unknown>): Promise<Watched> {
  let isDone = false
  const startedAt = performance.now()
  const done = work().finally(() => {
    isDone = true
  })
  let [longestPauseMs, before] = [0, startedAt]
  for (let last = false; !last; ) {
    last = isDone
    await nextTurn()
    const now = performance.now()
    longestPauseMs = Math.max(longestPauseMs, now - before)
    before = now
  }
  await done
  return { tookMs: before - startedAt, longestPauseMs }
}

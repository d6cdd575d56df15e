/**
 * The machine's clock. Its timers never keep the process alive: a broker in a test must not. They are Node's own and not the
 * global ones, which test runners replace: with numbers (jsdom), or by some that never go off (fake timers).
 */
import { clearImmediate, clearTimeout, setImmediate, setTimeout } from 'node:timers'
import type { Clock, Timer } from '../clock.ts'

/** Node's timers count in 32 bits; a longer wait is made of several. */
const longestTimerMs = 0x7fffffff

export const nodeClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    if (delayMs <= 0) return nextTurn(callback)
    let handle: NodeJS.Timeout
    const arm = (restMs: number): void => {
      handle = setTimeout(
        () => (restMs > longestTimerMs ? arm(restMs - longestTimerMs) : callback()),
        Math.max(0, Math.min(restMs, longestTimerMs))
      )
      handle.unref()
    }
    arm(delayMs)
    return { cancel: () => clearTimeout(handle) }
  }
}

/**
 * Not as a timer, which waits for a millisecond: where two jobs let others have their turn by one, each is due again when the other's slice
 * is over, and Node calls all that is due before it looks at a socket (measured: two jobs of 200 ms each stopped the loop for 500).
 * Not without a reference: for such a turn Node does not end its wait for the next timer or packet, and a job in slices sleeps at each of
 * them (measured: CreateTopics of three topics took 7 to 14 s on an idle loop). A turn keeps the process for no longer than itself.
 */
function nextTurn(callback: () => void): Timer {
  const handle = setImmediate(callback)
  return { cancel: () => clearImmediate(handle) }
}

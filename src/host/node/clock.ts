/**
 * The machine's clock. Its timers never keep the process alive: a broker in a test must not. They are Node's own and not the
 * global ones, which test runners replace: with numbers (jsdom), or by some that never go off (fake timers).
 */
import { clearTimeout, setTimeout } from 'node:timers'
import type { Clock } from '../clock.ts'

/** Node's timers count in 32 bits; a longer wait is made of several. */
const longestTimerMs = 0x7fffffff

export const nodeClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
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

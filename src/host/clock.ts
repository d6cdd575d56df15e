/**
 * Time, as the broker sees it. The real clock follows the machine; a test's clock moves only when it is told to.
 */
export interface Clock {
  /** Milliseconds since 1970, as records carry them. */
  nowMs(): number
  /** Milliseconds that only grow, from an unspecified start: for measuring how long something took. */
  monotonicMs(): number
  /** Calls back once, no earlier than `delayMs` from now. Never keeps the process alive by itself. */
  after(delayMs: number, callback: () => void): Timer
}

export interface Timer {
  /** After this the callback does not run. Doing it twice, or too late, does no harm. */
  cancel(): void
}

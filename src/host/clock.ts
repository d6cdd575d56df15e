/**
 * Time, as the broker sees it. The real clock follows the machine; a test's clock moves only when it is told to.
 */
/** How much is done at a stretch. */
export interface Pace {
  /** A job in slices lets others have their turn after so long. */
  readonly sliceMs: number
  /** A request that names more partitions is done in slices. */
  readonly partitionsAtOnce: number
  /** So many bytes of requests are taken in a turn, while requests are done in slices. */
  readonly requestBytesAtOnce: number
}

export interface Clock {
  /** The pace of whoever has this clock; without it, that of `limits`. A world in which no time passes while code runs has one of its own. */
  readonly pace?: Pace | undefined
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

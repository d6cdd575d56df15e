/** This process's life. */

/** The longest that a timer of Node waits: 24 days, then again. */
const longestTimerMs = 0x7fffffff

/** A process with nothing else to do does not end before the returned function is called. */
export function keepAlive(): () => void {
  const handle = setInterval(() => {}, longestTimerMs)
  return () => clearInterval(handle)
}

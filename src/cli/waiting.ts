/** Waiting with an end: for something within a time, for a time unless the command is asked to end, for what may come by and by. */

/** The longest time that a timer of Node takes (2³¹ - 1 ms, 24 days); a longer one goes off at once. */
export const longestTimerMs = 2 ** 31 - 1

/** What the work gives, or the error of `late` when it takes longer; what still comes of it then is let go. */
export async function within<Result>(limitMs: number, work: Promise<Result>, late: () => Error): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), Math.min(Math.max(0, limitMs), longestTimerMs))
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves after the time, or as soon as the command is asked to end. Leaves nothing behind on the signal. */
export function pauseUnless(interrupted: AbortSignal, waitMs: number): Promise<void> {
  if (interrupted.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      interrupted.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, Math.min(Math.max(0, waitMs), longestTimerMs))
    interrupted.addEventListener('abort', done, { once: true })
  })
}

/** Does it again and again while it fails with what may pass, until the time is over; then it fails with that. */
export async function persistently<Result>(
  { limitMs, pauseMs }: { readonly limitMs: number; readonly pauseMs: number },
  mayPass: (error: unknown) => boolean,
  work: () => Promise<Result>
): Promise<Result> {
  const deadlineMs = performance.now() + limitMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!mayPass(error) || performance.now() > deadlineMs) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

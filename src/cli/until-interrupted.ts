/**
 * Waits for something, or until the command is asked to end: then undefined, and whatever still comes of it is let go.
 *
 * A promise that lives as long as the command must not be raced again and again: it keeps what each race brought
 * (nodejs/node#17469). So the signal is listened to for this one wait.
 */
export async function untilInterrupted<Result>(
  interrupted: AbortSignal,
  work: Promise<Result>
): Promise<Result | undefined> {
  let stop = () => {}
  const interruption = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined)
  })
  if (interrupted.aborted) stop()
  interrupted.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, interruption])
  } finally {
    interrupted.removeEventListener('abort', stop)
  }
}

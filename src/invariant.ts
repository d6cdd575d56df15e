/**
 * What must hold whatever clients and disks do. Where it does not, the mistake is ours: what it touched stops, loudly, before it does
 * harm (Kafka: FaultHandler). It is never an answer that a client could take for its own fault.
 */

/**
 * A partition by its name, `orders-0`, with the coordinator that may live in it; all of the broker; or nothing but what has stopped
 * before this was thrown.
 */
export type Stopped = { readonly partition: string } | 'broker' | 'nothing else'

export class InvariantError extends Error {
  override readonly name = 'InvariantError'
  /** What can be trusted no more, and is to serve no more. */
  readonly stops: Stopped

  /** `what` says how it is instead of how it should be. */
  constructor(what: string, stops: Stopped, cause?: unknown) {
    super(what, { cause })
    this.stops = stops
  }
}

/** A mistake that came to light in something: it stops what it names, or else that. */
export function mistakeIn(stops: Stopped, error: unknown): InvariantError {
  if (error instanceof InvariantError) return error
  return new InvariantError('something failed that cannot fail', stops, error)
}

/** All that is known of a mistake, for whoever is to mend it. */
export function wholeStory(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const stack = error.stack ?? error.message
  return error.cause === undefined ? stack : `${stack}\nbecause of ${wholeStory(error.cause)}`
}

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

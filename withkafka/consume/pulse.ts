/**
 * Keeps this member alive in its group while it is busy with a message, however long that takes, and learns that the group
 * is being divided anew: then the message in hand is finished and committed before the partition is given up.
 */
const beatIntervalMs = 1000

/** Errors after which the group has to be joined again, by Kafka's names. */
const lostMembership = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP'
])

export function needsRejoin(error: unknown): boolean {
  return error instanceof Error && 'type' in error && lostMembership.has(String(error.type))
}

export class Pulse implements Disposable {
  readonly #timer: NodeJS.Timeout
  readonly #lost = new AbortController()

  constructor(heartbeat: () => Promise<void>) {
    this.#timer = setInterval(() => {
      // A broker that is away for a moment takes no membership away.
      heartbeat().catch((error: unknown) => needsRejoin(error) && this.#lost.abort(error))
    }, beatIntervalMs)
  }

  /** Aborted, with the reason, when the group is to be joined again. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}

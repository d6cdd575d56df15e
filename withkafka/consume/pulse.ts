/**
 * Keeps this member alive in its group while it is busy with a message, however long that takes, and learns that the group
 * is being divided anew: then the message in hand is finished and committed before the partition is given up.
 */
import { needsRejoin } from '../client-errors.ts'

const beatIntervalMs = 1000

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

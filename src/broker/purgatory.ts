/**
 * Where fetches wait for bytes. Kafka calls it the fetch purgatory: an answer is held back until enough bytes have become
 * readable in any of the partitions asked for, or the time is over.
 *
 * A waiting fetch counts the bytes it is told of; it never walks its partitions to find out.
 */
import type { Clock, Timer } from '../host/clock.ts'
import type { Replica, ReplicaObserver } from './replication/replica.ts'

export interface FetchWait {
  /** Consumers wait for what is committed, followers for what is written. */
  readonly reader: 'consumer' | 'follower'
  readonly replicas: readonly Replica[]
  /** Bytes still missing for the answer to be due. */
  readonly missingBytes: number
  readonly maxWaitMs: number
}

export class FetchPurgatory {
  readonly #clock: Clock
  readonly #waiting = new Set<WaitingFetch>()
  #isReleased = false
  #hasEnded = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Resolves when it is time to read again and answer. */
  wait(wait: FetchWait): Promise<void> {
    if (this.#hasEnded || (this.#isReleased && wait.reader === 'consumer')) return Promise.resolve()
    return new Promise((resolve) => {
      const fetch = new WaitingFetch(wait, this.#clock, () => {
        this.#waiting.delete(fetch)
        resolve()
      })
      this.#waiting.add(fetch)
    })
  }

  /** Lets consumers go at once, and none of them wait any more: the broker is stopping. */
  release(): void {
    this.#isReleased = true
    for (const fetch of [...this.#waiting]) if (fetch.reader === 'consumer') fetch.ended()
  }

  /** Lets everyone go: the broker serves no more. */
  end(): void {
    this.#hasEnded = true
    for (const fetch of [...this.#waiting]) fetch.ended()
  }
}

class WaitingFetch implements ReplicaObserver {
  readonly reader: FetchWait['reader']
  readonly #replicas: readonly Replica[]
  readonly #timer: Timer
  readonly #done: () => void
  #missingBytes: number

  constructor(wait: FetchWait, clock: Clock, done: () => void) {
    this.reader = wait.reader
    this.#replicas = wait.replicas
    this.#missingBytes = wait.missingBytes
    this.#done = done
    this.#timer = clock.after(wait.maxWaitMs, () => this.ended())
    for (const replica of wait.replicas) {
      if (wait.reader === 'follower') replica.observeWritten(this)
      else replica.observe(this)
    }
  }

  advanced(bytes: number): void {
    this.#missingBytes -= bytes
    if (this.#missingBytes <= 0) this.ended()
  }

  ended(): void {
    this.#timer.cancel()
    for (const replica of this.#replicas) replica.forget(this)
    this.#done()
  }
}

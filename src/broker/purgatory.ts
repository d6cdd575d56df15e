/**
 * Where fetches wait for bytes. Kafka calls it the fetch purgatory: an answer is held back until enough bytes have become
 * readable in any of the partitions asked for, or the time is over.
 *
 * A waiting fetch counts the bytes it is told of; it never walks its partitions to find out.
 */
import type { Clock, Timer } from '../host/clock.ts'
import type { Replica, ReplicaObserver } from './replication/replica.ts'

/** Consumers wait for what is committed, some for what no open transaction holds back; followers for what is written. */
export type WaitingReader = 'consumer' | 'consumer of what is stable' | 'follower'

export class FetchPurgatory {
  readonly #clock: Clock
  readonly #waiting = new Set<FetchWatch>()
  #isReleased = false
  #hasEnded = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Consumers do not wait any more. */
  get isReleased(): boolean {
    return this.#isReleased || this.#hasEnded
  }

  /** For who may have to wait for what comes to partitions that were read. Whoever asks for it closes it. */
  watch(reader: WaitingReader): FetchWatch {
    const watch = new FetchWatch(reader, this.#clock, this.#waiting)
    if (this.#hasEnded || (this.#isReleased && reader !== 'follower')) watch.ended()
    else this.#waiting.add(watch)
    return watch
  }

  /** Lets consumers go at once, and none of them wait any more: the broker is stopping. */
  release(): void {
    this.#isReleased = true
    for (const watch of [...this.#waiting]) if (watch.reader !== 'follower') watch.ended()
  }

  /** Lets everyone go: the broker serves no more. */
  end(): void {
    this.#hasEnded = true
    for (const watch of [...this.#waiting]) watch.ended()
  }
}

/** Hears of each partition from where it was read: what comes while others are read counts. */
export class FetchWatch implements ReplicaObserver {
  readonly reader: WaitingReader
  readonly #replicas: Replica[] = []
  readonly #clock: Clock
  /** Those that have not ended. */
  readonly #waiting: Set<FetchWatch>
  #cameBytes = 0
  #wantedBytes = Infinity
  #timer: Timer | null = null
  #goOn: (() => void) | null = null
  #hasEnded = false

  constructor(reader: WaitingReader, clock: Clock, waiting: Set<FetchWatch>) {
    this.reader = reader
    this.#clock = clock
    this.#waiting = waiting
  }

  /** Its partition was just read. */
  add(replica: Replica): void {
    this.#replicas.push(replica)
    if (this.reader === 'follower') replica.observeWritten(this)
    else if (this.reader === 'consumer') replica.observe(this)
    else replica.observeStable(this)
  }

  get isOfNone(): boolean {
    return this.#replicas.length === 0
  }

  /** Resolves when it is time to read again and answer: so many bytes have come to partitions that were read before. */
  wait(missingBytes: number, maxWaitMs: number): Promise<void> {
    if (this.#cameBytes >= missingBytes) this.ended()
    if (this.#hasEnded) return Promise.resolve()
    this.#wantedBytes = missingBytes
    return new Promise((resolve) => {
      this.#goOn = resolve
      this.#timer = this.#clock.after(maxWaitMs, () => this.ended())
    })
  }

  advanced(bytes: number): void {
    this.#cameBytes += bytes
    if (this.#cameBytes >= this.#wantedBytes) this.ended()
  }

  ended(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#timer?.cancel()
    this.#waiting.delete(this)
    this.#goOn?.()
  }

  /** Hears no more. */
  close(): void {
    this.ended()
    for (const replica of this.#replicas) replica.forget(this)
  }
}

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

export interface FetchWait {
  readonly reader: WaitingReader
  readonly replicas: readonly Replica[]
  /** Bytes still missing for the answer to be due. */
  readonly missingBytes: number
  readonly maxWaitMs: number
}

export class FetchPurgatory {
  readonly #clock: Clock
  readonly #waiting = new Set<WaitingFetch | FetchWatch>()
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
    if (this.#hasEnded || (this.#isReleased && wait.reader !== 'follower')) return Promise.resolve()
    return new Promise((resolve) => {
      const fetch = new WaitingFetch(wait, this.#clock, () => {
        this.#waiting.delete(fetch)
        resolve()
      })
      this.#waiting.add(fetch)
    })
  }

  /** For who reads so many partitions that it takes more than one turn, and may have to wait then. */
  watch(reader: WaitingReader): FetchWatch {
    const watch = new FetchWatch(reader, this.#clock, () => void this.#waiting.delete(watch))
    if (this.#hasEnded || (this.#isReleased && reader !== 'follower')) watch.ended()
    else this.#waiting.add(watch)
    return watch
  }

  /** Lets consumers go at once, and none of them wait any more: the broker is stopping. */
  release(): void {
    this.#isReleased = true
    for (const fetch of [...this.#waiting]) if (fetch.reader !== 'follower') fetch.ended()
  }

  /** Lets everyone go: the broker serves no more. */
  end(): void {
    this.#hasEnded = true
    for (const fetch of [...this.#waiting]) fetch.ended()
  }
}

class WaitingFetch implements ReplicaObserver {
  readonly reader: WaitingReader
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
    for (const replica of wait.replicas) observe(replica, wait.reader, this)
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

/** Hears of each partition from where it was read: what comes while others are read counts. */
export class FetchWatch implements ReplicaObserver {
  readonly reader: WaitingReader
  readonly #replicas: Replica[] = []
  readonly #clock: Clock
  readonly #onEnd: () => void
  #cameBytes = 0
  #wantedBytes = Infinity
  #timer: Timer | null = null
  #goOn: (() => void) | null = null
  #hasEnded = false

  constructor(reader: WaitingReader, clock: Clock, onEnd: () => void) {
    this.reader = reader
    this.#clock = clock
    this.#onEnd = onEnd
  }

  /** Its partition was just read. */
  add(replica: Replica): void {
    this.#replicas.push(replica)
    observe(replica, this.reader, this)
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
    this.#onEnd()
    this.#goOn?.()
  }

  /** Hears no more. */
  close(): void {
    this.ended()
    for (const replica of this.#replicas) replica.forget(this)
  }
}

function observe(replica: Replica, reader: WaitingReader, observer: ReplicaObserver): void {
  if (reader === 'follower') replica.observeWritten(observer)
  else if (reader === 'consumer') replica.observe(observer)
  else replica.observeStable(observer)
}

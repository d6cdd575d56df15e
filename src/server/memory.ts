/**
 * The bytes that all connections together make the broker hold, and what happens when they become too many.
 *
 * Requests: while those at the engine are the larger part, reading pauses, because answers will make room (Kafka:
 * queued.max.request.bytes). While incomplete ones are, nothing but their senders could make room, and a sender may be
 * waiting for just that: the largest is closed. Answers: whoever reads slowest has the most of them unsent, and is closed.
 * They are made a stretch at a time: sockets take what they can before there are more, and nobody waits for long.
 */

import type { Clock, Timer } from '../host/clock.ts'
import { atEndOfTurn } from '../host/unattended.ts'
import { limits } from '../limits.ts'

export interface Holder {
  /** Bytes that came and are no whole request yet. */
  readonly incompleteBytes: number
  /** Bytes of answers that have not left, counted anew. */
  countUnsentBytes(): number
  /** Ends this connection, for this reason. */
  giveUp(reason: string): void
  /** There is room again. */
  goOn(): void
}

export interface ServerMemoryOptions {
  readonly requestBytes: number
  readonly answerBytes: number
  readonly answerBytesAtAStretch: number
  readonly clock: Clock
  readonly holders: Iterable<Holder>
}

export class ServerMemory {
  readonly #options: ServerMemoryOptions
  readonly #waiting = new Set<Holder>()
  #incompleteBytes = 0
  #takenBytes = 0
  #unsentBytes = 0
  /** Bytes of answers that were made since the last pause. */
  #stretchBytes = 0
  #pause: Timer | null = null
  #isWaking = false
  #isCounting = false

  constructor(options: ServerMemoryOptions) {
    this.#options = options
  }

  /** True while nobody should read. */
  get isFull(): boolean {
    return this.#hasTooManyRequests || this.isPausing
  }

  /** True while nobody should be answered: first sockets take what they can. */
  get isPausing(): boolean {
    return this.#pause !== null
  }

  get #hasTooManyRequests(): boolean {
    return this.requestBytes > this.#options.requestBytes
  }

  get requestBytes(): number {
    return this.#incompleteBytes + this.#takenBytes
  }

  get answerBytes(): number {
    return this.#unsentBytes
  }

  changeIncomplete(bytes: number): void {
    this.#incompleteBytes += bytes
    this.#balance()
  }

  /** Requests that the engine has: their bytes are held until it answers, whether or not the connection is still there. */
  changeTaken(bytes: number): void {
    this.#takenBytes += bytes
    this.#balance()
  }

  changeUnsent(bytes: number): void {
    this.#unsentBytes += bytes
    const { answerBytes } = this.#options
    if (bytes <= 0 || this.#unsentBytes <= answerBytes || this.#isCounting) return
    // Sockets do not tell of every byte that leaves, so that the sum may be too high: count before anyone is blamed.
    this.#isCounting = true
    const slowest = this.#largest((holder) => holder.countUnsentBytes())
    this.#isCounting = false
    if (this.#unsentBytes <= answerBytes) return
    slowest?.giveUp(
      `all connections together hold more than ${answerBytes} bytes of answers that were not read, this one the most`
    )
  }

  /** An answer was made; its bytes are counted as unsent already. */
  answered(bytes: number): void {
    const { answerBytesAtAStretch, clock } = this.#options
    this.#stretchBytes += bytes
    if (this.#stretchBytes <= answerBytesAtAStretch || this.#pause !== null) return
    if (this.#unsentBytes <= answerBytesAtAStretch) {
      // It leaves as fast as it is made.
      this.#stretchBytes = 0
      return
    }
    this.#pause = clock.after(limits.answerPauseMs, () => {
      this.#pause = null
      this.#stretchBytes = 0
      this.#wake()
    })
  }

  /** Calls `goOn` once when there is room. */
  waitForRoom(holder: Holder): void {
    this.#waiting.add(holder)
  }

  forget(holder: Holder): void {
    this.#waiting.delete(holder)
  }

  #balance(): void {
    if (!this.isFull) this.#wake()
    if (!this.#hasTooManyRequests || this.#incompleteBytes <= this.#takenBytes) return
    const most = this.#largest((holder) => holder.incompleteBytes)
    const { requestBytes } = this.#options
    most?.giveUp(`all connections together hold more than ${requestBytes} bytes of requests, this one the most`)
  }

  /** In a turn of its own: who goes on gives and takes bytes itself. */
  #wake(): void {
    if (this.#isWaking || this.#waiting.size === 0) return
    this.#isWaking = true
    atEndOfTurn(this.#options.clock, () => {
      this.#isWaking = false
      for (const holder of [...this.#waiting]) {
        if (this.isFull) return
        this.#waiting.delete(holder)
        holder.goOn()
      }
    })
  }

  #largest(bytesOf: (holder: Holder) => number): Holder | undefined {
    let largest: Holder | undefined
    let mostBytes = 0
    for (const holder of this.#options.holders) {
      const bytes = bytesOf(holder)
      if (bytes <= mostBytes) continue
      mostBytes = bytes
      largest = holder
    }
    return largest
  }
}

/** The bytes of the requests that one engine has; all of them are given back when it is gone, and answers none. */
export class EngineBytes {
  readonly #memory: ServerMemory
  #bytes = 0
  #isGone = false

  constructor(memory: ServerMemory) {
    this.#memory = memory
  }

  change(bytes: number): void {
    if (this.#isGone) return
    this.#bytes += bytes
    this.#memory.changeTaken(bytes)
  }

  giveBack(): void {
    this.change(-this.#bytes)
    this.#isGone = true
  }
}

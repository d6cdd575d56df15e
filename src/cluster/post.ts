/**
 * What the controller tells one broker, in order: what is lost on the way is told again, and what comes after it waits, so that a broker
 * that was cut off gets all that it missed (Kafka: a broker fetches the metadata log from where it is). Where nothing is under way it is
 * told at once, and nothing is kept.
 */
import { PeerUnreachable } from '../broker/peer.ts'
import type { Clock } from '../host/clock.ts'
import { unattended } from '../host/unattended.ts'
import { limits } from '../limits.ts'

export class Post {
  readonly #clock: Clock
  /** Resolves when a message has come; rejects with PeerUnreachable when it is lost. Null: nothing is under way. */
  readonly #carry: (() => Promise<void>) | null
  #waiting: (() => void)[] = []
  #isCarrying = false
  #hasEnded = false
  #whenEmpty: (() => void)[] = []

  constructor(clock: Clock, carry: (() => Promise<void>) | null) {
    this.#clock = clock
    this.#carry = carry
  }

  /** Whether all that was told has come. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Resolves when all that was told has come, or the broker is gone. */
  emptied(): Promise<void> {
    if (this.isEmpty) return Promise.resolve()
    return new Promise((resolve) => this.#whenEmpty.push(resolve))
  }

  tell(message: () => void): void {
    if (this.#carry === null) {
      message()
      return
    }
    this.#waiting.push(message)
    if (!this.#isCarrying) unattended(this.#clock, this.#carryAll(this.#carry))
  }

  /** The broker is gone: it is told no more. */
  end(): void {
    this.#hasEnded = true
    this.#waiting = []
  }

  async #carryAll(carry: () => Promise<void>): Promise<void> {
    this.#isCarrying = true
    while (this.#waiting.length > 0) {
      // What is told while a message is under way goes with the next.
      const count = this.#waiting.length
      if (!(await this.#hasCome(carry)) || this.#hasEnded) continue
      const messages = this.#waiting.splice(0, count)
      for (const message of messages) message()
    }
    this.#isCarrying = false
    for (const tell of this.#whenEmpty.splice(0)) tell()
  }

  async #hasCome(carry: () => Promise<void>): Promise<boolean> {
    try {
      await carry()
      return true
    } catch (error) {
      if (!(error instanceof PeerUnreachable)) throw error
      await new Promise<void>((resolve) => void this.#clock.after(limits.tellAgainMs, resolve))
      return false
    }
  }
}

/**
 * How what is decided about groups becomes fact, the same for every kind: its records are appended and replayed, and the answers leave
 * when all they rest on is durable. What the disk has no room for has not happened: that request alone is refused, and what came due
 * is looked at again a little later. When a sync fails everything is closed.
 */
import type { Clock } from '../../host/clock.ts'
import { DiskError } from '../../host/disk.ts'
import { unattended } from '../../host/unattended.ts'
import { limits } from '../../limits.ts'
import { type Coordinator, type Decision, NotSafeYet, type StateRecord } from '../coordinator.ts'
import type { Deadlines } from './deadlines.ts'

export interface DecisionsOptions {
  readonly coordinator: Coordinator
  readonly clock: Clock
  readonly deadlines: Deadlines
  /** Answers whoever still waits: what comes after everything was closed is refused by this. */
  readonly onClosed: () => void
}

export class Decisions {
  readonly #options: DecisionsOptions
  #isClosed = false

  constructor(options: DecisionsOptions) {
    this.#options = options
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  close(): void {
    this.#isClosed = true
    this.#options.deadlines.close()
    this.#options.onClosed()
  }

  /** What a request gets that depends on nothing but what is known now. */
  async answer<Answer>(refusal: () => Answer, decideNow: () => Answer): Promise<Answer> {
    if (this.#isClosed) return refusal()
    try {
      const answer = decideNow()
      await this.#options.coordinator.settled()
      return answer
    } catch (error) {
      if (error instanceof DiskError || error instanceof NotSafeYet) return refusal()
      throw error
    }
  }

  /** Runs what may meet a disk that refuses; `refused` is called when it did, and everything is as it was. */
  attempt(refused: () => void, decideNow: () => void): void {
    if (this.#isClosed) {
      this.close()
      return
    }
    try {
      decideNow()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      refused()
    }
  }

  /** What came due while the disk refused is looked at again a little later. */
  due(decideNow: () => void, again: () => void = decideNow): void {
    const later = () => this.#options.deadlines.after(limits.refusedRecordPauseMs, () => this.due(again))
    this.attempt(later, decideNow)
  }

  append(records: readonly StateRecord[]): void {
    const { coordinator, clock } = this.#options
    coordinator.commit(records, clock.nowMs())
  }

  commit<Answer>({ records, answer }: Decision<Answer>): Answer {
    this.append(records)
    return answer
  }

  /** Calls one of the two when what was appended so far is durable, or is known not to be. */
  whenSettled(send: () => void, refuse: () => void): void {
    const { coordinator, clock } = this.#options
    unattended(clock, coordinator.settled().then(send, refuse))
  }
}

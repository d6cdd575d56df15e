/**
 * The soft state of a coordinator's classic groups: the running rounds, with the deadlines of their members and of the rounds themselves.
 * A group that is empty, with nobody on the way, has none: its round is what the log says.
 */
import { Deadline, type Deadlines } from '../deadlines.ts'
import type { Draft } from './draft.ts'
import { heldBytes, type Round, type RoundMember } from './waiting.ts'

interface RunningRound {
  round: Round
  readonly timer: Deadline
  readonly sessions: Map<string, Deadline>
  heldBytes: number
}

export interface RoundsOptions {
  readonly deadlines: Deadlines
  readonly onSessionExpired: (groupId: string, memberId: string) => void
  readonly onTimerExpired: (groupId: string) => void
}

export class Rounds {
  readonly #options: RoundsOptions
  readonly #deadlines: Deadlines
  readonly #running = new Map<string, RunningRound>()
  #heldBytes = 0

  constructor(options: RoundsOptions) {
    this.#options = options
    this.#deadlines = options.deadlines
  }

  /** About what all rounds hold of what members said of themselves. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  get(groupId: string): Round | undefined {
    return this.#running.get(groupId)?.round
  }

  /** Puts the round that a decision made in the place of the one before. */
  take({ groupId, round, sessions }: Draft): void {
    if (round.state === 'Empty' && round.pendingMembers.size === 0) {
      this.forget(groupId)
      return
    }
    const running = this.#running.get(groupId) ?? this.#begin(groupId, round)
    this.#wind(running.timer, running.round.timer, round)
    running.round = round
    this.#count(running)
    for (const [memberId, timeoutMs] of sessions) this.#watch(groupId, running, memberId, timeoutMs)
  }

  /** Takes up a round that the log tells of: every member has a whole session to be heard of again. */
  resume(groupId: string, round: Round): void {
    const running = this.#begin(groupId, round)
    for (const { memberId, sessionTimeoutMs } of round.members.values()) {
      this.#watch(groupId, running, memberId, sessionTimeoutMs)
    }
  }

  /** The member was heard of. */
  renewSession(groupId: string, { memberId, sessionTimeoutMs }: RoundMember): void {
    const running = this.#running.get(groupId)
    if (running !== undefined) this.#watch(groupId, running, memberId, sessionTimeoutMs)
  }

  forget(groupId: string): void {
    const running = this.#running.get(groupId)
    if (running === undefined) return
    this.#deadlines.cancel(running.timer)
    for (const session of running.sessions.values()) this.#deadlines.cancel(session)
    this.#running.delete(groupId)
    this.#heldBytes -= running.heldBytes
  }

  close(): void {
    this.#running.clear()
    this.#heldBytes = 0
  }

  #begin(groupId: string, round: Round): RunningRound {
    const timer = new Deadline(() => this.#options.onTimerExpired(groupId))
    const running: RunningRound = { round: { ...round, timer: null }, timer, sessions: new Map(), heldBytes: 0 }
    this.#running.set(groupId, running)
    this.#count(running)
    return running
  }

  #count(running: RunningRound): void {
    const bytes = heldBytes(running.round)
    this.#heldBytes += bytes - running.heldBytes
    running.heldBytes = bytes
  }

  #wind(deadline: Deadline, before: Round['timer'], { timer }: Round): void {
    if (timer === before) return
    if (timer === null) this.#deadlines.cancel(deadline)
    else this.#deadlines.schedule(deadline, timer.delayMs)
  }

  #watch(groupId: string, { sessions }: RunningRound, memberId: string, timeoutMs: number | null): void {
    const session = sessions.get(memberId)
    if (timeoutMs === null) {
      if (session !== undefined) this.#deadlines.cancel(session)
      sessions.delete(memberId)
    } else if (session !== undefined) {
      this.#deadlines.schedule(session, timeoutMs)
    } else {
      const deadline = new Deadline(() => this.#options.onSessionExpired(groupId, memberId))
      sessions.set(memberId, deadline)
      this.#deadlines.schedule(deadline, timeoutMs)
    }
  }
}

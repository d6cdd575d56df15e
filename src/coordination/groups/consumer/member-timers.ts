/**
 * The soft state of a coordinator's groups of one kind: what each member has so long to do. Never written; after a restart it begins anew.
 * Where the disk does not take what follows, it is due again a little later, unless the member was heard of meanwhile.
 */

import { limits } from '../../../limits.ts'
import { Deadline, type Deadlines } from '../deadlines.ts'
import type { Decisions } from '../decisions.ts'
import type { TimerChange, TimerKind } from './draft.ts'

export type OnExpired = (groupId: string, memberId: string, kind: TimerKind) => void
type OfMember = Map<TimerKind, Deadline>

export class MemberTimers {
  readonly #deadlines: Deadlines
  readonly #decisions: Decisions
  readonly #onExpired: OnExpired
  readonly #byGroup = new Map<string, Map<string, OfMember>>()

  constructor(deadlines: Deadlines, decisions: Decisions, onExpired: OnExpired) {
    this.#deadlines = deadlines
    this.#decisions = decisions
    this.#onExpired = onExpired
  }

  change(groupId: string, { memberId, kind, delayMs, unlessRunning = false }: TimerChange): void {
    const running = this.#byGroup.get(groupId)?.get(memberId)?.get(kind)
    if (delayMs === null) this.#stop(groupId, memberId, kind)
    else if (running === undefined) this.#deadlines.schedule(this.#begin(groupId, memberId, kind), delayMs)
    else if (!unlessRunning) this.#deadlines.schedule(running, delayMs)
  }

  forget(groupId: string): void {
    for (const timers of this.#byGroup.get(groupId)?.values() ?? []) {
      for (const deadline of timers.values()) this.#deadlines.cancel(deadline)
    }
    this.#byGroup.delete(groupId)
  }

  #begin(groupId: string, memberId: string, kind: TimerKind): Deadline {
    const members = this.#byGroup.get(groupId) ?? new Map<string, OfMember>()
    this.#byGroup.set(groupId, members)
    const timers: OfMember = members.get(memberId) ?? new Map<TimerKind, Deadline>()
    members.set(memberId, timers)
    const deadline = new Deadline(() => {
      this.#drop(groupId, memberId, kind)
      this.#expire(groupId, memberId, kind)
    })
    timers.set(kind, deadline)
    return deadline
  }

  #expire(groupId: string, memberId: string, kind: TimerKind): void {
    const again = { memberId, kind, delayMs: limits.refusedRecordPauseMs, unlessRunning: true } as const
    this.#decisions.attempt(
      () => this.change(groupId, again),
      () => this.#onExpired(groupId, memberId, kind)
    )
  }

  #stop(groupId: string, memberId: string, kind: TimerKind): void {
    const deadline = this.#byGroup.get(groupId)?.get(memberId)?.get(kind)
    if (deadline === undefined) return
    this.#deadlines.cancel(deadline)
    this.#drop(groupId, memberId, kind)
  }

  #drop(groupId: string, memberId: string, kind: TimerKind): void {
    const members = this.#byGroup.get(groupId)
    const timers = members?.get(memberId)
    timers?.delete(kind)
    if (timers?.size === 0) members?.delete(memberId)
    if (members?.size === 0) this.#byGroup.delete(groupId)
  }
}

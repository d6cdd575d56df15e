/**
 * Which groups of a broker have changed of late, and how many members they have together: soft state, by which their members are told how soon
 * to come back (`heartbeat-interval.ts`). After a start no group has changed.
 */
import type { Clock } from '../../host/clock.ts'
import { limits } from '../../limits.ts'
import type { Unrest } from './heartbeat-interval.ts'

interface Unsettled {
  readonly changedAtMs: number
  readonly members: number
}

export class UnsettledGroups {
  readonly #clock: Clock
  /** The one that has been quiet for longest first. */
  readonly #groups = new Map<string, Unsettled>()
  #members = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Something was written of the group, which has so many members now. */
  changed(groupId: string, members: number): void {
    this.forget(groupId)
    if (members === 0) return
    this.#groups.set(groupId, { changedAtMs: this.#clock.monotonicMs(), members })
    this.#members += members
  }

  forget(groupId: string): void {
    this.#members -= this.#groups.get(groupId)?.members ?? 0
    this.#groups.delete(groupId)
  }

  /** Those of a coordinator that looks after them no more: few have changed of late, however many it has. */
  forgetAmong(groups: { has(groupId: string): boolean }): void {
    for (const groupId of [...this.#groups.keys()]) if (groups.has(groupId)) this.forget(groupId)
  }

  /** Of a group that has so many members. */
  unrestOf(groupId: string, members: number): Unrest {
    const nowMs = this.#clock.monotonicMs()
    this.#forgetQuiet(nowMs)
    const unsettled = this.#groups.get(groupId)
    if (unsettled === undefined) return { quietMs: Number.POSITIVE_INFINITY, members: this.#members + members }
    return { quietMs: nowMs - unsettled.changedAtMs, members: this.#members }
  }

  #forgetQuiet(nowMs: number): void {
    for (const [groupId, { changedAtMs }] of this.#groups) {
      if (nowMs - changedAtMs < limits.groupSettlesMs) return
      this.forget(groupId)
    }
  }
}

/**
 * What a request does before it waits happens in the order of the requests on its connection (`api.ts`). Where that takes more than one turn
 * of the loop, the connection is held: what comes behind it waits.
 */
import type { Session } from './session.ts'

export class HeldSessions {
  /** What waits on each connection that is held, in its order. */
  readonly #waiting = new Map<Session, (() => void)[]>()

  /** What comes on this connection waits until then. */
  hold(session: Session, until: Promise<unknown>): void {
    this.#waiting.set(session, [])
    const release = (): void => this.#release(session)
    until.then(release, release)
  }

  isHeld(session: Session): boolean {
    return this.#waiting.size > 0 && this.#waiting.has(session)
  }

  /** Done once the connection, which is held, is held no more. */
  inTurn<Result>(session: Session, work: () => Result | Promise<Result>): Promise<Result> {
    return new Promise((resolve) => void this.#waiting.get(session)?.push(() => resolve(work())))
  }

  #release(session: Session): void {
    const waiting = this.#waiting.get(session) ?? []
    this.#waiting.delete(session)
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      next()
      const behind = this.#waiting.get(session)
      if (behind === undefined) continue
      behind.push(...waiting)
      return
    }
  }
}

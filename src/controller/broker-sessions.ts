/**
 * Which brokers were heard of lately: soft state, of those that are not fenced (Kafka: BrokerHeartbeatTracker). A session is counted in
 * quarters, as often as Kafka looks for those that have ended. A process that was held up as a whole misses quarters, and not heartbeats:
 * a debugger that stops it for a minute ends no session.
 */

const quartersOfSession = 4

export class BrokerSessions {
  /** Quarters that have begun since each broker was heard last. */
  readonly #quarters = new Map<number, number>()

  heard(id: number): void {
    this.#quarters.set(id, 0)
  }

  end(id: number): void {
    this.#quarters.delete(id)
  }

  /** Gives those whose session is over: they were not heard for all of it. */
  quarterPassed(): readonly number[] {
    const over: number[] = []
    for (const [id, quarters] of this.#quarters) {
      if (quarters >= quartersOfSession) over.push(id)
      this.#quarters.set(id, quarters + 1)
    }
    return over
  }
}

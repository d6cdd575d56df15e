/** Messages between nodes, of which those in some directions are lost, or late. */
import { PeerUnreachable } from '../../src/broker/peer.ts'
import type { ManualClock } from '../../src/host/memory/clock.ts'

/** The node id of a controller with a directory of its own. */
export const controllerId = 1000

export class CutTransport {
  readonly #cut = new Set<string>()
  #heldFrom: number | null = null
  #held: (() => void)[] = []

  readonly carry = (from: number, to: number): Promise<void> => {
    if (from === this.#heldFrom) return new Promise((resolve) => this.#held.push(resolve))
    return this.#cut.has(`${from} ${to}`)
      ? Promise.reject(new PeerUnreachable(`a message from ${from} to ${to} was lost`))
      : Promise.resolve()
  }

  /** What this node says comes when all is healed. */
  holdFrom(nodeId: number): void {
    this.#heldFrom = nodeId
  }

  cut(from: number, to: number): void {
    this.#cut.add(`${from} ${to}`)
  }

  /** In both directions. */
  part(one: number, other: number): void {
    this.cut(one, other)
    this.cut(other, one)
  }

  heal(): void {
    this.#cut.clear()
    this.#heldFrom = null
    for (const come of this.#held.splice(0)) come()
  }
}

/** Time passes, and what it brings comes to its end. */
export async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) {
    clock.advance(250)
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
  }
}

/** How messages travel between the brokers of a simulation and their controller: late, and sometimes never, in one direction or in both. */
import { PeerUnreachable } from '../../src/broker/peer.ts'
import type { World } from '../../src/host/simulated/world.ts'

/** A message is under way so long, in microseconds; a straggler, one of so many, up to the last. */
const [leastMicros, mostMicros, stragglers, stragglerMicros] = [20, 1500, 200, 400_000]
/** Who asks in vain hears of it after so long at the latest. */
const vainMicros = 500_000

export class Links {
  readonly #world: World
  /** Directions in which nothing comes through. */
  readonly #cuts = new Set<{ readonly from: number; readonly to: number }>()
  /** One message of so many is lost; none when it is null. */
  losesOneIn: number | null = null

  /** Resolves when a node is not paused; null when it is not. */
  readonly #awake: (nodeId: number) => Promise<void> | null

  constructor(world: World, awake: (nodeId: number) => Promise<void> | null) {
    this.#world = world
    this.#awake = awake
  }

  /** Gives what mends it; one that was cut twice is mended twice. */
  cut(from: number, to: number): () => void {
    const cut = { from, to }
    this.#cuts.add(cut)
    return () => void this.#cuts.delete(cut)
  }

  heal(): void {
    this.#cuts.clear()
    this.losesOneIn = null
  }

  #isCut(from: number, to: number): boolean {
    for (const cut of this.#cuts) if (cut.from === from && cut.to === to) return true
    return false
  }

  readonly transport = async (from: number, to: number): Promise<void> => {
    const world = this.#world
    const isLost = this.losesOneIn !== null && world.oneIn(this.losesOneIn)
    const takes = world.oneIn(stragglers)
      ? world.between(mostMicros, stragglerMicros)
      : world.between(leastMicros, mostMicros)
    await world.pause(takes, `a message from ${from} to ${to}`)
    const hears = !isLost && !this.#isCut(from, to)
    if (!hears) await world.pause(world.between(0, vainMicros), `a message from ${from} to ${to} is lost`)
    const awake = this.#awake(hears ? to : from)
    if (awake !== null) await awake
    if (hears) return
    throw new PeerUnreachable(`a message from ${from} to ${to} was lost`)
  }
}

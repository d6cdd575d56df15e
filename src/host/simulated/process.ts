/**
 * One life of a program on a simulated machine: its host, which is taken back when it is killed. Then it has no timers, files
 * and connections any more, whatever its code still awaits.
 */
import type { Chance } from '../chance.ts'
import type { Host } from '../host.ts'
import { SeededChance } from '../memory/chance.ts'
import type { Attention } from './attention.ts'
import { SimulatedClock, type TimeOfDay } from './clock.ts'
import type { SimulatedDisk } from './disk.ts'
import type { SimulatedNetwork } from './network.ts'
import { RefusingDisk } from './refusing-disk.ts'
import type { World } from './world.ts'

export interface Surroundings {
  readonly world: World
  readonly network: SimulatedNetwork
  readonly disk: SimulatedDisk
  readonly timeOfDay: TimeOfDay
}

export type End = 'killed' | 'power cut'

export class SimulatedProcess implements Host {
  readonly disk: RefusingDisk
  readonly clock: SimulatedClock
  readonly network: ReturnType<SimulatedNetwork['of']>
  readonly chance: Chance
  readonly #world: World
  #isAlive = true
  /** What has come since it was paused; null while it is not. */
  #held: (() => void)[] | null = null

  constructor({ world, network, disk, timeOfDay }: Surroundings) {
    const attention: Attention = {
      isAlive: () => this.#isAlive,
      whenAwake: (work) => this.#whenAwake(work)
    }
    this.#world = world
    this.disk = new RefusingDisk(disk, null, () => this.awake())
    this.clock = new SimulatedClock(world, timeOfDay, attention)
    this.network = network.of(attention)
    this.chance = new SeededChance(world.chance.below(2 ** 32))
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  take(how: End): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    this.disk.onCall = undefined
    this.disk.kill()
    this.network.taken(how)
  }

  /** It does nothing for so long, as if its system gave it no time. Timers, packets, synced files: all of it comes afterwards, in order. */
  pause(micros: number): void {
    if (this.#held !== null) return
    this.#held = []
    this.#world.after(micros, 'a process goes on', () => this.goOn())
  }

  goOn(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const work of held) work()
  }

  /** Resolves when it is not paused; null when it is not. */
  awake(): Promise<void> | null {
    return this.#held === null ? null : new Promise((resolve) => this.#whenAwake(resolve))
  }

  #whenAwake(work: () => void): void {
    if (this.#held === null) work()
    else this.#held.push(work)
  }

  /** Does the work right before the disk would do its `call`-th call from now: the moment in which a process is killed. */
  atDiskCall(call: number, work: () => void): void {
    let left = call
    this.disk.onCall = () => {
      left -= 1
      if (left > 0) return
      this.disk.onCall = undefined
      work()
    }
  }
}

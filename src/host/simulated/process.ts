/**
 * One life of a program on a simulated machine: its host, which is taken back when it is killed. Then it has no timers, files
 * and connections any more, whatever its code still awaits.
 */
import type { Chance } from '../chance.ts'
import type { Host } from '../host.ts'
import { SeededChance } from '../memory/chance.ts'
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
  #isAlive = true

  constructor({ world, network, disk, timeOfDay }: Surroundings) {
    const isAlive = (): boolean => this.#isAlive
    this.disk = new RefusingDisk(disk, null)
    this.clock = new SimulatedClock(world, timeOfDay, isAlive)
    this.network = network.of(isAlive)
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

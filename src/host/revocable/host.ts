/**
 * A host that can be taken back, as the end of a process takes all that a broker has: no timer goes off any more, no file is open, the
 * directory is free, nobody is connected. The broker's code is still in memory, and may go on where it waits for nothing of
 * the host; it can do no harm, and what it waits for never comes. So one broker of a process is killed while the others live.
 */
import type { Chance } from '../chance.ts'
import type { Clock } from '../clock.ts'
import type { Disk } from '../disk.ts'
import type { Host } from '../host.ts'
import type { Network } from '../network.ts'
import { RevocableClock } from './clock.ts'
import { RevocableDisk } from './disk.ts'
import { Lease } from './lease.ts'
import { RevocableNetwork } from './network.ts'

export class RevocableHost implements Host {
  readonly disk: Disk
  readonly clock: Clock
  readonly network: Network
  readonly chance: Chance
  readonly #lease = new Lease()

  constructor({ disk, clock, network, chance }: Host) {
    this.disk = new RevocableDisk(disk, this.#lease)
    this.clock = new RevocableClock(clock, this.#lease)
    this.network = new RevocableNetwork(network, this.#lease)
    this.chance = chance
  }

  /** All of it has ended when this returns. Doing it twice does no harm. */
  take(): void {
    this.#lease.take()
  }
}
